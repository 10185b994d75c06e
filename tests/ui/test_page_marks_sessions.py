"""Random sessions on one page: marks are always true, and undone and redone exactly."""

import random

import pytest
from PySide6.QtCore import Qt

from tests.ui.marked_pages import (
    key,
    open_page,
    put_caret,
    said,
    take,
)
from writer.ui.page_marks import PageMarks
from writer.ui.utf16 import UnitMap


@pytest.fixture
def page(qtbot):
    with open_page(qtbot) as page:
        yield page


@pytest.fixture
def marks(page):
    return PageMarks(page)


@pytest.mark.parametrize("seed", range(12))
def test_random_sessions_and_all_of_them_undone_and_redone(page, marks, seed):
    """Whatever happens, marks say what their origins said; undone and redone, all is as it was."""
    chance = random.Random(seed)
    page.load("It was late.\nNobody came. 他走了。\n" * 3)
    states = {}

    def note():
        # Qt may make one step of several edits: the last state of it counts.
        states[page.document().availableUndoSteps()] = (page.read(), tuple(said(page, marks)))

    note()
    for number in range(40):
        place = somewhere(chance, page)
        what = chance.random()
        put_caret(page, place)
        if what < 0.4:
            text = chance.choice((" and the rain fell.", "走进了屋子。", " so 😀 it\nwas then"))
            take(page, marks, text, name=f"{number}")
        elif what < 0.6:
            page.insert(chance.choice(("x", " ", "说", "\n", "一😀", "word ")))
        elif what < 0.8:
            key(page, chance.choice((Qt.Key.Key_Backspace, Qt.Key.Key_Delete)))
        elif what < 0.9:
            put_caret(page, somewhere(chance, page, place), anchor=place)
            page.cut()
        else:
            page.paste()
        note()
    while page.document().isUndoAvailable():
        page.undo()
        check(page, marks, states)
    while page.document().isRedoAvailable():
        page.redo()
        check(page, marks, states)


def somewhere(chance, page, near=None):
    """A place between two characters, or one some letters after another."""
    text = page.read()
    first = 0 if near is None else UnitMap(text).to_code_points(near)
    last = len(text) if near is None else min(len(text), first + 12)
    return UnitMap(text).to_units(chance.randint(first, last))


def check(page, marks, states):
    text, marked = page.read(), tuple(said(page, marks))
    known = states.get(page.document().availableUndoSteps())
    if known and known[0] == text:
        assert marked == known[1]
