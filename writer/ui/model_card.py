"""ModelCard: all that is known of one model, and of one that is about to be added."""

from collections.abc import Mapping
from functools import partial
from html import escape

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from writer.ui.elided_label import ElidedLabel
from writer.ui.model_lengths import ModelLengths
from writer.ui.theme import page_font
from writer.ui.training_setup import heading, small_label

_NAME_PX, _SAMPLE_PX = 20, 16
_LABEL_PX = 128
_RADIO_WORDS_PX = 29
"""Where the words of a radio button begin."""


class ModelCard(QWidget):
    """A name, a table of facts, what is to be minded, and how the model writes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.facts = {key: ElidedLabel() for key in _names()}
        self._labels = {key: QLabel(words) for key, words in _names().items()}
        self.facts["place"] = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.warning = _paragraph()
        self.warning.setContentsMargins(0, 0, 0, 16)
        self._before = self._went_on = ""
        self.sample = _paragraph()
        self.sample.setTextFormat(Qt.TextFormat.RichText)
        self.sample.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sample_heading = heading(self.tr("It went on"))
        self.how = HowToAdd()
        self.lengths = ModelLengths()
        self._lay_out()
        self._draw_fonts()

    def show_facts(self, name: str, facts: Mapping[str, str]) -> None:
        """Show what is known; there is no line for what `facts` lacks."""
        self.name.setText(name)
        self.name.setToolTip(name)
        for key, label in self.facts.items():
            words = facts.get(key, "")
            label.setText(words)
            label.setToolTip(words)
            for widget in (label, self._labels[key]):
                widget.setVisible(bool(words))

    def show_warning(self, words: str, is_error: bool = False) -> None:
        """Say what is to be minded; empty takes it away."""
        self.warning.setText(words)
        self.warning.setProperty("part", "error" if is_error else "faint")
        self.warning.style().polish(self.warning)
        self.warning.setVisible(bool(words))

    def show_sample(self, before: str, words: str) -> None:
        """Show how the model went on with what ends in `before`; empty takes it away."""
        self._before, self._went_on = before, words
        self._draw_sample()
        for widget in (self.sample, self._sample_heading):
            widget.setVisible(bool(words))

    def changeEvent(self, event: QEvent) -> None:
        """Keep the letters when the application gets another font, the colours with a theme."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._draw_fonts()
        elif event.type() == QEvent.Type.PaletteChange:
            self._draw_sample()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        table = QGridLayout()
        table.setHorizontalSpacing(16)
        table.setVerticalSpacing(8)
        table.setColumnMinimumWidth(0, _LABEL_PX)
        table.setColumnStretch(1, 1)
        for place, (key, label) in enumerate(self._labels.items()):
            label.setProperty("part", "faint")
            label.setBuddy(self.facts[key])
            table.addWidget(label, place, 0)
            table.addWidget(self.facts[key], place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.name)
        column.addSpacing(16)
        column.addLayout(table)
        column.addSpacing(16)
        column.addWidget(self.warning)
        column.addWidget(self.how)
        column.addWidget(self.lengths)
        column.addWidget(self._sample_heading)
        column.addSpacing(4)
        column.addWidget(self.sample)
        column.addStretch()
        self.how.hide()
        self.show_warning("")
        self.show_sample("", "")

    def _draw_fonts(self) -> None:
        self.name.setFont(page_font(_NAME_PX))
        self.sample.setFont(page_font(_SAMPLE_PX))

    def _draw_sample(self) -> None:
        """Write what was there before fainter than what the model wrote."""
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText).name()
        before = f'<span style="color: {faint}">…{escape(self._before)}</span>'
        self.sample.setText((before if self._before else "") + escape(self._went_on))


class HowToAdd(QWidget):
    """Whether a model stays where it is, or is copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.link = QRadioButton(self.tr("Leave it where it is"))
        self.copy = QRadioButton(self.tr("Copy it into Writer's folder"))
        self.link.setChecked(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(heading(self.tr("How to add it")))
        column.addSpacing(4)
        for button, words in (
            (self.link, self.tr("Takes no room. It must stay in its place.")),
            (self.copy, self.tr("Takes its size once more, and is there whatever becomes of it.")),
        ):
            button.setAccessibleDescription(words)
            beneath = small_label(words)
            beneath.setContentsMargins(_RADIO_WORDS_PX, 0, 0, 4)
            column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
            column.addWidget(beneath)

    @property
    def is_copy(self) -> bool:
        """Whether it is to be copied."""
        return self.copy.isChecked()


def _names() -> dict[str, str]:
    tr = partial(QCoreApplication.translate, "ModelCard")
    return {
        "language": tr("Language"),
        "parameters": tr("Parameters"),
        "reading": tr("Reads at once"),
        "vocabulary": tr("Vocabulary"),
        "licence": tr("Licence"),
        "size": tr("On the disk"),
        "memory": tr("Memory"),
        "speed": tr("Speed here"),
        "origin": tr("Origin"),
        "place": tr("Where"),
    }


def _paragraph() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
