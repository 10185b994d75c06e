"""The ghost is seen and never there."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QFont, QInputMethodEvent, QKeySequence, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from writer.ui.editor import Page

TEXT = "The rain had not stopped for three days.\nShe stood at the *window* of the house.\nThe end."
CARET = TEXT.index(" stood")
GHOST = " had not slept, and the lamp had burned down to nothing before she rose to go"


@pytest.fixture
def page(qtbot):
    page = Page()
    qtbot.addWidget(page)
    font = QFont("Serif")
    font.setPixelSize(18)
    page.setFont(font)
    page.load(TEXT)
    page.resize(700, 500)
    page.show()
    page.activateWindow()
    page.setFocus()
    QApplication.processEvents()
    place_caret(page, CARET)
    page.ghost.set_colour(QColor("gray"))
    return page


def place_caret(page, position):
    cursor = page.textCursor()
    cursor.setPosition(position)
    page.setTextCursor(cursor)


def areas(page):
    """Return every preedit text in the document: what is drawn but not text."""
    document = page.document()
    blocks = (document.findBlockByNumber(number) for number in range(document.blockCount()))
    return [area for block in blocks if (area := block.layout().preeditAreaText())]


def state(page):
    cursor, document = page.textCursor(), page.document()
    return (
        page.read(),
        (cursor.position(), cursor.anchor()),
        document.isModified(),
        document.availableUndoSteps(),
        document.availableRedoSteps(),
    )


def test_it_is_drawn_and_is_no_part_of_the_document(page):
    before = state(page)
    page.ghost.show(page.caret(), GHOST)
    assert areas(page) == [GHOST]
    assert state(page) == before
    assert page.toPlainText() == TEXT
    page.selectAll()
    assert page.textCursor().selectedText().replace("\u2029", "\n") == TEXT


def test_it_wraps_and_moves_nothing_above(page):
    layout, last = page.document().documentLayout(), page.document().lastBlock()
    above = page.cursorRect()
    below = layout.blockBoundingRect(last).top()
    page.ghost.show(page.caret(), GHOST)
    assert page.cursorRect() == above
    assert layout.blockBoundingRect(last).top() > below
    page.ghost.clear()
    assert layout.blockBoundingRect(last).top() == below
    assert areas(page) == []


def test_line_ends_break_the_line_within_the_paragraph(page):
    page.ghost.show(page.caret(), " one\ntwo")
    assert areas(page) == [" one\u2028two"]
    assert page.ghost.text == " one\ntwo"


def test_growing_it_replaces_it(page):
    for length in range(1, len(GHOST)):
        page.ghost.show(page.caret(), GHOST[:length])
        assert areas(page) == [GHOST[:length]]


def test_showing_it_elsewhere_leaves_nothing_behind(page):
    page.ghost.show(page.caret(), GHOST)
    page.ghost.show(3, " elsewhere")
    assert areas(page) == [" elsewhere"]


def test_typing_what_it_says_shortens_it(page, qtbot):
    page.ghost.show(page.caret(), " 😀 smiled")
    page.edited.connect(lambda position, removed, added: page.ghost.type_through(added))
    for typed, left in ((" ", "😀 smiled"), ("😀", " smiled"), (" ", "smiled"), ("s", "miled")):
        QTest.keyClicks(page, typed) if typed.isascii() else page.insert(typed)
        assert page.ghost.text == left
        assert page.ghost.position == page.caret()
        assert areas(page) == [left]
    assert page.read() == TEXT[:CARET] + " 😀 s" + TEXT[CARET:]


def test_type_through_refuses_what_disagrees_and_what_leaves_nothing(page):
    page.ghost.show(page.caret(), " he")
    for typed in ("x", " he", " hex", ""):
        assert not page.ghost.type_through(typed)
        assert page.ghost.text == " he"


def test_typing_anything_else_takes_it_away(page, qtbot):
    page.ghost.show(page.caret(), GHOST)
    with qtbot.waitSignal(page.ghost.vanished):
        QTest.keyClicks(page, "x")
    assert areas(page) == []


KEYS = [
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
]
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
]


@pytest.mark.parametrize("modifier", MODIFIERS)
@pytest.mark.parametrize("key", KEYS)
def test_every_key_does_what_it_does_without_a_ghost(page, key, modifier):
    QTest.keyClick(page, key, modifier)
    expected = state(page)
    page.load(TEXT)
    place_caret(page, CARET)
    page.ghost.show(CARET, GHOST)
    QTest.keyClick(page, key, modifier)
    assert state(page) == expected
    assert areas(page) == ([page.ghost.text] if page.ghost.is_visible else [])


@pytest.mark.parametrize("name", ["Undo", "Redo", "Cut", "Copy", "SelectAll", "Paste"])
def test_every_command_does_what_it_does_without_a_ghost(page, name):
    def command(with_ghost):
        page.load(TEXT)
        place_caret(page, CARET)
        QTest.keyClicks(page, "xy")
        QTest.keySequence(page, QKeySequence(QKeySequence.StandardKey.Undo))
        QApplication.clipboard().setText("pasted")
        if with_ghost:
            page.ghost.show(page.caret(), GHOST)
        QTest.keySequence(page, QKeySequence(getattr(QKeySequence.StandardKey, name)))
        return state(page)

    assert command(with_ghost=True) == command(with_ghost=False)


def test_leaving_and_entering_the_page_keeps_it(page):
    page.ghost.show(page.caret(), GHOST)
    before = state(page)
    page.clearFocus()
    assert not page.hasFocus()
    page.setFocus()
    assert state(page) == before
    assert areas(page) == [GHOST]


@pytest.mark.parametrize("aim", [2, CARET + 9, len(TEXT) - 3])
def test_a_click_goes_to_what_was_seen_there(page, aim):
    page.ghost.show(page.caret(), GHOST)
    # Where a reader sees the character: by the layout, which counts the ghost's letters.
    block = page.document().findBlock(aim)
    offset = aim - block.position()
    if block == page.document().findBlock(CARET) and aim > CARET:
        offset += len(GHOST)
    line = block.layout().lineForTextPosition(offset)
    x = line.cursorToX(offset)
    x = x[0] if isinstance(x, tuple) else x
    place = page.document().documentLayout().blockBoundingRect(block).topLeft()
    at = place + line.position() + QPointF(0, line.height() / 2)
    point = QPoint(round(x + place.x()), round(at.y()))
    point -= QPoint(0, page.verticalScrollBar().value())
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert page.caret() == aim
    assert not page.textCursor().hasSelection()
    assert areas(page) == []
    assert page.read() == TEXT
    assert not page.document().isModified()


def test_a_composition_takes_its_place_and_leaves_nothing(page, qtbot):
    page.ghost.show(page.caret(), GHOST)
    with qtbot.waitSignal(page.composition_changed) as began:
        QApplication.sendEvent(page, QInputMethodEvent("ni", []))
    assert began.args == [True]
    assert page.is_composing
    assert areas(page) == ["ni"]
    assert not page.ghost.is_visible
    commit = QInputMethodEvent("", [])
    commit.setCommitString("你")
    with qtbot.waitSignal(page.composition_changed) as ended:
        QApplication.sendEvent(page, commit)
    assert ended.args == [False]
    assert areas(page) == []
    assert page.read() == TEXT[:CARET] + "你" + TEXT[CARET:]
    page.undo()
    assert page.read() == TEXT


def test_an_empty_input_method_event_leaves_it(page):
    page.ghost.show(page.caret(), GHOST)
    before = state(page)
    QApplication.sendEvent(page, QInputMethodEvent())
    assert areas(page) == [GHOST]
    assert state(page) == before


def test_nothing_is_shown_over_a_composition(page):
    QApplication.sendEvent(page, QInputMethodEvent("ni", []))
    page.ghost.show(page.caret(), GHOST)
    assert areas(page) == ["ni"]
    assert not page.ghost.is_visible


def test_what_an_input_method_commits_can_agree_with_it(page):
    page.ghost.show(page.caret(), "你好")
    page.edited.connect(lambda position, removed, added: page.ghost.type_through(added))
    commit = QInputMethodEvent("", [])
    commit.setCommitString("你")
    QApplication.sendEvent(page, commit)
    assert areas(page) == ["好"]


def test_it_survives_resizing_scrolling_and_another_look(page):
    page.ghost.show(page.caret(), GHOST)
    page.resize(420, 300)
    page.verticalScrollBar().setValue(20)
    page.show_emphasis(False)
    page.show_emphasis(True)
    assert areas(page) == [GHOST]
    page.ghost.clear()
    assert areas(page) == []


def test_a_caret_set_elsewhere_takes_it_away(page, qtbot):
    page.ghost.show(page.caret(), GHOST)
    with qtbot.waitSignal(page.ghost.vanished):
        page.moveCursor(QTextCursor.MoveOperation.End)
    assert areas(page) == []


def test_loading_another_text_forgets_it(page):
    page.ghost.show(page.caret(), GHOST)
    page.load("new")
    assert not page.ghost.is_visible
    assert areas(page) == []


def test_screen_readers_can_be_told(page, monkeypatch):
    told = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", told.append)
    page.ghost.announce("had not slept")
    assert [event.message() for event in told] == ["had not slept"]
