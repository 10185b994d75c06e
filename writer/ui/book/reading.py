"""Reading: when scenes of the open book are read together, and the way back to the page."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from writer.manuscript.book.compiled import joined
from writer.ui.book.books import Books
from writer.ui.book.counting import Counting
from writer.ui.book.item_words import words_words
from writer.ui.book.open_book import OpenBook
from writer.ui.main_window import MainWindow


class Reading(QObject):
    """Puts the reading view in the place of the page, and takes it away again."""

    def __init__(self, window: MainWindow, books: Books, counting: Counting) -> None:
        super().__init__(window)
        self._window = window
        self._books = books
        self._counting = counting
        self._view = view = window.reading
        self._ids: tuple[str, ...] | None = None
        """What is read, None for all."""
        self._is_filled = False
        self._back_to: tuple[str, int] = ("", 0)
        self._rebuilding = QTimer(self)
        self._rebuilding.setSingleShot(True)
        self._rebuilding.setInterval(0)
        self._rebuilding.timeout.connect(self._rebuild)
        window.outline.read_asked.connect(self.open)
        window.outline.opened.connect(self.close)
        view.toggle_asked.connect(self.toggle)
        view.close_asked.connect(self._on_close_asked)
        view.place_chosen.connect(self._on_place_chosen)
        view.scene_in_sight.connect(window.outline.show_current)
        counting.began.connect(self._on_book_changed)
        # What happens on the page, as by a command of a menu, is to be seen.
        window.page.edited.connect(self._on_page_edited)
        window.page.loaded.connect(self._on_page_edited)

    @property
    def is_open(self) -> bool:
        """Whether scenes are read in the place of the page."""
        return self._window.middle.currentWidget() is self._view

    def toggle(self) -> None:
        """Read what is chosen in the outline, or the whole book; if that is done, stop."""
        book = self._books.open_book
        if self.is_open:
            self.close()
        elif book is not None:
            chosen = self._window.outline.selected()
            is_one_scene = len(chosen) == 1 and book.outline.item(chosen[0]).file
            self.open(None if is_one_scene else chosen or None)

    def open(self, ids: Sequence[str] | None) -> None:
        """Read the living scenes among and in `ids`, or all, beginning where the writer is."""
        book = self._books.open_book
        if book is None or self._counting.texts is None:
            return
        if not self._scenes(book, ids):
            words = self.tr("There is no scene to read.")
            self._window.messages.show_message(words, seconds=6, topic="reading")
            return
        self._ids = None if ids is None else tuple(ids)
        self._counting.refresh()
        self._window.find_bar.close_bar()
        self._is_filled = False
        self._view.clear()
        place = (book.scene, book.document.caret()) if book.scene else ("", 0)
        self._window.show_in_place(self._view)
        self._fill(*place)

    def close(self) -> None:
        """Show the page again, as it was."""
        if not self.is_open:
            return
        if self._view.sheet is self._window.find_bar.editor:
            self._window.find_bar.close_bar()
        self._window.show_in_place(None)
        self._is_filled = False
        self._view.clear()
        if self._books.open_book is not None:
            self._window.outline.show_current(self._books.open_book.scene)

    # How

    def _fill(self, id: str, place: int) -> None:
        """Show the texts once all of them have been read."""
        book, texts = self._books.open_book, self._counting.texts
        if book is None or texts is None or not self.is_open:
            return
        scenes = self._scenes(book, self._ids)
        self._back_to = id, place
        title = self._title(book)
        missing = texts.missing(scenes)
        if missing:
            words = self.tr("reading {n} of {all}…")
            read = f"{len(scenes) - missing:,}"
            self._view.bar.show_words(title, words.format(n=read, all=f"{len(scenes):,}"))
            return
        compiled = book.book.compiled(self._ids, lambda id: texts.text(id) or "")
        self._view.show_scenes(*joined(compiled))
        self._is_filled = True
        self._view.bar.show_words(title, self._facts(len(scenes), texts.words(scenes)))
        self._view.show_place(id if id in scenes else scenes[0], place if id in scenes else 0)

    def _facts(self, scenes: int, words: int) -> str:
        count = self.tr("1 scene") if scenes == 1 else self.tr("{n} scenes")
        return f"{count.format(n=f'{scenes:,}')} · {words_words(words)}"

    def _title(self, book: OpenBook) -> str:
        if self._ids is None:
            return book.book.about.title or book.book.folder.name
        if len(self._ids) == 1:
            return self._window.outline.model.label(self._ids[0])
        return ""

    def _scenes(self, book: OpenBook, ids: Sequence[str] | None) -> list[str]:
        if ids is None:
            return [item.id for item in book.outline.scenes()]
        wanted = {each.id for id in ids if id in book.outline for each in book.outline.subtree(id)}
        return [item.id for item in book.outline.scenes() if item.id in wanted]

    def _on_place_chosen(self, id: str, place: int) -> None:
        book = self._books.open_book
        self.close()
        if book is not None and book.show(id, place):
            self._window.page.ensureCursorVisible()
            self._window.page.setFocus()

    def _on_close_asked(self) -> None:
        """Close what was opened last: the find bar, or the view."""
        if self._window.find_bar.isHidden():
            self.close()
        else:
            self._window.find_bar.close_bar()

    def _on_book_changed(self) -> None:
        self.close()
        book, texts = self._books.open_book, self._counting.texts
        if book is not None and texts is not None:
            texts.grew.connect(self._on_grew)
            texts.ended.connect(self._on_grew)
            book.outline_changed.connect(self._on_outline_changed)

    def _on_grew(self) -> None:
        if self.is_open and not self._is_filled:
            self._fill(*self._back_to)

    def _on_outline_changed(self) -> None:
        if self.is_open:
            self._rebuilding.start()

    def _rebuild(self) -> None:
        """Show the scenes as they are since the outline has changed, at the same place."""
        book = self._books.open_book
        if book is None or not self.is_open:
            return
        if self._ids is not None:
            self._ids = tuple(id for id in self._ids if id in book.outline)
        if not self._scenes(book, self._ids):
            self.close()
            return
        focus = QWidget.focusWidget(self._window)
        self._fill(*(self._view.place() if self._is_filled else self._back_to))
        if focus is not None:
            focus.setFocus()

    def _on_page_edited(self) -> None:
        if self.is_open:
            self.close()
