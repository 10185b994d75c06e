"""How well a model predicts a text: bits, every byte counted once, and where in its context."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch.nn import functional as F

from writer.checkpoints.tokenizer import Tokenizer
from writer.manuscript.counts import count_words
from writer.transformer.gpt import GPT

_LOST_BITS = 20.0
"""What a character costs that the tokens cannot give back: choosing it among all of Unicode."""
_PLACES = (0, 16, 64, 128, 256, 512)


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


@torch.inference_mode()
def perplexity_by_place(
    network: GPT, tokenizer: Tokenizer, text: str, windows: int = 32
) -> list[tuple[range, float]]:
    """Return how uncertain the model is of a token, by how many tokens it has read before it.

    Windows of n_ctx, spread evenly over the text, are read from their beginnings on.
    """
    ids = torch.tensor(tokenizer.encode(text))
    size = min(network.config.n_ctx, len(ids) - 1)
    if size < 1:
        return []
    count = min(windows, max(1, (len(ids) - 1) // max(1, size)))
    places = [edge for edge in _PLACES if edge < size] + [size]
    nats = torch.zeros(size)
    for number in range(count):
        start = (len(ids) - 1 - size) * number // max(1, count - 1)
        window = ids[start : start + size + 1]
        features, _ = network.features(window[None, :-1])
        logits = network.head(features[0]).float()  # (T, V)
        nats += F.cross_entropy(logits, window[1:], reduction="none")
    means = ((range(a, b), nats[a:b].mean().item() / count) for a, b in pairwise(places))
    return [(place, math.exp(mean)) for place, mean in means]
