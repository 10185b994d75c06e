"""The caret, two pixels in the accent's colour: Qt's own only inverts what is below it."""

from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPainter
from PySide6.QtWidgets import QTextEdit


class Caret(QObject):
    """Paints and blinks the caret of one editor, whose own has no width."""

    WIDTH_PX = 2

    def __init__(self, editor: QTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._colour = QColor("black")
        self._on = True
        self._painted = QRect()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_blink)
        editor.cursorPositionChanged.connect(self.restart)

    def set_colour(self, colour: QColor) -> None:
        """Paint it in `colour` from now on."""
        self._colour = colour
        self._update()

    def restart(self) -> None:
        """Show it steadily for a moment: it moved, or the page was entered."""
        self._on = True
        flash_ms = QGuiApplication.styleHints().cursorFlashTime()
        if flash_ms > 0 and self._editor.hasFocus():
            self._timer.start(flash_ms // 2)
        else:
            self._timer.stop()
        self._update()

    def paint(self) -> None:
        """Paint it on the editor's viewport, within a paint event."""
        self._painted = self._rect()
        if self._on and self._editor.hasFocus():
            painter = QPainter(self._editor.viewport())
            painter.fillRect(self._painted, self._colour)
            painter.end()

    def _on_blink(self) -> None:
        self._on = not self._on
        self._update()

    def _update(self) -> None:
        viewport = self._editor.viewport()
        viewport.update(self._painted)
        viewport.update(self._rect())

    def _rect(self) -> QRect:
        rect = self._editor.cursorRect()
        return QRect(rect.left(), rect.top(), self.WIDTH_PX, rect.height())
