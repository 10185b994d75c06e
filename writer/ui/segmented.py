"""Segmented: one of a few values, all of them in sight side by side."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget


class SegmentButton(QToolButton):
    """One of the values; a class of its own for the style sheet's sake."""


class Segmented(QWidget):
    """Buttons in a row of which at most one is down; the arrow keys walk along them."""

    chosen = Signal(str)
    """The value that the user has just chosen."""

    def __init__(self, options: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """Make a button of each (value, words) in `options`."""
        super().__init__(parent)
        self._values = [value for value, _ in options]
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, (_, words) in enumerate(options):
            button = SegmentButton()
            button.setText(words)
            button.setAccessibleName(words)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setProperty("place", self._place(index))
            self._group.addButton(button, index)
            row.addWidget(button)
        self._group.idClicked.connect(self._on_clicked)

    def value(self) -> str | None:
        """Return the value whose button is down."""
        index = self._group.checkedId()
        return None if index < 0 else self._values[index]

    def show_value(self, value: str | None) -> None:
        """Press the button of `value`, or none; no signal."""
        self._group.setExclusive(False)
        for index, known in enumerate(self._values):
            self._group.button(index).setChecked(known == value)
        self._group.setExclusive(True)

    def setAccessibleName(self, name: str) -> None:
        """Say what is being chosen before the words of each button."""
        super().setAccessibleName(name)
        for button in self._group.buttons():
            button.setAccessibleName(f"{name}: {button.text()}")

    def _place(self, index: int) -> str:
        """Return which corners the style sheet rounds."""
        if index == 0:
            return "first"
        return "last" if index == len(self._values) - 1 else "middle"

    def _on_clicked(self, index: int) -> None:
        self.chosen.emit(self._values[index])
