"""Emphasis is shown, never written."""

import pytest
from PySide6.QtGui import QColor, QFont

from writer.ui.editor import Page


@pytest.fixture
def page(qtbot):
    page = Page()
    qtbot.addWidget(page)
    return page


def looks(page, block=0):
    """Return (start, end, italic, bold) in UTF-16 units for the styled stretches of a paragraph."""
    layout = page.document().findBlockByNumber(block).layout()
    return [
        (
            found.start,
            found.start + found.length,
            found.format.fontItalic(),
            found.format.fontWeight() == QFont.Weight.Bold,
        )
        for found in layout.formats()
    ]


def test_emphasis_is_shown_and_the_text_untouched(page):
    page.load("she *did* **not** go")
    assert (5, 8, True, False) in looks(page)
    assert (12, 15, False, True) in looks(page)
    assert page.read() == "she *did* **not** go"
    assert not page.document().isModified()
    assert not page.document().isUndoAvailable()


def test_offsets_count_utf16_units(page):
    page.load("😀😀 *did*")
    assert (6, 9, True, False) in looks(page)


def test_typing_a_sign_restyles_the_paragraph(page, qtbot):
    page.load("a *b\nnext")
    assert looks(page) == []
    page.replace(4, 4, "*")
    assert (3, 4, True, False) in looks(page)


def test_headings_are_bold_and_larger(page):
    page.load("# One\ntext")
    assert all(bold for *_, bold in looks(page))
    layout = page.document().begin().layout()
    assert (
        layout.boundingRect().height()
        > page.document().lastBlock().layout().boundingRect().height()
    )


def test_a_piece_of_a_long_line_is_no_heading(page):
    page.load("# " * 9_000)
    assert page.document().blockCount() > 2
    assert looks(page, 1) == []


def test_it_can_be_switched_off_and_on(page):
    page.load("she *did*")
    page.show_emphasis(False)
    assert looks(page) == []
    page.show_emphasis(True)
    assert (5, 8, True, False) in looks(page)
    assert not page.document().isModified()


def test_the_ghost_moves_the_styles_behind_it_and_gives_them_back(page):
    page.load("go *now* then")
    before = looks(page)
    page.ghost.set_colour(QColor("gray"))
    page.ghost.show(2, " quickly")
    assert (12, 15, True, False) in looks(page)
    page.ghost.clear()
    assert looks(page) == before
