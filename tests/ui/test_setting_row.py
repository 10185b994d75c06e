import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from writer.settings import about, all_settings
from writer.ui.number_row import NumberRow
from writer.ui.segmented import SegmentButton
from writer.ui.setting_row import ChoiceRow

FIELDS = {setting.name: (group, setting) for group, setting in all_settings()}
NUMBERS = [n for n, (_, f) in FIELDS.items() if about(f).in_form and not about(f).choices]


@pytest.fixture
def make(qtbot):
    def make_row(name: str) -> NumberRow:
        row = NumberRow(*FIELDS[name])
        qtbot.addWidget(row)
        row.resize(288, 120)
        row.show()
        return row

    return make_row


def heard_from(row) -> list[object]:
    heard: list[object] = []
    row.value_changed.connect(lambda _group, _name, value: heard.append(value))
    return heard


@pytest.mark.parametrize("name", NUMBERS)
def test_slider_and_figures_follow_each_other_over_the_whole_range(make, name):
    row = make(name)
    words = about(FIELDS[name][1])
    for place, bound in ((0, words.minimum), (row.slider.maximum(), words.maximum)):
        row.slider.setValue(place)
        assert row.value == row.box.value() == bound
    for value, place in ((words.minimum, 0), (words.maximum, row.slider.maximum())):
        row.box.setValue(value)
        assert row.slider.value() == place


@pytest.mark.parametrize("name", NUMBERS)
def test_every_place_of_the_slider_is_a_value_that_the_setting_takes(make, name):
    row = make(name)
    whole = isinstance(FIELDS[name][1].default, int)
    for place in range(0, row.slider.maximum() + 1, max(1, row.slider.maximum() // 50)):
        row.slider.setValue(place)
        assert isinstance(row.value, int if whole else float)
        assert row.value == row.box.value()


def test_each_change_by_the_user_is_announced_once(make):
    row = make("temperature")
    heard = heard_from(row)
    row.slider.setValue(20)
    row.box.setValue(1.23)
    assert heard == [1.0, 1.23]
    row.show_value(0.3)
    assert heard == [1.0, 1.23]
    assert (row.box.value(), row.slider.value()) == (0.3, 6)


def test_half_a_number_is_not_announced(make, qtbot):
    row = make("top_k")
    heard = heard_from(row)
    row.box.selectAll()
    qtbot.keyClicks(row.box, "150")
    assert heard == []
    qtbot.keyClick(row.box, Qt.Key.Key_Return)
    assert heard == [150]


def test_the_reset_shows_only_what_can_be_reset(make):
    row = make("temperature")
    heard = heard_from(row)
    assert not row._reset.isVisible()
    row.slider.setValue(0)
    assert row._reset.isVisible()
    row._reset.click()
    assert heard == [0.0, 0.9]
    assert not row._reset.isVisible()


def test_a_limit_is_shown_but_what_is_stored_stays(make):
    row = make("context_length")
    heard = heard_from(row)
    row.set_limit(1000)
    assert (row.box.value(), row.value) == (1000, 131072)
    assert row.slider.value() == row.slider.maximum()
    assert not row._reset.isVisible()
    row.slider.setValue(0)
    assert row.value == 16
    assert row._reset.isVisible()
    row.slider.setValue(row.slider.maximum())
    assert heard == [16, 131072]
    row.set_limit(500_000)
    assert row.box.value() == 131072


def test_a_limit_below_the_least_leaves_the_least(make):
    row = make("context_length")
    row.set_limit(3)
    assert (row.box.value(), row.value) == (16, 131072)


def test_a_note_says_when_the_limit_is_reached(make):
    row = make("context_length")
    row.set_note("about 780 words")
    assert row._note.text() == "about 780 words"
    row.set_limit(1000)
    everything = "All that the model can read"
    assert (row._note.text(), row.slider.toolTip()) == ("about 780 words", everything)
    row.set_note("")
    assert row._note.text() == everything
    row.show_value(512)
    assert not row._note.isVisible()
    assert row.slider.toolTip() == row.box.toolTip() == ""


def test_the_wheel_changes_nothing_in_passing(make, qtbot):
    row = make("top_k")
    with qtbot.waitActive(row):
        row.activateWindow()
    for control in (row.slider, row.box):
        at = QPointF(control.rect().center())
        wheel = QWheelEvent(
            at,
            control.mapToGlobal(at),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        control.clearFocus()
        QApplication.sendEvent(control, wheel)
        assert not wheel.isAccepted()
        control.setFocus()
        QApplication.sendEvent(control, wheel)
        assert row.value != 40
        row.show_value(40)


def test_a_choice(qtbot):
    row = ChoiceRow(*FIELDS["mode"])
    qtbot.addWidget(row)
    heard = heard_from(row)
    row.choice.findChildren(SegmentButton)[1].click()
    assert heard == ["on-demand"]
    row.show_value("off")
    assert row.choice.value() == "off"
    row._reset.click()
    assert heard == ["on-demand", "after-pause"]
