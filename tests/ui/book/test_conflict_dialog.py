"""A text that another program has changed: whose is to stay."""

import pytest
from PySide6.QtCore import Qt

from writer.manuscript.history.differences import merged
from writer.ui.book.conflict_dialog import Choice, Conflict, ConflictDialog

BASE = "The rain fell. The road was long. Nobody came."
MINE = "The cold rain fell. The road was long. Nobody came."
THEIRS = "The rain fell. The road was long. Somebody came."
BOTH = merged(BASE, MINE, THEIRS)


@pytest.fixture
def open_dialog(qtbot, qapp):
    dialogs = []

    def make(both: str | None, note: str = "") -> ConflictDialog:
        dialog = ConflictDialog(Conflict("Dusk", MINE, THEIRS, both), note)
        qtbot.addWidget(dialog)
        dialogs.append(dialog)
        with qtbot.waitSignal(dialog.pane.shown):
            dialog.show()
            dialog.activateWindow()
        return dialog

    yield make
    for dialog in dialogs:
        dialog.reject()


@pytest.mark.parametrize(
    ("button", "choice"),
    [
        ("theirs_button", Choice.THEIRS),
        ("mine_button", Choice.MINE),
        ("both_button", Choice.BOTH),
        ("later_button", Choice.LATER),
    ],
)
def test_each_button_is_its_choice(open_dialog, button, choice):
    dialog = open_dialog(BOTH)
    assert dialog.choice() is Choice.LATER
    getattr(dialog, button).click()
    assert not dialog.isVisible()
    assert dialog.choice() is choice


def test_both_are_kept_only_where_they_can_be(open_dialog, qtbot):
    dialog = open_dialog(None)
    assert not dialog.both_button.isVisible()
    assert not dialog.shown_side.isVisible()
    # Return takes nobody's words away.
    qtbot.keyClick(dialog.pane.view, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.keyClick(dialog.pane.view, Qt.Key.Key_Escape)
    assert dialog.choice() is Choice.LATER
    assert open_dialog(BOTH).both_button.isVisible()


def test_a_button_with_the_focus_is_pressed_by_return(open_dialog, qtbot):
    dialog = open_dialog(BOTH)
    dialog.theirs_button.setFocus()
    qtbot.keyClick(dialog.theirs_button, Qt.Key.Key_Return)
    assert dialog.choice() is Choice.THEIRS


def test_what_theirs_and_both_together_would_change_is_shown(open_dialog, qtbot):
    dialog = open_dialog(BOTH, "Nothing is lost.")
    assert dialog.under.text() == "Nothing is lost."
    assert "[removed: cold" in dialog.pane.view.to_plain_words()
    assert dialog.focusWidget() is dialog.pane.view
    with qtbot.waitSignal(dialog.pane.shown):
        dialog.shown_side._group.button(1).click()
    said = dialog.pane.view.to_plain_words()
    assert "[added: Somebody" in said
    assert "removed: cold" not in said


def test_the_title_says_which_text(open_dialog):
    assert open_dialog(None).title.text() == "“Dusk” was changed by another program"
