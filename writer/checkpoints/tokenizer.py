"""What every tokenizer can do, and which one a model folder has."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from tokenizers import models

from writer.checkpoints.bpe import BPETokenizer, library_tokenizer
from writer.checkpoints.characters import CharacterTokenizer
from writer.checkpoints.files import ModelFiles
from writer.errors import ErrorKind, WriterError

_WHOLE, _CHARACTERS = "tokenizer.json", "vocab.txt"
_VOCABULARY, _MERGES, _ADDED = "vocab.json", "merges.txt", "added_tokens.json"
_CONFIG, _MARKS = "tokenizer_config.json", "special_tokens_map.json"
_LARGEST = 64 << 20
"""Bytes."""


class Tokenizer(Protocol):
    """Text to tokens and back. Continuations are spelled in bytes: tokens may part characters."""

    vocab_size: int
    opening: tuple[int, ...]
    """What stands before a text that is read from its beginning."""
    end_id: int | None
    """What closes a document."""
    special_ids: frozenset[int]
    """Tokens that are no text."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what looks like a special token is ordinary text."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, on all cores."""

    def token_bytes(self, token: int, before: int | None = None) -> bytes:
        """Return what `token` says behind the token `before`; nothing for a special one."""

    def beginning_with(self, start: bytes) -> list[int]:
        """Return the tokens whose bytes begin with `start`."""

    def may_grow(self, token: int) -> bool:
        """Return whether a longer token might stand in its place once the text goes on."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`; a character cut in two shows as U+FFFD."""

    def lost(self, text: str) -> int:
        """Return how many characters of `text` its tokens do not give back as they were."""

    def write(self, folder: Path, n_ctx: int) -> None:
        """Write its files as `AutoTokenizer` reads them, for a network of `n_ctx` positions."""


def has_tokenizer(files: ModelFiles) -> bool:
    """Return whether there is a file that a tokenizer can be read from."""
    return any(map(files.find, (_WHOLE, _CHARACTERS, _VOCABULARY))) or bool(_other_vocab(files))


def read_tokenizer(files: ModelFiles) -> Tokenizer:
    """Read the tokenizer of a model folder.

    A BERT `vocab.txt`, a `tokenizer.json`, or GPT-2's own `vocab.json` and `merges.txt`.

    Raises:
        WriterError: MODEL_MISSING; there is none.
        ValueError: It is of another kind, or damaged.
        OSError: It cannot be read.
    """
    if path := files.find(_CHARACTERS) or _other_vocab(files):
        config = files.json(_CONFIG) or {}  # BERT makes capitals small unless told otherwise
        return CharacterTokenizer.read(path, bool(config.get("do_lower_case", True)))
    if path := files.find(_WHOLE):
        return _read_whole(path, _end(files))
    if files.find(_VOCABULARY):
        return _read_parts(files)
    reason = f"it has neither {_WHOLE} nor {_CHARACTERS}"
    raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)


def remove_tokenizer(folder: Path) -> None:
    """Remove the files that a tokenizer would be read from; the next one may be of another kind."""
    for name in (_WHOLE, _CHARACTERS):
        (folder / name).unlink(missing_ok=True)


def _other_vocab(files: ModelFiles) -> Path | None:
    """Return the only vocabulary by another name, such as GPT2-Chinese's `vocab_small.txt`."""
    found = [] if files.find(_WHOLE) else files.matching("vocab*.txt")
    return found[0] if len(found) == 1 else None


def _read_whole(path: Path, end: str | None) -> Tokenizer:
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than any of its kind")
    tokenizer = library_tokenizer(path)
    if not isinstance(tokenizer.model, models.WordPiece):
        return BPETokenizer(tokenizer, end)
    numbers = tokenizer.get_vocab()
    tokens = sorted(numbers, key=numbers.__getitem__)
    if [numbers[token] for token in tokens] != list(range(len(tokens))):
        raise ValueError(f"{path.name} leaves numbers out")
    return CharacterTokenizer(tokens, bool(getattr(tokenizer.normalizer, "lowercase", True)))


def _read_parts(files: ModelFiles) -> BPETokenizer:
    """Read GPT-2's own files, and the tokens that were added to them."""
    text = files.text(_MERGES)
    if text is None:
        reason = f"{_MERGES} is missing"
        raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)
    vocabulary = files.json(_VOCABULARY) or {}
    added = files.json(_ADDED) or {}
    merges = [line for line in text.split("\n") if line and not line.startswith("#version")]
    return BPETokenizer.of({**vocabulary, **added}, merges, added, _end(files))


def _end(files: ModelFiles) -> str | None:
    """Return the token that closes a document, where the folder names one."""
    for name in (_CONFIG, _MARKS):
        end: Any = (files.json(name) or {}).get("eos_token")
        end = end.get("content") if isinstance(end, dict) else end
        if isinstance(end, str) and end:
            return end
    return None
