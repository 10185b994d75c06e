"""Marks: the spans of an open text that the machine proposed, kept up while the text is edited.

Positions and lengths count in whatever unit the text's owner counts in (a page: UTF-16 units, and
one for the end of each block). Nothing here reads the text: each mark knows which stretch of its
origin's text it is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from writer.manuscript.provenance.origin import Origin


class Mark(NamedTuple):
    """One span of text that stands as it was proposed."""

    start: int
    end: int
    origin: Origin
    into: int
    """Where in its origin's text the span begins, in the same unit."""

    @property
    def length(self) -> int:
        """How long it is."""
        return self.end - self.start

    def part(self, start: int, end: int) -> "Mark":
        """Return what of it lies between two positions, which must be something."""
        start, end = max(start, self.start), min(end, self.end)
        return Mark(start, end, self.origin, self.into + start - self.start)

    def moved(self, by: int) -> "Mark":
        """Return it at another place."""
        return Mark(self.start + by, self.end + by, self.origin, self.into)

    def goes_on_with(self, other: "Mark") -> bool:
        """Return whether the two are one: side by side in the text and in the same origin."""
        return (
            self.end == other.start
            and self.into + self.length == other.into
            and self.origin.id == other.origin.id
        )


class Marks:
    """The marks of one text: in order, never overlapping, none empty.

    Those behind the place of the last edit are kept less the sum of what edits have added
    (`_shift`), so that a key moves all of them at once; when the place moves, so do those that it
    passes. Numbers lie in lists of their own: thousands of new tuples would wake the collector.
    """

    def __init__(self, marks: Iterable[Mark] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._whats: list[tuple[Origin, int]] = []
        self._here = 0
        """How many marks begin before the place of the last edit."""
        self._shift = 0
        """To be added to the starts and ends from `_here` on."""
        self.replace(marks)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Mark]:
        """Yield all marks, downwards; they must not change meanwhile."""
        return map(self._mark, range(len(self._starts)))

    def snapshot(self) -> tuple[Mark, ...]:
        """Return all marks."""
        return tuple(self)

    # Asking

    def touches(self, position: int, removed: int, margin: int = 0) -> bool:
        """Return whether a mark lies in, at the edge of or within `margin` of what is edited."""
        self._go_to(position)
        here = self._here
        if here and self._ends[here - 1] >= position - margin:
            return True
        last = position + removed + margin - self._shift
        return here < len(self._starts) and self._starts[here] <= last

    def at(self, position: int) -> Mark | None:
        """Return the mark on the unit behind `position`, or None."""
        return next(iter(self.between(position, position + 1)), None)

    def between(self, start: int, end: int) -> tuple[Mark, ...]:
        """Return the marks of which something lies between two positions, each whole."""
        first = self._search(bisect_right, self._ends, start)
        last = self._search(bisect_left, self._starts, end)
        return tuple(map(self._mark, range(first, last)))

    def gaps(self, mark: Mark) -> list[Mark]:
        """Return what of the span of `mark` is not marked."""
        found, start = [], mark.start
        for each in self.between(mark.start, mark.end):
            if each.start > start:
                found.append(mark.part(start, each.start))
            start = each.end
        if start < mark.end:
            found.append(mark.part(start, mark.end))
        return found

    # Changing

    def add(self, start: int, end: int, origin: Origin, into: int = 0) -> None:
        """Mark a span as what stands at `into` in the text of `origin`.

        It takes the place of older marks there, and becomes one with a neighbour that it goes on
        with.

        Raises:
            ValueError: an empty span, or one before the text.
        """
        if not 0 <= start < end:
            raise ValueError(f"no span to mark: {start} to {end}")
        self._take_out(start, end)
        self._insert(Mark(start, end, origin, into))
        self._join()
        self._go_to(end)
        self._join()

    def edit(self, position: int, removed: int, added: int) -> tuple[Mark, ...]:
        """Follow an edit: `removed` units at `position` have given way to `added` unmarked ones.

        Returns what is marked no more, where it was.
        """
        if not removed and not added:
            return ()
        lost = self._take_out(position, position + removed)
        self._shift += added - removed
        if not added:
            self._join()
        return lost

    def free(self, start: int, end: int) -> tuple[Mark, ...]:
        """Let a range be the writer's; return what is marked no more."""
        return self._take_out(start, end) if start < end else ()

    def replace(self, marks: Iterable[Mark]) -> None:
        """Have these marks and no others."""
        for each in (self._starts, self._ends, self._whats):
            each.clear()
        self._here = self._shift = 0
        for mark in marks:
            self.add(mark.start, mark.end, mark.origin, mark.into)

    # Inside

    def _mark(self, index: int) -> Mark:
        by = self._shift if index >= self._here else 0
        return Mark(self._starts[index] + by, self._ends[index] + by, *self._whats[index])

    def _search(self, bisect: Callable[..., int], places: list[int], position: int) -> int:
        """Search all starts or all ends for a position."""
        here = self._here
        found = bisect(places, position, 0, here)
        return found if found < here else bisect(places, position - self._shift, here)

    def _take_out(self, start: int, end: int) -> tuple[Mark, ...]:
        """Cut all marks at two positions and return those between; both sides meet there."""
        self._go_to(start)
        here = self._here
        if here and self._ends[here - 1] > start:
            mark = self._mark(here - 1)
            self._ends[here - 1] = start
            self._insert(mark.part(start, mark.end))
        last = bisect_left(self._starts, end - self._shift, here)
        lost = tuple(map(self._mark, range(here, last)))
        for each in (self._starts, self._ends, self._whats):
            del each[here:last]
        if lost and lost[-1].end > end:
            self._insert(lost[-1].part(end, lost[-1].end))
            lost = (*lost[:-1], lost[-1].part(lost[-1].start, end))
        return lost

    def _insert(self, mark: Mark) -> None:
        """Put a mark behind the place of the last edit."""
        self._starts.insert(self._here, mark.start - self._shift)
        self._ends.insert(self._here, mark.end - self._shift)
        self._whats.insert(self._here, (mark.origin, mark.into))

    def _join(self) -> None:
        """Make one of the two marks beside the place of the last edit, if they are."""
        here = self._here
        if 0 < here < len(self._starts) and self._mark(here - 1).goes_on_with(self._mark(here)):
            self._ends[here - 1] = self._ends[here] + self._shift
            (one, into), (other, _) = self._whats[here - 1], self._whats[here]
            # A continuation may have grown between two words that were taken of it.
            self._whats[here - 1] = (max(one, other, key=_said), into)
            for each in (self._starts, self._ends, self._whats):
                del each[here]

    def _go_to(self, position: int) -> None:
        """Let the place of the last edit be `position`; a mark that reaches beyond lies before."""
        old, shift = self._here, self._shift
        new = self._search(bisect_left, self._starts, position)
        if new != old and shift:
            first, last, by = (new, old, -shift) if new < old else (old, new, shift)
            for places in (self._starts, self._ends):
                places[first:last] = [place + by for place in places[first:last]]
        self._here = new


def _said(origin: Origin) -> int:
    return len(origin.text)
