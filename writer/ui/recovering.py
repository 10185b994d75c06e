"""Recovering: what a window that crashed had not saved, offered and put back at the next start."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.book import Book
from writer.manuscript.keeping.recovery import LeftBehind, Lost, left_behind, settle
from writer.manuscript.text_file import new_text_file
from writer.ui.book.books import Books
from writer.ui.book.recovery_dialog import Decision, RecoveryDialog, RecoveryItem
from writer.ui.chronicle import Chronicle
from writer.ui.filing import Filing
from writer.ui.main_window import MainWindow
from writer.ui.open_text import OpenText
from writer.ui.wording import words_of


class Recovering(QObject):
    """Asks once, after the start; what is not decided is asked again at the next."""

    def __init__(
        self,
        window: MainWindow,
        filing: Filing,
        books: Books,
        chronicle: Chronicle,
        folder: Path,
    ) -> None:
        """Offer what was left in the journals of `folder`."""
        super().__init__(window)
        self._window = window
        self._filing = filing
        self._document = filing.document
        self._books = books
        self._chronicle = chronicle
        self._folder = folder
        self._left = LeftBehind()
        filing.beginning.connect(self._on_beginning)
        filing.begun.connect(self._on_begun)

    def _on_beginning(self) -> None:
        """Write the small files at once: a book is read as it should have been written."""
        self._left = left_behind(self._folder)
        for paper in self._left.papers:
            if paper.changed_since:  # what came later counts
                settle(paper, keep=False)
                continue
            if not paper.path.parent.is_dir():
                continue  # until it is there again
            with suppress(WriterError):
                write_atomically(paper.path, paper.data)
                settle(paper, keep=True)
        for notice in self._left.notices:
            self._window.messages.show_message(words_of(notice), seconds=30)

    def _on_begun(self) -> None:
        """Let the writer decide about each text that was not saved."""
        lost = {each.id: each for each in self._left.texts}
        if not lost:
            return
        dialog = RecoveryDialog([_item(each) for each in lost.values()], self._window)
        dialog.exec()
        failed = []
        for id, decision in dialog.decisions().items():
            if decision is Decision.LATER:
                continue
            if decision is Decision.RESTORE and not self._restore(lost[id]):
                failed.append(lost[id])
                continue
            settle(lost[id], keep=decision is Decision.RESTORE)
        dialog.deleteLater()
        if failed:
            names = ", ".join(f"“{each.about.name or self.tr('Untitled')}”" for each in failed)
            words = self.tr("{names} could not be put back now and will be offered again.")
            self._window.messages.show_message(words.format(names=names), "error")

    def _restore(self, lost: Lost) -> bool:
        """Put a text back, on the page where that shows it; return whether it is safe again."""
        if lost.path is None:
            return self._restore_untitled(lost)
        if lost.about.book is not None:
            return self._restore_scene(lost)
        if lost.path == self._document.path:
            self._chronicle.take_before_recovery()
            self._window.page.put(lost.text)
            self._document.keep()
        elif lost.file is not None:
            self._chronicle.keep_single(lost.path)
            text = OpenText(str(lost.path), lost.about, lost.file)
            self._document.set_text(text, lost.text)
        else:
            return self._restore_untitled(lost)
        return self._document.keeping.wait()

    def _restore_untitled(self, lost: Lost) -> bool:
        if not self._document.is_empty:
            return self._save_recovered(lost)
        self._document.new()
        self._window.page.put(lost.text)
        self._document.go_to(len(lost.text))
        self._document.keep()
        return self._document.keeping.wait()

    def _save_recovered(self, lost: Lost) -> bool:
        """Give a text that has no place on the page a file of its own, and say where."""
        documents = Path.home() / "Documents"
        folder = documents if documents.is_dir() else Path.home()
        name = self.tr("Recovered text") + f" {lost.when.astimezone():%Y-%m-%d %H.%M}"
        path, number = folder / f"{name}.md", 2
        while path.exists():
            path, number = folder / f"{name} ({number}).md", number + 1
        try:
            new_text_file(path).save(lost.text)
        except WriterError as error:
            self._window.messages.show_message(words_of(error), "error")
            return False
        said = self.tr("A recovered text is in {path}.").format(path=f"“{path}”")
        self._window.messages.show_message(
            said, action=self.tr("Open it"), on_action=partial(self._filing.open, path)
        )
        return True

    def _restore_scene(self, lost: Lost) -> bool:
        book, rearranging = self._books.open_book, self._books.rearranging
        item = lost.about.item
        if book is not None and rearranging is not None and _is_of(lost, book.book):
            if item not in book.outline or book.book.read_only:
                return False
            self._chronicle.take_before_recovery()
            rearranging.replace({item: book.text(item)}, {item: lost.text})
            return self._document.keeping.wait()
        return lost.about.book is not None and self._write_scene(lost.about.book, lost)

    def _write_scene(self, folder: Path, lost: Lost) -> bool:
        """Write a scene of a book that is not open here."""
        try:
            book = Book.open(folder)
        except WriterError:
            return False
        try:
            if book.read_only or lost.about.item not in book.outline:
                return False
            self._chronicle.keep_book(book)
            book.read_scene(lost.about.item).save(lost.text)
        except WriterError:
            return False
        finally:
            book.close()
        return True


def _is_of(lost: Lost, book: Book) -> bool:
    """Tell whether a text belongs to this book, which may have been moved, and not to a copy."""
    folder = lost.about.book
    is_there = folder is not None and folder.is_dir()
    return book.folder == folder or (book.id == lost.about.book_id and not is_there)


def _item(lost: Lost) -> RecoveryItem:
    name = lost.about.name
    title = Path(name).name if lost.about.book is None else name
    return RecoveryItem(
        lost.id, title, lost.about.title, lost.when, lost.on_disk, lost.text, lost.changed_since
    )
