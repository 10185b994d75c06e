"""Markdown emphasis, headings and scene breaks of one paragraph, for showing them as such.

CommonMark's rules for what opens and closes emphasis, with one amendment: beside Chinese, Japanese
and Korean, which put no spaces between words, punctuation may stand at a marker's inner side
(他说**“好”**。). Offsets are Python code points; who counts UTF-16 units, as Qt does, must convert.
The time is linear in the paragraph, whatever it holds.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Flag, auto
from itertools import groupby

_RUN = re.compile(r"\\[!-/:-@\[-`{-~]|\*+|_+")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_INDENT = re.compile(r" {0,3}(?=[*_-])")
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)


class Style(Flag):
    """How a stretch is shown; a heading may hold emphasis."""

    EMPHASIS = auto()
    STRONG = auto()
    BOTH = EMPHASIS | STRONG
    HEADING_1 = auto()
    HEADING_2 = auto()
    HEADING_3 = auto()
    HEADING_4 = auto()
    HEADING_5 = auto()
    HEADING_6 = auto()
    SCENE_BREAK = auto()

    @property
    def heading_level(self) -> int:
        """1 to 6, or 0 outside headings."""
        levels = (level for level, style in enumerate(_HEADINGS, 1) if style in self)
        return next(levels, 0)


_HEADINGS = (
    Style.HEADING_1,
    Style.HEADING_2,
    Style.HEADING_3,
    Style.HEADING_4,
    Style.HEADING_5,
    Style.HEADING_6,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one look; the spans of a paragraph do not overlap."""

    start: int
    end: int
    style: Style
    marker: bool
    """Whether these are the signs themselves, to be dimmed."""


@dataclass(slots=True)
class _Run:
    """Signs of one kind in a row, of which [start, end) are not used yet."""

    sign: str
    start: int
    end: int
    length: int
    opens: bool
    closes: bool

    def pairs_with(self, closer: "_Run") -> bool:
        """Tell whether CommonMark lets `closer` close this one (its rule of three)."""
        if self.sign != closer.sign:
            return False
        if not (self.closes or closer.opens):
            return True
        both = self.length % 3 == 0 and closer.length % 3 == 0
        return both or (self.length + closer.length) % 3 != 0


@dataclass(frozen=True, slots=True)
class _Change:
    """What starts (+1) or ends (-1) at an offset."""

    at: int
    style: Style
    marker: int
    step: int


def spans(line: str) -> list[Span]:
    """Return what of one paragraph has a style, in order and without overlaps.

    >>> [(s.start, s.end, s.style.name, s.marker) for s in spans("a *b*")]
    [(2, 3, 'EMPHASIS', True), (3, 4, 'EMPHASIS', False), (4, 5, 'EMPHASIS', True)]
    """
    if _is_scene_break(line):
        return [Span(0, len(line), Style.SCENE_BREAK, marker=True)]
    changes = [*_heading(line)]
    if "*" in line or "_" in line:
        changes += _matched(list(_runs(line)))
    return list(_flat(changes))


def _is_scene_break(line: str) -> bool:
    if not _INDENT.match(line):
        return False
    signs = line.replace(" ", "").replace("\t", "")
    return len(signs) >= 3 and signs == signs[0] * len(signs)


def _heading(line: str) -> Iterator[_Change]:
    found = _HEADING.match(line)
    if found is None:
        return
    style = _HEADINGS[len(found[1]) - 1]
    yield from _stretch(0, len(line), style)
    yield from _stretch(0, found.end(), style, marker=True)
    body = line.rstrip(" \t")
    closing = len(body.rstrip("#"))
    if found.end() < closing < len(body) and body[closing - 1] in " \t":
        yield from _stretch(closing, len(body), style, marker=True)


def _stretch(start: int, end: int, style: Style, *, marker: bool = False) -> Iterator[_Change]:
    yield _Change(start, style, int(marker), 1)
    yield _Change(end, style, int(marker), -1)


def _runs(line: str) -> Iterator[_Run]:
    """Yield the runs of signs that may open or close; escaped ones are none."""
    for found in _RUN.finditer(line):
        if found[0][0] == "\\":
            continue
        start, end = found.span()
        before = line[start - 1] if start else " "
        after = line[end] if end < len(line) else " "
        left = _flanks(after, before)
        right = _flanks(before, after)
        opens, closes = left, right
        if found[0][0] == "_":  # not inside words: snake_case
            opens = left and (not right or _is_punctuation(before))
            closes = right and (not left or _is_punctuation(after))
        if opens or closes:
            yield _Run(found[0][0], start, end, end - start, opens, closes)


def _flanks(inner: str, outer: str) -> bool:
    """Tell whether a run hugs `inner`, the character at the side that it would emphasise."""
    if inner.isspace():
        return False
    if not _is_punctuation(inner):
        return True
    return outer.isspace() or _is_punctuation(outer) or _CJK.match(outer) is not None


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _matched(runs: list[_Run]) -> list[_Change]:
    """Pair openers with closers (CommonMark's “process emphasis”)."""
    changes: list[_Change] = []
    openers: list[_Run] = []
    hopeless: dict[tuple[str, bool, int], int] = {}
    """By kind of closer: how many of `openers` need not be searched again; hence linear time."""
    for run in runs:
        kind = (run.sign, run.opens, run.length % 3)
        while run.closes and run.start < run.end:
            at = _opener(openers, run, hopeless.get(kind, 0))
            if at is None:
                hopeless[kind] = len(openers)
                break
            del openers[at + 1 :]
            changes += _pair(openers[at], run)
            if openers[at].start == openers[at].end:
                openers.pop()
            for other, count in hopeless.items():
                hopeless[other] = min(count, len(openers))
        if run.opens and run.start < run.end:
            openers.append(run)
    return changes


def _opener(openers: list[_Run], closer: _Run, bottom: int) -> int | None:
    places = range(len(openers) - 1, bottom - 1, -1)
    return next((at for at in places if openers[at].pairs_with(closer)), None)


def _pair(opener: _Run, closer: _Run) -> Iterator[_Change]:
    """Use up one or two signs on both sides."""
    width = 2 if min(opener.end - opener.start, closer.end - closer.start) >= 2 else 1
    style = Style.STRONG if width == 2 else Style.EMPHASIS
    yield from _stretch(opener.end - width, closer.start + width, style)
    yield from _stretch(opener.end - width, opener.end, style, marker=True)
    yield from _stretch(closer.start, closer.start + width, style, marker=True)
    opener.end -= width
    closer.start += width


@dataclass(slots=True)
class _Depths:
    """How many stretches of each style, and of markers, are open at an offset."""

    styles: dict[Style, int] = field(default_factory=dict)
    markers: int = 0

    def apply(self, change: _Change) -> None:
        self.styles[change.style] = self.styles.get(change.style, 0) + change.step
        self.markers += change.marker * change.step

    def look(self) -> tuple[Style, bool]:
        style = Style(0)
        for each, depth in self.styles.items():
            if depth:
                style |= each
        return style, self.markers > 0


def _flat(changes: list[_Change]) -> Iterator[Span]:
    """Yield the stretches between the changes, equal neighbours joined."""
    depths, start, look = _Depths(), 0, (Style(0), False)
    for at, here in groupby(sorted(changes, key=_offset), _offset):
        for change in here:
            depths.apply(change)
        now = depths.look()
        if now != look:
            if look[0]:
                yield Span(start, at, look[0], look[1])
            start, look = at, now


def _offset(change: _Change) -> int:
    return change.at
