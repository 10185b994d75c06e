"""The menus: every command of the window with its key, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a menu."""

    words: str
    run: Callable[[], object]
    keys: tuple[QKeySequence.StandardKey | str, ...] = ()
    hint: str = ""
    """A key that the page itself handles, shown only."""


def add_menu(window: QMainWindow, title: str, commands: list[Command | None]) -> QMenu:
    """Add a menu of `commands` to the window; None draws a line between two groups."""
    menu = window.menuBar().addMenu(title)
    for command in commands:
        if command is None:
            menu.addSeparator()
            continue
        words = f"{command.words}\t{command.hint}" if command.hint else command.words
        action = QAction(words, window)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.triggered.connect(command.run)
        menu.addAction(action)
    return menu
