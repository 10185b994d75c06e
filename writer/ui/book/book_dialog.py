"""BookDialog: how the dialogs about a book's texts are laid out, and what their keys do.

A title and a line beneath it; a list at the left, if there is one; the paper at the right, as wide
as can be; the steps at the bottom.
"""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from writer.ui.book.differences_pane import DifferencesPane
from writer.ui.theme import page_font

MARGIN_PX = 32
_TITLE_PX = 24
SIZE = QSize(960, 640)
_LEAST = QSize(840, 520)


class BookDialog(QDialog):
    """A dialog that shows differences; Esc and closing choose nothing."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.title = QLabel(title)
        self.under = QLabel()
        self.pane = DifferencesPane()
        self.steps = QHBoxLayout()
        """The row of buttons at the bottom."""
        for label in (self.title, self.under):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.under.setProperty("part", "faint")
        self.title.setFont(page_font(_TITLE_PX))
        self.setMinimumSize(_LEAST)
        self.resize(SIZE)

    def done(self, result: int) -> None:
        """Let what is being compared go, too."""
        self.pane.stop()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press the button that has the focus with Return."""
        focused = self.focusWidget()
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and isinstance(focused, QPushButton):
            focused.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the title's letters when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self.title.setFont(page_font(_TITLE_PX))
        super().changeEvent(event)

    def lay_out(self, paper: QWidget, left: QWidget | None = None) -> None:
        """Put the parts in their places, `paper` with the pane in it."""
        above = QVBoxLayout()
        above.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, 24)
        above.setSpacing(8)
        above.addWidget(self.title)
        above.addWidget(self.under)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        if left is not None:
            middle.addWidget(left)
        middle.addWidget(paper, stretch=1)
        self.steps.setContentsMargins(MARGIN_PX, 16, MARGIN_PX, 16)
        self.steps.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above)
        column.addLayout(middle, stretch=1)
        column.addWidget(hairline())
        column.addLayout(self.steps)


def button(words: str) -> QPushButton:
    """Return a button that Return presses only where it has the focus, or is the default."""
    result = QPushButton(words)
    result.setAutoDefault(False)
    result.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    return result


def hairline() -> QFrame:
    """Return a line from side to side."""
    line = QFrame()
    line.setProperty("part", "line")
    return line
