"""Matches: where a search word stands in one text, found piece by piece. Knows no widget.

The text is what `QTextDocument.toRawText` gives, so that no-break spaces are still there;
positions are handed out as Qt counts them, in UTF-16 units.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from writer.manuscript.search import Search
from writer.ui.utf16 import UnitMap


@dataclass(frozen=True, slots=True)
class Match:
    """One place, in UTF-16 units."""

    start: int
    end: int


class Matches:
    """All places of a search in a text; they are counted in portions, so that nothing waits."""

    def __init__(self, text: str, search: Search) -> None:
        self._text = text
        self._pattern = search.pattern()
        self._units = UnitMap(text)
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._source: Iterator[re.Match[str]] = self._pattern.finditer(text)
        self.counted = False
        """Whether all places are known."""

    def __len__(self) -> int:
        """Return the places known so far."""
        return len(self._starts)

    def __iter__(self) -> Iterator[Match]:
        """Yield every place, from the first to the last."""
        self.count_all()
        return (self._match(*span) for span in zip(self._starts, self._ends, strict=True))

    def count_some(self, portion: int) -> None:
        """Find up to `portion` more places."""
        for _ in range(portion):
            found = next(self._source, None)
            if found is None:
                self.counted = True
                return
            self._starts.append(found.start())
            self._ends.append(found.end())

    def count_all(self) -> None:
        """Find every place."""
        while not self.counted:
            self.count_some(100_000)

    def at_or_after(self, unit: int) -> Match | None:
        """Return the first place that starts at or after `unit`, else the first of the text."""
        place = self._units.to_code_points(unit)
        while not self.counted and (not self._starts or self._starts[-1] < place):
            self.count_some(1_000)
        if not self._starts:
            return None
        index = bisect_left(self._starts, place)
        return self._at(index if index < len(self._starts) else 0)

    def before(self, unit: int) -> Match | None:
        """Return the last place that starts before `unit`, else the last of the text."""
        place = self._units.to_code_points(unit)
        self.at_or_after(unit)
        index = bisect_left(self._starts, place) - 1
        if index < 0:
            self.count_all()
        return self._at(index) if self._starts else None

    def number_of(self, match: Match) -> int | None:
        """Return 1 for the first place, 2 for the second; None for what is no place."""
        start = self._units.to_code_points(match.start)
        index = bisect_left(self._starts, start)
        known = index < len(self._starts) and self._at(index) == match
        return index + 1 if known else None

    def _at(self, index: int) -> Match:
        return self._match(self._starts[index], self._ends[index])

    def _match(self, start: int, end: int) -> Match:
        return Match(self._units.to_units(start), self._units.to_units(end))
