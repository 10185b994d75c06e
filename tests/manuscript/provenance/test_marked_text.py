"""Undo and redo give exactly the marks and counts that were there, at every step."""

import random

import pytest

from writer.manuscript.provenance.marked_text import MarkedText
from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.origin import Conditions, Origin

CONDITIONS = Conditions("m", "f", "fp32", "cpu", "c", {})


@pytest.mark.parametrize("seed", range(40))
def test_random_scripts_are_undone_and_redone_exactly(seed):
    chance = random.Random(seed)
    marked, length, steps = MarkedText(), 30, 0
    states = [(0, 30, marked.marks.snapshot(), marked.taken)]
    for number in range(60):
        if chance.random() < 0.25 and len(states) > 1:
            length, steps = walk(chance, marked, states)
            continue
        start = chance.randint(0, length)
        removed = chance.choice((0, 0, min(4, length - start)))
        added = chance.choice((1, 1, 5))
        steps += chance.choice((0, 1, 3)) if len(states) > 1 else 1
        del states[[state[0] for state in states].index(states[-1][0]) + 1 :]
        marked.edit(start, removed, added, steps)
        length += added - removed
        what = chance.random()
        if what < 0.4:
            origin = Origin.under(f"{number}", CONDITIONS, 1, 0, "")
            marked.fill(Mark(start, start + added, origin, 0))
            marked.count(origin.id, added)
        elif what < 0.8:
            marked.free(max(0, start - 2), min(length, start + added + 2))
        state = (steps, length, marked.marks.snapshot(), marked.taken)
        if states[-1][0] == steps:
            states[-1] = state  # one step with what came before it
        else:
            states.append(state)
    walk(chance, marked, states)


def walk(chance, marked, states):
    """Go back some steps, then forth again some of them, and stay there."""
    at = len(states) - 1
    back = chance.randint(0, at)
    for target in [*range(at - 1, back - 1, -1), *range(back + 1, chance.randint(back, at) + 1)]:
        steps, length, marks, taken = states[target]
        step = marked.undo if target < at else marked.redo
        assert step(steps) == length - states[at][1]
        assert (marked.marks.snapshot(), marked.taken) == (marks, taken)
        at = target
    del states[at + 1 :]  # the next edit makes an end of what could be redone
    return states[at][1], states[at][0]


def test_typing_on_is_one_note():
    marked = MarkedText()
    for place in range(1000):
        marked.edit(place, 0, 1, 1)
    assert len(marked._undoable) == 1
    assert marked.undo(0) == -1000
