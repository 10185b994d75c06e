"""The models dialog under the keyboard alone: what Return and Esc do, and where the focus goes."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox

from tests.ui.test_models_dialog import GOOD, Bench, Describer


@pytest.fixture
def bench(open_desk, tmp_path):
    bench = Bench(open_desk(describe=Describer()), tmp_path)
    bench.make_own("my-emma")
    bench.open()
    bench.known("my-emma")
    return bench


def press(bench, key=Qt.Key.Key_Return):
    """Press a key where the keyboard is."""
    bench.desk.bot.keyClick(bench.dialog.focusWidget(), key)


def go_to(bench, button):
    """Go with Tab to a button."""
    for _ in range(12):
        if bench.dialog.focusWidget() == button:
            return
        press(bench, Qt.Key.Key_Tab)
    raise AssertionError(button.text())


def begin_check(bench):
    bench.script(("stay", 0))
    go_to(bench, bench.dialog.check_button)
    press(bench)
    assert bench.models.work.is_busy


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_return_closes_where_close_has_the_keyboard(bench, key):
    go_to(bench, bench.dialog.close_button)
    press(bench, key)
    assert not bench.dialog.isVisible()
    assert bench.desk.session.settings.machine.model == "auto"


def test_return_opens_the_menu_of_add(bench):
    menu, seen = bench.dialog.add_button.menu(), []
    menu.aboutToShow.connect(lambda: seen.append(bench.dialog.focusWidget()))
    menu.aboutToShow.connect(lambda: QTimer.singleShot(0, menu.close))
    go_to(bench, bench.dialog.add_button)
    press(bench)
    assert seen == [bench.dialog.add_button]


def test_return_removes_where_remove_has_the_keyboard(bench, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: QMessageBox.StandardButton.Yes)
    go_to(bench, bench.dialog.remove_button)
    press(bench)
    assert bench.names == ["fiction-en", "fiction-zh"]
    assert bench.dialog.focusWidget() == bench.dialog.list


def test_the_keyboard_goes_to_cancel_while_something_works_and_then_to_the_list(bench):
    begin_check(bench)
    assert bench.dialog.focusWidget() == bench.dialog.work.cancel_button
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        press(bench)
    assert bench.dialog.focusWidget() == bench.dialog.list


def test_a_check_leaves_the_keyboard_where_it_was_taken(bench):
    bench.script(*GOOD)
    with bench.desk.bot.waitSignal(bench.models.work.checked, timeout=20_000):
        bench.dialog.check_button.click()
        bench.dialog.close_button.setFocus()
    assert bench.dialog.focusWidget() == bench.dialog.close_button


def test_writing_with_one_by_its_button_leads_back_to_the_list(bench):
    go_to(bench, bench.dialog.use_button)
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        press(bench)
    assert bench.dialog.focusWidget() == bench.dialog.list


def test_nothing_is_removed_while_anything_works(bench):
    begin_check(bench)
    go_to(bench, bench.dialog.list)
    press(bench, Qt.Key.Key_Delete)  # not now
    assert "my-emma" in bench.names
    assert bench.dialog.focusWidget() == bench.dialog.list


def test_esc_goes_back_from_what_is_asked(bench):
    bench.consider(bench.make("new"))
    press(bench, Qt.Key.Key_Escape)
    assert bench.dialog.isVisible()
    assert bench.dialog.back_button.isHidden()
    assert bench.dialog.focusWidget() == bench.dialog.list
    press(bench, Qt.Key.Key_Escape)
    assert not bench.dialog.isVisible()


def test_return_adds_and_esc_ends_that_first(bench):
    bench.consider(bench.make("new"))
    bench.script(("stay", 0))
    press(bench)  # how to add it is chosen, so the default button it is
    assert bench.models.work.is_busy
    go_to(bench, bench.dialog.work.cancel_button)
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        press(bench, Qt.Key.Key_Escape)
    assert bench.dialog.isVisible()
    assert bench.dialog.focusWidget() == bench.dialog.add_this_button
    press(bench, Qt.Key.Key_Escape)
    assert bench.dialog.list.chosen_key() == "fiction-en"


def test_the_window_closes_from_what_is_asked(bench):
    bench.consider(bench.make("new"))
    bench.dialog.close()
    assert not bench.dialog.isVisible()
