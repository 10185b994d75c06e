"""Changes: the differences of two texts as a reader meets them, laid out in lines. No Qt here.

A change is a `Passage` of the differences: what one looks at, and takes back, as one. Its number is
its place among them.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from writer.manuscript.counts import count_words
from writer.manuscript.history.differences import Passage, Piece, PieceKind, passages

_CONTEXT = 200
"""Characters of an unchanged stretch that are shown beside a change, about."""
_SLACK = 80
"""Characters by which more or less is shown, to part it where a paragraph or sentence ends."""
_FEWEST_FOLDED = 60
"""Words: to hide fewer spares nobody anything."""
_SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’»」』)]*\s*")
_SIGNS = str.maketrans({" ": "·", "\u00a0": "·", "\u3000": "·", "\t": "→"})
_LINE_SIGN = "¶"


@dataclass(frozen=True, slots=True)
class Span:
    """Some words of a line that look alike."""

    kind: PieceKind
    text: str
    """As it is shown: spaces and line ends that changed by themselves are signs."""
    change: int = -1
    """The number of its change; -1 outside of all."""


@dataclass(slots=True)
class Line:
    """A paragraph, or a fold: an unchanged stretch of which only the length is told."""

    spans: list[Span] = field(default_factory=list)
    fold: int = -1
    """The number of the fold; -1 of a paragraph."""
    folded: str = ""
    """What the fold hides."""

    @property
    def text(self) -> str:
        """The line as it is read."""
        return "".join(span.text for span in self.spans)


def texts_of(passage: Passage) -> tuple[str, str]:
    """Return what a passage was and what it became, without the space around."""
    old = "".join(each.text for each in passage.pieces if each.kind is not PieceKind.ADDED)
    new = "".join(each.text for each in passage.pieces if each.kind is not PieceKind.REMOVED)
    return old.strip(), new.strip()


def words_changed(pieces: Sequence[Piece]) -> tuple[int, int]:
    """Return how many words were removed and how many added."""
    removed = sum(count_words(each.text) for each in pieces if each.kind is PieceKind.REMOVED)
    added = sum(count_words(each.text) for each in pieces if each.kind is PieceKind.ADDED)
    return removed, added


def lines_of(
    pieces: Sequence[Piece], opened: Container[int] = frozenset(), is_whole: bool = False
) -> list[Line]:
    """Return the differences line by line, long unchanged stretches folded.

    Args:
        pieces: What was compared.
        opened: The numbers of the folds that the reader has opened.
        is_whole: Fold nothing.
    """
    lines, folds = [Line()], 0
    change_of = _numbers(pieces)
    for place, piece in enumerate(pieces):
        change = change_of.get(place, -1)
        if piece.kind is not PieceKind.SAME:
            _put_changed(lines, piece, change)
        elif change >= 0:
            _put(lines, piece.kind, piece.text, change)
        else:
            head, hidden, tail = folded(piece.text, place == 0, place == len(pieces) - 1)
            if not hidden or is_whole or folds in opened:
                _put(lines, piece.kind, piece.text)
            else:
                _put(lines, piece.kind, head.removesuffix("\n"))
                lines += [Line(fold=folds, folded=hidden), Line()]
                _put(lines, piece.kind, tail)
            folds += bool(hidden)
    # A fold at either end stands beside an empty line that nobody wrote.
    if lines[0].fold < 0 and not lines[0].spans and lines[1:] and lines[1].fold >= 0:
        del lines[0]
    if not lines[-1].spans and lines[:-1] and lines[-2].fold >= 0:
        del lines[-1]
    return lines


def folded(text: str, is_first: bool, is_last: bool) -> tuple[str, str, str]:
    """Return what is shown of an unchanged stretch before a fold, in it and after it.

    Together they are `text`. A short one is not folded.
    """
    start = 0 if is_first else _break_after(text)
    end = len(text) if is_last else _break_before(text)
    if start >= end or count_words(text[start:end]) < _FEWEST_FOLDED:
        return text, "", ""
    return text[:start], text[start:end], text[end:]


def _numbers(pieces: Sequence[Piece]) -> dict[int, int]:
    """Return the number of the change that each piece belongs to."""
    return {
        place: number
        for number, passage in enumerate(passages(pieces))
        for place in range(passage.first, passage.first + len(passage.pieces))
    }


def _break_after(text: str) -> int:
    """Return where to end what is shown of the beginning of `text`."""
    low, high = _CONTEXT - _SLACK, _CONTEXT + _SLACK
    if (line := text.find("\n", low, high)) >= 0:
        return line + 1
    if sentence := _SENTENCE_END.search(text, low, high):
        return sentence.end()
    space = text.find(" ", low, high)
    return min(len(text), space + 1 or _CONTEXT)


def _break_before(text: str) -> int:
    """Return where to begin what is shown of the end of `text`."""
    low = max(0, len(text) - _CONTEXT - _SLACK)
    high = max(0, len(text) - _CONTEXT + _SLACK)
    if (line := text.rfind("\n", low, high)) >= 0:
        return line + 1
    if sentence := _SENTENCE_END.search(text, low, high):
        return sentence.end()
    space = text.find(" ", low, high)
    return space + 1 or max(0, len(text) - _CONTEXT)


def _put_changed(lines: list[Line], piece: Piece, change: int) -> None:
    if piece.text.strip():
        _put(lines, piece.kind, piece.text, change)
        return
    # Nothing but spaces and line ends would change unseen.
    for place, part in enumerate(piece.text.split("\n")):
        if place:
            lines[-1].spans.append(Span(piece.kind, _LINE_SIGN, change))
            if piece.kind is PieceKind.ADDED:
                lines.append(Line())
        if part:
            lines[-1].spans.append(Span(piece.kind, part.translate(_SIGNS), change))


def _put(lines: list[Line], kind: PieceKind, text: str, change: int = -1) -> None:
    for place, part in enumerate(text.split("\n")):
        if place:
            lines.append(Line())
        if part:
            lines[-1].spans.append(Span(kind, part, change))
