"""What every tokenizer can do, and which one a model folder has."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from writer.checkpoints.bpe import BPETokenizer
from writer.checkpoints.characters import CharacterTokenizer


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


def has_tokenizer(folder: Path) -> bool:
    """Return whether `folder` has a file that a tokenizer can be read from."""
    return (folder / "tokenizer.json").is_file() or (folder / "vocab.txt").is_file()


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer of a model folder: a BERT `vocab.txt`, or a byte-level BPE.

    Raises:
        ValueError: It is neither, or damaged.
        OSError: It cannot be read.
    """
    if (folder / "vocab.txt").is_file():
        return CharacterTokenizer.read(folder / "vocab.txt", _lowers(folder))
    return BPETokenizer.read(folder / "tokenizer.json")


def remove_tokenizer(folder: Path) -> None:
    """Remove the files that a tokenizer would be read from; the next one may be of another kind."""
    for name in ("tokenizer.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)


def _lowers(folder: Path) -> bool:
    """Return whether a BERT tokenizer makes capitals small, as it does unless told otherwise."""
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return True
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON") from error
    return bool(found.get("do_lower_case", True)) if isinstance(found, dict) else True
