"""NumberRow: a setting that is a number, as a slider and as figures that follow each other."""

import math
from dataclasses import Field
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QWidget

from writer.settings import Value
from writer.ui.setting_row import SettingRow, words_of

_CARET_ROOM_PX = 8


class CalmSlider(QSlider):
    """A slider that leaves the wheel to the pane unless it has been gone to."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the pane rather than change a value in passing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberBox(QDoubleSpinBox):
    """Figures to type over; like the slider it leaves the wheel to the pane."""

    def __init__(self) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGroupSeparatorShown(True)
        # Half a number is not a value: 1 on the way to 150 would start a request of its own.
        self.setKeyboardTracking(False)

    def sizeHint(self) -> QSize:
        """Ask for the room of the longer bound, so that the words before it keep theirs."""
        texts = (
            self.textFromValue(value) + self.suffix() for value in (self.minimum(), self.maximum())
        )
        width = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        return QSize(width + _CARET_ROOM_PX, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Never be narrower than that."""
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the pane rather than change a value in passing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberRow(SettingRow):
    """A whole number or a fraction between two bounds.

    The upper bound may be lowered while the program runs, to what a model can do. A stored value
    above it shows as the bound and stays stored; moving to the bound stores the setting's own
    maximum, which means: all there is, whatever the model.
    """

    def __init__(self, group: str, setting: "Field[Any]", parent: QWidget | None = None) -> None:
        super().__init__(group, setting, parent)
        if self.words.minimum is None or self.words.maximum is None:
            raise ValueError(f"{setting.name} is shown in the pane, so it needs both bounds")
        self._whole = isinstance(setting.default, int)
        self._bottom = self.words.minimum
        self._own_top = self.words.maximum
        self._top = self._own_top
        self._digits = 0 if self._whole else digits_of(self.words.step)

        self.box = NumberBox()
        self.box.setDecimals(self._digits)
        self.box.setSingleStep(self.words.step)
        if self.words.unit:
            self.box.setSuffix(" " + words_of(self.words.unit))
        self.slider = CalmSlider()
        for control in (self.box, self.slider):
            self.name_control(control)
        self.header.addWidget(self.box)
        self.body.addWidget(self.slider)
        self.add_help()
        QWidget.setTabOrder(self.slider, self.box)
        QWidget.setTabOrder(self.box, self._reset)

        self._set_bounds()
        self.show_value(self._value)
        self.box.valueChanged.connect(self._on_box)
        self.slider.valueChanged.connect(self._on_slider)

    def set_limit(self, maximum: float) -> None:
        """Show no more than `maximum` from now on; the stored value stays."""
        self._top = max(self._bottom, min(maximum, self._own_top))
        self._set_bounds()
        self.show_value(self._value)

    def _set_bounds(self) -> None:
        with QSignalBlocker(self.box), QSignalBlocker(self.slider):
            self.box.setRange(self._bottom, self._top)
            self.box.updateGeometry()
            steps = math.ceil((self._top - self._bottom) / self.words.step - 1e-9)
            self.slider.setRange(0, steps)
            self.slider.setPageStep(max(1, steps // 10))

    def _display(self, value: Value) -> None:
        shown = self._shown(value)
        with QSignalBlocker(self.box), QSignalBlocker(self.slider):
            self.box.setValue(shown)
            at_top = shown >= self._top
            place = round((shown - self._bottom) / self.words.step)
            self.slider.setValue(self.slider.maximum() if at_top else place)

    def _shown(self, value: Value) -> float:
        return min(float(value), self._top)

    def _differs(self) -> bool:
        return self._shown(self._value) != self._shown(self._default)

    def _note_now(self) -> str:
        limited = self._top < self._own_top
        if not limited or self._shown(self._value) < self._top:
            return self._note_text
        return self._note_text or self._everything()

    def _refresh(self) -> None:
        super()._refresh()
        is_all = self._top < self._own_top and self._shown(self._value) >= self._top
        for control in (self.box, self.slider):
            control.setToolTip(self._everything() if is_all else "")

    def _everything(self) -> str:
        return self.tr("All that the model can read")

    def _focus_control(self) -> None:
        self.slider.setFocus()

    def _typed(self, number: float) -> Value:
        """Return what `number`, shown in a control, means for the setting."""
        if number >= self._top:
            number = self._own_top
        return round(number) if self._whole else float(round(number, self._digits))

    def _on_box(self, number: float) -> None:
        self._take(self._typed(number))

    def _on_slider(self, place: int) -> None:
        self._take(self._typed(self._bottom + place * self.words.step))


def digits_of(step: float) -> int:
    """Return the digits after the point that `step` needs.

    >>> digits_of(0.05)
    2
    """
    return len(f"{step:f}".rstrip("0").partition(".")[2])
