"""Page breaks: which lines stand on which page. No Qt here.

What belongs together is said by the lines themselves, so that no paragraph leaves a single line on
a page and no heading stands at the foot of one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One line of a page."""

    content: T
    height: float
    above: float = 0.0
    """Air, which falls away at the head of a page that it does not begin itself."""
    keeps_next: bool = False
    """Whether the next one must stand on the same page, if that can be."""
    begins_page: bool = False


def pages_of(rows: Iterable[Row[T]], height: float) -> Iterator[list[Row[T]]]:
    """Yield the rows of each page, which is `height` high; a row may be higher than that.

    >>> rows = [Row(n, 1.0, keeps_next=n == 2) for n in range(5)]
    >>> [[row.content for row in page] for page in pages_of(rows, 3.0)]
    [[0, 1], [2, 3, 4]]
    """
    page: list[Row[T]] = []
    for row in rows:
        if row.begins_page and page:
            yield page
            page = []
        page.append(row)
        while len(page) > 1 and _length(page) > height:
            place = _break(page)
            yield page[:place]
            page = page[place:]
    if page:
        yield page


def tops_of(page: Iterable[Row[T]]) -> Iterator[tuple[float, Row[T]]]:
    """Yield each row of a page with its distance from the head of the page."""
    top, is_first = 0.0, True
    for row in page:
        top += row.above if row.begins_page or not is_first else 0.0
        yield top, row
        top += row.height
        is_first = False


def _length(page: list[Row[T]]) -> float:
    return max((top + row.height for top, row in tops_of(page)), default=0.0)


def _break(page: list[Row[T]]) -> int:
    """Return how many rows stay where the last one does not fit."""
    for place in range(len(page) - 1, 0, -1):
        if not page[place - 1].keeps_next:
            return place
    return len(page) - 1  # all belong together and are longer than a page
