"""Chronicle: versions taken of the texts in hand while they are written, and how they are shown."""

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QInputDialog

from writer import places
from writer.manuscript.book.book import Book
from writer.manuscript.history.snapshots import History
from writer.manuscript.text_file import read_text_file
from writer.ui.book.books import Books
from writer.ui.book.history_dialog import HistoryDialog, HistoryOf
from writer.ui.book.open_book import OpenBook
from writer.ui.filing import Filing
from writer.ui.keeping import Keeping
from writer.ui.main_window import MainWindow

TAKE_MS = 60_000
_TURN_S = 0.03
_REST_S = 0.03
_TEXT, _OUTLINE = "text", "book.toml"
"""What a history calls a single text, and a book's outline; scenes go by their ids."""


class Chronicle(QObject):
    """Takes a version each minute in which something was saved, and when a text is left."""

    def __init__(self, window: MainWindow, filing: Filing, books: Books) -> None:
        super().__init__(window)
        self._window = window
        self._document = document = filing.document
        self._books = books
        self._history: History | None = None
        self._folder: Path | None = None
        self._book: Book | None = None
        self._path: Path | None = None
        self._is_due = False
        self._timer = QTimer(self)
        self._timer.setInterval(TAKE_MS)
        self._timer.timeout.connect(self._on_due)
        self._timer.start()
        document.stored.connect(self._on_stored)
        document.shown.connect(self._on_shown)
        document.saved.connect(self._on_shown)  # perhaps under another name
        document.closing.connect(self.take)
        filing.overwriting.connect(self.take_first)
        books.changed.connect(self._on_shown)

    def take(self, name: str = "") -> None:
        """Take a version of what is on the disk once all that is asked now has been written."""
        self._is_due = False
        history, sources = self._history, self._sources()
        if history is not None:
            keeping = self._document.keeping
            keeping.run(partial(_take_in_turns, keeping, history, sources, name))

    def take_first(self, name: str = "") -> None:
        """Take a version before something is written over; it is there when this returns.

        One without a name is thinned out when another is taken in the same minute.
        """
        if self._history is not None:
            self._document.keeping.run(partial(_take, self._history, self._sources(), name))
        self._document.keeping.wait()

    def keep_single(self, path: Path) -> None:
        """Take a version of a file that is not on the page, before it is recovered."""
        _take(History(_folder_of(path)), {_TEXT: path}, self.tr("Before recovery"))

    def keep_book(self, book: Book) -> None:
        """Take a version of a book that is not open here, before it is recovered."""
        history = History(book.folder / ".writer" / "history")
        _take(history, _sources_of(book), self.tr("Before recovery"))

    def take_before_recovery(self) -> None:
        """Take a version of what is in hand before it is recovered."""
        self.take_first(self.tr("Before recovery"))

    def name_version(self) -> None:
        """Ask what the version of this moment is to be called, and take it."""
        words = self.tr("What is this version to be called?")
        name, is_given = QInputDialog.getText(self._window, self.tr("Name this version"), words)
        if is_given and name.strip():
            self._document.keep()
            self.take(name.strip())
            said = self.tr("“{name}” is kept.").format(name=name.strip())
            self._window.messages.show_message(said, seconds=6)

    def show_history(self) -> None:
        """Show what the text on the page, or its whole book, has been."""
        history = self._history
        if history is None:
            words = self.tr("A text has a history once it is saved.")
            self._window.messages.show_message(words, seconds=8)
            return
        self._document.keep()
        self.take_first()
        now = self._now()
        dialog = HistoryDialog(history, self._shown_of(), now, self._window)
        dialog.restore_asked.connect(self._restore)
        dialog.restore_asked.connect(now.put)
        dialog.restore_asked.connect(dialog.refresh)
        dialog.name_asked.connect(partial(self._rename, history))
        dialog.exec()
        dialog.deleteLater()

    # How

    def _shown_of(self) -> HistoryOf:
        book = self._books.open_book
        if book is None:
            return HistoryOf({_TEXT: self._document.text.title}, _TEXT)
        titles = {item.id: book.title(item.id) for item in book.outline.scenes()}
        return HistoryOf(titles, book.scene, book.book.about.title)

    def _now(self) -> "_Now":
        """Return the texts as they are; read here, for another thread may not look at a page."""
        book = self._books.open_book
        if book is None:
            return _Now({_TEXT: self._document.said()}, {})
        in_hand = {text.about.item for text in self._document.open_texts()}
        scenes = [item.id for item in book.outline.scenes()]
        texts = {id: book.text(id) for id in scenes if id in in_hand}
        return _Now(texts, {id: book.book.scene_path(id) for id in scenes})

    def _restore(self, key: str, said: str) -> None:
        self._document.keep()
        self.take_first(self.tr("Before restoring"))
        book: OpenBook | None = self._books.open_book
        if book is None:
            self._window.page.put(said)
            self._document.keep()
        elif self._books.rearranging is not None:
            before = book.text(key)
            self._books.rearranging.replace({key: before}, {key: said})
        self._document.keeping.wait()

    def _rename(self, history: History, id: str, name: str) -> None:
        self._document.keeping.run(partial(_rename, history, id, name))
        self._document.keeping.wait()

    def _on_shown(self) -> None:
        book, path = self._books.open_book, self._document.path
        if book is not None:
            folder, is_kept = book.book.folder / ".writer" / "history", not book.book.read_only
        else:
            folder, is_kept = _folder_of(path), path is not None
        if folder == self._folder:
            return
        if self._is_due:
            self.take()  # of what was in hand until now
        self._folder, self._path = folder, path
        self._book = book.book if book is not None else None
        self._history = History(folder) if is_kept else None
        self.take()

    def _sources(self) -> dict[str, Path]:
        if self._book is not None:
            return _sources_of(self._book)
        return {_TEXT: self._path} if self._path is not None else {}

    def _on_stored(self) -> None:
        self._is_due = True

    def _on_due(self) -> None:
        if self._is_due:
            self.take()


class _Now:
    """What texts say now: those in hand as they are, the others as they are on the disk."""

    def __init__(self, texts: Mapping[str, str], paths: Mapping[str, Path]) -> None:
        self._texts = dict(texts)
        self._paths = paths

    def put(self, key: str, said: str) -> None:
        """Take it that a text says `said` now."""
        self._texts[key] = said

    def __call__(self, key: str) -> str:
        known = self._texts.get(key)
        return known if known is not None else read_text_file(self._paths[key]).text


def _folder_of(path: Path | None) -> Path:
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogatepass")).hexdigest()
    return places.data_folder() / "history" / digest[:32]


def _sources_of(book: Book) -> dict[str, Path]:
    scenes = {item.id: book.folder / item.file for item in book.outline if item.file}
    return scenes | {_OUTLINE: book.folder / _OUTLINE}


def _take_in_turns(
    keeping: Keeping, history: History, sources: Mapping[str, Path], name: str
) -> None:
    """Take a version; where much has changed, let what is typed meanwhile be saved in between."""
    if history.prepare(sources, _TURN_S):
        _take(history, sources, name)
    else:
        time.sleep(_REST_S)  # for the window's thread
        keeping.run(partial(_take_in_turns, keeping, history, sources, name))


def _take(history: History, sources: Mapping[str, Path], name: str) -> None:
    now = datetime.now().astimezone()
    history.take(sources, now, name)
    history.thin(now)


def _rename(history: History, id: str, name: str) -> None:
    history.rename(id, name)
