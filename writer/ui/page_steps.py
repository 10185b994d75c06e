"""Undo steps of the page's document: how many an edit leaves, and whether it was an undo itself."""

import contextlib
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextDocument


class Way(Enum):
    """What an edit was."""

    NEW = "new"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class PageEdit:
    """One edit, as the document's length has it."""

    position: int
    removed: int
    added: int
    """How many UTF-16 units; negative if what was told cannot be."""
    way: Way
    steps: int
    """How many steps can be undone after it."""

    @property
    def end(self) -> int:
        """Where what was added ends."""
        return self.position + self.added


class PageSteps(QObject):
    """Follows one document at a time."""

    def __init__(self, document: QTextDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._length = self._steps = 0
        self._can_redo = False
        document.redoAvailable.connect(self._on_redo_available)
        self._take_stock()

    def follow(self, document: QTextDocument) -> None:
        """Follow this document from now on."""
        if document is not self._document:
            with contextlib.suppress(RuntimeError):  # it may be gone
                self._document.redoAvailable.disconnect(self._on_redo_available)
            document.redoAvailable.connect(self._on_redo_available)
        self._document = document
        self._take_stock()

    def edited(self, position: int, removed: int) -> PageEdit:
        """Return an edit that the page tells of as it really was.

        Qt counts the end of the last block, where no text can stand, and tells neither the length
        of what is added if that is long, nor whether it is undoing.
        """
        document = self._document
        length, steps = document.characterCount() - 1, document.availableUndoSteps()
        removed = min(removed, max(0, self._length - position))
        added = length - self._length + removed
        way = Way.NEW
        # An edit takes the steps that could be redone away before it is told; a redo, after that.
        if document.isRedoAvailable() or self._can_redo:
            way = Way.UNDO if steps < self._steps else Way.REDO
        self._length, self._steps = length, steps
        return PageEdit(position, removed, added, way, steps)

    def _take_stock(self) -> None:
        self._length = self._document.characterCount() - 1
        self._steps = self._document.availableUndoSteps()
        self._can_redo = self._document.isRedoAvailable()

    def _on_redo_available(self, available: bool) -> None:
        self._can_redo = available
