"""Recorder: what is typed on the page as edits of whole lines, some times a second.

A key costs a few comparisons; the lines that have changed are read when they are handed on.
"""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextBlock, QTextDocument
from shiboken6 import isValid

from writer.manuscript.keeping.mirror import LineEdit
from writer.ui.paragraphs import goes_on
from writer.ui.sheet import Sheet

_HAND_ON_MS = 200
_LONG = 200_000
_LONG_HAND_ON_MS = 800
"""Where a single line is very long, it is handed on less often."""


class Recorder(QObject):
    """Follows one text on a page, from `follow` until another is followed."""

    recorded = Signal(object, int)
    """A `LineEdit`, and the `revision` that it leads to."""

    def __init__(self, page: Sheet) -> None:
        super().__init__(page)
        self._page = page
        self._document: QTextDocument | None = None
        self._seen = 0
        self.revision = 0
        """Rises with every change of the text; what is handed on next may lead to it."""
        self._lines = 0
        self._first = 0
        """The first changed block, or beyond the last one if nothing has changed."""
        self._after = 0
        """How many blocks after the last changed one have not."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_HAND_ON_MS)
        self._timer.timeout.connect(self.hand_on)

    def follow(self) -> None:
        """Follow the text that is on the page now; what changed before is nobody's business."""
        self._timer.stop()
        if self._document is not None and isValid(self._document):
            self._document.contentsChange.disconnect(self._on_contents_change)
        document = self._page.document()
        self._document = document
        self._seen = document.revision()
        self._lines = self._line_count(document)
        self._rest()
        document.contentsChange.connect(self._on_contents_change)

    @property
    def has_more(self) -> bool:
        """Whether something has changed that has not been handed on."""
        document = self._document
        return document is not None and self._first < document.blockCount() - self._after

    def hand_on(self) -> None:
        """Say at once what has changed since this was last done."""
        self._timer.stop()
        document = self._document
        if document is None or not self.has_more:
            return
        first = document.findBlockByNumber(self._first)
        last = document.findBlockByNumber(document.blockCount() - self._after - 1)
        while goes_on(first):
            first = first.previous()
        while goes_on(last.next()):
            last = last.next()
        line = self._line_of(first)
        end = last.position() + last.length() - 1
        text = self._page.text_between(first.position(), end)
        added = tuple(text.split("\n"))
        lines = self._line_count(document)
        edit = LineEdit(line, len(added) - (lines - self._lines), added)
        self._lines = lines
        self._rest()
        self._timer.setInterval(_HAND_ON_MS if len(text) < _LONG else _LONG_HAND_ON_MS)
        self.recorded.emit(edit, self.revision)

    def _rest(self) -> None:
        document = self._document
        self._first = self._after = document.blockCount() if document is not None else 0

    def _on_contents_change(self, position: int, _removed: int, added: int) -> None:
        document = self._document
        if document is None or document.revision() == self._seen:  # only looks have changed
            return
        if not isValid(self._page) or self._page.signalsBlocked():  # as above, set otherwise
            self._seen = document.revision()
            return
        self._seen = document.revision()
        self.revision += 1
        first = document.findBlock(position)
        last = document.findBlock(position + added)
        if not last.isValid():
            last = document.lastBlock()
        self._first = min(self._first, first.blockNumber())
        self._after = min(self._after, document.blockCount() - 1 - last.blockNumber())
        if not self._timer.isActive():
            self._timer.start()

    def _line_of(self, block: QTextBlock) -> int:
        number = block.blockNumber()
        if not self._page.has_pieces:
            return number
        going_on = 0
        while block.isValid():
            going_on += goes_on(block)
            block = block.previous()
        return number - going_on

    def _line_count(self, document: QTextDocument) -> int:
        return self._line_of(document.lastBlock()) + 1
