"""What differs between two texts, word by word, as one reads it; and merging two edits of one.

Pure functions of strings. Words go with the space after them; Chinese and Japanese count by
characters.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, pairwise

from writer.manuscript.history.alignment import (
    Effort,
    Stretch,
    anchored,
    equal_ahead,
    equal_behind,
    longest_first,
    stretches,
)

_SINGLE = (
    r"\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Ideographs and kana: each is a word."""
_VARIANTS = r"\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""What belongs to the character before it."""
_SIGNS = (
    r"!-/:-@\[-`{-~\xa1-\xac\xae-\xbf\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u301f\u30fb"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_LETTER = rf"[^\s{_SINGLE}{_SIGNS}]"
"""Everything else, so that accents and parts of an emoji stay with what they change."""
_JOINER = r"['’‐‑-]"
_WORD = rf"{_LETTER}++(?:{_JOINER}{_LETTER}++)*+"
_UNIT = re.compile(rf"\n|{_WORD}[^\S\n]*+|[{_SINGLE}][{_VARIANTS}]*+|[{_SIGNS}][^\S\n]*+|[^\S\n]++")
_PARAGRAPH = re.compile(r"[^\n]*+\n|[^\n]++")
_A_WORD = re.compile(rf"{_WORD}|[{_SINGLE}]")
_GLUED = re.compile(rf"(?:{_LETTER}|{_JOINER}){{2}}|.[{_VARIANTS}]", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]*_]*+[^\S\n]+\Z|[。！？…][”’」』）]*+\Z")

_ANCHOR_WORDS = 4
_EFFORT = 2_000_000
"""Comparisons made for one answer, some 0.2 s; what is left then counts as replaced."""
_SLIDE = 2_000
_SHORT_WORD = 3
_FEW_WORDS = 3
_LONG = 60
_APART = 40
"""Characters between two changes that are looked at together, at most."""
_CONTEXT = 60


class PieceKind(Enum):
    """What became of a piece."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


SAME, REMOVED, ADDED = PieceKind


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both have, or only the old or the new one."""

    kind: PieceKind
    text: str


@dataclass(slots=True)
class _Change:
    """`removed` became `added`, after what is the `same`."""

    same: str
    removed: str
    added: str


def compare(old: str, new: str) -> tuple[Piece, ...]:
    """Return the pieces that `old` and `new` consist of, in order.

    Those that are not added make up `old`, those that are not removed make up `new`. Between two
    pieces that are the same, what was removed comes before what was added. Past a limit of work
    whole stretches count as replaced: a scene takes milliseconds, and 3 MB that differ everywhere
    two seconds.

    >>> [(piece.kind.value, piece.text) for piece in compare("The old house.", "The new house.")]
    [('same', 'The '), ('removed', 'old'), ('added', 'new'), ('same', ' house.')]
    """
    changes, end = _changes(old, new)
    changes, end = _joined(changes, end)
    changes, end = _narrowed(changes, end)
    changes, end = _slid(changes, end)
    changes, end = _joined(changes, end)
    pieces = []
    for change in changes:
        pieces.append(Piece(SAME, change.same))
        pieces.append(Piece(REMOVED, change.removed))
        pieces.append(Piece(ADDED, change.added))
    pieces.append(Piece(SAME, end))
    return tuple(piece for piece in pieces if piece.text)


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Return `base` with the edits of both, or None where they changed the same or touching words.

    Unchanged on one side gives the other side; the same edit made on both sides counts once.
    """
    if mine == theirs:
        return mine
    edits = sorted({*_edits(base, mine), *_edits(base, theirs)})
    parts: list[str] = []
    done = 0
    for start, end, added in edits:
        if parts and start <= done:
            return None
        parts += [base[done:start], added]
        done = end
    return "".join([*parts, base[done:]])


@dataclass(frozen=True, slots=True)
class Passage:
    """Changes close to each other, with the words around them, to look at and restore by itself."""

    before: str
    """What comes before in the same paragraph, a few words of it."""
    pieces: tuple[Piece, ...]
    after: str
    first: int
    """Which of all pieces is the first of these."""
    position: int
    """Where they begin in the new text, in code points."""


def passages(pieces: Sequence[Piece]) -> tuple[Passage, ...]:
    """Return the changes among `pieces`, those with few words of one paragraph between together."""
    found, first, position = [], 0, 0
    for changed, group in groupby(_together(pieces), key=lambda part: part[0]):
        part = tuple(piece for _, piece in group)
        after = first + len(part)
        if changed:
            before = _last_words(pieces[first - 1].text) if first else ""
            behind = _first_words(pieces[after].text) if after < len(pieces) else ""
            found.append(Passage(before, part, behind, first, position))
        first = after
        position += sum(len(piece.text) for piece in part if piece.kind is not REMOVED)
    return tuple(found)


def restored(new: str, pieces: Sequence[Piece], chosen: Collection[int]) -> str:
    """Return `new` with the passages of these numbers, out of `passages(pieces)`, as they were.

    Raises:
        ValueError: `pieces` do not lead to `new`; IndexError: there is no such passage.
    """
    if "".join(piece.text for piece in pieces if piece.kind is not REMOVED) != new:
        raise ValueError("the text has changed since it was compared")
    every = passages(pieces)
    old_again: set[int] = set()
    for number in chosen:
        passage = every[number]
        old_again.update(range(passage.first, passage.first + len(passage.pieces)))
    return "".join(
        piece.text
        for at, piece in enumerate(pieces)
        if piece.kind is SAME or (piece.kind is REMOVED) == (at in old_again)
    )


def _together(pieces: Sequence[Piece]) -> Iterator[tuple[bool, Piece]]:
    """Yield each piece and whether it belongs to a passage."""
    last = len(pieces) - 1
    for at, piece in enumerate(pieces):
        is_short = len(piece.text) <= _APART and "\n" not in piece.text
        yield piece.kind is not SAME or (0 < at < last and is_short), piece


def _last_words(text: str) -> str:
    line = text[text.rfind("\n") + 1 :]
    return line if len(line) <= _CONTEXT else _cut_short(line[::-1])[::-1]


def _first_words(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= _CONTEXT else _cut_short(line)


def _cut_short(line: str) -> str:
    start = line[:_CONTEXT]
    return start[: start.rfind(" ")] + "…" if " " in start else start + "…"


def _edits(base: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, replacement) of each change, in positions of `base`."""
    position, removed, added = 0, "", ""
    for piece in (*compare(base, text), Piece(SAME, "")):
        if piece.kind is REMOVED:
            removed = piece.text
        elif piece.kind is ADDED:
            added = piece.text
        else:
            if removed or added:
                yield position, position + len(removed), added
            position += len(removed) + len(piece.text)
            removed = added = ""


def _changes(old: str, new: str) -> tuple[list[_Change], str]:
    """Return the changes and what is the same after the last, before any tidying."""
    changes: list[_Change] = []
    same = ""
    for removed, added in _stretches(old, new):
        if removed == added:
            same += removed
        else:
            changes.append(_Change(same, removed, added))
            same = ""
    return changes, same


def _stretches(old: str, new: str) -> list[tuple[str, str]]:
    """Return pairs of an old stretch and what stands there now, equal ones where they agree."""
    found: list[Stretch] = []
    old_paragraphs, new_paragraphs = _PARAGRAPH.findall(old), _PARAGRAPH.findall(new)
    paragraphs = anchored(old_paragraphs, new_paragraphs)
    for stretch in stretches(old_paragraphs, new_paragraphs, paragraphs):
        if stretch[0] == stretch[1]:
            found.append(stretch)
        else:
            removed, added = (_UNIT.findall("".join(part)) for part in stretch)
            found += stretches(removed, added, anchored(removed, added, _ANCHOR_WORDS))
    parts = [[stretch] for stretch in found]
    effort = Effort(_EFFORT)
    by_size = sorted(range(len(found)), key=lambda at: len(found[at][0]) + len(found[at][1]))
    for at in by_size:  # the least work first
        removed, added = found[at]
        if removed and added and removed != added:
            parts[at] = list(stretches(removed, added, longest_first(removed, added, effort)))
    return [("".join(removed), "".join(added)) for part in parts for removed, added in part]


def _joined(changes: list[_Change], end: str) -> tuple[list[_Change], str]:
    """Return the changes, those with next to nothing between them as one: prose, no confetti."""
    groups: list[tuple[int, int, int]] = []  # its first change, and how much it removes and adds
    for at, change in enumerate(changes):
        first, removed, added = at, len(change.removed), len(change.added)
        while groups:
            same = changes[first].same
            before, removed_before, added_before = groups[-1]
            if not _is_confetti(same, max(removed_before, added_before), max(removed, added)):
                break
            groups.pop()
            first = before
            removed += removed_before + len(same)
            added += added_before + len(same)
        groups.append((first, removed, added))
    bounds = [*(first for first, _, _ in groups), len(changes)]
    return [_united(changes[first:last]) for first, last in pairwise(bounds)], end


def _united(changes: list[_Change]) -> _Change:
    """Return changes that follow each other as one."""
    first, *others = changes
    removed = "".join([first.removed, *(other.same + other.removed for other in others)])
    added = "".join([first.added, *(other.same + other.added for other in others)])
    return _Change(first.same, removed, added)


def _is_confetti(same: str, before: int, after: int) -> bool:
    """Tell whether so little is the same between changes of these sizes that it only distracts."""
    if len(same) > _LONG:
        return False
    words = _A_WORD.findall(same)
    if len(words) <= 1 and len(same.strip()) <= _SHORT_WORD:
        return True
    return len(words) <= _FEW_WORDS and len(same) <= min(before, after)


def _narrowed(changes: list[_Change], end: str) -> tuple[list[_Change], str]:
    """Return the changes without the whole words that both sides begin or end with."""
    found: list[_Change] = []
    carried = ""
    for change in changes:
        start = _shared_start(change.removed, change.added)
        removed, added = change.removed[start:], change.added[start:]
        size = _shared_end(removed, added)
        same = carried + change.same + change.removed[:start]
        carried = removed[len(removed) - size :]
        removed, added = removed[: len(removed) - size], added[: len(added) - size]
        if removed or added:
            found.append(_Change(same, removed, added))
        else:
            carried = same + carried
    return found, carried + end


def _shared_start(one: str, other: str) -> int:
    size = equal_ahead(one, other)
    while size and not (_is_border(one, size) and _is_border(other, size)):
        size -= 1
    return size


def _shared_end(one: str, other: str) -> int:
    size = equal_behind(one, other, len(one), len(other), min(len(one), len(other)))
    while size and not (_is_border(one, len(one) - size) and _is_border(other, len(other) - size)):
        size -= 1
    return size


def _is_border(text: str, at: int) -> bool:
    return at == 0 or at == len(text) or not _GLUED.match(text, at - 1)


def _slid(changes: list[_Change], end: str) -> tuple[list[_Change], str]:
    """Return the changes, whole sentences and paragraphs where it can be said in that way, too.

    After “Rain. ” the insertion “Wind. ” reads better than “ain. Wind. R” or “. Wind”.
    """
    sames = [*(change.same for change in changes), end]
    found = []
    for at, change in enumerate(changes):
        before, after = sames[at], sames[at + 1]
        removed, added = change.removed, change.added
        if not (removed and added):
            text = removed or added
            # What lies between two changes is not used up.
            left = before[-_SLIDE:] if at == 0 else before[1:][-_SLIDE:]
            right = after[:_SLIDE] if at == len(changes) - 1 else after[:-1][:_SLIDE]
            start = _best_start(left, text, right)
            whole = left + text + right
            moved = whole[start : start + len(text)]
            sames[at] = before[: len(before) - len(left)] + whole[:start]
            sames[at + 1] = whole[start + len(text) :] + after[len(right) :]
            removed, added = (moved, "") if removed else ("", moved)
        found.append(_Change("", removed, added))
    for change, same in zip(found, sames, strict=False):
        change.same = same
    return found, sames[-1]


def _best_start(before: str, text: str, after: str) -> int:
    """Return where to cut `text`, or what comes of it by sliding, out of all three joined."""
    whole, size = before + text + after, len(text)
    first = len(before) - equal_behind(before, whole, len(before), len(before) + size, len(before))
    last = len(before) + equal_ahead(whole, after, len(before))
    best, most = len(before), _worth(whole, len(before)) + _worth(whole, len(before) + size)
    for start in range(first, last + 1):
        worth = _worth(whole, start) + _worth(whole, start + size)
        if worth > most:
            best, most = start, worth
    return best


def _worth(text: str, at: int) -> int:
    """Return how good a place to begin or end at this is."""
    if at == 0 or text[at - 1] == "\n":
        return 4
    if _SENTENCE_END.search(text, max(0, at - 12), at):
        return 3
    if text[at - 1].isspace():
        return 2
    return int(_is_border(text, at))
