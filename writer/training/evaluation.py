"""How well a model predicts a text: bits, every byte counted once, and where in its context."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch.nn import functional as F

from writer.checkpoints.tokenizer import Tokenizer
from writer.manuscript.counts import count_words
from writer.shelf.reading import Stretch, edges
from writer.transformer.gpt import GPT

_LOST_BITS = 20.0
"""What a character costs that the tokens cannot give back: choosing it among all of Unicode."""
_HEAD_TOKENS = 1024
"""Tokens of which there are logits at a time."""


@dataclass(frozen=True, slots=True)
class ByPosition:
    """What a token costs by its position, and how many were predicted to know it."""

    stretches: tuple[Stretch, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Score:
    """What a text costs, and its size. The sum of two scores is that of both texts."""

    bits: float = 0.0
    bytes: int = 0
    characters: int = 0
    words: int = 0
    tokens: int = 0

    @property
    def bits_per_byte(self) -> float:
        """Return the bits for a byte of UTF-8."""
        return self.bits / max(1, self.bytes)

    @property
    def bits_per_character(self) -> float:
        """Return the bits for a character of Unicode."""
        return self.bits / max(1, self.characters)

    @property
    def perplexity_per_word(self) -> float:
        """Return among how many words, each as likely, the model might as well have guessed."""
        return float(2.0 ** min(1023.0, self.bits / max(1, self.words)))

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.bits + other.bits,
            self.bytes + other.bytes,
            self.characters + other.characters,
            self.words + other.words,
            self.tokens + other.tokens,
        )


@torch.inference_mode()
def score(
    network: GPT,
    tokenizer: Tokenizer,
    text: str,
    stride: int = 512,
    on_progress: Callable[[float], None] = lambda share: None,
    cache: torch.dtype | None = None,
) -> Score:
    """Return what `text` costs the model, read in windows of n_ctx.

    Windows overlap by n_ctx - stride tokens, so that each scored token has read at least that
    many, but for the first ones of the text, which follow the opening mark. A character that the
    tokens cannot give back costs 20 bits beyond its token. With `cache`, the network reads as it
    does for continuations, keys and values kept in that format.
    """
    ids = torch.tensor([*tokenizer.opening, *tokenizer.encode(text)])
    size = network.config.n_ctx
    stride = min(stride, size)
    nats, scored = 0.0, len(tokenizer.opening)
    while scored < len(ids):
        end = min(scored + (size if scored == len(tokenizer.opening) else stride), len(ids))
        first = max(0, end - size - 1)
        window = ids[first:end]
        state = None if cache is None else network.empty_state(cache)
        features, _ = network.features(window[None, :-1], state)
        fresh = end - scored
        logits = network.head(features[0, -fresh:])  # (fresh, V)
        nats += F.cross_entropy(logits.float(), window[-fresh:], reduction="sum").item()
        scored = end
        on_progress(scored / len(ids))
    bits = nats / math.log(2) + _LOST_BITS * tokenizer.lost(text)
    size_in_bytes = len(text.encode("utf-8"))
    return Score(bits, size_in_bytes, len(text), count_words(text), len(ids))


def perplexity_by_place(
    network: GPT, tokenizer: Tokenizer, text: str, windows: int = 32
) -> list[tuple[range, float]]:
    """Return how uncertain the model is of a token, by how many tokens it has read before it.

    Windows of n_ctx, spread evenly over the text, are read from their beginnings on.
    """
    found = loss_by_position(network, tokenizer, [text], windows)
    return [(range(each.first, each.end), math.exp(each.loss)) for each in found.stretches]


@torch.inference_mode()
def loss_by_position(
    network: GPT,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    windows: int = 32,
    on_progress: Callable[[float], None] = lambda share: None,
) -> ByPosition:
    """Return the mean loss of a token, by how many tokens of its text have been read before it.

    Windows of n_ctx, spread evenly over all texts and each within one, are read from their
    beginnings on; where no text is that long, windows of the longest one's length.
    """
    ids = [torch.tensor(each) for each in tokenizer.encode_batch(texts)]
    size = min(network.config.n_ctx, max(map(len, ids), default=0) - 1)
    if size < 1:
        return ByPosition((), 0)
    places = _spread([len(each) - 1 - size for each in ids], windows, size)
    nats = torch.zeros(size, dtype=torch.float64)
    for number, (text, start) in enumerate(places, 1):
        window = ids[text][start : start + size + 1]
        features, _ = network.features(window[None, :-1])
        for first in range(0, size, _HEAD_TOKENS):  # never all logits at once
            logits = network.head(features[0, first : first + _HEAD_TOKENS]).float()  # (t, V)
            wanted = window[first + 1 : first + 1 + len(logits)]
            nats[first : first + len(logits)] += F.cross_entropy(logits, wanted, reduction="none")
        on_progress(number / len(places))
    stretches = (
        Stretch(first, end, nats[first:end].mean().item() / len(places))
        for first, end in pairwise(edges(size))
    )
    return ByPosition(tuple(stretches), size * len(places))


def tokens_digest(tokenizer: Tokenizer) -> str:
    """Return 16 hex digits that tell tokens from others: a digest of what all of them say."""
    digest = hashlib.sha256()
    for token in range(tokenizer.vocab_size):
        said = tokenizer.token_bytes(token)
        digest.update(len(said).to_bytes(4, "big") + said)
    return digest.hexdigest()[:16]


def _spread(rooms: Sequence[int], windows: int, size: int) -> list[tuple[int, int]]:
    """Return (text, place) of windows of `size` predictions, evenly over all texts.

    Args:
        rooms: By text, the last place that a window may begin at; below 0 there is none.
        windows: How many at most; no token is predicted twice while there are others.
        size: Of a window.
    """
    fitting = [(number, room) for number, room in enumerate(rooms) if room >= 0]
    total = sum(room // size + 1 for _, room in fitting)
    count, found, passed = min(windows, total), [], 0
    for number, room in fitting:
        whole = room // size + 1
        share = (passed + whole) * count // total - passed * count // total
        starts = [room * each // max(1, share - 1) for each in range(share)]
        found += [(number, start) for start in starts]
        passed += whole
    return found
