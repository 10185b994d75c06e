"""Books: which book a window has open, and what a person is asked and told about that."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer.errors import WriterError
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.book.reading import BOOK_TOML, find_book
from writer.manuscript.book.scene_files import SCENES
from writer.manuscript.recent import RecentFiles
from writer.ui.book.open_book import OpenBook
from writer.ui.book.rearranging import Rearranging
from writer.ui.filing import Filing
from writer.ui.main_window import MainWindow
from writer.ui.pauses import forget_lasting, note_lasting
from writer.ui.wording import words_of

_TOPIC = "book"
_PRECEDING = 32_768
"""Characters of the scenes before: more than a model reads."""


class Books(QObject):
    """At most one open book."""

    changed = Signal()
    """A book has been opened or closed."""
    closing = Signal()
    """The book is about to be closed. Connected directly."""

    def __init__(self, window: MainWindow, filing: Filing, recent: RecentFiles) -> None:
        super().__init__(window)
        self._window = window
        self._filing = filing
        self._document = filing.document
        self._recent = recent
        self.open_book: OpenBook | None = None
        self.rearranging: Rearranging | None = None
        self._closed: Book | None = None
        """The book closed last, which may wait for its texts to be saved."""
        self._connected: list[tuple[SignalInstance, Callable[..., object]]] = []
        filing.book_wanted.connect(self.open)
        filing.scene_wanted.connect(self._on_scene_wanted)
        self._document.shown.connect(self._on_shown)
        self._document.closing.connect(self.close)
        self._document.keeping.unwritten.connect(self._on_unwritten)
        self._document.keeping.written.connect(self._on_written)
        filing.following.book_changed.connect(self._on_book_changed)

    def open(self, path: Path, *, stands_in: bool = False) -> bool:
        """Open a book and return whether it is open.

        Args:
            path: Its folder, or the `book.toml` in it.
            stands_in: Whether it was made of the text on the page, which goes without a question.
        """
        if self._is_open(path):
            return True
        if not stands_in and not self._filing.may_leave():
            return False
        if self._closed is not None and not self._closed.read_only:
            self._document.keeping.wait()  # it may be the same, whose lock is not given back yet
        try:
            book = Book.open(path)
        except WriterError as error:
            self._say_refused(error)
            return False
        if book.owner and not self._may_only_read(book):
            book.close()
            return False
        if stands_in:
            self._document.forsake()
        self._show(book)
        return True

    def create(self, folder: Path, about: About, compiled: CompiledBook | None = None) -> bool:
        """Make a book in a new or empty folder and open it; return whether it is open."""
        if not self._filing.may_leave():
            return False
        try:
            book = Book.create(folder, about, compiled)
        except WriterError as error:
            self._say_refused(error)
            return False
        self._show(book)
        return True

    def close(self) -> None:
        """Close the book: all is handed on to be saved, and then the lock is given back."""
        if self.open_book is None:
            return
        self.closing.emit()
        open_book, self.open_book, self.rearranging = self.open_book, None, None
        self._window.outline.flush()
        while self._connected:
            signal, slot = self._connected.pop()
            signal.disconnect(slot)
        open_book.close()
        if self._document.text.is_scene:
            self._document.new()
        self._document.let_go_of_scenes()
        self._closed = open_book.book
        self._document.keeping.run(open_book.book.close)
        self._filing.following.watch_book()
        self._window.show_outline(False)
        open_book.deleteLater()
        forget_lasting()
        self.changed.emit()

    def new_dialog(self) -> None:
        """Let the writer name a new book and choose where its folder is to be."""
        begin = self._window.folder_for("book")
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("New book"), str(begin / self.tr("My Novel")), "",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if name:
            self._window.keep_folder("book", Path(name).parent)
            self.create(Path(name), About(title=Path(name).name))

    def open_dialog(self) -> None:
        """Let the writer choose a book's folder."""
        begin = str(self._window.folder_for("book"))
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open a book"), begin)
        if name:
            self._window.keep_folder("book", Path(name).parent)
            self.open(Path(name))

    # How

    def _is_open(self, path: Path) -> bool:
        """Tell whether a book is the open one, and open for writing."""
        if self.open_book is None or self.open_book.book.read_only:
            return False
        folder = self.open_book.book.folder
        with suppress(OSError):
            return any(path.samefile(each) for each in (folder, folder / BOOK_TOML))
        return False

    def _show(self, book: Book) -> None:
        self.close()
        open_book = OpenBook(book, self._document, self._window.outline)
        self.open_book, self.rearranging = open_book, Rearranging(open_book)
        self._connect(open_book, self.rearranging)
        self._window.show_outline(True)
        for notice in book.notices:
            self._window.messages.show_message(words_of(notice), seconds=30)
        if book.needs_writing:
            open_book.write_down()
        toml = book.toml_paths[0]
        self._filing.following.watch_book(toml, book.folder, book.folder / SCENES)
        if not open_book.begin() and not self.rearranging.add(ItemKind.SCENE, None):
            self._document.new()
        with suppress(WriterError):  # not to be in the list is no loss worth a message
            self._recent.add(toml)
        self.changed.emit()
        note_lasting()

    def _connect(self, book: OpenBook, rearranging: Rearranging) -> None:
        pane = self._window.outline
        for signal, slot in (
            (pane.opened, book.show),
            (pane.focus_wanted, self._window.page.setFocus),
            (pane.renamed, rearranging.rename),
            (pane.status_changed, rearranging.set_status),
            (pane.synopsis_changed, rearranging.set_synopsis),
            (pane.moved, rearranging.move),
            (pane.add_asked, rearranging.add),
            (pane.archive_asked, rearranging.archive),
            (pane.restore_asked, rearranging.restore),
            (pane.merge_asked, rearranging.merge),
        ):
            signal.connect(slot)
            self._connected.append((signal, slot))
        book.scene_shown.connect(self._on_scene_shown)
        book.refused.connect(self._say_refused)
        rearranging.failed.connect(self._say_failed)
        rearranging.left_alone.connect(self._on_left_alone)

    def _on_scene_shown(self, id: str) -> None:
        """Let a model read the end of what comes before, as a reader of the book has."""
        if self.open_book is not None:
            self._window.page.preceding = self.open_book.text_preceding(id, _PRECEDING)

    def _on_shown(self) -> None:
        """Close the book when a text that is none of its scenes has been opened."""
        book = self.open_book
        if book is not None and book.scene and not self._document.text.is_scene:
            self.close()

    def _on_book_changed(self) -> None:
        """Follow another program that has written `book.toml`; what it did can be taken back."""
        book, rearranging = self.open_book, self.rearranging
        if book is None or rearranging is None or not book.book.toml_changed():
            return
        try:
            found = find_book(book.book.folder)
        except WriterError:
            return  # it is being written, or is damaged: ours is written over it with the next step
        book.book.note_read(found.data)
        is_other = book.book.about != found.file.about
        book.book.about = found.file.about
        words = self.tr("The outline was changed by another program, and is shown as it is now.")
        if book.book.read_only:
            book.set_outline(found.file.outline)
        elif found.file.outline != book.outline:
            rearranging.follow(found.file.outline)
            self._window.messages.show_message(
                words, action=self.tr("Undo"), on_action=rearranging.undo, seconds=20, topic=_TOPIC
            )
        elif is_other:
            self._window.messages.show_message(words, seconds=20, topic=_TOPIC)

    def _on_scene_wanted(self, id: str) -> None:
        if self.open_book is not None and id in self.open_book.outline:
            self.open_book.show(id)

    def _on_unwritten(self, path: Path, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic=str(path))

    def _on_written(self, path: Path) -> None:
        self._window.messages.drop(str(path))

    def _may_only_read(self, book: Book) -> bool:
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Writer"))
        said = self.tr("“{title}” is being written in {owner}.")
        box.setText(said.format(title=book.about.title or book.folder.name, owner=book.owner))
        box.setInformativeText(self.tr("It can be opened here to be read, but not changed."))
        box.setStandardButtons(buttons.Open | buttons.Cancel)
        box.button(buttons.Open).setText(self.tr("Open to read"))
        box.setDefaultButton(buttons.Open)
        return bool(box.exec() == buttons.Open)

    def _say_refused(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic=_TOPIC)

    def _say_failed(self, words: str) -> None:
        self._window.messages.show_message(words, "error", seconds=20, topic=_TOPIC)

    def _on_left_alone(self, titles: list[str]) -> None:
        words = self.tr("Changed since, and left as they are: {titles}.")
        said = words.format(titles=", ".join(f"“{title}”" for title in titles))
        self._window.messages.show_message(said, seconds=20, topic=_TOPIC)


def _folder_of(path: Path) -> Path:
    folder = path.parent if path.name == BOOK_TOML and not path.is_dir() else path
    return Path(os.path.abspath(folder))
