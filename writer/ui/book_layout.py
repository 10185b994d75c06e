"""Lays out a text of paragraphs so that a key costs what it changes, however long the book.

Qt's own layout goes through every paragraph below a change: 9 ms a key at the start of 500,000
words. Here a paragraph is laid out when it changes or is first seen; until then its height is
guessed. What has been guessed is laid out in idle moments, and `grew` tells the view, which keeps
what is in sight where it is. Paragraphs are all there is: no tables, lists or images.
"""

from bisect import bisect_right
from itertools import accumulate
from math import ceil, floor
from time import perf_counter

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFontMetricsF,
    QPainter,
    QPalette,
    QTextBlock,
    QTextDocument,
    QTextFrame,
    QTextLayout,
    QTextOption,
)

_AT_ONCE = 64
"""Changed paragraphs that are laid out before anybody asks: a paste, not a book."""
_AROUND = 60
_IDLE_MS = 25
_SLICE_S = 0.003
_ENDLESS = 1e7
_Context = QAbstractTextDocumentLayout.PaintContext


class BookLayout(QAbstractTextDocumentLayout):
    """The layout of one document, as wide as its text width."""

    grew = Signal(object)
    """A list, downwards, of where paragraphs begin that had been guessed, and how much they grew.

    Said before the size is: a view at the end would be pushed elsewhere first.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._heights: list[float] = []
        self._laid: list[bool] = []
        self._tops = [0.0]
        self._total = 0.0
        self._unlaid_from = 0
        self._idle = QTimer(self)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(self._on_idle)

    # What Qt asks

    def documentChanged(self, position: int, _removed: int, added: int) -> None:
        """Take note of a change; lay out what has changed, if it is little."""
        document = self.document()
        count, known = document.blockCount(), len(self._heights)
        last_place = max(0, document.characterCount() - 1)
        first = document.findBlock(min(position, last_place)).blockNumber()
        last = document.findBlock(min(position + added, last_place)).blockNumber()
        before = last + 1 + known - count
        if first < 0 or last < first or before < first:
            first, last, before = 0, count - 1, known
        old = sum(self._heights[first:before])
        total = self._total
        new = self._guesses(first, last)
        self._heights[first:before] = new
        self._laid[first:before] = [False] * len(new)
        self._total += sum(new) - old
        self._forget_tops(first)
        if last - first < _AT_ONCE:
            for number in range(first, last + 1):
                self._lay_out(number)
        else:
            self._lay_out_later(first)
        self._report(first, last, sum(self._heights[first : last + 1]) != old or before != last + 1)
        if self._total != total or before != last + 1:
            self._tell_size()

    def draw(self, painter: QPainter, context: _Context) -> None:
        """Paint what lies within the context's clip."""
        painter.setPen(context.palette.color(QPalette.ColorRole.Text))
        clip = context.clip if context.clip.isValid() else self._rect()
        number = self._number_at(clip.top())
        block = self.document().findBlockByNumber(number)
        total = self._total
        while block.isValid() and self._top(number) <= clip.bottom():
            if not self._laid[number]:
                self._lay_out(number, block)
            self._draw_block(painter, context, block, QPointF(self._left, self._top(number)))
            number, block = number + 1, block.next()
        if self._total != total:  # nothing may move while it is painted
            QTimer.singleShot(0, self, self._tell_size)

    def settle(self, down: float) -> None:
        """Lay out what a window may show from `down` on, before it does; see `grew`."""
        self._settle_around(self._number_at(down))

    def hitTest(  # type: ignore[override] # Qt only ever asks for a QPointF
        self, point: QPointF, accuracy: Qt.HitTestAccuracy
    ) -> int:
        """Return the position in the text at `point`, or nearest to it; -1 for no exact hit."""
        if accuracy == Qt.HitTestAccuracy.ExactHit and not self._rect().contains(point):
            return -1
        number = self._number_at(point.y())
        self._settle_around(number)
        number = self._number_at(point.y())
        block = self.document().findBlockByNumber(number)
        layout, down = block.layout(), point.y() - self._top(number)
        lines = [layout.lineAt(index) for index in range(layout.lineCount())]
        # A line reaches down to the next one, whatever air lies between.
        line = next((line for line in reversed(lines) if line.y() <= down), lines[0])
        if accuracy == Qt.HitTestAccuracy.ExactHit:
            reach = line.naturalTextRect()
            if not reach.left() <= point.x() - self._left <= reach.right():
                return -1
        return block.position() + line.xToCursor(point.x() - self._left)

    def documentSize(self) -> QSizeF:
        """Return the size of all, air included; what has not been laid out is guessed."""
        frame = self.document().rootFrame().frameFormat()
        height = frame.topMargin() + self._total + frame.bottomMargin()
        return QSizeF(max(0.0, self.document().textWidth()), height)

    def pageCount(self) -> int:
        """Return 1: a sheet has no end."""
        return 1

    def frameBoundingRect(self, _frame: QTextFrame) -> QRectF:
        """Return the rectangle of all."""
        return self._rect()

    def blockBoundingRect(self, block: QTextBlock) -> QRectF:
        """Return where `block` stands; it is laid out for that, with what may be seen beside it."""
        number = block.blockNumber()
        if not 0 <= number < len(self._heights):
            return QRectF()
        self._settle_around(number)
        return QRectF(self._left, self._top(number), self._width, self._heights[number])

    # Laying out

    @property
    def _left(self) -> float:
        return self.document().rootFrame().frameFormat().leftMargin()

    @property
    def _width(self) -> float:
        """How wide lines may be; endless while no view has said."""
        frame, width = self.document().rootFrame().frameFormat(), self.document().textWidth()
        return width - frame.leftMargin() - frame.rightMargin() if width > 0 else _ENDLESS

    def _rect(self) -> QRectF:
        return QRectF(QPointF(0, 0), self.documentSize())

    def _guesses(self, first: int, last: int) -> list[float]:
        """Return heights for some blocks, from how many letters they have."""
        document = self.document()
        metrics = QFontMetricsF(document.defaultFont())
        letters = max(1.0, self._width / max(1.0, metrics.averageCharWidth()))
        block, guesses = document.findBlockByNumber(first), []
        pitch = block.blockFormat().lineHeight(metrics.lineSpacing(), 1.0)
        for _ in range(first, last + 1):
            guesses.append(pitch * (1 + block.length() // letters))
            block = block.next()
        return guesses

    def _lay_out(self, number: int, block: QTextBlock | None = None) -> float:
        """Lay out a block; return by how much it is higher than was thought."""
        block = self.document().findBlockByNumber(number) if block is None else block
        height = _lay_out_lines(block, self._option(block), self._width)
        more = height - self._heights[number]
        self._laid[number] = True
        if more:
            self._heights[number] = height
            self._total += more
            self._forget_tops(number)
        return more

    def _option(self, block: QTextBlock) -> QTextOption:
        option, direction = self.document().defaultTextOption(), block.textDirection()
        option.setTextDirection(direction)
        if direction == Qt.LayoutDirection.RightToLeft:
            option.setAlignment(Qt.AlignmentFlag.AlignRight)
        if self._width == _ENDLESS:
            option.setWrapMode(QTextOption.WrapMode.ManualWrap)
        return option

    def _settle_around(self, number: int) -> None:
        """Lay out a block that has not been, and as much around it as a window may show.

        Else a view that goes there would see it move when it paints what stands beside it.
        """
        if self._laid[number]:
            return
        nearby = range(max(0, number - _AROUND), min(len(self._laid), number + _AROUND + 1))
        grown = [(each, self._lay_out(each)) for each in nearby if not self._laid[each]]
        self._tell([(each, more) for each, more in grown if more])

    def _tell(self, grown: list[tuple[int, float]]) -> None:
        """Let the view know which blocks are by how much higher than was thought."""
        grown = [(number, more) for number, more in grown if number < len(self._heights)]
        if grown:
            self.grew.emit([(self._top(number), more) for number, more in grown])
            self._tell_size()

    def _tell_size(self) -> None:
        self.documentSizeChanged.emit(self.documentSize())

    def _lay_out_later(self, first: int) -> None:
        self._unlaid_from = min(self._unlaid_from, first)
        self._idle.start()

    def _on_idle(self) -> None:
        """Lay out what has been guessed, for a moment."""
        end = perf_counter() + _SLICE_S
        block = self.document().findBlockByNumber(self._unlaid_from)
        grown = []
        while block.isValid() and perf_counter() < end:
            number = self._unlaid_from
            if not self._laid[number] and (more := self._lay_out(number, block)):
                grown.append((number, more))
            self._unlaid_from, block = number + 1, block.next()
        if not block.isValid():
            self._idle.stop()
        if grown:
            self._tell(grown)
            self._report(grown[0][0], grown[-1][0], moves=True)

    # Where things are

    def _top(self, number: int) -> float:
        self._know_tops(number)
        return self._air + self._tops[number]

    @property
    def _air(self) -> float:
        return self.document().rootFrame().frameFormat().topMargin()

    def _know_tops(self, number: int) -> None:
        """Have the tops of all blocks up to `number`, the end of the last block included."""
        known = len(self._tops) - 1
        if known < number:
            more = accumulate(self._heights[known:number], initial=self._tops.pop())
            self._tops.extend(more)

    def _forget_tops(self, number: int) -> None:
        """Forget where the blocks after `number` begin."""
        del self._tops[number + 1 :]

    def _number_at(self, down: float) -> int:
        """Return the number of the block at `down`, or the nearest."""
        down -= self._air
        count = len(self._heights)
        while len(self._tops) <= count and self._tops[-1] <= down:
            self._know_tops(min(count, len(self._tops) + 1023))
        return max(0, min(count - 1, bisect_right(self._tops, down) - 1))

    def _report(self, first: int, last: int, moves: bool) -> None:
        """Have painted what has changed, and all below if it `moves`."""
        top = self._top(first)
        height = _ENDLESS if moves else self._top(last) + self._heights[last] - top
        self.update[QRectF].emit(  # type: ignore[index] # one of two signals
            QRectF(0, top, _ENDLESS, height)
        )

    # Painting

    def _draw_block(
        self, painter: QPainter, context: _Context, block: QTextBlock, place: QPointF
    ) -> None:
        start, length = block.position(), block.length()
        ranges = []
        for selection in context.selections:
            begin = selection.cursor.selectionStart() - start
            end = selection.cursor.selectionEnd() - start
            if begin < length and end > max(0, begin):
                found = QTextLayout.FormatRange()
                found.start, found.length, found.format = begin, end - begin, selection.format
                ranges.append(found)
        layout = block.layout()
        layout.draw(painter, place, ranges, context.clip)
        caret = context.cursorPosition - start
        width = self.property("cursorWidth")
        if width and 0 <= caret < length:
            layout.drawCursor(painter, place, caret, width)


def _lay_out_lines(block: QTextBlock, option: QTextOption, width: float) -> float:
    """Lay out the lines of `block`; return how high they are together."""
    layout, style = block.layout(), block.blockFormat()
    layout.setTextOption(option)
    indent, down = style.textIndent(), 0.0
    rtl = option.textDirection() == Qt.LayoutDirection.RightToLeft
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLeadingIncluded(True)
        line.setLineWidth(width - indent)
        line.setPosition(QPointF(0 if rtl else indent, down))
        # As Qt has it: whole pixels first, then sixty-fourths, so that nothing looks otherwise.
        raw = ceil(line.ascent() + line.descent() + line.leading())
        down += floor(style.lineHeight(raw, 1.0) * 64) / 64
        indent = 0.0
    layout.endLayout()
    return down
