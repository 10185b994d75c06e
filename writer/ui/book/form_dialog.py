"""FormDialog: how the dialogs that ask for a few things about a book are laid out."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from writer.ui.book.book_dialog import MARGIN_PX, button
from writer.ui.theme import page_font
from writer.ui.training_setup import heading, small_label

_TITLE_PX = 24
_WIDTH_PX = 560
_GAP_PX = 24


class FormDialog(QDialog):
    """A title, some questions one beneath the other, and the steps; Esc changes nothing."""

    def __init__(self, title: str, step: str, parent: QWidget | None = None) -> None:
        """Show `title`; `step` are the words of what is done in the end."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.title = QLabel(title)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.title.setFont(page_font(_TITLE_PX))
        self.questions = QVBoxLayout()
        self.questions.setSpacing(0)
        self.steps = QHBoxLayout()
        self.steps.setSpacing(8)
        self.cancel_button = button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.step_button = button(step)
        self.step_button.setDefault(True)
        self.step_button.clicked.connect(self.accept)
        self.steps.addStretch()
        self.steps.addWidget(self.cancel_button)
        self.steps.addWidget(self.step_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, _GAP_PX)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addSpacing(_GAP_PX)
        column.addLayout(self.questions, stretch=1)
        column.addLayout(self.steps)
        self.setMinimumWidth(_WIDTH_PX)

    def ask(self, words: str, *answers: QWidget) -> QWidget:
        """Add a question with what it is answered by, and return both as one that can be hidden."""
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, _GAP_PX)
        column.setSpacing(8)
        if words:
            column.addWidget(heading(words))
        for answer in answers:
            column.addWidget(answer)
        self.questions.addWidget(whole)
        return whole

    def changeEvent(self, event: QEvent) -> None:
        """Keep the title's letters when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self.title.setFont(page_font(_TITLE_PX))
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press the button that has the focus with Return."""
        focused = self.focusWidget()
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and isinstance(focused, QPushButton):
            focused.click()
        else:
            super().keyPressEvent(event)


def beside(first: QWidget, *others: QWidget) -> QWidget:
    """Return widgets side by side, the first as wide as there is room."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    line.addWidget(first, stretch=1)
    for widget in others:
        line.addWidget(widget)
    return row


def abreast(*widgets: QWidget) -> QWidget:
    """Return widgets side by side, each as wide as the others."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(16)
    for widget in widgets:
        line.addWidget(widget, stretch=1)
    return row


def named(words: str, field: QWidget) -> QWidget:
    """Return a field with its small name above it."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    label = small_label(words)
    label.setBuddy(field)
    column.addWidget(label)
    column.addWidget(field)
    field.setAccessibleName(words)
    return whole


def remark(words: str = "") -> QLabel:
    """Return small faint words that may take several lines."""
    label = small_label(words)
    label.setWordWrap(True)
    return label
