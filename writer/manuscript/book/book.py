"""A book: a folder of texts with an outline, opened by one window for writing.

It reads, and writes only what belongs to opening: the lock, who holds it, and a copy of a file that
was damaged. All else is written by others. `book.toml` is written twice, to each of `toml_paths`:
should the first ever be damaged, the second, the last good copy, stands in for it.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.manuscript.book.book_file import About, BookFile, new_book_id, with_legal_depths
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.holding import Holding, hold
from writer.manuscript.book.outline import Item, ItemKind, Outline, new_id, one_line
from writer.manuscript.book.reading import (
    BOOK_TOML,
    Found,
    check_links,
    find_book,
    is_book,
    keep_damaged,
    toml_paths,
)
from writer.manuscript.book.scene_files import HIDDEN, SCENES, is_inside, list_texts, scene_file
from writer.manuscript.notice import Notice
from writer.manuscript.text_file import (
    TextFile,
    new_text_file,
    read_bytes,
    read_text_file,
)

__all__ = ["About", "Book", "is_book"]
_IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What systems put into folders that people call empty."""


class Book:
    """One open book; used on one thread.

    `about` and `outline` are values that its user replaces, and `toml` says how they are stored.
    """

    def __init__(self, folder: Path, found: Found, holding: Holding) -> None:
        self.folder = folder
        self.id = found.file.id
        self.about = found.file.about
        self.outline = found.file.outline
        self.notices = found.notices
        self.needs_writing = holding.held and not found.is_current
        """Whether what was found had to be mended, so that `toml` should be written soon."""
        self.holding = holding
        self._ours = {_digest(found.data)}

    # Opening

    @classmethod
    def open(cls, folder: Path) -> "Book":
        """Open the book in `folder`, or whose `book.toml` it is, and hold it if nobody else does.

        Raises:
            WriterError: BOOK_MISSING or BOOK_DAMAGED.
        """
        is_file = folder.name == BOOK_TOML and not folder.is_dir()
        folder = Path(os.path.abspath(folder.parent if is_file else folder))
        if not folder.is_dir() or not (is_book(folder) or list_texts(folder)):
            raise WriterError(ErrorKind.BOOK_MISSING, path=folder)
        check_links(folder)
        holding = hold(folder)
        try:
            found = find_book(folder)
            if found.file.is_newer:
                holding.release()
            book = cls(folder, found, holding)
        except BaseException:
            holding.release()
            raise
        book._prepare(found)
        return book

    @classmethod
    def create(cls, folder: Path, about: About, compiled: CompiledBook | None = None) -> "Book":
        """Make a book in a new or an empty folder, with an empty scene or all of `compiled`.

        The texts are written first and `book.toml` last: what is interrupted leaves no outline, or
        a whole one.

        Raises:
            WriterError: BOOK_FOLDER_TAKEN or SAVE_FAILED.
        """
        folder = Path(os.path.abspath(folder))
        _make_folders(folder)
        sections = compiled.sections if compiled else (Section(ItemKind.SCENE, "", 0),)
        items = tuple(with_legal_depths(_items(sections)))
        for item, section in zip(items, sections, strict=True):
            if item.file:
                new_text_file(folder / item.file).save(section.text)
        data = BookFile(new_book_id(), about, Outline(items)).encode()
        for path in reversed(toml_paths(folder)):
            write_atomically(path, data)
        return cls.open(folder)

    def close(self) -> None:
        """Give the lock back; the book is for reading only from then on."""
        self.holding.release()

    @property
    def read_only(self) -> bool:
        """Whether this window must not write to the book."""
        return not self.holding.held

    @property
    def owner(self) -> str:
        """Who holds the book for writing, in words, if that is why this window does not."""
        if self.holding.held or self.holding.refusal:
            return ""
        return str(self.holding.owner or "another window")

    # Texts

    def scene_path(self, id: str) -> Path:
        """Return where a scene's text is; KeyError if there is no such scene."""
        item = self.outline.item(id)
        if item.kind is not ItemKind.SCENE:
            raise KeyError(id)
        return self.folder / item.file

    def read_scene(self, id: str) -> TextFile:
        """Read a scene's text; one whose file is missing is empty.

        Raises:
            WriterError: FILE_TOO_LARGE, FILE_UNREADABLE, FILE_IS_FOLDER or FILE_BINARY.
        """
        path = self.scene_path(id)
        if not is_inside(self.folder, path):
            reason = "it is a link that leads out of the book"
            raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason=reason)
        try:
            return read_text_file(path)
        except WriterError as error:
            if error.kind is not ErrorKind.FILE_MISSING:
                raise
            return new_text_file(path)

    def scene_paths(self) -> list[tuple[str, Path]]:
        """Return the ids of all scenes, archived ones too, and where their texts are."""
        return [(item.id, self.folder / item.file) for item in self.outline if item.file]

    @property
    def counts_path(self) -> Path:
        """Where the scenes' counts are kept, to be found quickly the next time."""
        return self.folder / HIDDEN / "counts.json"

    def new_scene_file(self, id: str, title: str) -> str:
        """Return the name of a new scene's file, relative to the folder; nothing is written."""
        return scene_file(id, title)

    def compiled(self, ids: Sequence[str] | None, texts: Callable[[str], str]) -> CompiledBook:
        """Return the living items, or those among and inside `ids`, with their texts."""
        wanted = None if ids is None else {i.id for id in ids for i in self.outline.subtree(id)}
        sections = tuple(
            Section(
                item.kind,
                item.title,
                item.depth,
                texts(item.id) if item.kind is ItemKind.SCENE else "",
                item.synopsis,
                item.id,
            )
            for item in self.outline.living()
            if wanted is None or item.id in wanted
        )
        return CompiledBook(self.about.title, self.about.author, self.about.language, sections)

    # The outline's file

    @property
    def toml_paths(self) -> tuple[Path, Path]:
        """Where `toml` is to be written, in this order."""
        return toml_paths(self.folder)

    def toml(self) -> bytes:
        """Return `book.toml` as it should be now."""
        data = BookFile(self.id, self.about, self.outline).encode()
        self._ours.add(_digest(data))
        return data

    def toml_changed(self) -> bool:
        """Tell whether another program has written `book.toml`; one that is gone was not."""
        try:
            return _digest(read_bytes(self.toml_paths[0])[0]) not in self._ours
        except WriterError as error:
            return error.kind is not ErrorKind.FILE_MISSING

    def note_read(self, data: bytes) -> None:
        """Note that these bytes of `book.toml`, another program's, have been followed."""
        self._ours.add(_digest(data))

    # How

    def _prepare(self, found: Found) -> None:
        """Do what belongs to opening, and tell what stood in the way."""
        notices = list(found.notices)
        if self.holding.refusal and not found.file.is_newer:
            fields = {"path": self.folder, "reason": self.holding.refusal}
            notices.append(Notice(BookNotice.UNWRITABLE, fields))
        if self.holding.left_by is not None:
            notices.append(Notice(BookNotice.LEFT_OPEN, {"owner": self.holding.left_by}))
        if not self.read_only:
            with contextlib.suppress(OSError):  # saving a scene says it, if it must
                (self.folder / SCENES).mkdir(exist_ok=True)
            if found.is_damaged:
                with contextlib.suppress(WriterError):
                    kept = keep_damaged(self.folder, found.data)
                    notices.append(Notice(BookNotice.KEPT, {"path": kept}))
        self.notices = tuple(notices)


def _make_folders(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not {entry.name for entry in os.scandir(folder)} <= _IGNORED:
            raise WriterError(ErrorKind.BOOK_FOLDER_TAKEN, path=folder)
        (folder / SCENES).mkdir()
        (folder / HIDDEN).mkdir()
    except FileExistsError as error:
        raise WriterError(ErrorKind.BOOK_FOLDER_TAKEN, path=folder) from error
    except OSError as error:
        raise save_failed(folder, error) from error


def _items(sections: Iterable[Section]) -> Iterator[Item]:
    taken: set[str] = set()
    for section in sections:
        id = new_id(taken)
        taken.add(id)
        is_scene = section.kind is ItemKind.SCENE
        file = scene_file(id, section.title) if is_scene else ""
        title = one_line(section.title)
        yield Item(id, section.kind, title, section.depth, file, synopsis=section.synopsis)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
