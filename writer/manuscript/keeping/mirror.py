r"""A second copy of a text, kept by edits of whole lines; and such edits made as small as possible.

It knows no files and no threads. Lines are what `text.split("\n")` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from writer.manuscript.differing import smallest_change


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Lines `first` to `first + removed`, exclusive, become `added`."""

    first: int
    removed: int
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Splice:
    """A `LineEdit` cut down to what differs from the lines that it replaces.

    Of the replaced lines, joined, the first `front` and the last `back` characters stay and
    `middle` stands between them; a `middle` of None means that the lines go without others.
    """

    first: int
    removed: int
    front: int
    back: int
    middle: str | None


class Mirror:
    r"""A text as a list of lines.

    >>> mirror = Mirror("one\ntwo")
    >>> mirror.apply(LineEdit(1, 1, ("2", "3")))
    >>> mirror.text
    'one\n2\n3'
    """

    def __init__(self, text: str = "") -> None:
        self._lines = text.split("\n")

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self._lines)

    @property
    def lines(self) -> Sequence[str]:
        """The lines, not to be changed."""
        return self._lines

    def apply(self, edit: LineEdit) -> None:
        """Make an edit.

        Raises:
            ValueError: lines that the text does not have; it is as it was.
        """
        self._check(edit.first, edit.removed)
        self._replace(edit.first, edit.removed, _lines_of(edit.added))

    def splice(self, edit: LineEdit) -> Splice:
        """Return the smallest change that `edit` would make.

        Raises:
            ValueError: lines that the text does not have.
        """
        self._check(edit.first, edit.removed)
        old = self._lines[edit.first : edit.first + edit.removed]
        new = _lines_of(edit.added)
        start = _common_lines(old, new)
        old, new = old[start:], new[start:]
        end = _common_lines(old[::-1], new[::-1])
        old, new = old[: len(old) - end], new[: len(new) - end]
        first = edit.first + start
        if not old or not new:
            return Splice(first, len(old), 0, 0, "\n".join(new) if new else None)
        return _spliced(first, len(old), "\n".join(old), "\n".join(new))

    def apply_splice(self, splice: Splice) -> None:
        """Make a change that `splice` returned for the same text.

        Raises:
            ValueError: it does not fit; the text is as it was.
        """
        self._check(splice.first, splice.removed)
        old = "\n".join(self._lines[splice.first : splice.first + splice.removed])
        if min(splice.front, splice.back) < 0 or splice.front + splice.back > len(old):
            raise ValueError(f"there are no {splice.front} + {splice.back} characters to keep")
        new: list[str] = []
        if splice.middle is not None:
            kept_end = old[len(old) - splice.back :]
            new = f"{old[: splice.front]}{splice.middle}{kept_end}".split("\n")
        self._replace(splice.first, splice.removed, new)

    def _check(self, first: int, removed: int) -> None:
        if min(first, removed) < 0 or first + removed > len(self._lines):
            raise ValueError(f"no lines {first} to {first + removed} of {len(self._lines)}")

    def _replace(self, first: int, removed: int, added: list[str]) -> None:
        self._lines[first : first + removed] = added
        if not self._lines:  # as "".split("\n") has one
            self._lines.append("")


def difference(old: Sequence[str], new: Sequence[str]) -> LineEdit:
    """Return the edit, of as few lines as possible, that makes the lines `new` of `old`."""
    start = _common_lines(old, new)
    end = 0
    most = min(len(old), len(new)) - start
    while end < most and old[-1 - end] == new[-1 - end]:
        end += 1
    return LineEdit(start, len(old) - end - start, tuple(new[start : len(new) - end]))


def _lines_of(added: tuple[str, ...]) -> list[str]:
    if any("\n" in line for line in added):
        return "\n".join(added).split("\n")
    return list(added)


def _common_lines(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _spliced(first: int, removed: int, old: str, new: str) -> Splice:
    start, end, middle = smallest_change(old, new)
    return Splice(first, removed, start, len(old) - end, middle)
