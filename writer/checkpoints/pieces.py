"""Text to tokens and back: SentencePiece's pieces, and which tokenizer a `tokenizer.json` holds.

A piece spells a space as “▁”; what no piece says is said byte by byte, “<0xE9>”. SentencePiece puts
a space before every text, so that its first word looks like any other. Not here, where a text is
gone on with and what comes back must be what was written: instead a text opens behind a line end,
where words have no space before them either.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from writer.checkpoints.bpe import BPETokenizer, failures_told
from writer.checkpoints.spelling import Spelling, missing, whole
from writer.checkpoints.tokenizer_parts import check_parts, parts

_SPACE = "▁"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_LARGEST = 1 << 20  # vocabulary: a larger one is damage
_PROBE = "a a"
_MOST_MARKS = 8
"""Before a text; where there are any, it is one, or two."""


class PieceTokenizer:
    """A vocabulary of SentencePiece's, BPE or Unigram.

    Args:
        tokenizer: As the library has it; it must put no space before a text.
        end: The token that closes a document.
        unknown: The token that stands for what no piece says.
        bytewise: Whether “<0xE9>” is a byte.

    Raises:
        ValueError: It is damaged, or gives back other text than it was given.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        end: str | None = None,
        unknown: int | None = None,
        bytewise: bool = True,
    ) -> None:
        self._tokenizer = tokenizer
        self._end = end
        tokenizer.encode_special_tokens = True  # a writer may type “</s>” and mean it
        vocabulary = tokenizer.get_vocab()
        self.vocab_size = 1 + max(vocabulary.values(), default=-1)
        if not 0 < self.vocab_size <= _LARGEST:
            raise ValueError(f"the tokenizer speaks of {self.vocab_size} tokens")
        self.end_id: int | None = None if end is None else vocabulary.get(end)
        added = tokenizer.get_added_tokens_decoder()
        special = {number for number, token in added.items() if token.special}
        special |= {number for number in (self.end_id, unknown) if number is not None}
        said = [b""] * self.vocab_size
        for token, number in vocabulary.items():
            if number not in special:
                said[number] = _said(token, bytewise)
        self.special_ids = frozenset(number for number, text in enumerate(said) if not text)
        self._spelling = Spelling(said)
        line_end = self.encode("\n")
        self.opening: tuple[int, ...] = tuple(line_end) if self.decode(line_end) == "\n" else ()
        if self.decode(self.encode(_PROBE)) != _PROBE:
            raise ValueError("the tokenizer gives back other text than it was given")

    def write(self, folder: Path, n_ctx: int) -> None:
        """Write its files as `AutoTokenizer` reads them, for a network of `n_ctx` positions."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": self._end,
            "model_max_length": n_ctx,
            "clean_up_tokenization_spaces": False,
        }
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what looks like a special token is ordinary text."""
        ids: list[int] = self._tokenizer.encode(whole(text), add_special_tokens=False).ids
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, on all cores."""
        wholes = list(map(whole, texts))
        encoded = self._tokenizer.encode_batch_fast(wholes, add_special_tokens=False)
        return [each.ids for each in encoded]

    def token_bytes(self, token: int, before: int | None = None) -> bytes:
        """Return what `token` says, whatever stands before it; nothing for a special one."""
        return self._spelling.said[token]

    def may_grow(self, token: int) -> bool:
        """Return whether a longer token might stand in its place once the text goes on."""
        return bool(self._spelling.said[token])

    def beginning_with(self, start: bytes) -> list[int]:
        """Return the tokens whose bytes begin with `start`."""
        return self._spelling.beginning_with(start)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`; a character cut in two shows as U+FFFD."""
        return b"".join(self._spelling.said[token] for token in tokens).decode("utf-8", "replace")

    def lost(self, text: str) -> int:
        """Return how many characters of `text` its tokens do not give back as they were."""
        lines = whole(text).splitlines(keepends=True)
        return sum(map(missing, lines, map(self.decode, self.encode_batch(lines))))


def tokenizer_of(
    data: dict[str, Any], size: int, ends: Sequence[int | str] = (), start: str | None = None
) -> BPETokenizer | PieceTokenizer:
    """Return the tokenizer that a `tokenizer.json` holds, for a network of `size` tokens.

    Args:
        data: What stands in the file; it is changed.
        size: Special tokens beyond it are left out: they stand for pictures and the like.
        ends: The tokens, or their numbers, that close a document. The first one may be said.
        start: The token that opens a text, where the file does not tell.

    Raises:
        ValueError: It is no byte-level BPE and none of SentencePiece's, or damaged.
    """
    model = data.get("model")
    kind = model.get("type", "BPE") if isinstance(model, dict) else None
    if not isinstance(model, dict) or kind not in ("BPE", "Unigram"):
        raise ValueError(f"tokenizer.json is of a kind not read here: {kind!r:.40}")
    # What is gone on with is neither cut nor filled up.
    data.update(truncation=None, padding=None)
    check_parts(data)
    _leave_out(data, size)
    model.update(continuing_subword_prefix=None, end_of_word_suffix=None)  # of other kinds
    model.update(dropout=None)  # for training: the same text would be spelled by chance
    if kind == "Unigram" and type(model.get("unk_id")) is not int:
        raise ValueError("tokenizer.json has no token for what is unknown")
    with failures_told():
        return _tokenizer_of(data, model, ends, start)


def _tokenizer_of(
    data: dict[str, Any], model: dict[str, Any], ends: Sequence[int | str], start: str | None
) -> BPETokenizer | PieceTokenizer:
    prefixed = [_without_prefix(data, part) for part in ("normalizer", "pre_tokenizer")]
    try:
        tokenizer = Tokenizer.from_buffer(json.dumps(data).encode("utf-8", "surrogatepass"))
    except (ValueError, KeyError) as error:
        raise ValueError("tokenizer.json is damaged") from error
    marks = _before_a_text(tokenizer)
    if not marks and start is not None:
        marks = tuple(number for number in [tokenizer.token_to_id(start)] if number is not None)
    numbers = [end if isinstance(end, int) else tokenizer.token_to_id(end) for end in ends]
    known = [number for number in numbers if number is not None and tokenizer.id_to_token(number)]
    end = tokenizer.id_to_token(known[0]) if known else None
    if any(each.get("type") == "ByteLevel" for each in parts(data.get("decoder"))):
        found: BPETokenizer | PieceTokenizer = BPETokenizer(tokenizer, end)
        found.opening = marks or found.opening
    else:
        # A Unigram has its number, a BPE the token itself.
        unknown = model.get("unk_id", _number(tokenizer, model.get("unk_token")))
        found = PieceTokenizer(tokenizer, end, unknown, model.get("byte_fallback") is True)
        behind = found.opening if any(prefixed) or not marks else ()
        found.opening = (*marks, *behind)
    found.special_ids |= set(known)
    if not found.opening:
        if found.end_id is None:
            raise ValueError("the tokenizer has nothing for a text to begin behind")
        found.opening = (found.end_id,)
    return found


def _leave_out(data: dict[str, Any], size: int) -> None:
    """Leave special tokens out that the network has no number for."""
    added = data.get("added_tokens")
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added):
        data["added_tokens"] = []
        return
    data["added_tokens"] = [
        token for token in added if not (token.get("special") and _is_beyond(token.get("id"), size))
    ]


def _is_beyond(number: object, size: int) -> bool:
    return isinstance(number, int) and number >= size


def _without_prefix(data: dict[str, Any], part: str) -> bool:
    """Take out what puts a space before a text; return whether there was something that did.

    Raises:
        ValueError: It parts words in a way that does not come back.
    """
    found = False
    for each in parts(data.get(part)):
        kind = each.get("type")
        if kind == "Prepend" and each.get("prepend") == _SPACE:
            found = True
            each.clear()
            each.update(type="Replace", pattern={"String": " "}, content=_SPACE)
        elif kind == "Metaspace":
            found |= each.get("prepend_scheme", "always") != "never"
            each.pop("add_prefix_space", None)
            each["prepend_scheme"] = "never"
        elif kind == "ByteLevel":
            each["add_prefix_space"] = False
        elif kind == "Strip":
            each.update(strip_left=False, strip_right=False)
        elif kind in ("WhitespaceSplit", "Whitespace", "BertPreTokenizer"):
            raise ValueError("the tokenizer loses spaces and line ends")
    return found


def _before_a_text(tokenizer: Tokenizer) -> tuple[int, ...]:
    """Return the special tokens that are put before a text."""
    encoded = tokenizer.encode(_PROBE, add_special_tokens=True)
    first = next((n for n, is_mark in enumerate(encoded.special_tokens_mask) if not is_mark), 0)
    if first > _MOST_MARKS:
        raise ValueError(f"the tokenizer puts {first} tokens before a text")
    return tuple(encoded.ids[:first])


def _number(tokenizer: Tokenizer, token: object) -> int | None:
    number: int | None = tokenizer.token_to_id(token) if isinstance(token, str) else None
    return number


def _said(token: str, bytewise: bool) -> bytes:
    found = _BYTE.fullmatch(token) if bytewise else None
    if found is not None:
        return bytes([int(found[1], 16)])
    return token.replace(_SPACE, " ").encode("utf-8", "replace")
