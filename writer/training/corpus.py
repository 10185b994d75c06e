"""Documents from files: plain text, Markdown, xz-compressed, or GPT2-Chinese's `train.json`."""

import json
import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError
from writer.training.cleaning import clean

_SUFFIXES = (".txt", ".md", ".xz", ".json")
_DOCUMENT_END = "\f"


def corpus_files(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return (training files, validation files) of files and folders.

    In a folder, a file whose name starts with “validation” is kept from training. A file that is
    named twice is read twice as often.

    Raises:
        WriterError: FILE_MISSING, or CORPUS_EMPTY where nothing is left to train on.
    """
    training: list[Path] = []
    validation: list[Path] = []
    for path in paths:
        if not path.exists():
            raise WriterError(ErrorKind.FILE_MISSING, path=path)
        if path.is_file():
            training.append(path)
            continue
        for file in sorted(each for each in path.rglob("*") if each.is_file()):
            if file.suffix not in _SUFFIXES:
                continue
            (validation if file.name.startswith("validation") else training).append(file)
    if not training:
        raise WriterError(ErrorKind.CORPUS_EMPTY, paths=", ".join(map(str, paths)))
    return training, validation


def documents(files: Sequence[Path]) -> Iterator[str]:
    """Yield the documents of `files` in order, cleaned; form feeds part those of one file.

    Raises:
        WriterError: FILE_UNREADABLE, CORPUS_ENCODING or CORPUS_JSON.
    """
    for path in files:
        text = _text(path)
        parts = _articles(path, text) if path.suffix == ".json" else text.split(_DOCUMENT_END)
        yield from filter(None, map(clean, parts))


def _text(path: Path) -> str:
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rb") as stream:
            return (
                bytes(stream.read()).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
            )
    except UnicodeDecodeError as error:
        raise WriterError(ErrorKind.CORPUS_ENCODING, path=path, place=f"{error.start:,}") from error
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason=error) from error


def _articles(path: Path, text: str) -> list[str]:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WriterError(ErrorKind.CORPUS_JSON, path=path, reason="it is damaged") from error
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise WriterError(ErrorKind.CORPUS_JSON, path=path, reason="it holds something else")
    return found
