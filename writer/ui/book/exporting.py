"""Exports: a book, some of it or the text on the page, written as another program's document."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import Book
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats.options import ExportOptions, Format
from writer.ui.book.about_book import set_about
from writer.ui.book.books import Books
from writer.ui.book.errand import IsCancelled, OnProgress, carry_out
from writer.ui.book.export_dialog import PDF, ExportDialog, ExportSource, ExportWish
from writer.ui.book.file_names import file_name_of
from writer.ui.book.open_book import OpenBook
from writer.ui.book.text_as_book import text_as_book
from writer.ui.document import Document
from writer.ui.main_window import MainWindow
from writer.ui.wording import words_of

_TOPIC = "export"


class Exports(QObject):
    """Asks what, how and where; what is written is what the window holds, saved or not."""

    def __init__(self, window: MainWindow, document: Document, books: Books) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._books = books
        self._last = ExportWish()

    def show_dialog(self) -> None:
        """Let the writer say what is to be exported and how, and do it."""
        if self._books.open_book is None and not self._document.said().strip():
            words = self.tr("There is no text to export yet.")
            self._window.messages.show_message(words, seconds=8, topic=_TOPIC)
            return
        dialog = ExportDialog(self._source(), self._last, self._window)
        is_wanted = dialog.exec()
        wish = self._last = dialog.wish()
        dialog.deleteLater()
        if not is_wanted:
            return
        self._keep_about(wish)
        path = self._ask_where(wish)
        if path is not None:
            self.export(wish, path)

    def export(self, wish: ExportWish, path: Path) -> None:
        """Write what is wished for to `path`, and say what has become of it."""
        compile_book = self._compiler(wish)
        write = _writer(wish, path, self._identifier())

        def job(on_progress: OnProgress, cancelled: IsCancelled) -> bool:
            compiled = replace(compile_book(), title=wish.title, author=wish.author)
            if not any(section.text.strip() for section in compiled.sections):
                reason = "there is no text in it"
                raise WriterError(ErrorKind.EXPORT_FAILED, path=path, reason=reason)
            write(compiled, on_progress, cancelled)
            return True

        words = self.tr("Writing “{name}”").format(name=path.name)
        outcome = carry_out(job, words, self._window)
        messages = self._window.messages
        if outcome.error is not None:
            messages.show_message(words_of(outcome.error), "error", topic=_TOPIC)
        elif outcome.result is not None:
            said = self.tr("Exported to “{path}”.").format(path=path)
            action = self.tr("Show in its folder")
            messages.show_message(
                said, action=action, on_action=_Shower(path.parent), seconds=30, topic=_TOPIC
            )

    # What

    def _source(self) -> ExportSource:
        book = self._books.open_book
        if book is None:
            return ExportSource(self._text_title(), self._last.author, is_book=False)
        about, outline = book.book.about, book.outline
        selected = self._window.outline.selected()
        living = [id for id in selected if id in outline and not outline.is_archived(id)]
        words = self.tr("{n} chosen in the outline").format(n=len(living))
        if len(living) == 1:
            words = self.tr("“{title}”").format(title=outline.item(living[0]).title)
            if not outline.item(living[0]).title:
                words = self.tr("What is chosen in the outline")
        return ExportSource(about.title, about.author, True, tuple(living), words, book.scene)

    def _text_title(self) -> str:
        path = self._document.path
        return path.stem if path is not None else ""

    def _keep_about(self, wish: ExportWish) -> None:
        """Let the book be called what was typed."""
        book = self._books.open_book
        if book is not None:
            set_about(book, replace(book.book.about, title=wish.title, author=wish.author))

    def _identifier(self) -> str:
        return self._books.open_book.book.id if self._books.open_book is not None else ""

    def _compiler(self, wish: ExportWish) -> Callable[[], CompiledBook]:
        """Return what compiles it on another thread, from texts that are taken from here now."""
        book = self._books.open_book
        if book is not None:
            return book_compiler(book, wish.ids)
        said, title = self._document.said(), self._text_title()
        return lambda: text_as_book(said, title).compiled

    # Where

    def _ask_where(self, wish: ExportWish) -> Path | None:
        dialog = QFileDialog(self._window, self.tr("Export"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(wish.format)
        dialog.setNameFilters(
            [f"{wish.format.upper()} (*.{wish.format})", self.tr("All files (*)")]
        )
        dialog.setDirectory(str(self._folder()))
        name = file_name_of(wish.title, self.tr("Untitled"))
        dialog.selectFile(f"{name}.{wish.format}")
        if not dialog.exec():
            return None
        path = Path(dialog.selectedFiles()[0])
        self._window.keep_folder("export", path.parent)
        return path

    def _folder(self) -> Path:
        kept = self._window.folder_for("export")
        if kept != Path.home():
            return kept
        book, path = self._books.open_book, self._document.path
        if book is not None:
            return book.book.folder.parent
        return path.parent if path is not None else kept


class _Shower:
    """Opens a folder in the system's own window for files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def book_compiler(book: OpenBook, ids: Sequence[str] | None) -> Callable[[], CompiledBook]:
    """Return what compiles a book as it is now; it may run on another thread.

    Texts in hand are taken from the page at once, the others are read when it runs: nobody can
    change them, for the window waits.
    """
    document = book.document
    document.recorder.hand_on()
    document.keeping.wait()
    own = [text.about.item for text in document.open_texts() if text.about.book_id == book.book.id]
    known = {id: book.text(id) for id in own if id in book.outline}
    source: Book = book.book

    def text(id: str) -> str:
        return known[id] if id in known else source.read_scene(id).text

    return lambda: source.compiled(ids, text)


def _writer(
    wish: ExportWish, path: Path, identifier: str
) -> Callable[[CompiledBook, OnProgress, IsCancelled], None]:
    options = ExportOptions(
        style=wish.style,
        include_synopses=wish.include_synopses,
        include_scene_titles=wish.include_scene_titles,
        identifier=identifier,
    )

    def write(compiled: CompiledBook, on_progress: OnProgress, cancelled: IsCancelled) -> None:
        if wish.format == PDF:
            from writer.ui.book.printing import export_pdf

            export_pdf(compiled, path, wish.paper, options, on_progress, cancelled)
        else:
            # Its libraries take 100 ms, which nobody should wait for when the window opens.
            from writer.manuscript.formats.export import export

            export(compiled, path, Format(wish.format), options, on_progress, cancelled)

    return write
