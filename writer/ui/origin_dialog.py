"""OriginDialog: where some suggested words come from, and what comes when they are sampled again.

It decides nothing, and stands beside the page while that is typed on.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLayout, QVBoxLayout, QWidget

from writer.manuscript.provenance.origin import Origin
from writer.ui.book.form_dialog import FormDialog
from writer.ui.book.when_words import moment_words
from writer.ui.fonts import page_font
from writer.ui.origin_words import sampling_words
from writer.ui.training_setup import heading

_SAID_PX = 16
_LABEL_PX = 96
_WIDTH_PX = 560
_GAP_PX = 24


class OriginDialog(FormDialog):
    """The proposal, what it was drawn with, and the one step: to sample it again."""

    sample_asked = Signal()
    closed = Signal()

    def __init__(self, origin: Origin, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        title = self.tr("Where these words come from")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.cancel_button.setText(self.tr("Close"))
        self.said = _paragraph(origin.text.strip())
        self.facts = {words: _paragraph(value) for words, value in self._facts(origin)}
        self.state = _paragraph()
        self.again = _paragraph()
        self._again_heading = heading(self.tr("What it said now"))
        self._lay_out()
        self._draw_fonts()
        self.show_state(())
        self.offer(self.tr("Sample it again"))

    def offer(self, step: str, may: bool = True) -> None:
        """Let the one step be called `step`, and whether it can be taken."""
        self.step_button.setText(step)
        self.step_button.setEnabled(may)

    def show_state(self, sentences: Sequence[str], said: str = "") -> None:
        """Say what is to be known, a line each, and what the machine said now if that differs."""
        self.state.setText("\n".join(sentences))
        self.state.setVisible(bool(sentences))
        self.again.setText(said.strip())
        for widget in (self.again, self._again_heading):
            widget.setVisible(bool(said))
        self._fit()

    def accept(self) -> None:
        """Ask for the step; the dialog stays."""
        self.sample_asked.emit()

    def done(self, result: int) -> None:
        """Go, and say so."""
        super().done(result)
        self.closed.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Go as with Esc."""
        self.reject()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Keep the letters when the application gets another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._draw_fonts()

    def _facts(self, origin: Origin) -> list[tuple[str, str]]:
        unknown = self.tr("unknown")
        return [
            (self.tr("Model"), origin.model or unknown),
            (self.tr("Taken"), moment_words(origin.taken)),
            (self.tr("Settings"), sampling_words(origin.sampling) or unknown),
            (self.tr("Seed"), str(origin.seed)),
            (self.tr("Numbers in"), origin.precision or unknown),
            (self.tr("Machine"), origin.machine or unknown),
        ]

    def _lay_out(self) -> None:
        table = QGridLayout()
        table.setHorizontalSpacing(16)
        table.setVerticalSpacing(8)
        table.setColumnMinimumWidth(0, _LABEL_PX)
        table.setColumnStretch(1, 1)
        for row, (words, value) in enumerate(self.facts.items()):
            label = QLabel(words)
            label.setProperty("part", "faint")
            label.setBuddy(value)
            table.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            table.addWidget(value, row, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, _GAP_PX)
        column.setSpacing(8)
        column.addWidget(heading(self.tr("What it proposed")))
        column.addWidget(self.said)
        column.addSpacing(16)
        column.addLayout(table)
        column.addSpacing(16)
        column.addWidget(self.state)
        self._again_heading.setContentsMargins(0, 16, 0, 0)
        column.addWidget(self._again_heading)
        column.addWidget(self.again)
        self.questions.addLayout(column)
        self.questions.addStretch()

    def _draw_fonts(self) -> None:
        for label in (self.said, self.again):
            label.setFont(page_font(_SAID_PX))

    def _fit(self) -> None:
        """Be as high as the words need; Qt would think of the narrowest column they could have."""
        layout = self.layout()
        if layout is not None:
            layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
            layout.activate()
            self.setFixedSize(_WIDTH_PX, layout.heightForWidth(_WIDTH_PX))


def _paragraph(words: str = "") -> QLabel:
    label = QLabel(words)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
