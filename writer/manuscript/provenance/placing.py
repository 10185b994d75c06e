"""Finding marked stretches again, by their exact text, in a text that has been changed meanwhile.

Pure text; places count code points.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from writer.manuscript.provenance.whole_words import is_long_enough, word_spans

_NEAR = 1_000
"""Characters from where a stretch should be to where it is looked for first."""
_FAR_SEARCHES = 200
"""Through all of the text: each costs a millisecond in a long book."""
_SALVAGED = 4_000
"""Characters of the longest stretch that is compared word by word."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A marked stretch where it was."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A stretch, or a part of one, where it is now."""

    index: int
    """Of the stretch among those that were looked for."""
    into: int
    """Where in the stretch the part begins."""
    start: int
    length: int


def find_again(
    stretches: Sequence[Stretch], old_length: int, text: str, short_anywhere: bool = True
) -> list[Placed]:
    """Return what of `stretches`, in order in a text of `old_length`, stands in `text`.

    Their order stays. Where one stands in several places it is the nearest; of one that does not
    stand whole, the runs of its words that do are returned. A single word is found where its
    neighbours say that it is, and with `short_anywhere` wherever it stands once.
    """
    search = _Search(stretches, old_length, text)
    search.run_from_both_ends()
    search.look_for_the_rest()
    search.keep_order()
    search.fill_in(short_anywhere)
    return sorted(search.result(), key=_start)


class _Search:
    def __init__(self, stretches: Sequence[Stretch], old_length: int, text: str) -> None:
        self._stretches = stretches
        self._text = text
        self._grown = len(text) - old_length
        self._places: list[int | None] = [None] * len(stretches)
        self._far_left = _FAR_SEARCHES
        self._long = [is_long_enough(each.text) for each in stretches]

    def run_from_both_ends(self) -> None:
        """Place those before the first change and those after the last one."""
        count = len(self._stretches)
        for indices, shift in ((range(count), 0), (range(count - 1, -1, -1), self._grown)):
            for index in indices:
                start = self._stretches[index].start + shift
                if self._places[index] is not None or not self._stands(index, start):
                    break
                if self._long[index] or not self._grown:
                    self._places[index] = start

    def look_for_the_rest(self) -> None:
        """Place the others where they should be by what is before them, or where they are."""
        shift = 0
        for index, stretch in enumerate(self._stretches):
            if self._places[index] is None and self._long[index]:
                self._places[index] = self._nearest(index, stretch.start + shift)
            place = self._places[index]
            if place is not None:
                shift = place - stretch.start

    def keep_order(self) -> None:
        """Give up those that stand before what was before them: the longest row is kept."""
        tails: list[int] = []
        tail_places: list[int] = []
        previous: dict[int, int] = {}
        for index, place in enumerate(self._places):
            if place is None:
                continue
            at = bisect_left(tail_places, place)
            if at:
                previous[index] = tails[at - 1]
            tails[at : at + 1] = [index]
            tail_places[at : at + 1] = [place]
        kept, index = set(), tails[-1] if tails else -1
        while index >= 0:
            kept.add(index)
            index = previous.get(index, -1)
        end = 0
        for index, place in enumerate(self._places):
            if place is not None and (index not in kept or place < end):
                self._places[index] = None
            elif place is not None:
                end = place + len(self._stretches[index].text)

    def fill_in(self, short_anywhere: bool) -> None:
        """Place short ones between their neighbours, where these say, or where they stand once."""
        nexts = self._next_places()
        end, shift = 0, 0
        for index, stretch in enumerate(self._stretches):
            if self._places[index] is None:
                limit, next_shift = nexts[index]
                for start in (stretch.start + shift, stretch.start + next_shift):
                    fits = end <= start and start + len(stretch.text) <= limit
                    if fits and self._stands(index, start):
                        self._places[index] = start
                        break
                else:
                    if short_anywhere or self._long[index]:
                        self._places[index] = self._only(stretch.text, end, limit)
            place = self._places[index]
            if place is not None:
                end, shift = place + len(stretch.text), place - stretch.start

    def result(self) -> Iterator[Placed]:
        """Yield what was placed, and the runs of words of those that do not stand whole."""
        nexts = self._next_places()
        end, shift = 0, 0
        for index, stretch in enumerate(self._stretches):
            place = self._places[index]
            if place is not None:
                yield Placed(index, 0, place, len(stretch.text))
                end, shift = place + len(stretch.text), place - stretch.start
            elif self._long[index] and len(stretch.text) <= _SALVAGED:
                expected, air = stretch.start + shift, len(stretch.text) // 2 + 40
                first = max(end, expected - air)
                last = min(nexts[index][0], expected + len(stretch.text) + air)
                for into, start, length in _common_runs(stretch.text, self._text[first:last]):
                    yield Placed(index, into, first + start, length)
                    end = first + start + length

    def _next_places(self) -> list[tuple[int, int]]:
        """Return where the next placed stretch begins, and by how much it has moved, for each."""
        nexts: list[tuple[int, int]] = []
        limit, shift = len(self._text), self._grown
        for place, stretch in zip(reversed(self._places), reversed(self._stretches), strict=True):
            nexts.append((limit, shift))
            if place is not None:
                limit, shift = place, place - stretch.start
        return nexts[::-1]

    def _stands(self, index: int, start: int) -> bool:
        return start >= 0 and self._text.startswith(self._stretches[index].text, start)

    def _nearest(self, index: int, expected: int) -> int | None:
        said = self._stretches[index].text
        if self._stands(index, expected):
            return expected
        near = max(0, expected - _NEAR), max(0, expected + len(said) + _NEAR)
        found = _nearest_in(self._text, said, expected, near)
        if found is None and self._far_left:
            self._far_left -= 1
            found = _nearest_in(self._text, said, expected, (0, len(self._text)))
        return found

    def _only(self, said: str, first: int, last: int) -> int | None:
        """Return where `said` stands, if it stands there once."""
        if last - first > 20 * _NEAR:
            if not self._far_left:
                return None
            self._far_left -= 1
        start = self._text.find(said, first, last)
        again = self._text.find(said, start + 1, last) if start >= 0 else -1
        return start if start >= 0 and again < 0 else None


def _nearest_in(text: str, said: str, expected: int, within: tuple[int, int]) -> int | None:
    first, last = within
    behind = text.find(said, max(first, min(expected, last)), last)
    before = text.rfind(said, first, max(first, min(expected + len(said), last)))
    if behind < 0 or before < 0:
        found = max(behind, before)
        return found if found >= 0 else None
    return behind if behind - expected < expected - before else before


def _common_runs(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    """Yield where in `old` and in `new` the same words stand, and how long that is."""
    olds, news = word_spans(old), word_spans(new)
    matcher = SequenceMatcher(
        None,
        [old[start:end] for start, end in olds],
        [new[start:end] for start, end in news],
        autojunk=False,
    )
    old_end = new_end = 0
    for a, b, size in matcher.get_matching_blocks():
        first = 0
        for last in range(size):
            here, there = a + last, b + last
            if last + 1 < size and (
                old[olds[here][1] : olds[here + 1][0]] == new[news[there][1] : news[there + 1][0]]
            ):
                continue  # the same signs between them, too
            start, end = olds[a + first][0], olds[here][1]
            place, first = news[b + first][0], last + 1
            before = _signs(old[old_end:start][::-1], new[new_end:place][::-1])
            after = _signs(old[end:], new[news[there][1] :])
            start, place, end = start - before, place - before, end + after
            if is_long_enough(old[start:end]):
                yield start, place, end - start
                old_end, new_end = end, place + end - start


def _signs(one: str, other: str) -> int:
    """Return how many spaces and signs, no letters, two texts begin with alike."""
    count = 0
    for letter, its in zip(one, other, strict=False):
        if letter != its or letter.isalnum():
            break
        count += 1
    return count


def _start(placed: Placed) -> int:
    return placed.start
