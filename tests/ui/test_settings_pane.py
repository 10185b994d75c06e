from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QScrollArea

from writer.settings import PRESETS, Settings, about, all_settings
from writer.ui.settings_pane import SettingsPane


@pytest.fixture
def pane(qtbot):
    pane = SettingsPane(Settings())
    qtbot.addWidget(pane)
    pane.resize(320, 700)
    pane.show()
    return pane


def test_every_setting_of_the_form_has_its_row_in_order(pane):
    assert list(pane.rows) == [f.name for _, f in all_settings() if about(f).in_form]
    assert list(pane.rows)[:3] == ["temperature", "top_k", "context_length"]


def test_a_change_is_announced_as_new_settings(pane, qtbot):
    with qtbot.waitSignal(pane.settings_changed) as changed:
        pane.rows["candidates"].box.setValue(5)
    assert changed.args[0] == Settings().with_value("sampling", "candidates", 5)


def test_showing_settings_announces_nothing(pane, qtbot):
    wild = Settings().with_value("sampling", "temperature", 1.75)
    with qtbot.assertNotEmitted(pane.settings_changed):
        pane.show_settings(wild)
    assert pane.rows["temperature"].box.value() == 1.75


def test_settings_that_the_pane_does_not_show_survive_it(pane, qtbot):
    settings = Settings().with_value("sampling", "seed", 7)
    pane.show_settings(settings)
    with qtbot.waitSignal(pane.settings_changed) as changed:
        pane.rows["top_k"].slider.setValue(3)
    assert changed.args[0].sampling.seed == 7


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_its_values_at_once_and_nothing_else(pane, qtbot, name):
    pane.show_settings(Settings().with_value("sampling", "length", 99))
    heard = []
    pane.settings_changed.connect(heard.append)
    button = next(b for b in pane.presets.findChildren(QAbstractButton) if b.text() == name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(heard) == 1
    assert {key: heard[0].get("sampling", key) for key in PRESETS[name]} == PRESETS[name]
    assert heard[0].sampling.length == 99
    assert pane.presets.value() == name


def test_the_active_preset_is_the_one_that_the_values_make(pane):
    assert pane.presets.value() == "Balanced"
    pane.rows["temperature"].box.setValue(0.31)
    assert pane.presets.value() is None
    pane.rows["temperature"].box.setValue(0.9)
    assert pane.presets.value() == "Balanced"


def test_a_limit_survives_other_changes(pane, qtbot):
    pane.set_limit("context_length", 1000)
    with qtbot.waitSignal(pane.settings_changed) as changed:
        pane.rows["top_k"].box.setValue(3)
    assert changed.args[0].sampling.context_length == 131072
    with pytest.raises(TypeError, match="mode"):
        pane.set_limit("mode", 3)


def test_every_control_has_a_name_for_the_screen_reader(pane):
    for kind in (QAbstractButton, QAbstractSlider, QAbstractSpinBox):
        for control in pane.findChildren(kind):
            if control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert control.accessibleName(), control


def test_tab_reaches_every_control_from_top_to_bottom(pane, qtbot):
    control = pane.presets.findChildren(QAbstractButton)[0]
    control.setFocus()
    seen = []
    for _ in range(100):
        control = pane.focusWidget()
        if control in seen:
            break
        seen.append(control)
        qtbot.keyClick(control, Qt.Key.Key_Tab)
    for row in pane.rows.values():
        if hasattr(row, "slider"):
            assert seen.index(row.slider) + 1 == seen.index(row.box)
    tops = [w.mapTo(pane.findChild(QScrollArea).widget(), w.rect().topLeft()).y() for w in seen]
    # A row's figures stand above its slider; from row to row it goes down.
    assert all(later >= earlier - 40 for earlier, later in pairwise(tops))


def test_nothing_is_wider_than_the_pane(pane):
    assert pane.findChild(QScrollArea).widget().minimumSizeHint().width() <= 320
