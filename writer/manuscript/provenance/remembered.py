"""What was marked and is no more, so that it is known again when exactly that text comes back.

It comes back anywhere: by pasting, dropping, moving a paragraph into another text. It must be long
enough to be no chance. Undo and redo need none of this: see `marked_text`.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.whole_words import is_long_enough

EVENTS = 200
"""Removals and copies that are remembered."""
_STRETCHES = 20_000
_SEARCHED = 200_000_000
"""Characters that are searched through for one insertion: a tenth of a second."""
SHORTEST = 3
"""Characters below which nothing is long enough."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A marked stretch as it was."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A remembered stretch that stands in a text again."""

    start: int
    """In code points of that text."""
    lost: Lost

    @property
    def end(self) -> int:
        """Where it ends there."""
        return self.start + len(self.lost.text)


class Remembered:
    """The stretches lost lately, of all texts of a window."""

    def __init__(self) -> None:
        self._events: deque[list[Lost]] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def keep(self, stretches: Sequence[Lost]) -> None:
        """Remember stretches that were removed or copied together, in their order."""
        if not stretches or (self._events and self._events[-1] == list(stretches)):
            return  # what is cut was copied just before
        self._events.append(list(stretches))
        self._count += len(stretches)
        while len(self._events) > EVENTS or (self._count > _STRETCHES and len(self._events) > 1):
            self._count -= len(self._events.popleft())

    def within(self, text: str) -> list[Found]:
        """Return the stretches that stand in `text`, which was just inserted, in order.

        Where two overlap, the one that went last counts.
        """
        found: list[Found] = []
        if len(text) < SHORTEST:
            return found
        searches = _SEARCHED // len(text)
        for event in reversed(self._events):
            more, searches = _found_of(event, text, searches)
            found = sorted(
                found + [each for each in more if not _overlaps(each, found)], key=_start
            )
        return found


def _found_of(stretches: list[Lost], text: str, searches: int) -> tuple[list[Found], int]:
    """Return the stretches of one event that stand in `text`, and how many searches are left.

    Mostly all of them do, as far apart as they were; after the first, these are not searched for.
    """
    found: list[Found] = []
    for lost in stretches:
        end = 0
        if found:
            last = found[-1]
            end = last.end
            start = end + lost.mark.start - last.lost.mark.end
            if start >= end and text.startswith(lost.text, start):
                found.append(Found(start, lost))
                continue
        if searches > 0 and is_long_enough(lost.text):
            searches -= 1
            start = text.find(lost.text, end)
            if start >= 0:
                found.append(Found(start, lost))
    return found, searches


def _overlaps(one: Found, found: Sequence[Found]) -> bool:
    """Return whether one overlaps any of those that are in order."""
    after = bisect_left(found, one.start, key=_start)
    return (after > 0 and found[after - 1].end > one.start) or (
        after < len(found) and found[after].start < one.end
    )


def _start(found: Found) -> int:
    return found.start
