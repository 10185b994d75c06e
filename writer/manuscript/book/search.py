"""Finding and replacing in all texts of a book. Values only; it reads no files.

Places are code points of a scene's text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from writer.manuscript.search import Search

_CONTEXT = 40
_ENDS = re.compile("[\n\u2028\u2029]")
_TOKEN = re.compile(r"\w+|\W")
_MOST_TOKENS = 4_000
"""Of a changed stretch that is compared word by word; of longer ones only the two ends are."""


class Hit(NamedTuple):
    """One place where a search has found something."""

    id: str
    start: int
    end: int
    text: str
    """All of the scene's, as it was searched."""

    @property
    def found(self) -> str:
        """What was found, in one line."""
        return _ENDS.sub(" ", self.text[self.start : self.end])

    @property
    def before(self) -> str:
        """Some words before it, in one line."""
        start = max(0, self.start - _CONTEXT)
        shown = _ENDS.sub(" ", self.text[start : self.start])
        if start and not self.text[start - 1].isspace():  # in the middle of a word, perhaps
            _, space, rest = shown.partition(" ")
            shown = rest if space else shown
        return shown

    @property
    def after(self) -> str:
        """Some words after it, in one line."""
        end = self.end + _CONTEXT
        shown = _ENDS.sub(" ", self.text[self.end : end])
        if end < len(self.text) and not self.text[end].isspace():
            rest, space, _ = shown.rpartition(" ")
            shown = rest if space else shown
        return shown


def find(texts: Iterable[tuple[str, str]], search: Search) -> Iterator[Hit]:
    """Yield every place in the texts, given as (id of the scene, text); of no words, none."""
    if not search.words:
        return
    places = search.pattern().finditer
    for id, text in texts:
        for place in places(text):
            yield Hit(id, place.start(), place.end(), text)


def replaced(text: str, hits: Sequence[Hit], replacement: str) -> str:
    """Return a scene's text with `replacement` in the place of its hits, which are in order."""
    parts, end = [], 0
    for hit in hits:
        parts += [text[end : hit.start], replacement]
        end = hit.end
    return "".join([*parts, text[end:]])


def taken_back(
    now: str, after: str, before: str, hits: Sequence[Hit], replacement: str
) -> tuple[str, int]:
    """Return a text with its replacements undone, and how many were.

    `before` was made `after` by replacing `hits`, and may have been edited into `now` since: what
    still reads as it was replaced becomes what it was, and all else stays.
    """
    if now == after:
        return before, len(hits)
    parts, end, count = [], 0, 0
    for (start, stop), hit in _still_there(now, after, hits, len(replacement)):
        parts += [now[end:start], before[hit.start : hit.end]]
        end, count = stop, count + 1
    return "".join([*parts, now[end:]]), count


def _still_there(
    now: str, after: str, hits: Sequence[Hit], length: int
) -> Iterator[tuple[tuple[int, int], Hit]]:
    """Yield where in `now` replacements stand untouched, in order, and the hits they were for."""
    same = list(_same(after, now))
    shift, index = 0, 0
    for hit in hits:
        start = hit.start + shift
        stop = start + length
        shift += length - (hit.end - hit.start)
        while index < len(same) and same[index][0] + same[index][2] < stop:
            index += 1
        if index < len(same) and _holds(same[index], start, stop, len(after)):
            moved = same[index][1] - same[index][0]
            yield (start + moved, stop + moved), hit


def _holds(same: tuple[int, int, int], start: int, stop: int, whole: int) -> bool:
    """Tell whether a stretch goes through unchanged; of an empty one, both of its neighbours."""
    first, _, size = same
    if start < stop:
        return first <= start and stop <= first + size
    opens, closes = start == 0 == first, stop == whole == first + size
    return (first < start or opens) and (stop < first + size or closes)


def _same(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    """Yield (place in old, place in new, length) of what both have in common, in order.

    Stretches that touch are one. Line by line first, then word by word where lines differ.
    """
    first = (0, 0, 0)
    for one, other, size in _common(old, new):
        if one == first[0] + first[2] and other == first[1] + first[2]:
            first = (*first[:2], first[2] + size)
            continue
        if first[2]:
            yield first
        first = (one, other, size)
    if first[2]:
        yield first


def _common(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    lines, others = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts, places = _starts(lines), _starts(others)
    matcher = SequenceMatcher(None, lines, others, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        at, to = starts[a], places[c]
        if tag == "equal":
            yield at, to, starts[b] - at
        elif tag == "replace":
            for one, other, size in _common_words(old[at : starts[b]], new[to : places[d]]):
                yield at + one, to + other, size


def _common_words(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    words, others = _TOKEN.findall(old), _TOKEN.findall(new)
    head = next(
        (i for i, (a, b) in enumerate(zip(words, others, strict=False)) if a != b),
        min(len(words), len(others)),
    )
    rest = min(len(words), len(others)) - head
    tail = next((i for i in range(rest) if words[-1 - i] != others[-1 - i]), rest)
    starts, places = _starts(words), _starts(others)
    yield 0, 0, starts[head]
    ends = len(words) - tail, len(others) - tail
    if max(ends) - head <= _MOST_TOKENS:
        matcher = SequenceMatcher(None, words[head : ends[0]], others[head : ends[1]], False)
        for a, b, size in matcher.get_matching_blocks():
            at = starts[head + a]
            yield at, places[head + b], starts[head + a + size] - at
    yield starts[ends[0]], places[ends[1]], len(old) - starts[ends[0]]


def _starts(parts: Sequence[str]) -> list[int]:
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts
