"""The ghost: a continuation shown in grey at the cursor, which is not text yet.

It is drawn through the paragraph's preedit area, meant for input methods, so it wraps and takes
room as text does and yet is in neither document, undo, selection nor counts. It must not know
where continuations come from.
"""

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
    QTextLayout,
)
from PySide6.QtWidgets import QTextEdit

from writer.ui.utf16 import units

_SHOWN_AS = {ord(end): "\u2028" for end in "\n\r\u2029"}
"""A line end within a paragraph, as Qt wants it."""


class Ghost(QObject):
    """The one ghost of a page. Positions are Qt's, in UTF-16 units."""

    vanished = Signal()
    """It went away by itself: a click, another key or an input method took its place."""

    def __init__(self, editor: QTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._format = QTextCharFormat()
        self._text = ""
        self._position = 0
        self._block: QTextBlock | None = None
        self._drawn = ""

    @property
    def text(self) -> str:
        """What it says, or nothing."""
        return self._text

    @property
    def position(self) -> int:
        """Where it stands; of no meaning while it is not visible."""
        return self._position

    @property
    def is_visible(self) -> bool:
        """Whether there is one."""
        return bool(self._text)

    def show(self, position: int, text: str) -> None:
        """Show `text` at `position`, in place of what is shown now.

        Nothing is shown over what an input method is composing there.
        """
        if not text or self._is_taken(position):
            self.clear()
            return
        if position != self._position:
            self.lift()
        self._position, self._text = position, text
        self.put_back()

    def clear(self) -> None:
        """Take it away."""
        self._text = ""
        self.lift()

    def vanish(self) -> None:
        """Take it away and say so, if there is one."""
        if self._text:
            self.clear()
            self.vanished.emit()

    def type_through(self, added: str) -> bool:
        """Shorten it by `added`, just typed at its position, and move it behind; or return False.

        What disagrees, or leaves nothing to show, changes nothing here.
        """
        if not added or added == self._text or not self._text.startswith(added):
            return False
        self._position += units(added)
        self._text = self._text[len(added) :]
        self.put_back()
        return True

    def set_colour(self, colour: QColor) -> None:
        """Draw it in `colour` from now on."""
        self._format.setForeground(colour)
        if self._drawn:
            self.lift()
            self.put_back()

    def position_at(self, point: QPointF) -> int:
        """Return the text position at `point` of the document, while the ghost shows.

        Qt's own hit test counts the ghost's letters as text, up to positions that do not exist.
        """
        layout = self._document.documentLayout()
        found = layout.hitTest(point, Qt.HitTestAccuracy.FuzzyHit)
        block = self._block
        if block is None:
            return found
        rect = layout.blockBoundingRect(block)
        if not rect.top() <= point.y() < rect.bottom():
            return found
        area = (self._position - block.position(), units(self._drawn))
        return block.position() + _without(found - block.position(), area)

    def announce(self, text: str) -> None:
        """Let screen readers say `text`."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._editor, text))

    def lift(self) -> None:
        """Stop drawing it, so that Qt finds the paragraph as it is without one."""
        block = self._block
        if block is not None and block.isValid() and self._drawn:
            layout = block.layout()
            if layout.preeditAreaText() == self._drawn:
                self._draw(block, -1, "")
        self._block = None
        self._drawn = ""

    def put_back(self) -> None:
        """Draw it where it belongs; nothing moves or flickers if it is there already."""
        if not self._text:
            return
        block = self._document.findBlock(self._position)
        text = self._text.translate(_SHOWN_AS)
        if self._block is not None and self._block != block:
            self.lift()
        layout = block.layout()
        at = self._position - block.position()
        if (layout.preeditAreaPosition(), layout.preeditAreaText()) != (at, text):
            self._draw(block, at, text)
        self._block, self._drawn = block, text

    def _is_taken(self, position: int) -> bool:
        block = self._document.findBlock(position)
        return block != self._block and bool(block.layout().preeditAreaText())

    @property
    def _document(self) -> QTextDocument:
        return self._editor.document()

    def _draw(self, block: QTextBlock, at: int, text: str) -> None:
        layout = block.layout()
        old = (layout.preeditAreaPosition(), units(layout.preeditAreaText()))
        new = (at, units(text))
        formats = _moved(layout.formats(), old, new)
        if text:
            own = QTextLayout.FormatRange()
            own.start, own.length, own.format = at, new[1], self._format
            formats.append(own)
        layout.setPreeditArea(at, text)
        layout.setFormats(formats)
        self._document.markContentsDirty(block.position(), block.length())


def _moved(
    ranges: Iterable[QTextLayout.FormatRange], old: tuple[int, int], new: tuple[int, int]
) -> list[QTextLayout.FormatRange]:
    """Return the ranges outside the preedit area (start, length), moved as the area changes.

    Ranges count the area's characters: a highlighter's lie behind it, before it or around it.
    """
    moved = []
    for found in ranges:
        if old[1] and old[0] <= found.start and found.start + found.length <= old[0] + old[1]:
            continue
        start = _without(found.start, old)
        end = _without(found.start + found.length, old)
        kept = QTextLayout.FormatRange()
        kept.format = found.format
        kept.start = start + new[1] if new[1] and start >= new[0] else start
        kept.length = (end + new[1] if new[1] and end > new[0] else end) - kept.start
        moved.append(kept)
    return moved


def _without(offset: int, area: tuple[int, int]) -> int:
    start, length = area
    return offset if not length or offset <= start else max(start, offset - length)
