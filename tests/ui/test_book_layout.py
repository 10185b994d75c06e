"""Our layout is Qt's own, for paragraphs: only what a change costs is another."""

import random

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QApplication

from writer.ui import book_layout
from writer.ui.book_layout import BookLayout
from writer.ui.sheet import Sheet

WORDS = ["the", "rain", "had", "not", "stopped", "since", "noon", "and", "nobody", "came", "home"]
TEXTS = {
    "nothing": "",
    "a line": "It rained.",
    "empty lines": "\n\n\nOne.\n\n\n",
    "paragraphs": "\n".join(" ".join(WORDS * n) for n in (1, 9, 3, 40, 2)),
    "headings": "# One\n\n*It* rained **hard** and "
    + " ".join(WORDS * 8)
    + ".\n\n## Two\nShe left.",
    "Chinese": "雨停了，他走进屋子。屋里没有人。" * 20 + "\n“有人吗？”他说。",
    "right to left": "שלום עולם " * 40 + "\nThen English.",
    "tabs and long words": "\tIn\tdeed " + "x" * 400 + "\n🙂 " * 5,
    "one line in pieces": " ".join(WORDS * 600),
}


def sheet(qtbot, text: str, qt: bool = False, height: int = 600) -> Sheet:
    """A sheet laid out by us, or by Qt."""
    found = Sheet()
    qtbot.addWidget(found)
    found.load(text)
    if qt:
        document = found.document()
        found.setDocument(QTextDocument(found))
        document.setDocumentLayout(None)
        found.setDocument(document)
        found.setCursorWidth(0)
        assert not isinstance(document.documentLayout(), BookLayout)
    found.resize(700, height)
    found.show()
    return found


def settle(sheet: Sheet) -> BookLayout:
    layout = sheet.document().documentLayout()
    while layout._idle.isActive():
        layout._on_idle()
    return layout


def blocks(sheet: Sheet):
    block = sheet.document().begin()
    while block.isValid():
        yield block
        block = block.next()


def places(sheet: Sheet) -> list:
    layout = sheet.document().documentLayout()
    return [layout.blockBoundingRect(block).top() for block in blocks(sheet)]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_paragraph_and_every_caret_stands_where_qt_would_have_it(text, qtbot):
    ours, qts = sheet(qtbot, text), sheet(qtbot, text, qt=True)
    settle(ours)
    assert places(ours) == places(qts)
    end = ours.document().characterCount()
    for position in range(0, end, max(1, end // 300)):
        rects = []
        for each in (ours, qts):
            cursor = each.textCursor()
            cursor.setPosition(position)
            rects.append(each.cursorRect(cursor))
        assert rects[0] == rects[1]
    assert ours.document().size() == qts.document().size()


@pytest.mark.parametrize("selected", [False, True])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_is_painted_as_qt_paints_it(text, selected, qtbot):
    if selected and text == TEXTS["right to left"]:
        pytest.skip("Qt cuts a selected space off at the margin, where we let it be seen")
    images = []
    for each in (sheet(qtbot, text), sheet(qtbot, text, qt=True)):
        if selected:
            cursor = each.textCursor()
            cursor.setPosition(min(3, each.document().characterCount() - 1))
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            each.setTextCursor(cursor)
        each.verticalScrollBar().setValue(0)
        if each.document().documentLayout().metaObject().className() == "BookLayout":
            settle(each)
        QApplication.processEvents()
        images.append(each.viewport().grab().toImage())
    assert images[0] == images[1]


def test_any_walk_of_edits_ends_as_if_laid_out_afresh(qtbot):
    chance = random.Random(4)
    page = sheet(qtbot, TEXTS["headings"] + "\n" + TEXTS["paragraphs"])
    settle(page)
    for _ in range(120):
        cursor = page.textCursor()
        end = page.document().characterCount() - 1
        cursor.setPosition(chance.randrange(end + 1))
        act = chance.randrange(5)
        if act == 0:
            cursor.insertText(chance.choice(WORDS) + " ")
        elif act == 1:
            cursor.insertText("\n".join(chance.choices(WORDS, k=chance.randrange(1, 5))))
        elif act == 2:
            there = min(end, cursor.position() + chance.randrange(60))
            cursor.setPosition(there, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        elif act == 3:
            page.undo()
        else:
            cursor.beginEditBlock()
            cursor.insertText("x\ny")
            cursor.setPosition(0)
            cursor.insertText("\n")
            cursor.endEditBlock()
        layout = page.document().documentLayout()
        assert len(layout._heights) == page.document().blockCount()
        if chance.randrange(6) == 0:
            settle(page)
            found = places(page), page.document().size()
            page.document().markContentsDirty(0, page.document().characterCount())
            settle(page)
            assert (places(page), page.document().size()) == found


BOOK = "\n".join(" ".join(WORDS * (1 + number % 7)) for number in range(3000))


def test_a_key_lays_out_its_own_paragraph_only(qtbot, monkeypatch):
    page = sheet(qtbot, BOOK)
    settle(page)
    laid = []
    whole = book_layout._lay_out_lines
    monkeypatch.setattr(
        book_layout,
        "_lay_out_lines",
        lambda block, *rest: laid.append(block.blockNumber()) or whole(block, *rest),
    )
    cursor = page.textCursor()
    cursor.setPosition(page.document().findBlockByNumber(40).position())
    for letter in "Then it rained again":
        cursor.insertText(letter)
    assert set(laid) == {40}
    page.viewport().repaint()
    assert set(laid) == {40}


def test_a_book_is_laid_out_as_it_is_seen_and_the_rest_when_idle(qtbot):
    page = sheet(qtbot, BOOK)
    layout = page.document().documentLayout()
    page.viewport().repaint()
    assert 0 < sum(layout._laid) < 300
    settle(page)
    assert all(layout._laid)
    assert layout._total == pytest.approx(sum(layout._heights))


def test_what_is_in_sight_stays_while_the_rest_is_laid_out(qtbot):
    page = sheet(qtbot, BOOK)
    cursor = page.textCursor()
    cursor.setPosition(page.document().findBlockByNumber(2000).position())
    page.setTextCursor(cursor)
    page.viewport().repaint()
    QApplication.processEvents()
    before = page.cursorRect().top()
    assert 0 <= before < page.viewport().height()
    settle(page)
    QApplication.processEvents()
    assert abs(page.cursorRect().top() - before) <= 1


DIALOGUE = "\n\n".join(" ".join(WORDS * (1 + number * 5 % 13)) for number in range(5000))


@pytest.mark.parametrize("block", [0, 700, 3333, 5000, 9998])
def test_wherever_the_caret_goes_it_is_in_sight_and_stays_there(block, qtbot):
    page = sheet(qtbot, DIALOGUE)
    QApplication.processEvents()
    cursor = page.textCursor()
    cursor.setPosition(page.document().findBlockByNumber(block).position())
    page.setTextCursor(cursor)
    before = page.cursorRect().top()
    for _ in range(3):
        page.viewport().repaint()
        QApplication.processEvents()
    assert page.viewport().rect().contains(page.cursorRect().center())
    assert abs(page.cursorRect().top() - before) <= 1
    settle(page)
    assert abs(page.cursorRect().top() - before) <= 1


def test_scrolling_up_moves_what_is_seen_by_as_much_and_no_more(qtbot):
    page = sheet(qtbot, DIALOGUE)
    bar = page.verticalScrollBar()
    cursor = page.textCursor()
    cursor.setPosition(page.document().findBlockByNumber(6000).position())
    page.setTextCursor(cursor)
    QApplication.processEvents()
    for _ in range(400):  # by the wheel, into what has not been laid out
        seen = page.cursorForPosition(page.viewport().rect().center())
        before = page.cursorRect(seen).top()
        bar.setValue(bar.value() - 60)
        page.viewport().repaint()
        QApplication.processEvents()
        assert abs(page.cursorRect(seen).top() - before - 60) <= 1


def test_the_end_can_be_reached_at_once(qtbot):
    page = sheet(qtbot, BOOK)
    page.moveCursor(QTextCursor.MoveOperation.End)
    QApplication.processEvents()
    assert page.viewport().rect().contains(page.cursorRect().center())
    settle(page)
    QApplication.processEvents()
    page.ensureCursorVisible()
    assert page.viewport().rect().contains(page.cursorRect().center())
    bar = page.verticalScrollBar()
    bar.setValue(bar.maximum())
    last = page.document().documentLayout().blockBoundingRect(page.document().lastBlock())
    assert last.bottom() <= bar.value() + page.viewport().height()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hit_on_a_line_is_qts(text, qtbot):
    ours, qts = sheet(qtbot, text), sheet(qtbot, text, qt=True)
    layout, qt_layout = settle(ours), qts.document().documentLayout()
    for block in list(blocks(ours))[:12]:
        top = layout.blockBoundingRect(block).top()
        for number in range(min(6, block.layout().lineCount())):
            line = block.layout().lineAt(number)
            for x in range(0, ours.viewport().width(), 13):
                point = QPointF(x, top + line.y() + line.height() / 2)
                found = [
                    each.hitTest(point, Qt.HitTestAccuracy.FuzzyHit) for each in (layout, qt_layout)
                ]
                assert found[0] == found[1]


def test_between_two_lines_a_hit_is_on_the_upper_one(qtbot):
    page = sheet(qtbot, " ".join(WORDS * 9))
    layout, block = settle(page), page.document().firstBlock()
    line, below = block.layout().lineAt(0), block.layout().lineAt(1)
    top = layout.blockBoundingRect(block).top()
    for y in (line.y() + 1, below.y() - 1):
        found = layout.hitTest(QPointF(60, top + y), Qt.HitTestAccuracy.FuzzyHit)
        assert 0 < found < line.textLength()


def test_no_exact_hit_beside_the_text(qtbot):
    page = sheet(qtbot, "It rained.")
    layout = settle(page)
    exact = Qt.HitTestAccuracy.ExactHit
    assert layout.hitTest(QPointF(-50, 60), exact) == -1
    assert layout.hitTest(QPointF(600, 60), exact) == -1
    assert layout.hitTest(QPointF(600, 60), Qt.HitTestAccuracy.FuzzyHit) == len("It rained.")
