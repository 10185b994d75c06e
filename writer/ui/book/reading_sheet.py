"""ReadingSheet: several scenes as one text that is read, not written, on the page's paper."""

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent

from writer.manuscript.book.compiled import Place
from writer.ui.paragraphs import goes_on
from writer.ui.sheet import Sheet

_KEYS = QKeySequence.StandardKey
_OWN_KEYS = (_KEYS.Copy, _KEYS.SelectAll)
_UNUSED_KEYS = (_KEYS.Undo, _KEYS.Redo, _KEYS.Cut, _KEYS.Paste)
"""They would else do something to the page, out of sight."""
_OVERLAP = 0.9
"""How much of what is in sight goes away with a key that turns the page."""


class ReadingSheet(Sheet):
    """Knows which scene stands where."""

    place_chosen = Signal(str, int)
    """A scene's id, and a code point of its text, to go on with on the page."""
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        flags = Qt.TextInteractionFlag
        self.setReadOnly(True)
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        self.setAccessibleName(self.tr("Scenes read together"))
        self._ids: list[str] = []
        self._starts: list[int] = []
        """Where each scene begins, in Qt's positions."""

    def show_scenes(self, text: str, places: Sequence[Place]) -> None:
        """Show a text in which scenes stand at `places`."""
        self.load(text)
        self.document().setUndoRedoEnabled(False)
        self._ids = [place.section.id for place in places]
        self._starts = self._positions(text, [place.start for place in places])

    def scene_at(self, position: int) -> str:
        """Return which scene a position belongs to; what stands before one is its own too."""
        if not self._ids:
            return ""
        return self._ids[max(0, self._index_at(position))]

    def middle(self) -> str:
        """Return the scene in the middle of what is in sight."""
        return self.scene_at(self.cursorForPosition(self.viewport().rect().center()).position())

    def place_of(self, position: int) -> tuple[str, int]:
        """Return the scene, and the code point of its text, at a position."""
        if not self._ids:
            return "", 0
        index = max(0, self._index_at(position))
        return self._ids[index], len(self.text_between(self._starts[index], position))

    def show_place(self, id: str, place: int) -> None:
        """Put the caret at a code point of a scene's text, a third down the window."""
        if id not in self._ids:
            return
        cursor = self.textCursor()
        start = self._starts[self._ids.index(id)]
        cursor.setPosition(min(start, self.document().characterCount() - 1))
        self.setTextCursor(cursor)
        if place:
            # Stepwise from the scene's start: only that much of the text has to be read.
            said = self.text_after(start, place)
            cursor.setPosition(self._forward(start, said))
            self.setTextCursor(cursor)
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.cursorRect().top() - self.viewport().height() // 3)

    # Keys and mouse

    def event(self, event: QEvent) -> bool:
        """Keep the keys that would be commands to the page."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            asked = [key for key in (*_OWN_KEYS, *_UNUSED_KEYS) if event.matches(key)]
            event.setAccepted(bool(asked))
            return bool(asked)
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the page with Return, away with Esc, on with the space bar."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if any(event.matches(key) for key in _UNUSED_KEYS):
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif event.key() == Qt.Key.Key_Space:
            bar = self.verticalScrollBar()
            step = round(self.viewport().height() * _OVERLAP)
            bar.setValue(bar.value() + (-step if shift else step))
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the page at this place."""
        cursor = self.cursorForPosition(event.position().toPoint())
        self.setTextCursor(cursor)
        self._choose()

    def _choose(self) -> None:
        id, place = self.place_of(self.textCursor().position())
        if id:
            self.place_chosen.emit(id, place)

    # How

    def _index_at(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1

    def _positions(self, text: str, places: Sequence[int]) -> list[int]:
        """Return where lines that begin at code points of the text begin in the document."""
        found: list[int] = []
        block, done = self.document().begin(), 0
        for place in places:
            lines = text.count("\n", done, place)
            done = place
            while lines and block.isValid():
                block = block.next()
                lines -= not goes_on(block)
            found.append(block.position())
        return found

    def _forward(self, start: int, said: str) -> int:
        """Return the position to which `said` reaches from `start`."""
        block = self.document().findBlock(start)
        *lines, last = said.split("\n")
        for _ in lines:
            block = block.next()
            while goes_on(block):
                block = block.next()
        rest = sum(1 + (letter > "\uffff") for letter in last)
        while rest > block.length() - 1 and goes_on(block.next()):
            rest -= block.length() - 1
            block = block.next()
        return block.position() + rest
