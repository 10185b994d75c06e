"""Documents from files: plain text, Markdown, xz-compressed, or GPT2-Chinese's `train.json`."""

import json
import lzma
from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError
from writer.training.cleaning import clean

_SUFFIXES = (".txt", ".md", ".xz", ".json")
_DOCUMENT_END = "\f"


def text_files(paths: Sequence[Path], out: Path | None = None) -> list[Path]:
    """Return the text files among files and folders; a file that is named is one in any case.

    What stands in a model's folder, or in `out`, is no text.

    Raises:
        WriterError: FILE_MISSING.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise WriterError(ErrorKind.FILE_MISSING, path=path)
        if path.is_file():
            found.append(path)
            continue
        models = {config.parent for config in path.rglob("config.json")}
        models |= {out} if out else set()
        for file in sorted(each for each in path.rglob("*") if each.is_file()):
            inside = {*file.parents, *file.absolute().parents}
            if file.suffix.lower() in _SUFFIXES and not inside & models:
                found.append(file)
    return found


def corpus_files(paths: Sequence[Path], out: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Return (training files, validation files) of files and folders.

    In a folder, a file whose name starts with “validation” is kept from training. A file that is
    named twice is read twice as often.

    Raises:
        WriterError: FILE_MISSING, or CORPUS_EMPTY where nothing is left to train on.
    """
    files = text_files(paths, out)
    kept = [file.name.startswith("validation") and file not in paths for file in files]
    training = list(compress(files, (not each for each in kept)))
    if not training:
        raise WriterError(ErrorKind.CORPUS_EMPTY, paths=", ".join(map(str, paths)))
    return training, list(compress(files, kept))


def documents(files: Sequence[Path], cleaned: bool = True) -> Iterator[str]:
    """Yield the documents of `files` in order; form feeds part those of one file.

    Args:
        files: The files.
        cleaned: Whether to yield the prose alone, or all that stands there.

    Raises:
        WriterError: FILE_UNREADABLE, CORPUS_ENCODING or CORPUS_JSON.
    """
    for path in files:
        text = _text(path)
        is_list = path.suffix.lower() == ".json"
        parts = _articles(path, text) if is_list else text.split(_DOCUMENT_END)
        yield from filter(None, map(clean if cleaned else str.strip, parts))


def parted(document: str, held_out: float) -> tuple[str, str]:
    """Return a cleaned document in two, between paragraphs: the share `held_out` is the end."""
    place = document.rfind("\n\n", 0, int(len(document) * (1 - held_out)) + 1)
    return (document[:place], document[place + 2 :]) if held_out and place > 0 else (document, "")


def _text(path: Path) -> str:
    opener = lzma.open if path.suffix.lower() == ".xz" else open
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
