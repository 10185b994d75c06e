"""A press of the mouse while a ghost shows.

Qt takes a preedit area for a composition of an input method, so the ghost must go before Qt sees
the press; then what stood behind it moves up under the pointer. The press goes to what the writer
aimed at.
"""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QTextEdit

from writer.ui.ghost import Ghost
from writer.ui.sheet import moved_to


class Press:
    """Follows one press from down to up."""

    def __init__(self, editor: QTextEdit, ghost: Ghost) -> None:
        self._editor = editor
        self._ghost = ghost
        self._pressed_at = QPointF()
        self._shift = QPointF()

    def down(self, event: QMouseEvent) -> QMouseEvent:
        """Take the ghost away; return the event for Qt to see."""
        self._shift = QPointF()
        if not self._ghost.is_visible:
            return event
        self._pressed_at = event.position()
        aimed_at = self._ghost.position_at(self._in_document(event.position()))
        behind = aimed_at > self._ghost.position
        self._ghost.vanish()
        if not behind:
            return event
        cursor = self._editor.textCursor()
        cursor.setPosition(aimed_at)
        target = self._editor.cursorRect(cursor)
        self._shift = QPointF(target.left(), target.center().y()) - event.position()
        return moved_to(event, event.position() + self._shift)

    def move(self, event: QMouseEvent) -> QMouseEvent | None:
        """Return the event for Qt to see, or None while the hand only trembles."""
        if self._shift.isNull():
            return event
        way = event.position() - self._pressed_at
        if way.manhattanLength() < QGuiApplication.styleHints().startDragDistance():
            return None
        self._shift = QPointF()
        return event

    def up(self, event: QMouseEvent) -> QMouseEvent:
        """Return the event for Qt to see."""
        shifted = moved_to(event, event.position() + self._shift)
        self._shift = QPointF()
        return shifted

    def _in_document(self, point: QPointF) -> QPointF:
        across, down = self._editor.horizontalScrollBar(), self._editor.verticalScrollBar()
        return point + QPointF(across.value(), down.value())
