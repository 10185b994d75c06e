import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextEdit, QVBoxLayout, QWidget

from writer.ui.find_bar import FindBar

TEXT = "The rain 😀 the rain\nand the\u00a0wind, other"


class Page:
    """An editor with its bar, and what a writer does with them."""

    def __init__(self, qtbot, text: str) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        self.editor = QTextEdit()
        self.editor.setPlainText(text)
        self.bar = FindBar(self.editor)
        column = QVBoxLayout(self.window)
        column.addWidget(self.editor)
        column.addWidget(self.bar)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    def look_for(self, words: str) -> None:
        self.bar.open_find()
        self.bar.field.clear()
        self.qtbot.keyClicks(self.bar.field, words)
        self.qtbot.waitUntil(lambda: self.bar.count_text() != "")

    def press(self, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.bar.field, key, modifier)

    def selected(self) -> tuple[int, str]:
        cursor = self.editor.textCursor()
        return cursor.selectionStart(), cursor.selectedText()


@pytest.fixture
def page(qtbot):
    return Page(qtbot, TEXT)


def test_typing_goes_to_the_first_match_and_counts(page):
    page.look_for("the")
    assert page.selected() == (0, "The")
    assert page.bar.count_text() == "1 of 4"


def test_return_walks_forward_shift_return_back_and_both_go_round(page):
    page.look_for("rain")
    assert page.selected() == (4, "rain")
    page.press(Qt.Key.Key_Return)
    assert page.selected() == (16, "rain")
    page.press(Qt.Key.Key_Return)
    assert page.selected() == (4, "rain")
    page.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert page.selected() == (16, "rain")
    assert page.bar.count_text() == "2 of 2"


def test_no_match_says_so_and_leaves_the_cursor(page):
    page.editor.moveCursor(QTextCursor.MoveOperation.End)
    before = page.editor.textCursor().position()
    page.look_for("snow")
    assert page.bar.count_text() == "no match"
    assert page.editor.textCursor().position() == before


def test_options_search_anew(page):
    page.look_for("the")
    page.bar.match_case.setChecked(True)
    page.bar.whole_word.setChecked(True)
    page.qtbot.waitUntil(lambda: page.bar.count_text() == "1 of 2")
    assert page.selected() == (12, "the")


def test_the_bar_opens_with_what_is_selected(page):
    cursor = page.editor.textCursor()
    cursor.setPosition(16)
    cursor.setPosition(20, QTextCursor.MoveMode.KeepAnchor)
    page.editor.setTextCursor(cursor)
    page.bar.open_find()
    assert page.bar.field.text() == "rain"
    assert page.bar.field.hasFocus()
    assert page.selected() == (16, "rain")


def test_esc_closes_and_gives_the_keyboard_back(page):
    page.look_for("the")
    with page.qtbot.waitSignal(page.bar.closed):
        page.press(Qt.Key.Key_Escape)
    assert not page.bar.isVisible()
    assert page.editor.hasFocus()


def test_replace_takes_one_and_goes_on(page):
    page.look_for("rain")
    page.bar.replacement.setText("snow")
    page.bar.replace()
    assert page.editor.document().toRawText().startswith("The snow 😀 the rain")
    assert page.selected() == (16, "rain")


def test_replace_all_is_one_undo_step_and_keeps_what_it_did_not_match(page):
    before = page.editor.document().toRawText()
    page.look_for("the")
    page.bar.replacement.setText("𠀀𠀀")
    page.bar.replace_all()
    after = page.editor.document().toRawText()
    assert after == "𠀀𠀀 rain 😀 𠀀𠀀 rain\u2029and 𠀀𠀀\u00a0wind, o𠀀𠀀r"
    assert page.bar.count_text() == "4 replaced"
    page.editor.undo()
    assert page.editor.document().toRawText() == before


def test_replacing_by_what_contains_it_ends(page):
    page.look_for("rain")
    page.bar.replacement.setText("rain, rain")
    page.bar.replace_all()
    assert page.editor.document().toRawText().count("rain") == 4


def test_edits_are_noticed(page):
    page.look_for("the")
    page.editor.textCursor().insertText("the the ")
    page.bar.find_next()
    page.qtbot.waitUntil(lambda: page.bar.count_text().endswith("of 5"))


def test_another_text_in_the_editor_is_searched_anew(page):
    page.look_for("rain")
    other = QTextDocument("no more rain", page.editor)
    page.editor.setDocument(other)
    page.bar.find_next()
    assert page.selected() == (8, "rain")
    page.qtbot.waitUntil(lambda: page.bar.count_text() == "1 of 1")


def test_a_long_text_is_counted_between_events(qtbot):
    page = Page(qtbot, "the rain came down on them\n" * 60_000)
    page.look_for("the")
    assert page.selected() == (0, "the")
    page.qtbot.waitUntil(lambda: page.bar.count_text() == "1 of 120,000")
