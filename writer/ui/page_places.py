"""Places of a stretch of the page: between the document's positions and code points of its text.

The two differ where a character lies outside the BMP, and where a long line is laid out in pieces:
Qt counts one for the end of each piece, where the text has nothing.
"""

from bisect import bisect_left, bisect_right
from itertools import pairwise

from PySide6.QtGui import QTextDocument

from writer.ui.paragraphs import goes_on
from writer.ui.utf16 import UnitMap


class PagePlaces:
    """The places of `text`, which is what stands between two positions of a document."""

    def __init__(self, document: QTextDocument, start: int, end: int, text: str) -> None:
        self._start = start
        self._units: UnitMap | None = None
        self._joins: list[int] = []
        """Where pieces begin, in units of the text."""
        self._ends: list[int] = []
        """Where the pieces before them end, as the document counts from the start."""
        if end - start != len(text):
            self._units = UnitMap(text)
            self._joins = _joins(document, start, end)
            self._ends = [join + number for number, join in enumerate(self._joins)]

    def position(self, place: int) -> int:
        """Return the position of a code point; at a join, that behind it."""
        if self._units is None:
            return self._start + place
        unit = self._units.to_units(place)
        return self._start + unit + bisect_right(self._joins, unit)

    def place(self, position: int) -> int:
        """Return the code point at a position."""
        if self._units is None:
            return position - self._start
        unit = position - self._start
        return self._units.to_code_points(unit - bisect_left(self._ends, unit))

    def spans(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return the positions of a stretch of code points, cut at joins.

        Each part is start, end, and how many units of the stretch come before it.
        """
        if self._units is None:
            return [(self._start + first, self._start + last, 0)]
        begin, end = self._units.to_units(first), self._units.to_units(last)
        low, high = bisect_right(self._joins, begin), bisect_left(self._joins, end)
        parts = []
        for number, (one, other) in enumerate(pairwise([begin, *self._joins[low:high], end])):
            at = self._start + one + low + number
            parts.append((at, at + other - one, one - begin))
        return parts


def _joins(document: QTextDocument, start: int, end: int) -> list[int]:
    joins: list[int] = []
    block = document.findBlock(start).next()
    while block.isValid() and block.position() <= end:
        if goes_on(block):
            joins.append(block.position() - start - 1 - len(joins))
        block = block.next()
    return joins
