import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.ui.book.conftest import BOOK

KEY, MOD = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def card(author, pane):
    """The card of scene a, which has the keyboard; nothing is announced by time alone."""
    pane.select(["a"])
    for field in pane.card._fields:
        field._timer.setInterval(1_000_000)
    return pane.card


def test_what_is_typed_is_announced_after_a_pause(qtbot, author, card):
    card._fields[0]._timer.setInterval(0)
    card.title.setFocus()
    card.title.selectAll()
    qtbot.keyClicks(card.title, "Night")
    qtbot.waitUntil(lambda: author.outline.item("a").title == "Night")


def test_what_is_typed_is_announced_before_another_item_is_shown(qtbot, author, pane, card):
    card.title.setFocus()
    qtbot.keyClick(card.title, KEY.Key_End)
    qtbot.keyClicks(card.title, " falls")
    qtbot.keyClicks(card.synopsis, "She waits.")
    qtbot.keyClicks(card.status.lineEdit(), "with Anna")
    assert author.asked == []
    pane.select(["c"])
    item = author.outline.item("a")
    assert (item.title, item.synopsis, item.status) == ("Dusk falls", "She waits.", "with Anna")
    assert author.outline.item("c") == BOOK.item("c")
    assert (card.title.text(), card.synopsis.text(), card.status.status()) == ("Salt", "", "")
    pane.select(["a"])
    assert card.synopsis.text() == "She waits."


@pytest.mark.parametrize("leave", ["hide", "several", "none", "flush", "focus", "escape"])
def test_what_is_typed_is_never_lost(qtbot, author, pane, card, leave):
    card.synopsis.setFocus()
    qtbot.keyClicks(card.synopsis, "She waits.")
    {
        "hide": pane.hide,
        "several": lambda: pane.select(["b", "c"]),
        "none": lambda: pane.select([]),
        "flush": pane.flush,
        "focus": pane.tree.setFocus,
        "escape": lambda: qtbot.keyClick(card.synopsis, KEY.Key_Escape),
    }[leave]()
    assert ("synopsis", "a", "She waits.") in author.asked
    assert (("focus",) in author.asked) == (leave == "escape")


def test_an_item_that_goes_while_it_is_typed_in_is_announced_as_itself(author, pane, card, qtbot):
    heard = []
    pane.synopsis_changed.disconnect()
    pane.synopsis_changed.connect(lambda *what: heard.append(what))
    qtbot.keyClicks(card.synopsis, "Gone")
    author.show(type(BOOK)(tuple(item for item in BOOK if item.id != "a")))
    assert heard == [("a", "Gone")]


def test_the_caret_and_undo_stay_while_outlines_come_back(qtbot, author, pane, card):
    card.synopsis.setFocus()
    qtbot.keyClicks(card.synopsis, "He waits.")
    for _ in range(len("waits.")):
        qtbot.keyClick(card.synopsis, KEY.Key_Left)
    qtbot.keyClicks(card.synopsis, "never ")
    card.flush()
    assert author.outline.item("a").synopsis == "He never waits."
    assert card.synopsis.textCursor().position() == len("He never ")
    author.show(author.outline.moved(["a"], "C2", None))
    pane.show_counts({"a": 3})
    assert card.synopsis.textCursor().position() == len("He never ")
    qtbot.keyClick(card.synopsis, KEY.Key_Z, MOD.ControlModifier)
    assert card.synopsis.text() == "He waits."
    card.title.setFocus()
    qtbot.keyClick(card.title, KEY.Key_End)
    qtbot.keyClicks(card.title, " ")
    card.flush()  # the space at the end is not yet part of the title
    qtbot.keyClicks(card.title, "falls")
    assert card.title.text() == "Dusk falls"
    qtbot.keyClick(card.title, KEY.Key_Home)
    qtbot.keyClicks(card.title, "At ")
    author.show(author.outline.changed("a", status="final"))
    assert (card.title.text(), card.title.cursorPosition()) == ("At Dusk falls", 3)
    assert card.status.status() == "final"
    card.flush()
    assert author.outline.item("a").title == "At Dusk falls"


def test_a_change_from_elsewhere_is_shown(qtbot, author, card):
    author.show(author.outline.changed("a", title="Night", synopsis="One\u00a0two\nthree"))
    assert card.title.text() == "Night"
    assert card.synopsis.text() == "One\u00a0two\nthree"
    card.synopsis.setFocus()
    author.show(author.outline.changed("a", synopsis="Four"))
    assert card.synopsis.text() == "Four"
    assert author.asked == []


def test_exotic_spaces_of_a_synopsis_survive_an_edit(qtbot, author, card):
    author.show(author.outline.changed("a", synopsis="One\u00a0two\n\nthree"))
    card.synopsis.setFocus()
    qtbot.keyClicks(card.synopsis, "0")
    card.flush()
    assert author.outline.item("a").synopsis == "0One\u00a0two\n\nthree"


def test_looking_at_an_odd_title_changes_nothing(author, pane, card):
    author.show(author.outline.changed("a", title=" Two\n lines ", status="in  between"))
    pane.select(["b"])
    pane.select(["a"])
    card.flush()
    assert author.asked == []


def test_a_status_is_picked_from_the_list(qtbot, author, pane, card):
    card.status.setFocus()
    for _ in range(2):
        qtbot.keyClick(card.status, KEY.Key_Down)
    assert author.outline.item("a").status == "draft"
    assert card.status.currentText() == "Draft"
    qtbot.keyClick(card.status, KEY.Key_Up)
    qtbot.keyClick(card.status, KEY.Key_Up)
    assert author.outline.item("a").status == ""
    assert card.status.currentText() == ""
    pane.select(["b"])
    assert author.asked == [("status", "a", word) for word in ("idea", "draft", "idea", "")]


def test_the_wheel_changes_no_status(author, card):
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(card.status.mapToGlobal(QPoint(5, 5))), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, MOD.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(card.status, turn)
    assert author.asked == []


def test_it_shows_the_scene_on_the_page_while_nothing_is_chosen(author, pane, card):
    pane.show_current("d")
    pane.select([])
    assert card.item_id() == "d"
    assert card.heading.name.text() == "Scene"
    pane.show_current(None)
    pane.select([])
    assert not card.isVisible()
    pane.select(["a", "b"])
    assert card.item_id() is None
    assert card.heading.name.text() == "2 chosen"


def test_fields_have_names_for_a_screen_reader(card):
    fields = (card.title, card.status, card.synopsis)
    assert [field.accessibleName() for field in fields] == ["Title", "Status", "Synopsis"]
