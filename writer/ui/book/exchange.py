"""Exchange: all by which a book comes into the window and leaves it, besides its own folder."""

from PySide6.QtCore import QObject

from writer.ui.book.about_book import AboutBookDialog, set_about
from writer.ui.book.backing_up import BackingUp
from writer.ui.book.books import Books
from writer.ui.book.exporting import Exports
from writer.ui.book.importing import Imports
from writer.ui.main_window import MainWindow
from writer.ui.session import Session


class Exchange(QObject):
    """What the menus ask for."""

    def __init__(self, window: MainWindow, session: Session, books: Books) -> None:
        super().__init__(window)
        self._window = window
        self._books = books
        document = session.filing.document
        self.exports = Exports(window, document, books)
        self.imports = Imports(window, document, books)
        self.backing_up = BackingUp(window, session, books)

    def edit_about(self) -> None:
        """Let the writer say what the open book is called, who wrote it and in which language."""
        book = self._books.open_book
        if book is None:
            return
        dialog = AboutBookDialog(book.book.about, book.book.read_only, self._window)
        if dialog.exec():
            set_about(book, dialog.about())
        dialog.deleteLater()
