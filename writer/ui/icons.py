"""Icons: the line drawings of resources/icons, in the colour that the theme asks for."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton, QWidget

from writer.places import resources

_SIZE_PX = 20
_SCALES = (1, 2, 3, 4)
"""Of the screens served; Qt scales down from the next larger one at 150 %."""


def icon(name: str, colour: str, disabled: str | None = None) -> QIcon:
    """Return the drawing `name` in `colour`, sharp at every scaling of the screen."""
    result = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled or colour)):
        for scale in _SCALES:
            result.addPixmap(pixmap(name, tint, scale), mode)
    return result


def pixmap(name: str, colour: str, scale: float = 1, size_px: int = _SIZE_PX) -> QPixmap:
    """Draw `name` in `colour`, `size_px` wide on a screen scaled by `scale`."""
    drawing = QByteArray(
        _source(resources() / "icons", name).replace(b"currentColor", colour.encode())
    )
    side = round(size_px * scale)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    QSvgRenderer(drawing).render(painter, QRectF(0, 0, side, side))
    painter.end()
    result.setDevicePixelRatio(scale)
    return result


@lru_cache
def _source(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.svg").read_bytes()


class IconButton(QToolButton):
    """A button of one icon, with its words in the tool tip; it follows the theme.

    A click does not take the keyboard from the page; Tab reaches it.
    """

    def __init__(
        self, name: str, words: str, size_px: int = _SIZE_PX, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setIconSize(QSize(size_px, size_px))
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of a new theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        palette = self.palette()
        colour = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)
        off = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Mid)
        self.setIcon(icon(self._name, colour.name(), off.name()))
