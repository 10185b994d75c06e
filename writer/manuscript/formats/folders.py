"""Reading a folder of documents and texts as one book, in the order of their names.

A folder in it is a part, one deeper a chapter; a file is a chapter, or a scene where its folder is
a chapter already. Headings inside a file make several chapters of it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.importing import SUFFIXES, Imported, ImportNotice, import_file
from writer.manuscript.formats.pandoc import ignore, never
from writer.manuscript.notice import Notice

_BOOK = "book.toml"
_MOST_FILES = 20_000
_DIGITS = re.compile(r"(\d+)")
_NUMBERING = re.compile(r"\d+[\s._)-]+(?=\S)")


@dataclass(slots=True)
class _Found:
    """What there is in a folder: files to read, in order, each with the folders it lies in."""

    files: list[Path] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def import_folder(
    folder: Path,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Imported:
    """Read all documents and texts of a folder as one book.

    A file that cannot be read is left out with a notice, and so is what Writer does not know.

    Raises:
        WriterError: IMPORT_FAILED with the reason, or IMPORT_EMPTY.
        Cancelled: `cancelled` said so.
    """
    if (folder / _BOOK).exists():
        reason = "it is one of Writer's books already; open it instead"
        raise WriterError(ErrorKind.IMPORT_FAILED, path=folder, reason=reason)
    found = _Found()
    try:
        _look(folder, folder, found)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.IMPORT_FAILED, path=folder, reason=reason) from error
    if len(found.files) > _MOST_FILES:
        reason = f"it holds more than {_MOST_FILES:,} files"
        raise WriterError(ErrorKind.IMPORT_FAILED, path=folder, reason=reason)
    notices: list[Notice] = []
    read: list[tuple[Path, CompiledBook]] = []
    for number, path in enumerate(found.files):
        on_progress(number / len(found.files))
        try:
            imported = import_file(path, cancelled=cancelled)
        except WriterError as error:
            notices.append(Notice(ImportNotice.FAILED, {"reason": error}))
            continue
        read.append((path, imported.compiled))
        notices += imported.notices
    if not read:
        raise WriterError(ErrorKind.IMPORT_EMPTY, path=folder)
    notices += _left_out(found)
    on_progress(1.0)
    return Imported(_joined(folder, read), tuple(notices))


def natural_key(path: Path) -> tuple[tuple[int, str], ...]:
    """Return what sorts names as people count: 2 before 10.

    >>> sorted(map(Path, ("10.md", "2.md", "B.md", "a.md")), key=natural_key)[0].name
    '2.md'
    """
    pieces = _DIGITS.split(path.name.casefold())
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)


def _look(folder: Path, top: Path, found: _Found) -> None:
    entries = sorted(folder.iterdir(), key=natural_key)
    # What lies in a folder itself comes before its folders' texts only by name, as it is shown.
    for entry in entries:
        name = str(entry.relative_to(top))
        if entry.name.startswith("."):
            found.hidden.append(name)
        elif entry.is_dir():
            if entry.is_symlink():  # it may lead back here
                found.others.append(name)
            else:
                _look(entry, top, found)
        elif entry.suffix.lower() in SUFFIXES:
            found.files.append(entry)
        else:
            found.others.append(name)


def _left_out(found: _Found) -> Iterator[Notice]:
    for kind, names in ((ImportNotice.SKIPPED, found.others), (ImportNotice.HIDDEN, found.hidden)):
        if names:
            shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" * (len(names) > 10))
            yield Notice(kind, {"names": shown})


def _joined(folder: Path, read: list[tuple[Path, CompiledBook]]) -> CompiledBook:
    sections: list[Section] = []
    above: tuple[str, ...] = ()
    for path, compiled in read:
        folders = path.relative_to(folder).parts[:-1][:2]
        for depth, name in enumerate(folders):
            if folders[: depth + 1] != above[: depth + 1]:
                kind = (ItemKind.PART, ItemKind.CHAPTER)[depth]
                sections.append(Section(kind, _title(name), depth))
        above = folders
        sections += _of_file(path, compiled, len(folders))
    first = read[0][1]
    authors = {compiled.author for _, compiled in read if compiled.author}
    return CompiledBook(
        title=_title(folder.resolve().name),
        author=authors.pop() if len(authors) == 1 else "",
        language=first.language,
        sections=tuple(sections),
    )


def _of_file(path: Path, compiled: CompiledBook, depth: int) -> Iterator[Section]:
    """Yield a file's sections below `depth` folders."""
    title = compiled.title or _title(path.stem)
    sections = compiled.sections
    if depth == 2:  # its folder is a chapter: whatever it holds are scenes
        for section in sections:
            if section.kind is ItemKind.SCENE:
                yield replace(section, title=title, depth=2)
            else:
                title = section.title
        return
    if sections[0].kind is ItemKind.SCENE:
        yield Section(ItemKind.CHAPTER, title, depth)
    for section in sections:
        if section.kind is ItemKind.SCENE:
            yield replace(section, depth=depth + 1)
        else:
            yield Section(ItemKind.CHAPTER, section.title, depth)


def _title(name: str) -> str:
    """Return a title from a file's name, without a number that only orders it."""
    spaced = " ".join(name.replace("_", " ").split())
    return _NUMBERING.sub("", spaced, count=1) if _NUMBERING.match(spaced) else spaced
