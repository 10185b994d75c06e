"""The Book menu: what is done with a book as a whole, and with the scene on the page."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from writer.manuscript.book.outline import ItemKind
from writer.ui.book.books import Books
from writer.ui.book.exchange import Exchange
from writer.ui.main_window import MainWindow
from writer.ui.menus import Command, add_menu


class BookMenu(QObject):
    """The menu's lines; each can be chosen only where it makes sense."""

    def __init__(self, window: MainWindow, books: Books, exchange: Exchange) -> None:
        super().__init__(window)
        self._window = window
        self._books = books
        tr = self.tr
        step = self._step
        self.menu = add_menu(
            window,
            tr("&Book"),
            [
                Command(tr("&New book…"), books.new_dialog, ("Ctrl+Shift+N",)),
                Command(tr("&Open a book…"), books.open_dialog, ("Ctrl+Shift+O",)),
                Command(tr("Make this &text a book…"), exchange.imports.make_book),
                Command(tr("Book &details…"), exchange.edit_about),
                Command(tr("&Back up…"), exchange.backing_up.show_dialog),
                None,
                Command(tr("Add a &scene"), partial(self._add, ItemKind.SCENE), ("Ctrl+Alt+N",)),
                Command(tr("Add a &chapter"), partial(self._add, ItemKind.CHAPTER)),
                Command(tr("Add a &part"), partial(self._add, ItemKind.PART)),
                Command(tr("Sp&lit the scene here"), self._split, ("Ctrl+Alt+Return",)),
                Command(tr("&Merge with the next scene"), self._merge, ("Ctrl+Alt+J",)),
                Command(tr("&Archive the scene"), self._archive),
                None,
                Command(tr("Ne&xt scene"), partial(step, 1), ("Ctrl+PgDown",)),
                Command(tr("Pre&vious scene"), partial(step, -1), ("Ctrl+PgUp",)),
                None,
                Command(tr("&Find in the book…"), self._find, ("Ctrl+Shift+F",)),
                Command(tr("R&eplace in the book…"), self._replace, ("Ctrl+Shift+H",)),
                Command(tr("Read to&gether"), self._read, ("F7",)),
                None,
                Command(tr("&Undo"), self._undo, ("Ctrl+Alt+Z",)),
                Command(tr("&Redo"), self._redo, ("Ctrl+Alt+Y",)),
            ],
        )
        lines = [action for action in self.menu.actions() if not action.isSeparator()]
        self._needing_single, *self._needing_book = lines[2:]
        self._undo_line, self._redo_line = lines[-2:]
        self.menu.aboutToShow.connect(self._refresh)
        books.changed.connect(self._refresh)
        self._refresh()

    def add(self, words: str, run: Callable[[], object], key: str = "") -> QAction:
        """Add a line that needs an open book."""
        action = self.menu.addAction(words)
        if key:
            action.setShortcut(key)
        action.triggered.connect(run)
        self._needing_book.append(action)
        action.setEnabled(self._books.open_book is not None)
        return action

    def submenu(self, words: str) -> QMenu:
        """Add a menu of its own."""
        return self.menu.addMenu(words)

    def _refresh(self) -> None:
        rearranging = self._books.rearranging
        for action in self._needing_book:
            action.setEnabled(rearranging is not None)
        self._needing_single.setEnabled(rearranging is None)
        undo, redo = self.tr("&Undo"), self.tr("&Redo")
        if rearranging is not None and rearranging.undo_words:
            undo = f"{undo}: {rearranging.undo_words}"
        if rearranging is not None and rearranging.redo_words:
            redo = f"{redo}: {rearranging.redo_words}"
        # Not switched off: their keys must work as soon as there is a step.
        self._undo_line.setText(undo)
        self._redo_line.setText(redo)

    def _add(self, kind: ItemKind) -> None:
        if self._books.rearranging is not None and self._books.open_book is not None:
            scene = self._books.open_book.scene or None
            added = self._books.rearranging.add(kind, scene)
            if added and kind is not ItemKind.SCENE:
                self._window.outline.begin_rename(added)

    def _split(self) -> None:
        if self._books.rearranging is not None:
            self._books.rearranging.split()

    def _merge(self) -> None:
        book, rearranging = self._books.open_book, self._books.rearranging
        if book is not None and rearranging is not None and book.scene:
            scenes = [item.id for item in book.outline.scenes()]
            place = scenes.index(book.scene) if book.scene in scenes else len(scenes)
            rearranging.merge(scenes[place : place + 2])

    def _archive(self) -> None:
        book, rearranging = self._books.open_book, self._books.rearranging
        if book is not None and rearranging is not None and book.scene:
            rearranging.archive((book.scene,))

    def _find(self) -> None:
        self._window.search.open_asked.emit(False)

    def _replace(self) -> None:
        self._window.search.open_asked.emit(True)

    def _read(self) -> None:
        self._window.reading.toggle_asked.emit()

    def _step(self, steps: int) -> None:
        if self._books.open_book is not None:
            self._books.open_book.step(steps)

    def _undo(self) -> None:
        if self._books.rearranging is not None:
            words = self._books.rearranging.undo_words
            self._books.rearranging.undo()
            self._say(self.tr("Undone: {step}."), words)

    def _redo(self) -> None:
        if self._books.rearranging is not None:
            words = self._books.rearranging.redo_words
            self._books.rearranging.redo()
            self._say(self.tr("Done again: {step}."), words)

    def _say(self, said: str, step: str) -> None:
        if step:
            words = said.format(step=step)
            self._window.messages.show_message(words, seconds=5, topic="step")
