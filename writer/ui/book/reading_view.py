"""ReadingView: several scenes as one text in the place of the page, with a slim bar above."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from writer.manuscript.book.compiled import Place
from writer.ui.book.reading_sheet import ReadingSheet
from writer.ui.elided_label import ElidedLabel
from writer.ui.icons import IconButton

_HEIGHT_PX = 40
_MARGIN_PX = 16
_REST_MS = 60


class ReadingView(QWidget):
    """It shows what it is given, and says where the reader is and wants to go."""

    place_chosen = Signal(str, int)
    """A scene's id and a code point of its text."""
    scene_in_sight = Signal(str)
    """The scene in the middle of what is shown."""
    close_asked = Signal()
    toggle_asked = Signal()
    """Read what is chosen, or stop reading."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = ReadingSheet()
        self.bar = ReadingBar()
        self._in_sight = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.sheet, 1)
        self.setFocusProxy(self.sheet)
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(_REST_MS)
        self._looking.timeout.connect(self._look)
        self.sheet.verticalScrollBar().valueChanged.connect(self._look_soon)
        self.sheet.place_chosen.connect(self.place_chosen)
        self.sheet.escaped.connect(self.close_asked)
        self.bar.close_button.clicked.connect(self.close_asked)

    def show_scenes(self, text: str, places: Sequence[Place]) -> None:
        """Show a text in which scenes stand at `places`."""
        self._in_sight = ""
        self.sheet.show_scenes(text, places)

    def show_place(self, id: str, place: int) -> None:
        """Bring a code point of a scene's text into sight."""
        self.sheet.show_place(id, place)
        self._look()

    def place(self) -> tuple[str, int]:
        """Return the scene and the code point of its text where the caret is."""
        return self.sheet.place_of(self.sheet.caret())

    def clear(self) -> None:
        """Show nothing, and hold no text."""
        self._looking.stop()
        self._in_sight = ""
        self.sheet.show_scenes("", ())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Esc wherever in the view the keyboard is."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_asked.emit()
        else:
            super().keyPressEvent(event)

    def _look_soon(self) -> None:
        if not self._looking.isActive():
            self._looking.start()

    def _look(self) -> None:
        self._looking.stop()
        scene = self.sheet.middle()
        if scene and scene != self._in_sight:
            self._in_sight = scene
            self.scene_in_sight.emit(scene)


class ReadingBar(QWidget):
    """Says what is read and how to get away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_HEIGHT_PX)
        self.title = ElidedLabel()
        self.facts = QLabel()
        self.facts.setProperty("part", "faint")
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        hint = ElidedLabel(self.tr("Return writes here"))
        hint.setProperty("part", "small")
        self.close_button = IconButton("close", self.tr("Back to the page (Esc)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX // 2, 0)
        row.setSpacing(_MARGIN_PX // 2)
        row.addWidget(self.title)
        row.addWidget(self.facts)
        row.addStretch()
        row.addWidget(hint)
        row.addWidget(self.close_button)

    def show_words(self, title: str, facts: str) -> None:
        """Say what is read, and how much it is."""
        self.title.setText(title)
        self.facts.setText(facts)

    def text(self) -> str:
        """Return what is said."""
        return " · ".join(part for part in (self.title.text(), self.facts.text()) if part)
