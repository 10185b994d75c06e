"""ModelLengths: a model by length of context, in three charts of which one shows. It only shows."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from writer.ui.length_curves import LengthChart
from writer.ui.length_plot import LengthPlot
from writer.ui.segmented import Segmented
from writer.ui.training_setup import heading, small_label

LOSS, MEMORY, TIME = "loss", "memory", "time"
"""The charts."""


class ModelLengths(QWidget):
    """The choice of a chart, the chart, where its figures come from, and the way to measure."""

    measure_asked = Signal()
    """Measure on this machine."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._charts: Mapping[str, LengthChart] = {}
        self.choice = Segmented(_names())
        self.choice.setAccessibleName(self.tr("By length of context"))
        self.choice.chosen.connect(self._show)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.plot = LengthPlot()
        self.caption = small_label()
        self.caption.setWordWrap(True)
        self.measure_button = QPushButton(self.tr("Measure"))
        self.measure_button.setAutoDefault(False)
        self.measure_button.clicked.connect(self.measure_asked)
        self._lay_out()
        self.choice.show_value(LOSS)
        self.show_charts({})

    def show_charts(self, charts: Mapping[str, LengthChart]) -> None:
        """Show these, by the names of charts; nothing at all where there are none."""
        self._charts = charts
        self.setVisible(bool(charts))
        self._show()

    def offer(self, measure: bool) -> None:
        """Let it be measured, or not."""
        self.measure_button.setEnabled(measure)

    def _show(self) -> None:
        chosen = self.choice.value() or LOSS
        chart = self._charts.get(chosen)
        if chart is None:
            return
        self.title.setText(chart.title)
        self.plot.show_chart(chart)
        self.caption.setText(chart.caption)
        is_time = chosen == TIME
        self.measure_button.setText(
            self.tr("Measure again") if is_time and chart.curves else self.tr("Measure")
        )
        self.measure_button.setVisible(is_time)

    def _lay_out(self) -> None:
        beneath = QHBoxLayout()
        beneath.setSpacing(16)
        beneath.addWidget(self.caption, stretch=1, alignment=Qt.AlignmentFlag.AlignTop)
        beneath.addWidget(self.measure_button, alignment=Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(0)
        column.addWidget(heading(self.tr("By length of context")))
        column.addSpacing(8)
        column.addWidget(self.choice)
        column.addSpacing(16)
        column.addWidget(self.title)
        column.addSpacing(4)
        column.addWidget(self.plot)
        column.addSpacing(4)
        column.addLayout(beneath)


def _names() -> list[tuple[str, str]]:
    tr = partial(QCoreApplication.translate, "ModelLengths")
    return [(LOSS, tr("Prediction")), (MEMORY, tr("Memory")), (TIME, tr("Time"))]
