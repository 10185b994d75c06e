"""SceneMarks: the marks of a book's scenes, for the steps that cut, join and rewrite them."""

from PySide6.QtCore import QObject

from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.provenance.marks_file import StoredMarks, placed_anew
from writer.ui.book.books import Books
from writer.ui.book.open_book import OpenBook
from writer.ui.open_text import OpenText
from writer.ui.provenance import Provenance


class SceneMarks(QObject):
    """Serves the book that is open, whichever that is."""

    def __init__(self, books: Books, provenance: Provenance) -> None:
        super().__init__(books)
        self._books = books
        self._provenance = provenance
        books.changed.connect(self._on_changed)

    def of(self, id: str, said: str) -> StoredMarks:
        """Return the marks of a scene, which says `said` now."""
        book = self._books.open_book
        if book is None:
            return StoredMarks()
        text = book.document.find(book.key(id))
        if text is not None:
            return self._provenance.stored_of(text)
        stored = self._provenance.stored_of(_closed(book, id))
        return stored if stored.is_empty else placed_anew(stored, said)

    def put(self, id: str, said: str, stored: StoredMarks) -> None:
        """Mark in a scene, which was just set to say `said`, what `stored` says of that."""
        book = self._books.open_book
        if book is not None:
            text = book.document.find(book.key(id)) or _closed(book, id)
            self._provenance.bring(text, said, stored)

    def discard(self, id: str) -> None:
        """Let the marks go of a scene that is needed no more."""
        book = self._books.open_book
        if book is not None:
            self._provenance.forget(_closed(book, id))

    def _on_changed(self) -> None:
        if self._books.open_book is not None:
            self._books.open_book.marks = self


def _closed(book: OpenBook, id: str) -> OpenText:
    """Return a scene that is not in hand, without its text."""
    about = TextAbout(name=book.title(id), book=book.book.folder, book_id=book.book.id, item=id)
    return OpenText(book.key(id), about, None, title=about.name, is_read_only=book.book.read_only)
