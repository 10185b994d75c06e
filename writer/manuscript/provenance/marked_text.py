"""The marks of one open text and how many words were taken, which undo and redo take back exactly.

Each edit is noted with what it did to the marks. Undo and redo do not tell what they undo, only
how many steps can be undone then: so each edit is noted with that number, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from writer.manuscript.provenance.marks import Mark, Marks


@dataclass(slots=True)
class _Edit:
    """One edit, and what became of the marks in it and after it."""

    position: int
    removed: int
    added: int
    steps: int
    """How many steps could be undone after it."""
    lost: Sequence[Mark]
    """Where they were before it."""
    done: list[tuple[bool, Mark]] = field(default_factory=list)
    """What was marked (true) or freed after it, one after the other."""
    taken: list[tuple[str, int]] = field(default_factory=list)
    """Words that were taken, by the origin's id."""


class MarkedText:
    """What is known of the words that were taken into one text. Positions are `Marks`' own."""

    def __init__(self, marks: Marks | None = None, taken: Mapping[str, int] | None = None) -> None:
        self._marks = Marks() if marks is None else marks
        self._taken = dict(taken or {})
        self._undoable: list[_Edit] = []
        self._redoable: list[_Edit] = []

    @property
    def marks(self) -> Marks:
        """The marks, to be asked only."""
        return self._marks

    @property
    def taken(self) -> dict[str, int]:
        """How many words were ever taken and not undone, by the origin's id."""
        return {origin: words for origin, words in self._taken.items() if words > 0}

    def edit(self, position: int, removed: int, added: int, steps: int) -> tuple[Mark, ...]:
        """Follow an edit, after which so many steps can be undone; return what was marked there."""
        self._redoable.clear()
        lost = self._marks.edit(position, removed, added)
        if not lost and not removed and self._types_on(position, steps):
            self._undoable[-1].added += added
            return lost
        self._undoable.append(_Edit(position, removed, added, steps, lost))
        return lost

    def free(self, start: int, end: int) -> tuple[Mark, ...]:
        """Let a range be the writer's, because of the last edit; return what was marked there."""
        freed = self._marks.free(start, end)
        if self._undoable:
            self._undoable[-1].done += [(False, mark) for mark in freed]
        return freed

    def fill(self, mark: Mark) -> None:
        """Mark what of a span is not marked yet, because of the last edit."""
        for gap in self._marks.gaps(mark):
            self._marks.add(*gap)
            if self._undoable:
                self._undoable[-1].done.append((True, gap))

    def count(self, origin: str, words: int) -> None:
        """Count words that were taken with the last edit."""
        self._count(origin, words)
        if self._undoable:
            self._undoable[-1].taken.append((origin, words))

    def undo(self, steps: int) -> int:
        """Take back the edits that were undone, now that so many steps are left to undo.

        Returns by how much the text has grown by that.
        """
        grown = 0
        while self._undoable and self._undoable[-1].steps > steps:
            edit = self._undoable.pop()
            for is_marked, mark in reversed(edit.done):
                self._apply(not is_marked, mark)
            self._marks.edit(edit.position, edit.added, edit.removed)
            for mark in edit.lost:
                self._marks.add(*mark)
            for origin, words in edit.taken:
                self._count(origin, -words)
            grown += edit.removed - edit.added
            self._redoable.append(edit)
        return grown

    def redo(self, steps: int) -> int:
        """Do the edits again that were redone, now that so many steps can be undone.

        Returns by how much the text has grown by that.
        """
        grown = 0
        while self._redoable and self._redoable[-1].steps <= steps:
            edit = self._redoable.pop()
            self._marks.edit(edit.position, edit.removed, edit.added)
            for is_marked, mark in edit.done:
                self._apply(is_marked, mark)
            for origin, words in edit.taken:
                self._count(origin, words)
            grown += edit.added - edit.removed
            self._undoable.append(edit)
        return grown

    def start_anew(self, marks: Sequence[Mark]) -> None:
        """Have these marks, and forget what could be undone."""
        self._marks.replace(marks)
        self._undoable.clear()
        self._redoable.clear()

    def _types_on(self, position: int, steps: int) -> bool:
        """Return whether an insertion goes on where the last edit has ended, in the same step."""
        if not self._undoable:
            return False
        last = self._undoable[-1]
        is_plain = not (last.lost or last.done or last.taken)
        return is_plain and last.steps == steps and position == last.position + last.added

    def _apply(self, is_marked: bool, mark: Mark) -> None:
        if is_marked:
            self._marks.add(*mark)
        else:
            self._marks.free(mark.start, mark.end)

    def _count(self, origin: str, words: int) -> None:
        self._taken[origin] = self._taken.get(origin, 0) + words
