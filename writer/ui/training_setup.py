"""TrainingSetup: which texts a model is to learn from, and for how long."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from writer.ui.elided_label import ElidedLabel
from writer.ui.fonts import heading_font
from writer.ui.icons import IconButton
from writer.ui.number_row import CalmSlider, NumberBox
from writer.ui.pane_area import PaneArea

_LEAST_MINUTES, _MOST_MINUTES, _USUAL_MINUTES = 5, 120, 10
_STEP_MINUTES = 5
_ROW_PX, _CLOSE_PX, _CLOSE_COLUMN_PX = 40, 16, 24
_BOX_PX = 22
"""From the left edge of a box to its words."""
MARGIN_PX = 32
"""Of the dialog, left and right."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the writer has asked for."""

    with_open_text: bool
    files: tuple[Path, ...]
    minutes: int
    words: int


class TrainingSetup(QWidget):
    """The first page of the training dialog."""

    changed = Signal()
    """Whether anything is to be read may be otherwise now."""
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files: list[TextRow] = []
        self.open_text = OpenTextRow()
        self.open_text.box.toggled.connect(self._on_changed)
        self.add_button = QPushButton(self.tr("Add &files…"))
        self.add_button.setAutoDefault(False)
        self.add_button.clicked.connect(self.add_asked)
        self._total = small_label()
        self._space = _space()
        self.minutes = MinutesRow()
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setProperty("part", "faint")
        self._rows = QVBoxLayout()
        self._lay_out()

    def wish(self) -> Wish:
        """Return what is asked for now."""
        return Wish(
            self.open_text.box.isChecked(),
            tuple(row.path for row in self._files),
            self.minutes.value,
            self._words(),
        )

    def show_open_text(self, title: str, words: int) -> None:
        """Offer the text that is open; one without a word cannot be ticked."""
        self.open_text.show_text(title, words)
        self._on_changed()

    def show_note(self, words: str) -> None:
        """Say what will happen."""
        self._note.setText(words)

    def add_file(self, path: Path, words: int) -> None:
        """List one more text, once."""
        if any(row.path == path for row in self._files):
            return
        row = TextRow(path, words)
        row.removed.connect(self._on_removed)
        self._files.append(row)
        self._rows.addWidget(row)
        self._on_changed()

    def _words(self) -> int:
        chosen = self.open_text.words if self.open_text.box.isChecked() else 0
        return chosen + sum(row.words for row in self._files)

    def _lay_out(self) -> None:
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(self.open_text)
        beneath = QHBoxLayout()
        beneath.addWidget(self.add_button)
        beneath.addStretch()
        beneath.setSpacing(8)
        beneath.addWidget(self._total)
        beneath.addWidget(self._space)
        inside = QWidget()
        column = QVBoxLayout(inside)
        # The bar floats over the margin, so the margin scrolls along.
        column.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        column.setSpacing(0)
        column.addWidget(heading(self.tr("What it reads")))
        column.addSpacing(4)
        column.addLayout(self._rows)
        column.addSpacing(16)
        column.addLayout(beneath)
        column.addSpacing(32)
        column.addWidget(heading(self.tr("How long")))
        column.addSpacing(8)
        column.addWidget(self.minutes)
        column.addSpacing(32)
        column.addWidget(heading(self.tr("What will happen")))
        column.addSpacing(8)
        column.addWidget(self._note)
        column.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(PaneArea(inside))
        self._on_changed()

    def _on_removed(self, row: "TextRow") -> None:
        place = self._files.index(row)
        self._files.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        # The keyboard stays in the list: with the next text, the one before, or what adds one.
        left = self._files[min(place, len(self._files) - 1)] if self._files else None
        (left.remove_button if left else self.add_button).setFocus()
        self._on_changed()

    def _on_changed(self) -> None:
        self._total.setText(self.tr("{words} in all").format(words=_in_words(self._words())))
        for widget in (self._total, self._space):
            widget.setVisible(bool(self._files))
        self.open_text.align(bool(self._files))
        self.changed.emit()


class OpenTextRow(QWidget):
    """The text on the page, to be ticked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = 0
        self.box = QCheckBox()
        # In line with the headings: the ring of the focus needs no room at the left.
        self.box.setStyleSheet("QCheckBox { padding-left: 0; margin-left: -1px; }")
        self._count = small_label()
        self._space = _space()
        _fill_row(self, self.box, self._count, self._space)

    def align(self, with_files: bool) -> None:
        """Keep the words in line with those of files, which have a button behind them."""
        self._space.setVisible(with_files)

    def show_text(self, title: str, words: int) -> None:
        """Show its name and its size, and tick it as soon as it has words."""
        self.box.setText(self.tr("{title}, the open text").format(title=title))
        self._count.setText(_in_words(words))
        self.box.setAccessibleDescription(self._count.text())
        had_words, self.words = self.words, words
        with QSignalBlocker(self.box):
            if not words or not had_words:
                self.box.setChecked(words > 0)
        self.box.setEnabled(words > 0)


class TextRow(QWidget):
    """A text that was added, to be taken off the list again."""

    removed = Signal(object)
    """Itself."""

    def __init__(self, path: Path, words: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.words = words
        name = ElidedLabel(path.name)
        name.setToolTip(str(path))
        self.remove_button = IconButton(
            "close", self.tr("Leave out {name}").format(name=path.name), _CLOSE_PX
        )
        self.remove_button.clicked.connect(self._on_clicked)
        self.remove_button.setFixedWidth(_CLOSE_COLUMN_PX)
        _fill_row(self, name, small_label(_in_words(words)), self.remove_button)
        name.setContentsMargins(_BOX_PX, 0, 0, 0)

    def _on_clicked(self) -> None:
        self.removed.emit(self)


class MinutesRow(QWidget):
    """How long, as a slider and as figures, like a setting's row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = NumberBox()
        self.box.setDecimals(0)
        self.box.setRange(_LEAST_MINUTES, _MOST_MINUTES)
        self.box.setSuffix(" " + self.tr("minutes"))
        self.slider = CalmSlider()
        self.slider.setRange(_LEAST_MINUTES // _STEP_MINUTES, _MOST_MINUTES // _STEP_MINUTES)
        self.slider.setPageStep(3)
        help_words = self.tr(
            "Ten minutes suit a chapter or two, an hour a whole novel. You may stop at any time "
            "and go on another day."
        )
        for control in (self.box, self.slider):
            control.setAccessibleName(self.tr("How long, in minutes"))
            control.setAccessibleDescription(help_words)
        help_line = small_label(help_words)
        help_line.setWordWrap(True)
        header = QHBoxLayout()
        header.addWidget(QLabel(self.tr("Time to learn")))
        header.addStretch()
        header.addWidget(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self.slider)
        column.addWidget(help_line)
        QWidget.setTabOrder(self.slider, self.box)
        self.box.valueChanged.connect(self._on_box)
        self.slider.valueChanged.connect(self._on_slider)
        self.box.setValue(_USUAL_MINUTES)

    @property
    def value(self) -> int:
        """The minutes."""
        return round(self.box.value())

    def _on_box(self, minutes: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(minutes / _STEP_MINUTES))

    def _on_slider(self, place: int) -> None:
        self.box.setValue(place * _STEP_MINUTES)


def heading(words: str) -> QLabel:
    """Return what stands above a part of the dialog, in small capitals."""
    label = QLabel(words)
    label.setFont(heading_font())
    label.setProperty("part", "faint")
    return label


def small_label(words: str = "") -> QLabel:
    """Return a label of small faint words."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("part", "small")
    return label


def _space() -> QWidget:
    space = QWidget()
    space.setFixedWidth(_CLOSE_COLUMN_PX)
    return space


def _fill_row(row: QWidget, first: QWidget, *others: QWidget) -> None:
    row.setFixedHeight(_ROW_PX)
    line = QFrame()
    line.setProperty("part", "line")
    widgets = QHBoxLayout()
    widgets.setSpacing(8)
    widgets.addWidget(first, stretch=1)
    for widget in others:
        widgets.addWidget(widget)
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(widgets, stretch=1)
    column.addWidget(line)


def _in_words(count: int) -> str:
    tr = partial(QCoreApplication.translate, "TrainingSetup")
    return tr("1 word") if count == 1 else tr("{n} words").format(n=f"{count:,}")
