"""What was typed before a crash, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt

from writer.ui.book.recovery_dialog import Decision, RecoveryDialog, RecoveryItem
from writer.ui.book.when_words import day_words, moment_words

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
ITEMS = (
    RecoveryItem("a", "Dusk", "The Ferry", NOW, "It rained.", "It rained all day."),
    RecoveryItem("b", "第三章", "雾港", NOW, "他走了。", "他还没走。", changed_since=True),
    RecoveryItem("c", "", "", NOW, None, "Nobody has saved this."),
)
RESTORE, KEEP, LATER = Decision


@pytest.fixture
def open_dialog(qtbot, qapp):
    dialogs = []

    def make(items=ITEMS) -> RecoveryDialog:
        dialog = RecoveryDialog(items)
        qtbot.addWidget(dialog)
        dialogs.append(dialog)
        with qtbot.waitSignal(dialog.pane.shown, raising=items[0].on_disk is not None, timeout=999):
            dialog.show()
            dialog.activateWindow()
        return dialog

    yield make
    for dialog in dialogs:
        dialog.reject()


def choose(dialog: RecoveryDialog, value: Decision) -> None:
    segments = dialog.choice if dialog.choice.isVisible() else dialog.untitled_choice
    segments._group.button(list(Decision).index(value)).click()


def test_what_was_typed_comes_back_unless_one_says_otherwise(open_dialog, qtbot):
    dialog = open_dialog()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.result() == RecoveryDialog.DialogCode.Accepted
    assert dialog.decisions() == {"a": RESTORE, "b": RESTORE, "c": RESTORE}


@pytest.mark.parametrize("way", ["escape", "close", "later"])
def test_going_away_decides_nothing(open_dialog, qtbot, way):
    dialog = open_dialog()
    choose(dialog, KEEP)
    if way == "escape":
        qtbot.keyClick(dialog.pane.view, Qt.Key.Key_Escape)
    elif way == "close":
        dialog.close()
    else:
        dialog.later_button.click()
    assert not dialog.isVisible()
    assert set(dialog.decisions().values()) == {LATER}
    assert dialog.decisions().keys() == {"a", "b", "c"}


def test_each_text_is_decided_by_itself(open_dialog, qtbot):
    dialog = open_dialog()
    choose(dialog, KEEP)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    choose(dialog, LATER)
    assert dialog.go_button.text() == "Restore 1 text"
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert not dialog.choice.isVisible()
    choose(dialog, KEEP)
    assert dialog.go_button.text() == "Go on"
    qtbot.keyClick(dialog.list, Qt.Key.Key_Home)
    assert dialog.choice.value() == KEEP.value
    dialog.go_button.click()
    assert dialog.decisions() == {"a": KEEP, "b": LATER, "c": KEEP}


def test_all_are_decided_at_once(open_dialog):
    dialog = open_dialog()
    for number, decision in enumerate(Decision):
        dialog.all_button.menu().actions()[number].trigger()
        assert dialog.choice.value() == decision.value
        assert {dialog.list._row(place).mark for place in range(2)} == {decision.value}
    dialog.accept()
    assert set(dialog.decisions().values()) == {LATER}


def test_one_text_needs_nothing_for_all(open_dialog):
    dialog = open_dialog(ITEMS[:1])
    assert not dialog.all_button.isVisible()
    assert dialog.go_button.text() == "Restore"


def test_the_list_tells_which_when_and_how_much(open_dialog):
    dialog = open_dialog()
    rows = [dialog.list._row(place) for place in range(3)]
    assert [row.name for row in rows] == ["Dusk", "第三章", "Untitled text"]
    assert rows[0].summary == f"The Ferry · {moment_words(NOW)} · 2 words more"
    assert rows[1].summary.endswith("1 word more")
    assert rows[2].summary == f"{moment_words(NOW)} · 4 words"


def test_the_chosen_text_is_shown_beside_what_is_on_the_disk(open_dialog, qtbot):
    dialog = open_dialog()
    assert dialog.pane.view.toPlainText() == "It rained all day."
    assert not dialog.notice.isVisible()
    with qtbot.waitSignal(dialog.pane.shown):
        qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.pane.view.to_plain_words().startswith("他")
    assert "Another program" in dialog.notice.text()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.pane.view.toPlainText() == ITEMS[2].typed
    assert "never saved" in dialog.notice.text()


def test_everything_is_reached_with_tab(open_dialog, qtbot):
    dialog = open_dialog()
    reached = set()
    for _ in range(30):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        reached.add(dialog.focusWidget())
    assert {dialog.list, dialog.pane.view, dialog.go_button, dialog.all_button} <= reached
    assert dialog.later_button in reached
    assert dialog.choice._group.checkedButton() in reached


def test_it_fits_a_small_screen(open_dialog):
    dialog = open_dialog()
    assert dialog.minimumSizeHint().width() <= 1024
    assert dialog.minimumSize().width() <= 1024
    assert max(dialog.minimumSize().height(), dialog.minimumSizeHint().height()) <= 700


def test_days_are_named_as_one_names_them():
    today = NOW.astimezone().date()
    assert day_words(NOW, today) == "Today"
    assert day_words(NOW - timedelta(days=1), today) == "Yesterday"
    assert "2026" not in day_words(NOW - timedelta(days=40), today)
    assert "2025" in day_words(NOW - timedelta(days=400), today)
