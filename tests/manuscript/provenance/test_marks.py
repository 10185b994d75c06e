"""Marks follow every edit as a slow model does that marks each unit of the text by itself."""

import random
from itertools import pairwise

import pytest

from writer.manuscript.provenance.marks import Mark, Marks
from writer.manuscript.provenance.origin import Conditions, Origin

CONDITIONS = Conditions("m", "f", "fp32", "cpu", "c", {})


def origin(name="a", text=""):
    return Origin.under(name, CONDITIONS, 1, 0, text)


ORIGINS = [origin(name) for name in "abc"]


class Slow:
    """One entry a unit: None, or whose it is and which unit of that it is."""

    def __init__(self, length):
        self.units = [None] * length

    def add(self, start, end, origin, into):
        self.units[start:end] = [(origin.id, into + each) for each in range(end - start)]

    def edit(self, position, removed, added):
        self.units[position : position + removed] = [None] * added

    def free(self, start, end):
        self.units[start:end] = [None] * (end - start)


def units_of(marks, length):
    units = [None] * length
    for mark in marks:
        for each in range(mark.length):
            assert units[mark.start + each] is None
            units[mark.start + each] = (mark.origin.id, mark.into + each)
    return units


def check(marks, slow):
    found = marks.snapshot()
    assert units_of(found, len(slow.units)) == slow.units
    assert all(mark.start < mark.end for mark in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert len(found) == len(marks)


@pytest.mark.parametrize("seed", range(60))
def test_random_scripts_agree_with_the_slow_model(seed):
    chance = random.Random(seed)
    marks, slow = Marks(), Slow(60)
    for _ in range(150):
        length = len(slow.units)
        start = chance.randint(0, length)
        end = min(length, start + chance.choice((0, 1, 1, 2, 5, 20)))
        what = chance.random()
        if what < 0.35 and end > start:
            whose, into = chance.choice(ORIGINS), chance.randrange(3)
            marks.add(start, end, whose, into)
            slow.add(start, end, whose, into)
        elif what < 0.85:
            added = chance.choice((0, 0, 1, 1, 3, 10))
            before = slow.units[start:end]
            lost = marks.edit(start, end - start, added)
            assert units_of([mark.moved(-start) for mark in lost], end - start) == before
            slow.edit(start, end - start, added)
        else:
            before = slow.units[start:end]
            lost = marks.free(start, end)
            assert units_of([mark.moved(-start) for mark in lost], end - start) == before
            slow.free(start, end)
        check(marks, slow)
        ask(chance, marks, slow)


def ask(chance, marks, slow):
    length = len(slow.units)
    start = chance.randint(0, length)
    end = chance.randint(start, length)
    whole = marks.snapshot()
    assert marks.between(start, end) == tuple(
        mark for mark in whole if mark.start < end and mark.end > start
    )
    place = chance.randint(0, length)
    found = marks.at(place)
    assert found == next((mark for mark in whole if mark.start <= place < mark.end), None)
    margin = chance.choice((0, 0, 3))
    near = any(mark.start <= end + margin and mark.end >= start - margin for mark in whole)
    assert marks.touches(start, end - start, margin) == near
    assert marks.snapshot() == whole


def test_taking_word_by_word_makes_one_mark():
    marks = Marks()
    marks.add(5, 10, ORIGINS[0], 2)
    marks.add(10, 12, ORIGINS[0], 7)
    marks.add(2, 5, ORIGINS[1], 0)
    assert marks.snapshot() == (Mark(2, 5, ORIGINS[1], 0), Mark(5, 12, ORIGINS[0], 2))


def test_a_gap_that_is_filled_again_makes_one_mark():
    marks = Marks([Mark(0, 10, ORIGINS[0], 0)])
    lost = marks.edit(4, 3, 0)
    assert marks.snapshot() == (Mark(0, 4, ORIGINS[0], 0), Mark(4, 7, ORIGINS[0], 7))
    marks.edit(4, 0, 3)
    for mark in lost:
        marks.add(mark.start, mark.end, mark.origin, mark.into)
    assert marks.snapshot() == (Mark(0, 10, ORIGINS[0], 0),)


def test_what_is_typed_in_and_deleted_again_leaves_one_mark():
    marks = Marks([Mark(0, 10, ORIGINS[0], 0)])
    marks.edit(4, 0, 1)
    assert len(marks) == 2
    marks.edit(4, 1, 0)
    assert marks.snapshot() == (Mark(0, 10, ORIGINS[0], 0),)


def test_an_empty_mark_is_refused():
    with pytest.raises(ValueError, match="no span"):
        Marks().add(3, 3, ORIGINS[0])
