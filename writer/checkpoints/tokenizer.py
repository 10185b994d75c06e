"""What every tokenizer can do, and which one a model folder has."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from writer.checkpoints.bpe import BPETokenizer
from writer.checkpoints.characters import CharacterTokenizer
from writer.checkpoints.files import ModelFiles, parsed
from writer.errors import ErrorKind, WriterError

_WHOLE, _CHARACTERS = "tokenizer.json", "vocab.txt"
_VOCABULARY, _MERGES, _ADDED = "vocab.json", "merges.txt", "added_tokens.json"
_SETTINGS = (
    *("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer"),
    *("post_processor", "decoder", "model", "type", "dropout", "vocab"),
    *("continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback"),
)
"""What a `tokenizer.json` says but for its vocabulary and its merges."""
_NO_SETTING = re.compile(r"\s*(?::\s*\d|[,\]])")
"""Behind a token stands its number, behind a part of a merge the other, or the merge's end."""
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u")
"""A letter by its number, which might spell any of them."""
_CONFIG, _MARKS = "tokenizer_config.json", "special_tokens_map.json"


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
    return bool(character_file(files) or files.find(_WHOLE) or files.find(_VOCABULARY))


def read_tokenizer(files: ModelFiles, size: int | None = None) -> Tokenizer:
    """Read the tokenizer of a model folder.

    A BERT `vocab.txt`, a `tokenizer.json`, or GPT-2's own `vocab.json` and `merges.txt`.

    Args:
        files: The folder's.
        size: Tokens of the network; marks beyond, which it was never taught, are left out.

    Raises:
        WriterError: MODEL_MISSING; there is none.
        ValueError: It is of another kind, or damaged.
        OSError: It cannot be read.
    """
    if path := character_file(files):
        config = files.json(_CONFIG) or {}  # BERT makes capitals small unless told otherwise
        return CharacterTokenizer.read(path, bool(config.get("do_lower_case", True)))
    text = files.text(_WHOLE)
    if text is not None:
        data, rest = split_json(text, _WHOLE)
        model = data.get("model")
        if isinstance(model, dict) and model.get("type") == "WordPiece":
            return _word_pieces(parsed(text, _WHOLE))
        return BPETokenizer.of_json(data, _end(files), size, rest)
    if files.find(_VOCABULARY):
        return _read_parts(files, size)
    reason = f"it has neither {_WHOLE} nor {_CHARACTERS}"
    raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)


def remove_tokenizer(folder: Path) -> None:
    """Remove the files that a tokenizer would be read from; the next one may be of another kind."""
    for name in (_WHOLE, _CHARACTERS):
        (folder / name).unlink(missing_ok=True)


def character_file(files: ModelFiles) -> Path | None:
    """Return the BERT vocabulary of a folder, by another name, too, such as `vocab_small.txt`."""
    if path := files.find(_CHARACTERS):
        return path
    found = [] if files.find(_WHOLE) else files.matching("vocab*.txt")
    return found[0] if len(found) == 1 else None


def split_json(text: str, name: str) -> tuple[dict[str, Any], str]:
    """Return what a `tokenizer.json` says before its vocabulary, and what stands in that.

    A vocabulary of a few MB keeps the interpreter, and so the window, for a tenth of a second. It
    need not be taken apart: the library will. Where anything but a vocabulary and merges might
    stand there, the first is the whole and the second empty.

    Raises:
        ValueError: It is not JSON.
    """
    head, opening, rest = text.partition('"vocab": {')
    if opening and not _hides_settings(rest):
        try:
            return parsed(f"{head}{opening}}}}}}}", name), rest
        except ValueError:
            pass  # it is laid out otherwise
    return parsed(text, name), ""


def _hides_settings(text: str) -> bool:
    for name in _SETTINGS:  # one by one, so that other threads have their turn
        quoted = f'"{name}"'
        at = text.find(quoted)
        while at >= 0:
            if not _NO_SETTING.match(text, at + len(quoted)):
                return True
            at = text.find(quoted, at + 1)
    return "\\u" in text and _ESCAPED.search(text) is not None


def _word_pieces(data: dict[str, Any]) -> CharacterTokenizer:
    """Return the tokenizer of a BERT vocabulary that stands in a `tokenizer.json`."""
    numbers, normalizer = data["model"].get("vocab"), data.get("normalizer")
    if not isinstance(numbers, dict) or sorted(map(str, numbers.values())) != sorted(
        map(str, range(len(numbers)))
    ):
        raise ValueError(f"{_WHOLE} is damaged, or leaves numbers out")
    lowers = normalizer.get("lowercase", True) if isinstance(normalizer, dict) else True
    return CharacterTokenizer(sorted(numbers, key=lambda token: int(numbers[token])), bool(lowers))


def _read_parts(files: ModelFiles, size: int | None) -> BPETokenizer:
    """Read GPT-2's own files, and the tokens that were added to them."""
    text = files.text(_MERGES)
    if text is None:
        reason = f"{_MERGES} is missing"
        raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)
    vocabulary, added = files.json(_VOCABULARY) or {}, files.json(_ADDED) or {}
    if size is not None:
        added = {token: n for token, n in added.items() if not (type(n) is int and n >= size)}
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
