"""Counting: a book's texts and words as they are read, beside the window, and as they are typed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication

from writer.manuscript.book.counting import Counted, count
from writer.ui.background import Background, as_writer_error
from writer.ui.book.book_texts import BookTexts
from writer.ui.book.books import Books
from writer.ui.book.today import Today
from writer.ui.filing import Filing
from writer.ui.main_window import MainWindow
from writer.ui.word_counter import WordCounter
from writer.ui.wording import words_of

_EVERY_S = 0.05


class BookReader(Background):
    """Reads and counts scenes, and hands them over some times a second."""

    read = Signal(object)
    """A list of `Counted`."""
    ended = Signal()
    """All has been read."""
    failed = Signal(object)
    """A `WriterError` that nobody foresaw."""

    def __init__(
        self,
        scenes: Sequence[tuple[str, Path]],
        known: Mapping[str, Counted],
        with_texts: bool = True,
        parent: QObject | None = None,
    ) -> None:
        """Read `scenes`; those whose count is known only `with_texts`, or if they have changed."""
        super().__init__(parent)
        self._scenes = scenes
        self._known = known
        self._with_texts = with_texts

    def run(self) -> None:
        """Read all, or until `stop`. Runs on the thread itself."""
        self.step_back()
        try:
            self._read()
        except Exception as error:  # the thread's boundary
            self.failed.emit(as_writer_error(error))

    def stop(self) -> None:
        """End, and wait for that."""
        self.requestInterruption()
        self.wait()

    def _read(self) -> None:
        batch: list[Counted] = []
        due = monotonic() + _EVERY_S
        for counted in count(self._scenes, self._known, self._with_texts):
            if self.isInterruptionRequested():
                return
            batch.append(counted)
            if monotonic() >= due:
                self.read.emit(batch)
                batch, due = [], monotonic() + _EVERY_S
        self.read.emit(batch)
        self.ended.emit()


class Counting(QObject):
    """Follows the book that is open: what its scenes say, how long they are, how long today."""

    began = Signal()
    """Another book's texts are to be had, or none: see `texts`."""

    def __init__(
        self, window: MainWindow, filing: Filing, books: Books, words: WordCounter
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = filing.document
        self._books = books
        self._words = words
        self.texts: BookTexts | None = None
        """Of the open book."""
        self._reader: BookReader | None = None
        self._is_asked_again = False
        """Whether to read once more what changes while it is read."""
        self._today = Today()
        self._today_path: Path | None = None
        self._counted: QTextDocument | None = None
        self._more = 0
        words.changed.connect(self._on_words_changed)
        books.changed.connect(self._on_book_changed)
        books.closing.connect(self._on_closing)
        filing.document.stored.connect(self._on_stored)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.applicationStateChanged.connect(self._on_state_changed)

    def refresh(self) -> None:
        """Read again what other programs have changed since."""
        self._is_asked_again = self._reader is not None
        if self.texts is not None and not self._is_asked_again:
            self._begin_reading(self.texts, self.texts.known_counts(), with_texts=False)

    # The book

    def _on_book_changed(self) -> None:
        book = self._books.open_book
        if book is None or (self.texts is not None and self.texts.book is book):
            return
        texts = BookTexts(book, self._window.outline, self._window.page)
        self.texts = texts
        self._today_path = book.book.folder / ".writer" / "today.json"
        self._today = Today.read(self._today_path, _this_day())
        rearranging = self._books.rearranging
        if rearranging is not None:
            rearranging.texts_changed.connect(texts.replaced)
            rearranging.texts_changed.connect(self._show_status)
        texts.show()
        self._counted = None
        self._on_words_changed(self._words.words, 0)
        self._begin_reading(texts, texts.known_counts(), with_texts=True)
        texts.outline_counted.connect(self._show_status)
        self.began.emit()

    def _on_closing(self) -> None:
        """Stop and write down what is known: the book closes."""
        texts, self.texts = self.texts, None
        self._is_asked_again = False
        if self._reader is not None:
            self._reader.stop()
            self._end_reading()
        if texts is None:
            return
        self._write_today(texts)
        texts.close()
        self._window.status.set_book(None, None)
        self.began.emit()

    def _begin_reading(
        self, texts: BookTexts, known: Mapping[str, Counted], with_texts: bool
    ) -> None:
        self._reader = reader = BookReader(texts.wanted(with_texts), known, with_texts, self)
        reader.read.connect(texts.take)
        reader.read.connect(self._show_status)
        reader.ended.connect(texts.end)
        reader.ended.connect(self._on_reader_ended)
        reader.failed.connect(self._on_reader_failed)
        reader.start()

    def _on_reader_ended(self) -> None:
        if self.sender() is not self._reader:
            return  # said by one that was stopped meanwhile
        self._end_reading()
        self._show_status()
        if self._is_asked_again:
            self.refresh()

    def _on_reader_failed(self, error: Exception) -> None:
        self._end_reading()
        self._window.messages.show_message(words_of(as_writer_error(error)), "error")

    def _end_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.wait()
            with suppress(RuntimeError):
                reader.disconnect(self)
            if self.texts is not None:
                reader.disconnect(self.texts)
            reader.deleteLater()

    def _on_state_changed(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.refresh()

    # What is typed

    def _on_words_changed(self, words: int, more: int) -> None:
        texts, book = self.texts, self._books.open_book
        if texts is None or book is None:
            return
        document = self._window.page.document()
        is_typed = document is self._counted and not self._is_rearranging()
        added = more - self._more if is_typed else 0
        self._counted, self._more = document, more
        if not book.scene or not self._document.text.is_scene:
            return
        if added and not book.book.read_only:
            self._today.add(added, _this_day())
        texts.page_changed(book.scene, words)
        self._show_status()

    def _is_rearranging(self) -> bool:
        """Return whether words go from one scene to another, or are replaced, and none is new."""
        return self._books.rearranging is not None and self._books.rearranging.is_at_work

    def _on_stored(self, key: str, file: object) -> None:
        if self.texts is not None:
            self.texts.stored(key, file)
            self._write_today(self.texts)

    def _write_today(self, texts: BookTexts) -> None:
        if self._today_path is not None and self._today.is_new and not texts.book.book.read_only:
            self._document.keeping.write(self._today_path, self._today.encode())

    def _show_status(self) -> None:
        if self.texts is not None:
            total = self.texts.total()
            self._window.status.set_book(total, self._today.words_of(_this_day()))


def _this_day() -> str:
    return date.today().isoformat()
