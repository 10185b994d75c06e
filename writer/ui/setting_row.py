"""SettingRow: one setting in the pane, made from what its field says about itself."""

from dataclasses import Field
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from writer.settings import Value, about, default_of
from writer.ui.elided_label import ElidedLabel
from writer.ui.icons import IconButton
from writer.ui.segmented import Segmented

_RESET_PX = 16


def words_of(text: str) -> str:
    """Translate a label or help line of writer/settings.py."""
    return QCoreApplication.translate("settings", text)


class SettingRow(QWidget):
    """The plain word, the technical name, a reset, what it does; a subclass adds the controls."""

    value_changed = Signal(str, str, object)
    """Group, name and the value that the user has just given."""

    def __init__(self, group: str, setting: "Field[Any]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.group = group
        self.name = setting.name
        self.words = about(setting)
        self.title = words_of(self.words.label)
        self._default = default_of(group, setting.name)
        self._value = self._default
        self._note_text = ""

        self._reset = IconButton(
            "reset", self.tr("Reset {name}").format(name=self.title), _RESET_PX
        )
        keeps_place = self._reset.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keeps_place)
        self._reset.clicked.connect(self._on_reset)
        self._note = _small_label("note")
        self._note.hide()

        self.header = QHBoxLayout()
        self.header.setSpacing(4)
        self.header.addWidget(QLabel(self.title))
        self.header.addSpacing(4)
        self.header.addWidget(self._technical_label(), stretch=1)
        self.header.addWidget(self._reset)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.body.addLayout(self.header)

    @property
    def value(self) -> Value:
        """The value as it is stored, whatever the controls can show of it."""
        return self._value

    def show_value(self, value: Value) -> None:
        """Show `value`; no signal."""
        self._value = value
        self._display(value)
        self._refresh()

    def set_note(self, text: str) -> None:
        """Say `text` about the present value, above the help line."""
        self._note_text = text
        self._refresh()

    def add_help(self) -> None:
        """Close the row with its note and its help line, below the controls."""
        help_line = _small_label("small")
        help_line.setText(words_of(self.words.help))
        self.body.addWidget(self._note)
        self.body.addWidget(help_line)

    def name_control(self, control: QWidget) -> None:
        """Tell a screen reader what `control` sets, and what that does."""
        control.setAccessibleName(f"{self.title}, {words_of(self.words.technical)}")
        control.setAccessibleDescription(words_of(self.words.help))

    def _display(self, value: Value) -> None:
        """Set the controls to `value` without a signal."""
        raise NotImplementedError

    def _differs(self) -> bool:
        """Return whether the writer has changed the setting."""
        return self._value != self._default

    def _note_now(self) -> str:
        return self._note_text

    def _focus_control(self) -> None:
        """Give the keyboard to the control that a reset leaves behind."""
        raise NotImplementedError

    def _take(self, value: Value) -> None:
        """Show and announce what the user has given."""
        if value != self._value:
            self.show_value(value)
            self.value_changed.emit(self.group, self.name, value)

    def _refresh(self) -> None:
        self._reset.setVisible(self._differs())
        note = self._note_now()
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _on_reset(self) -> None:
        if self._reset.hasFocus():
            self._focus_control()
        self._take(self._default)

    def _technical_label(self) -> QLabel:
        technical = words_of(self.words.technical)
        # A technical name that only repeats the plain word says nothing.
        repeats = technical.casefold() == self.title.casefold()
        label = ElidedLabel("" if repeats else technical)
        label.setProperty("part", "small")
        return label


class ChoiceRow(SettingRow):
    """A setting that takes one of a few values."""

    def __init__(self, group: str, setting: "Field[Any]", parent: QWidget | None = None) -> None:
        super().__init__(group, setting, parent)
        self.choice = Segmented([(value, words_of(text)) for value, text in self.words.choices])
        self.choice.chosen.connect(self._on_chosen)
        self.name_control(self.choice)
        self.body.addSpacing(4)
        self.body.addWidget(self.choice)
        self.body.addSpacing(4)
        self.add_help()
        self.show_value(self._value)

    def _display(self, value: Value) -> None:
        self.choice.show_value(str(value))

    def _focus_control(self) -> None:
        self.choice.setFocus()

    def _on_chosen(self, value: str) -> None:
        self._take(value)


def _small_label(part: str) -> QLabel:
    label = QLabel()
    label.setProperty("part", part)
    label.setWordWrap(True)
    return label
