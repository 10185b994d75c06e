"""Documents from text files: plain, Markdown or xz-compressed; books parted by form feeds."""

import lzma
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from writer.errors import ErrorKind, WriterError

_SUFFIXES = (".txt", ".md", ".xz")
_DOCUMENT_END = "\f"
# Printer's furniture, not prose: pictures' places, footnote numbers, Gutenberg's _italics_.
_FURNITURE = re.compile(r"\[Illustration[^\]]*\]|\[\d{1,3}\]|_")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_RULE = re.compile(r"[\W_]{2,}")


def corpus_files(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return (training files, validation files) of files and folders.

    In a folder, a file whose name starts with “validation” is kept from training.

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
    """Yield the documents of `files` in order, cleaned.

    Raises:
        WriterError: FILE_UNREADABLE.
    """
    for path in files:
        opener = lzma.open if path.suffix == ".xz" else open
        try:
            with opener(path, "rt", encoding="utf-8-sig") as stream:
                text = str(stream.read())
        except (OSError, UnicodeDecodeError, lzma.LZMAError, EOFError) as error:
            raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason=error) from error
        yield from filter(None, map(clean, text.split(_DOCUMENT_END)))


def clean(document: str) -> str:
    r"""Return the prose of a document, one paragraph a line, an empty line between them.

    Furniture and rules of asterisks go; everything else stays as the author has it.

    >>> clean("CHAPTER I\n\n[Illustration]\n\n* * *\n\nIt was _not_ so.[3]")
    'CHAPTER I\n\nIt was not so.'
    """
    paragraphs = (
        _BLANKS.sub(" ", _FURNITURE.sub("", line)).strip() for line in document.split("\n")
    )
    return "\n\n".join(line for line in paragraphs if line and not _RULE.fullmatch(line))
