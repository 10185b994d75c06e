"""Reading the outline of a book folder, from what there is: `book.toml`, its copy, or the texts.

It writes nothing but `keep_damaged`'s copies.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.book_file import About, BookFile, new_book_id, parse, salvage
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.outline import Item, Outline
from writer.manuscript.book.scene_files import (
    HIDDEN,
    SCENES,
    Settled,
    is_inside,
    list_texts,
    settle,
)
from writer.manuscript.notice import Notice
from writer.manuscript.text_file import read_bytes

BOOK_TOML = "book.toml"
_REASONS = {
    ErrorKind.FILE_MISSING: "it is missing",
    ErrorKind.FILE_IS_FOLDER: "it is a folder",
    ErrorKind.FILE_TOO_LARGE: "it is far too large for an outline",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder says about its book."""

    file: BookFile
    notices: tuple[Notice, ...]
    data: bytes
    """Of `book.toml`; empty if there is none."""
    is_damaged: bool
    """Whether those bytes should be kept, for they say more or other than `file`."""
    is_current: bool
    """Whether both files on the disk say what `file` does."""


def toml_paths(folder: Path) -> tuple[Path, Path]:
    """Return where a book's outline is written: `book.toml` first, then its copy."""
    return folder / BOOK_TOML, folder / HIDDEN / BOOK_TOML


def is_book(path: Path) -> bool:
    """Tell whether `path` is the folder of a book, or its `book.toml`."""
    if path.is_dir():
        return any(map(os.path.isfile, toml_paths(path)))
    return path.name == BOOK_TOML and path.is_file()


def check_links(folder: Path) -> None:
    """Refuse a folder in which the program's own files are links that lead out of it.

    Raises:
        WriterError: BOOK_DAMAGED.
    """
    hidden = folder / HIDDEN
    try:
        with os.scandir(hidden) as entries:
            inner = [hidden / entry.name for entry in entries if entry.is_symlink()]
    except OSError:
        inner = []
    for path in (folder / BOOK_TOML, hidden, *inner):
        if not is_inside(folder, path):
            reason = f"“{path.relative_to(folder)}” is a link that leads out of it"
            raise WriterError(ErrorKind.BOOK_DAMAGED, path=folder, reason=reason)


def find_book(folder: Path) -> Found:
    """Read what is known of the book in `folder`, and match it with the texts that are there.

    Raises:
        WriterError: BOOK_MISSING or BOOK_DAMAGED.
    """
    path, copy = toml_paths(folder)
    data, reason = _read(folder, path)
    copied = cache(lambda: _parsed_copy(copy))
    notices: list[Notice] = []
    file = None
    if not reason:
        try:
            file = parse(data)
        except ValueError as error:
            reason = str(error)
    is_damaged = file is None or file.repairs > 0
    if file is None:
        file, kind = _stand_in(folder, data, reason, copied())
        notices.append(Notice(kind, {"path": path, "reason": reason}))
    elif file.is_newer:
        notices.append(Notice(BookNotice.NEWER, {"path": path}))
    elif file.repairs:
        notices.append(Notice(BookNotice.REPAIRED, {"path": path, "count": file.repairs}))
    settled = settle(folder, file.outline, lambda: _outline(copied()))
    if settled.found and _is_cut_off(file.outline, _outline(copied())):
        file, is_damaged, reason = copied() or file, True, "its end is missing"
        notices = [Notice(BookNotice.FROM_COPY, {"path": path, "reason": reason})]
        settled = settle(folder, file.outline, lambda: None)
    is_current = not notices and settled.outline == file.outline and data == _copy_bytes(copy)
    notices += _settled_notices(folder, settled)
    file = BookFile(file.id, file.about, settled.outline, file.version)
    return Found(file, tuple(notices), data, is_damaged and bool(data), is_current)


def keep_damaged(folder: Path, data: bytes) -> Path:
    """Keep the bytes of a damaged `book.toml` beside it, once, and return where.

    Raises:
        WriterError: SAVE_FAILED.
    """
    number = 1
    while os.path.lexists(path := folder / f"{BOOK_TOML}.damaged-{number}"):
        try:
            if read_bytes(path)[0] == data:
                return path
        except WriterError:
            pass
        number += 1
    write_atomically(path, data)
    return path


def _read(folder: Path, path: Path) -> tuple[bytes, str]:
    """Return the bytes of `book.toml` and an empty reason, or why there are none."""
    try:
        return read_bytes(path)[0], ""
    except WriterError as error:
        if error.kind is ErrorKind.FILE_MISSING:
            return b"", _REASONS[error.kind]
        reason = _REASONS.get(error.kind) or str(error.fields["reason"])
        # What may be whole is not stood in for: its place would be taken by something older.
        raise WriterError(
            ErrorKind.BOOK_DAMAGED, path=folder, reason=f"of its “{path.name}”, {reason}"
        ) from error


def _stand_in(
    folder: Path, data: bytes, reason: str, copy: BookFile | None
) -> tuple[BookFile, BookNotice]:
    if copy is not None:
        return copy, BookNotice.FROM_COPY
    if (pieces := salvage(data)) is not None:
        return pieces, BookNotice.FROM_PIECES
    if list_texts(folder):
        about = About(title=folder.name)
        return BookFile(new_book_id(), about, Outline()), BookNotice.BY_NAME
    if not data:
        raise WriterError(ErrorKind.BOOK_MISSING, path=folder)
    raise WriterError(ErrorKind.BOOK_DAMAGED, path=folder, reason=f"in its “{BOOK_TOML}”, {reason}")


def _copy_bytes(copy: Path) -> bytes | None:
    try:
        return read_bytes(copy)[0]
    except WriterError:
        return None


def _parsed_copy(copy: Path) -> BookFile | None:
    data = _copy_bytes(copy)
    try:
        return None if data is None else parse(data)
    except ValueError:
        return None


def _outline(file: BookFile | None) -> Outline | None:
    return file.outline if file is not None else None


def _is_cut_off(outline: Outline, whole: Outline | None) -> bool:
    """Tell whether an outline is the beginning of a longer one; its last item may be damaged."""
    if whole is None or len(outline) >= len(whole):
        return False
    same = max(0, len(outline) - 1)
    ids, others = ([item.id for item in each.items[:same]] for each in (outline, whole))
    return ids == others


def _settled_notices(folder: Path, settled: Settled) -> list[Notice]:
    scenes = folder / SCENES
    notices = []
    if settled.refused:
        fields = _fields(settled.refused)
        notices.append(Notice(BookNotice.REFUSED, {**fields, "file": settled.refused[0].file}))
    if settled.missing:
        fields = _fields(settled.missing)
        notices.append(Notice(BookNotice.MISSING, {**fields, "path": scenes}))
    if settled.found:
        count = len(settled.found)
        notices.append(Notice(BookNotice.FOUND, {"path": scenes, "count": count}))
    if settled.unfit:
        path = scenes / settled.unfit[0].encode("utf-8", "replace").decode()
        notices.append(Notice(BookNotice.UNFIT, {"path": path, "count": len(settled.unfit)}))
    return notices


def _fields(items: list[Item]) -> dict[str, object]:
    return {"title": items[0].title, "count": len(items)}
