"""SettingsPane: every setting of the form, made from the fields of writer/settings.py alone."""

from dataclasses import Field
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from writer.settings import PRESETS, Settings, Value, about, all_settings
from writer.ui.number_row import NumberRow
from writer.ui.pane_area import PaneArea
from writer.ui.panel_heading import PanelHeading
from writer.ui.segmented import Segmented
from writer.ui.setting_row import ChoiceRow, SettingRow, words_of

_WIDTH_PX = 320
_MARGIN_PX = 16
_PRESET_GROUP = "sampling"


class SettingsPane(QWidget):
    """How it writes: presets, then one row a setting; each change is announced at once."""

    settings_changed = Signal(object)
    """The new `Settings`, after each change that the user makes."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presets = Segmented([(name, words_of(name)) for name in PRESETS])
        self.presets.setAccessibleName(self.tr("Preset"))
        self.presets.chosen.connect(self._on_preset)
        self.rows: dict[str, SettingRow] = {}
        """The rows by their setting's name."""

        form = QWidget()
        self._column = QVBoxLayout(form)
        self._column.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, _MARGIN_PX)
        self._column.setSpacing(_MARGIN_PX)
        self._column.addWidget(self.presets)
        self._add_rows()
        self._column.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(PanelHeading(self.tr("How it writes")))
        whole.addWidget(PaneArea(form))
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`; no signal."""
        self._settings = settings
        for row in self.rows.values():
            row.show_value(settings.get(row.group, row.name))
        self._show_preset()

    def set_limit(self, name: str, maximum: float) -> None:
        """Let the number `name` go no higher than `maximum`; what is stored stays."""
        row = self.rows[name]
        if not isinstance(row, NumberRow):
            raise TypeError(f"{name} is not a number")
        row.set_limit(maximum)

    def set_note(self, name: str, text: str) -> None:
        """Say `text` about the present value of the setting `name`; empty takes it back."""
        self.rows[name].set_note(text)

    def sizeHint(self) -> QSize:
        """Ask for the width of a sidebar and for what height there is."""
        return QSize(_WIDTH_PX, super().sizeHint().height())

    def _add_rows(self) -> None:
        group_above = ""
        for group, setting in all_settings():
            if not about(setting).in_form:
                continue
            if group_above and group != group_above:
                self._column.addWidget(_hairline())
            group_above = group
            row = _row(group, setting)
            row.value_changed.connect(self._on_value_changed)
            self.rows[setting.name] = row
            self._column.addWidget(row)

    def _on_value_changed(self, group: str, name: str, value: Value) -> None:
        self._settings = self._settings.with_value(group, name, value)
        self._show_preset()
        self.settings_changed.emit(self._settings)

    def _on_preset(self, name: str) -> None:
        settings = self._settings
        for setting, value in PRESETS[name].items():
            settings = settings.with_value(_PRESET_GROUP, setting, value)
        self.show_settings(settings)
        self.settings_changed.emit(settings)

    def _show_preset(self) -> None:
        for name, values in PRESETS.items():
            if all(
                self._settings.get(_PRESET_GROUP, key) == value for key, value in values.items()
            ):
                self.presets.show_value(name)
                return
        self.presets.show_value(None)


def _row(group: str, setting: "Field[Any]") -> SettingRow:
    return ChoiceRow(group, setting) if about(setting).choices else NumberRow(group, setting)


def _hairline() -> QFrame:
    line = QFrame()
    line.setProperty("part", "line")
    return line
