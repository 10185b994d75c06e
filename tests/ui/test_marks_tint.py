"""The tint shows what was suggested, and the pointer is told where it comes from."""

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from tests.ui.marked_pages import (
    open_page,
    put_caret,
    take,
)
from writer.ui.page_marks import PageMarks
from writer.ui.utf16 import units


@pytest.fixture
def page(qtbot):
    with open_page(qtbot) as page:
        yield page


@pytest.fixture
def marks(page):
    return PageMarks(page)


@pytest.fixture
def rain(page, marks):
    """A page that says “The rain fell on the roof.”, of which all from “ fell” was taken."""
    QTest.keyClicks(page, "The rain")
    take(page, marks, " fell on the roof.")


def test_the_tint_lies_below_marked_words_and_nothing_else(page, marks, rain):
    def inked(position):
        """Whether there is a tint below the left edge of a letter of the first line."""
        ghost = page.ghost
        shift = units(ghost.text) if ghost.is_visible and position >= ghost.position else 0
        line = page.document().begin().layout().lineAt(0)
        corner = page.document().documentLayout().blockBoundingRect(page.document().begin())
        spot = corner.topLeft() + QPointF(line.cursorToX(position + shift)[0] + 1, 2)
        image = page.viewport().grab().toImage()
        found = image.pixelColor((spot * image.devicePixelRatio()).toPoint())
        return found != page.palette().base().color()

    space = len("The rain fell")
    assert not inked(space)
    marks.show(True)
    assert inked(space)
    assert not inked(3)
    page.ghost.show(page.caret(), " and fell")
    assert inked(space)
    put_caret(page, len("The rain fell on"))
    page.ghost.show(page.caret(), " and on and on")
    assert inked(space)
    put_caret(page, 2)
    page.ghost.show(2, " and whatever else there was, and more")
    assert inked(space)
    assert not inked(3)
    page.ghost.vanish()
    marks.show(False)
    assert not inked(space)


def test_the_pointer_at_rest_is_told_where_a_word_comes_from(page, marks, rain):
    marks.show(True)
    cursor = page.textCursor()
    cursor.setPosition(len("The rain fe"))
    at = page.cursorRect(cursor).center()
    tip = QHelpEvent(QEvent.Type.ToolTip, at, page.viewport().mapToGlobal(at))
    QApplication.sendEvent(page.viewport(), tip)
    assert "A model" in QToolTip.text()
    assert "2026" in QToolTip.text()
    QToolTip.hideText()
