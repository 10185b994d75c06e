"""PanelHeading: the line at the top of a panel, its name in small capitals and a word at right."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from writer.ui.fonts import heading_font

_HEIGHT_PX = 40
_MARGIN_PX = 16


class PanelHeading(QWidget):
    """A panel's name, and what is to be said beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT_PX)
        self._name = QLabel(name)
        self._beside = QLabel()
        for label in (self._name, self._beside):
            label.setProperty("part", "faint")
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, 0)
        row.addWidget(self._name)
        row.addStretch()
        row.addWidget(self._beside, alignment=Qt.AlignmentFlag.AlignVCenter)
        self._name.setFont(heading_font())

    def show_beside(self, text: str) -> None:
        """Show `text` at the right."""
        self._beside.setText(text)

    def beside(self) -> str:
        """Return the text at the right."""
        return self._beside.text()

    def changeEvent(self, event: QEvent) -> None:
        """Keep the capitals when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._name.setFont(heading_font())
        super().changeEvent(event)
