import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from writer.ui.message_bar import MessageBar


@pytest.fixture
def bar(qtbot):
    bar = MessageBar()
    qtbot.addWidget(bar)
    return bar


def test_messages_wait_for_each_other_and_none_is_lost(bar):
    for text in ("one", "two", "three"):
        bar.show_message(text)
    seen = []
    while bar.text():
        assert bar.isVisible()
        seen.append((bar.text(), bar.waiting()))
        bar.close_button.click()
    assert seen == [("one", 2), ("two", 1), ("three", 0)]
    assert not bar.isVisible()


def test_the_newest_error_goes_first_and_what_waits_comes_back(bar):
    bar.show_message("saved as UTF-16")
    bar.show_message("disk full", "error")
    bar.show_message("no model", "error")
    assert bar.text() == "no model"
    bar.dismiss()
    assert bar.text() == "disk full"
    bar.dismiss()
    assert bar.text() == "saved as UTF-16"


def test_an_error_said_anew_of_a_topic_goes_first_and_the_older_one_goes(bar):
    bar.show_message("no first model", "error", topic="model")
    bar.show_message("disk full", "error")
    bar.show_message("no second model", "error", topic="model")
    assert (bar.text(), bar.waiting()) == ("no second model", 1)
    bar.show_message("disk full", "error")  # once more: no news
    assert (bar.text(), bar.waiting()) == ("no second model", 1)
    bar.drop("model")
    assert (bar.text(), bar.waiting()) == ("disk full", 0)


def test_the_same_message_is_not_said_twice_but_takes_the_newest_step(bar):
    taken = []
    for number in (1, 2):
        bar.show_message("disk full", "error", "Try again", lambda n=number: taken.append(n))
    assert bar.waiting() == 0
    bar.action_button.click()
    assert taken == [2]
    assert bar.text() == ""


def test_a_step_may_say_something_itself(bar):
    bar.show_message("disk full", "error", "Try again", lambda: bar.show_message("saved"))
    bar.action_button.click()
    assert bar.text() == "saved"
    assert not bar.action_button.isVisible()


def test_a_message_with_a_time_goes_by_itself(bar, qtbot):
    bar.show_message("recovered", seconds=0)
    bar.show_message("stays")
    qtbot.waitUntil(lambda: bar.text() == "stays")
    qtbot.wait(1)
    assert bar.text() == "stays"


def test_esc_closes_it(bar, qtbot):
    bar.show_message("one")
    qtbot.keyClick(bar.close_button, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_it_leaves_the_keyboard_where_it_is(qtbot):
    window = QWidget()
    page = QLineEdit()
    bar = MessageBar()
    column = QVBoxLayout(window)
    column.addWidget(page)
    column.addWidget(bar)
    qtbot.addWidget(window)
    window.show()
    page.setFocus()
    bar.show_message("disk full", "error", "Save elsewhere")
    assert window.focusWidget() is page
    qtbot.mouseClick(bar.action_button, Qt.MouseButton.LeftButton)
    assert window.focusWidget() is page


def test_a_path_is_not_read_as_markup(bar):
    bar.show_message("“<b>x</b>.txt” cannot be read")
    assert bar.accessibleName() == bar.text() == "“<b>x</b>.txt” cannot be read"
