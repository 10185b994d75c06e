"""The differences on paper: their looks, the keys, the mouse, and what a copy says."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication

from writer.manuscript.history.differences import compare
from writer.places import resources
from writer.ui.book.difference_colours import DifferenceColours
from writer.ui.book.differences_pane import DifferencesPane
from writer.ui.book.differences_view import DifferencesView
from writer.ui.palette import contrast, load_palette
from writer.ui.theme import apply_theme, qt_palette

FILLER = "She stood at the window and watched the road. " * 60
OLD = f"The old house.\n{FILLER}\nHe was late.\n{FILLER}\nNobody came.\n她走了。"
NEW = f"The new house.\n{FILLER}\nHe was very late.\n{FILLER}\nNobody came.\n她还没走。"


@pytest.fixture
def view(qtbot, qapp) -> DifferencesView:
    view = DifferencesView()
    qtbot.addWidget(view)
    view.resize(640, 480)
    view.show_pieces(compare(OLD, NEW), is_choosable=True)
    view.show()
    view.activateWindow()
    view.setFocus()
    return view


def text_of(view: DifferencesView) -> str:
    return view.toPlainText().replace("\ufffc", "").replace("\u2009", "")


def format_at(view: DifferencesView, words: str):
    cursor = view.document().find(words)
    assert not cursor.isNull(), words
    return cursor.charFormat()


def point_at(view: DifferencesView, words: str) -> QPoint:
    cursor = view.document().find(words)
    cursor.setPosition((cursor.selectionStart() + cursor.selectionEnd()) // 2)
    view.setTextCursor(cursor)
    view.ensureCursorVisible()
    return view.cursorRect(cursor).center()


def click(qtbot, view: DifferencesView, at: QPoint) -> None:
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_changes_are_told_apart_without_colours(view):
    assert format_at(view, "very").fontUnderline()
    assert not format_at(view, "very").fontStrikeOut()
    assert format_at(view, "old").fontStrikeOut()
    assert not format_at(view, "old").fontUnderline()
    same = format_at(view, "house")
    assert not same.fontStrikeOut()
    assert not same.fontUnderline()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(name, qapp):
    palette = qt_palette(load_palette(resources() / "themes", name))
    colours = DifferenceColours.of(palette)
    for words, grounds in (
        (colours.ink, (colours.paper, colours.added, colours.current_added)),
        (colours.faint, (colours.paper, colours.current_removed)),
    ):
        for ground in grounds:
            assert contrast(words.name(), ground.name()) >= 4.5
    assert contrast(colours.added_line.name(), colours.added.name()) >= 3
    assert contrast(colours.bar.name(), colours.paper.name()) >= 3
    assert contrast(colours.ink.name(), colours.faint.name()) > 1.5


def test_a_theme_chosen_later_reaches_the_words(view, qapp):
    for name in ("dark", "light"):
        palette = load_palette(resources() / "themes", name)
        apply_theme(qapp, palette)
        QApplication.processEvents()
        assert format_at(view, "house").foreground().color().name().upper() == palette.ink
        assert format_at(view, "old").foreground().color().name().upper() == palette.faint


def test_keys_walk_through_the_changes_and_come_round(view, qtbot):
    assert (view.count, view.current) == (3, -1)
    visited = []
    view.moved.connect(visited.append)
    qtbot.keyClick(view, Qt.Key.Key_F7)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(view, Qt.Key.Key_F7)
    qtbot.keyClick(view, Qt.Key.Key_F7)
    assert visited == [0, 1, 2, 0]
    qtbot.keyClick(view, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert visited[-2:] == [2, 1]
    rect = view.cursorRect()
    assert view.viewport().rect().contains(rect)


def test_walking_begins_at_the_caret(view, qtbot):
    cursor = view.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.End)
    view.setTextCursor(cursor)
    view.go_previous()
    assert view.current == 2
    view.show_pieces(compare(OLD, NEW))
    cursor = view.document().find("late.")
    view.setTextCursor(cursor)
    view.go_next()
    assert view.current == 2


def test_what_has_not_changed_is_folded_and_opens_on_a_click_or_return(view, qtbot):
    whole = len(NEW)
    assert "words unchanged" in text_of(view)
    assert len(text_of(view)) < whole / 2
    click(qtbot, view, point_at(view, "words unchanged"))
    assert text_of(view).count("words unchanged") == 1
    view.setTextCursor(view.document().find("unchanged"))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert "unchanged" not in text_of(view)
    assert len(text_of(view)) > whole
    view.show_whole(True)
    view.show_whole(False)
    assert text_of(view).count("words unchanged") == 2


def test_another_comparison_begins_at_its_beginning(view):
    view.show_whole(True)
    view.go_to(2)
    assert view.verticalScrollBar().value() > 0
    view.show_pieces(compare(NEW, OLD))
    assert (view.verticalScrollBar().value(), view.current) == (0, -1)


def test_opening_a_fold_leaves_one_where_one_is(view, qtbot):
    view.go_to(1)
    before = view.cursorRect().top()
    assert 0 < before < view.viewport().height()
    view.show_whole(True)
    assert view.current == 1
    assert 0 < view.cursorRect().top() < view.viewport().height()
    assert view.textCursor().block().text().replace("\ufffc", "").startswith("He was very")


def test_changes_are_chosen_by_key_and_by_their_boxes(view, qtbot):
    told = []
    view.choice_changed.connect(lambda: told.append(view.chosen()))
    qtbot.keyClick(view, Qt.Key.Key_F7)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    view.go_to(1)
    view.choose(1, True)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert told == [{0}, {0, 1}, {0}]
    box = view.document().find("\ufffc")
    box.setPosition(box.selectionStart())
    view.setTextCursor(box)
    view.ensureCursorVisible()
    click(qtbot, view, view.cursorRect(box).center() + QPoint(6, 0))
    assert view.chosen() == set()
    view.choose(7, True)
    assert view.chosen() == set()


def test_a_click_on_a_change_goes_there_and_beside_it_does_not(view, qtbot):
    click(qtbot, view, point_at(view, "very"))
    assert view.current == 1
    click(qtbot, view, point_at(view, "window"))
    assert view.current == 1
    assert view.chosen() == set()


def test_nothing_can_be_chosen_where_it_is_not_offered(view, qtbot):
    view.show_pieces(compare(OLD, NEW))
    view.go_next()
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.chosen() == set()
    assert "\ufffc" not in view.toPlainText()


def test_nothing_can_be_typed_into_it(view, qtbot):
    before = view.toPlainText()
    qtbot.keyClicks(view, "abc")
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.toPlainText() == before


def test_a_copy_tells_in_words_what_has_changed(view, qtbot):
    view.show_whole(True)
    view.selectAll()
    view.copy()
    said = QGuiApplication.clipboard().text()
    assert said == view.to_plain_words()
    assert said.startswith("The [removed: old][added: new] house.\nShe stood")
    assert said.endswith("她[removed: 走了][added: 还没走]。")
    assert "\ufffc" not in said
    view.setTextCursor(view.document().find("old"))
    view.copy()
    assert QGuiApplication.clipboard().text() == "old"  # nothing else: to be used as it is


def test_a_screen_reader_is_told_what_there_is(view):
    assert view.accessibleDescription().startswith("3 changes: ")
    assert view._said(1) == "Change 2 of 3. Added: “very”."
    view.choose(1, True)
    assert view._said(1).endswith("Chosen.")


def test_letters_outside_the_bmp_stand_where_they_are_said_to(view):
    view.show_pieces(compare("😀😀 a old b", "😀😀 a new b"))
    view.go_next()
    assert view.textCursor().position() == len("😀😀 a ".encode("utf-16-le")) // 2
    assert view.to_plain_words() == "😀😀 a [removed: old][added: new] b"


@pytest.fixture
def pane(qtbot, qapp):
    pane = DifferencesPane()
    qtbot.addWidget(pane)
    pane.resize(720, 480)
    pane.name_sides("on the disk", "typed")
    pane.show()
    yield pane
    pane.stop()


def test_the_line_counts_and_walks(pane, qtbot):
    with qtbot.waitSignal(pane.shown):
        pane.compare(OLD, NEW, True)
    assert pane.count.text() == "3 changes"
    assert not pane.choose_box.isEnabled()
    pane.next_button.click()
    assert pane.count.text() == "1 of 3 changes"
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.keyClick(pane.view, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(pane.view, Qt.Key.Key_F7)  # each once, whoever has the keyboard
    assert pane.view.current == 0
    pane.whole_box.setFocus()
    qtbot.keyClick(pane.whole_box, Qt.Key.Key_F7)
    assert pane.view.current == 1
    qtbot.keyClick(pane.whole_box, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    assert pane.view.current == 0
    pane.choose_box.click()
    assert pane.view.chosen() == {0}
    pane.next_button.click()
    assert not pane.choose_box.isChecked()
    pane.whole_box.click()
    assert "unchanged" not in pane.view.toPlainText()


def test_equal_texts_are_said_to_be_equal(pane, qtbot):
    with qtbot.waitSignal(pane.shown):
        pane.compare(OLD, OLD)
    assert "same" in pane.sentence.text()
    assert pane.sentence.isVisible()
    assert not pane.next_button.isVisible()


def test_a_text_that_cannot_be_read_is_said(pane, qtbot):
    def fail():
        raise OSError("gone")

    with qtbot.waitSignal(pane.shown):
        pane.compare(fail, OLD)
    assert "gone" in pane.sentence.text()
    assert pane.pieces == ()


def test_a_text_without_another_is_shown_as_it_is(pane):
    pane.show_text(NEW)
    assert pane.view.isVisible()
    assert pane.view.toPlainText() == NEW
    assert not pane.next_button.isVisible()
    assert pane.view.count == 0
    pane.view.go_next()
    assert pane.view.current == -1


def test_the_legend_gives_way_where_there_is_no_room(pane, qtbot):
    with qtbot.waitSignal(pane.shown):
        pane.compare(OLD, NEW, True)
    pane.name_sides("a very long name of a version " * 3, "now")
    assert "before" in pane.legend.text()
    assert "a very long name" in pane.legend.accessibleName()
    pane.name_sides("one", "two")
    assert "one" in pane.legend.text()
    pane.resize(400, 480)
    assert not pane.legend.isVisible()
