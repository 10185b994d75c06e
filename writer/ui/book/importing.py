"""Imports: a book made of other programs' documents, of a folder of them or of a single text."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from writer.errors import WriterError
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.book_file import with_legal_depths
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import Item, ItemKind, one_line
from writer.manuscript.counts import count_words
from writer.manuscript.text_file import new_text_file
from writer.ui.book.books import Books
from writer.ui.book.errand import IsCancelled, OnProgress, Stopped, carry_out
from writer.ui.book.import_dialog import Found, ImportDialog, ImportWish, found_in
from writer.ui.book.item_words import words_words
from writer.ui.book.open_book import OpenBook
from writer.ui.book.text_as_book import text_as_book
from writer.ui.document import Document
from writer.ui.main_window import MainWindow
from writer.ui.wording import words_of

if TYPE_CHECKING:
    from writer.manuscript.formats.importing import Imported

_TOPIC = "import"
_PATTERNS = "*.docx *.docm *.odt *.epub *.html *.htm *.xhtml *.rtf *.md *.markdown *.txt *.text"
Read = Callable[[OnProgress, IsCancelled], "Imported"]


class Imports(QObject):
    """Reads, shows what was found, and makes a book of it or adds it to the one that is open."""

    def __init__(self, window: MainWindow, document: Document, books: Books) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._books = books

    def file_dialog(self) -> None:
        """Let the writer choose a document to import."""
        kinds = self.tr("Documents ({patterns})").format(patterns=_PATTERNS)
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Import a document"), self._begin(),
            f"{kinds};;{self.tr('All files (*)')}",
        )  # fmt: skip
        if name:
            self.import_path(Path(name))

    def folder_dialog(self) -> None:
        """Let the writer choose a folder of documents to import."""
        title = self.tr("Import a folder of documents")
        name = QFileDialog.getExistingDirectory(self._window, title, self._begin())
        if name:
            self.import_path(Path(name))

    def import_path(self, path: Path) -> None:
        """Read a document or a folder of them, and let the writer say what is to become of it."""
        self._window.keep_folder("import", path.parent)

        def read(on_progress: OnProgress, cancelled: IsCancelled) -> "Imported":
            # Its libraries take 100 ms, which nobody should wait for when the window opens.
            from writer.manuscript.formats.folders import import_folder
            from writer.manuscript.formats.importing import import_file

            imported = (import_folder if path.is_dir() else import_file)(
                path, on_progress, cancelled
            )
            compiled = imported.compiled
            title = compiled.title or path.stem
            return replace(imported, compiled=replace(compiled, title=title))

        self._offer(read, path.name, path.parent, may_add=True)

    def make_book(self) -> None:
        """Make a book of the single text on the page, which stays what it is."""
        text, path = self._document.text, self._document.path
        if text.is_scene:
            return
        said, title = self._document.said(), path.stem if path is not None else ""

        def read(_on_progress: OnProgress, _cancelled: IsCancelled) -> "Imported":
            return text_as_book(said, title)

        beside = path.parent if path is not None else self._window.folder_for("book")
        # Every word of an untitled text is in the book then, so it needs no file of its own.
        self._offer(read, text.title, beside, of_untitled=path is None)

    # How

    def _offer(
        self,
        read: Read,
        name: str,
        beside: Path,
        *,
        may_add: bool = False,
        of_untitled: bool = False,
    ) -> None:
        """Show what there is to import, and do with it what the writer wants."""
        found = self._found(read, name)
        if found is None:
            return
        book = self._books.open_book if may_add else None
        title = ""
        if book is not None and not book.book.read_only:
            title = book.book.about.title or book.book.folder.name
        dialog = ImportDialog(found, beside, title, self._window)
        is_wanted = dialog.exec()
        wish = dialog.wish()
        dialog.deleteLater()
        if is_wanted and wish.into_open:
            self._add(found.compiled)
        elif is_wanted and (folder := self._made(found.compiled, wish)) is not None:
            self._books.open(folder, stands_in=of_untitled)

    def _found(self, read: Read, name: str) -> Found | None:
        def job(on_progress: OnProgress, cancelled: IsCancelled) -> Found:
            imported = read(on_progress, cancelled)
            return found_in(imported.compiled, [words_of(each) for each in imported.notices])

        outcome = carry_out(job, self.tr("Reading “{name}”").format(name=name), self._window)
        if outcome.error is not None:
            self._say(outcome.error)
        return outcome.result

    def _made(self, compiled: CompiledBook, wish: ImportWish) -> Path | None:
        """Make a book; return its folder."""
        about = About(wish.title, wish.author, compiled.language)
        words = self.tr("Making the book “{name}”").format(name=wish.folder.name)
        outcome = carry_out(partial(_create, wish.folder, about, compiled), words, self._window)
        if outcome.error is not None:
            self._say(outcome.error)
        return outcome.result

    def _add(self, compiled: CompiledBook) -> None:
        book, rearranging = self._books.open_book, self._books.rearranging
        if book is None or rearranging is None:
            return
        made = _items(book, compiled)
        folder = book.book.folder
        words = self.tr("Adding to “{name}”").format(name=book.book.about.title or folder.name)
        outcome = carry_out(partial(_write, folder, made), words, self._window)
        if outcome.error is not None:
            self._say(outcome.error)
        if not outcome.result:
            return
        rearranging.append(made)
        scenes = [item.id for item in made if item.kind is ItemKind.SCENE]
        if scenes:
            book.show(scenes[0], 0)
        said = self.tr("{n} were added at the end of the book.")
        total = words_words(sum(map(count_words, made.values())))
        self._window.messages.show_message(
            said.format(n=total), action=self.tr("Undo"), on_action=rearranging.undo, seconds=20,
            topic=_TOPIC,
        )  # fmt: skip

    def _begin(self) -> str:
        return str(self._window.folder_for("import"))

    def _say(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic=_TOPIC)


def _create(
    folder: Path, about: About, compiled: CompiledBook, _progress: OnProgress, _no: IsCancelled
) -> Path:
    """Make the book; one that does not come about leaves nothing."""
    was_there = os.path.lexists(folder)
    try:
        Book.create(folder, about, compiled).close()
    except BaseException:
        if not was_there:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _items(book: OpenBook, compiled: CompiledBook) -> dict[Item, str]:
    """Return new items for what was imported, chapters at least, with their texts."""
    sections = compiled.sections
    if all(section.kind is ItemKind.SCENE for section in sections):
        deeper = [replace(section, depth=1) for section in sections]
        sections = (Section(ItemKind.CHAPTER, compiled.title, 0), *deeper)
    made: dict[Item, str] = {}
    items = [book.new_item(section.kind, section.title) for section in sections]
    for item, section in zip(items, sections, strict=True):
        title = one_line(section.title)
        placed = replace(item, title=title, depth=section.depth, synopsis=section.synopsis)
        made[placed] = section.text
    legal = with_legal_depths(made)
    return dict(zip(legal, made.values(), strict=True))


def _write(
    folder: Path, made: Mapping[Item, str], on_progress: OnProgress, cancelled: IsCancelled
) -> bool:
    """Write the files of new scenes, all of them or none; return whether they are there."""
    written: list[Path] = []
    try:
        for number, (item, said) in enumerate(made.items()):
            if cancelled():
                raise Stopped
            on_progress(number / len(made))
            if item.file:
                written.append(folder / item.file)
                new_text_file(written[-1]).save(said)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return True
