"""The page takes plain text exactly, and reports what happens to it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QFont, QInputMethodEvent, QKeyEvent, QTextCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from writer.places import resources
from writer.ui.editor import Page
from writer.ui.palette import load_palette
from writer.ui.paragraphs import LONGEST


@pytest.fixture
def page(qtbot):
    page = Page()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    page.activateWindow()
    page.setFocus()
    QApplication.processEvents()
    return page


@pytest.fixture
def edits(page):
    found = []
    page.edited.connect(lambda *edit: found.append(edit))
    return found


def put_caret(page, position, anchor=None):
    cursor = page.textCursor()
    cursor.setPosition(position if anchor is None else anchor)
    cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
    page.setTextCursor(cursor)


def font(size_px):
    found = QFont("Serif")
    found.setPixelSize(size_px)
    return found


def test_every_edit_is_reported_with_its_text(page, edits):
    QTest.keyClicks(page, "ab")
    QTest.keyClick(page, Qt.Key.Key_Return)
    page.insert("\u00a0😀\r")
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert edits == [
        (0, 0, "a"),
        (1, 0, "b"),
        (2, 0, "\n"),
        (3, 0, "\u00a0😀\r"),
        (6, 1, ""),
    ]
    assert page.read() == "ab\n\u00a0😀"


def test_loading_and_looks_are_no_edits(page, edits):
    page.load("one\n\ntwo *three*\n" * 50)
    for name in ("light", "dark"):
        page.set_appearance(load_palette(resources() / "themes", name), font(22))
    page.show_emphasis(False)
    page.resize(500, 400)
    assert edits == []
    assert not page.document().isModified()
    assert not page.document().isUndoAvailable()


def test_another_look_keeps_text_undo_and_caret(page):
    page.load("one\ntwo\n" * 200)
    put_caret(page, 700)
    QTest.keyClicks(page, "x")
    text, caret = page.read(), page.caret()
    page.set_appearance(load_palette(resources() / "themes", "dark"), font(25))
    assert (page.read(), page.caret()) == (text, caret)
    assert page.viewport().rect().contains(page.cursorRect().center())
    page.undo()
    assert page.read() == "one\ntwo\n" * 200


def test_only_moves_that_are_no_edits_are_reported_as_moves(page):
    page.load("one two")
    moves = []
    page.caret_moved.connect(lambda: moves.append(page.caret()))
    QTest.keyClicks(page, "ab")
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    QTest.keyClick(page, Qt.Key.Key_Return)
    QTest.keyClick(page, Qt.Key.Key_Delete)
    assert moves == []
    QTest.keyClick(page, Qt.Key.Key_Right)
    assert moves == [3]


def test_handlers_are_asked_first_and_in_order(page):
    asked = []
    page.key_handlers.append(lambda event: asked.append("one") is not None)
    page.key_handlers.append(lambda event: event.key() == Qt.Key.Key_Tab)
    QTest.keyClick(page, Qt.Key.Key_Tab)
    assert (asked, page.read()) == (["one"], "")
    page.key_handlers.clear()
    QTest.keyClick(page, Qt.Key.Key_Tab)
    assert page.read() == "\t"


def test_tab_never_leaves_the_page(page):
    for modifier in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        QTest.keyClick(page, Qt.Key.Key_Tab, modifier)
        assert page.hasFocus()
    assert page.read() == "\t"


def test_one_insertion_is_one_undo_step(page):
    page.load("The end")
    put_caret(page, 3)
    QTest.keyClicks(page, " a")
    page.insert(" very\nlong")
    assert page.read() == "The a very\nlong end"
    page.undo()
    assert page.read() == "The a end"
    page.undo()
    assert page.read() == "The end"
    page.redo()
    page.redo()
    assert page.read() == "The a very\nlong end"


def test_typing_a_heading_takes_its_indent_and_every_undo_still_undoes_text(page, edits):
    page.load("text\n")
    put_caret(page, 5)
    assert page.document().lastBlock().blockFormat().textIndent() > 0
    QTest.keyClicks(page, "# Two")
    assert page.document().lastBlock().blockFormat().textIndent() == 0
    assert "".join(added for *_, added in edits) == "# Two"
    texts = [page.read()]
    while page.document().isUndoAvailable():
        page.undo()
        texts.append(page.read())
    assert len(set(texts)) == len(texts)
    assert texts[-1] == "text\n"
    assert page.document().lastBlock().blockFormat().textIndent() > 0
    while page.document().isRedoAvailable():
        page.redo()
    assert page.read() == "text\n# Two"


def test_a_composition_is_reported_when_it_is_committed_and_exactly(page, edits):
    page.load("one two")
    put_caret(page, 3, anchor=0)
    for preedit, commit in (("n", ""), ("ni", ""), ("", "你")):
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(commit)
        QApplication.sendEvent(page, event)
    assert page.read() == "你 two"
    assert edits == [(0, 3, ""), (0, 0, "你")]


@pytest.mark.parametrize("text", ["a\u00a0b", "a\nb\n", "x\u2028y", "\rlone", "中文😀", "\tz"])
def test_copy_and_paste_are_exact(page, text):
    page.load(text)
    page.selectAll()
    page.copy()
    page.load("")
    page.paste()
    assert page.read() == text


def test_pasted_text_is_plain_and_windows_line_ends_are_line_ends(page):
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("one\r\ntwo")
    page.insertFromMimeData(data)
    assert page.read() == "one\ntwo"
    assert page.textCursor().charFormat().fontWeight() == QFont.Weight.Normal


def test_a_file_is_announced_and_not_inserted(page, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp/novel.txt")])
    with qtbot.waitSignal(page.file_dropped) as dropped:
        page.insertFromMimeData(data)
    assert dropped.args == [Path("/tmp/novel.txt")]
    assert page.read() == ""


def test_the_column_is_centred_and_uses_what_a_narrow_window_has(page, qtbot):
    page.set_appearance(load_palette(resources() / "themes", "light"), font(18))
    for width in (1600, 1000, 300):
        page.resize(width, 600)
        QApplication.processEvents()
        view = page.viewport().geometry()
        assert page.document().textWidth() == view.width()
        assert abs((view.left() + view.right()) / 2 - width / 2) < 10
        if width > 900:
            assert 520 < view.width() < 720
        else:
            assert view.width() > 270


def test_the_text_fits_the_column_from_the_first_show(qtbot):
    page = Page()
    qtbot.addWidget(page)
    page.set_appearance(load_palette(resources() / "themes", "light"), font(18))
    page.resize(1000, 600)
    page.show()
    assert page.document().textWidth() == page.viewport().width() < 800


def test_the_page_beside_the_column_belongs_to_the_page(page):
    page.resize(1600, 600)
    page.load("one\ntwo\nthree")
    QApplication.processEvents()
    margin = QPoint(10, page.viewport().y() + page.cursorRect().center().y())
    QTest.mouseClick(page, Qt.MouseButton.LeftButton, pos=QPoint(1590, margin.y()))
    assert page.caret() == 3
    QTest.mouseClick(page, Qt.MouseButton.LeftButton, pos=margin)
    assert page.caret() == 0


def test_ctrl_and_wheel_ask_for_another_size(page, qtbot):
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    with qtbot.waitSignal(page.zoom_requested) as zoom:
        QApplication.sendEvent(page.viewport(), event)
    assert zoom.args == [1]


def test_the_caret_keeps_air_below_it(page):
    page.load("line\n" * 300)
    for _ in range(60):
        QTest.keyClick(page, Qt.Key.Key_Down)
    assert page.cursorRect().bottom() < page.viewport().height() - 40


def test_keys_at_the_joins_of_a_long_line(page):
    line = "".join(f"{number} " for number in range(LONGEST // 2))
    page.load(line)
    join = page.document().begin().next().position()
    units = join - 1
    put_caret(page, join)
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert page.read() == line[: units - 1] + line[units:]
    page.undo()
    assert page.read() == line
    put_caret(page, join + 7, anchor=join)
    QTest.keyClicks(page, "x")
    assert page.read() == line[:units] + "x" + line[units + 7 :]
    page.undo()
    page.undo()
    put_caret(page, join)
    QTest.keyClick(page, Qt.Key.Key_Return)
    assert page.read() == line[:units] + "\n" + line[units:]
    QTest.keyClick(page, Qt.Key.Key_Backspace)
    assert page.read() == line


def test_typing_over_whole_pieces_keeps_the_line_ends_around_them(page):
    line = "word " * LONGEST
    page.load(f"before\n{line}\nafter")
    third = page.document().findBlockByNumber(3)
    put_caret(page, third.position() + 5, anchor=7)
    QTest.keyClicks(page, "x")
    rest = line[len(page.document().findBlockByNumber(1).text()) :]
    assert page.read().startswith("before\nxword ")
    assert page.read().endswith(rest[-100:] + "\nafter")
    assert page.read().count("\n") == 2
    while page.document().isUndoAvailable():
        page.undo()
    assert page.read() == f"before\n{line}\nafter"


def test_the_caret_is_drawn_in_the_accent(page):
    palette = load_palette(resources() / "themes", "light")
    page.set_appearance(palette, font(18))
    image = page.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    caret = page.cursorRect()
    colour = image.pixelColor(int(caret.left() * ratio), int(caret.center().y() * ratio))
    assert colour == QColor(palette.accent)


def test_a_modifier_alone_disturbs_nothing(page):
    page.load("one")
    page.ghost.show(0, "ghost")
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    QApplication.sendEvent(page, event)
    assert page.ghost.is_visible


def test_the_menu_offers_what_can_be_done(page):
    from writer.ui.page_menu import page_menu

    page.load("one")
    page.selectAll()
    menu = page_menu(page)
    enabled = {action.text() for action in menu.actions() if action.isEnabled() and action.text()}
    assert {"Cu&t", "&Copy", "Select &All"} <= enabled
    assert "&Undo" not in enabled
    next(action for action in menu.actions() if action.text() == "Cu&t").trigger()
    assert page.read() == ""
    menu.close()
