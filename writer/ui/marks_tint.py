"""The tint under words that were suggested: painted below the text, never part of it.

It looks at the marks of what is in sight only, whenever that is painted, and lays nothing out: so a
hidden one costs nothing, and a shown one nothing that grows with the book.
"""

from collections.abc import Iterator

from PySide6.QtCore import QDate, QEvent, QObject, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette, QTextBlock, QTextLine
from PySide6.QtWidgets import QToolTip

from writer.manuscript.provenance.marks import Mark, Marks
from writer.manuscript.provenance.origin import Origin
from writer.ui.editor import Page
from writer.ui.utf16 import units

_FUZZY = Qt.HitTestAccuracy.FuzzyHit
_STRENGTH = 0.12
"""How much ink is in the tint."""


class MarksTint(QObject):
    """Tints what is marked on one page, and says of it what it is, while it is switched on."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self._marks = Marks()
        self._shown = False

    @property
    def shown(self) -> bool:
        """Whether marks are tinted."""
        return self._shown

    def show(self, shown: bool) -> None:
        """Tint marks or hide them."""
        if shown == self._shown:
            return
        self._shown = shown
        viewport = self._page.viewport()
        if shown:
            # Asked before the page is, and its background has been drawn.
            viewport.installEventFilter(self)
        else:
            viewport.removeEventFilter(self)
        viewport.update()

    def set_marks(self, marks: Marks) -> None:
        """Tint these from now on."""
        self._marks = marks
        self.update()

    def update(self) -> None:
        """Paint anew: marks have changed where no text has."""
        if self._shown:
            self._page.viewport().update()

    def colour(self) -> QColor:
        """Return the tint: a little of the ink, so that every theme has its own."""
        colour = self._page.palette().color(QPalette.ColorRole.Text)
        colour.setAlphaF(_STRENGTH)
        return colour

    def origin_at(self, point: QPointF) -> Origin | None:
        """Return where the word at a point of the viewport comes from, if it is marked."""
        mark = self.mark_at(point)
        return mark.origin if mark else None

    def mark_at(self, point: QPointF) -> Mark | None:
        """Return the mark on the word at a point of the viewport, if it has one."""
        position = self._page.ghost.position_at(point + self._scrolled())
        mark = self._marks.at(position)
        if mark is None:
            return None
        block = self._page.document().findBlock(position)
        aimed = any(rect.contains(point) for rect in self._rects(block, mark.start, mark.end))
        return mark if aimed else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Paint below the text, and answer when the pointer rests."""
        if event.type() == QEvent.Type.Paint and isinstance(event, QPaintEvent):
            self._paint(event.rect())
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            origin = self.origin_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.words_of(origin) if origin else "")
            return True
        return super().eventFilter(watched, event)

    def words_of(self, origin: Origin) -> str:
        """Return what is said of suggested words."""
        taken = origin.taken.astimezone()
        day = self._page.locale().toString(QDate(taken.year, taken.month, taken.day))
        return self.tr("Suggested by {model}, taken on {day}").format(model=origin.model, day=day)

    # Painting

    def _paint(self, clip: QRect) -> None:
        first, last = self._blocks_in(clip)
        found = self._marks.between(first.position(), last.position() + last.length())
        if not found:
            return
        painter = QPainter(self._page.viewport())
        colour, bounds = self.colour(), QRectF(clip)
        for mark in found:
            block = self._page.document().findBlock(max(mark.start, first.position()))
            while block.isValid() and block.position() < mark.end:
                if block.blockNumber() > last.blockNumber():
                    break
                for rect in self._rects(block, mark.start, mark.end):
                    if rect.intersects(bounds):
                        painter.fillRect(rect, colour)
                block = block.next()
        painter.end()

    def _blocks_in(self, clip: QRect) -> tuple[QTextBlock, QTextBlock]:
        """Return the first and the last block of what `clip` shows.

        Where a ghost shows, a hit may lie a paragraph too far; hence one more on either side.
        """
        document, scrolled = self._page.document(), self._scrolled()
        layout, found = document.documentLayout(), []
        for corner in (clip.topLeft(), clip.bottomRight()):
            hit = layout.hitTest(QPointF(corner) + scrolled, _FUZZY)
            found.append(document.findBlock(min(max(0, hit), document.characterCount() - 1)))
        first, last = found[0].previous(), found[1].next()
        return first if first.isValid() else found[0], last if last.isValid() else found[1]

    def _rects(self, block: QTextBlock, start: int, end: int) -> Iterator[QRectF]:
        """Yield where what of a block lies between two positions stands on the viewport."""
        begin = max(0, start - block.position())
        stop = min(end - block.position(), block.length() - 1)
        if begin >= stop:
            return
        layout = block.layout()
        corner = self._page.document().documentLayout().blockBoundingRect(block).topLeft()
        corner -= self._scrolled()
        area = (layout.preeditAreaPosition(), units(layout.preeditAreaText()))
        for one, other in _around(begin, stop, area):
            for number in range(layout.lineCount()):
                line = layout.lineAt(number)
                low = max(one, line.textStart())
                high = min(other, line.textStart() + line.textLength())
                if low < high:
                    left, right = sorted((_across(line, low), _across(line, high)))
                    spot = QRectF(left, line.y(), right - left, line.height())
                    yield spot.translated(corner)

    def _scrolled(self) -> QPointF:
        across, down = self._page.horizontalScrollBar(), self._page.verticalScrollBar()
        return QPointF(across.value(), down.value())


def _across(line: QTextLine, place: int) -> float:
    """Return how far from the left a place of a line is."""
    found = line.cursorToX(place)  # with the place, which Qt may have moved
    return float(found[0] if isinstance(found, tuple) else found)  # type: ignore[arg-type]


def _around(begin: int, stop: int, area: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a range of the text on both sides of a preedit area, as laid out."""
    at, length = area
    if not length:
        yield begin, stop
        return
    if begin < at:
        yield begin, min(stop, at)
    if stop > at:
        yield max(begin, at) + length, stop + length
