"""FloatingBar: a slim vertical scroll bar that floats over the margin and takes no room."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar

_BAR_PX = 10


class FloatingBar(QScrollBar):
    """Stands at the right edge of `area` in place of its own bar, while there is more to see."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, area)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area = area
        self._hidden = area.verticalScrollBar()
        self._hidden.rangeChanged.connect(self._on_range_changed)
        self._hidden.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._hidden.setValue)
        area.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the right edge."""
        if event.type() == QEvent.Type.Resize and watched is self._area:
            self.setGeometry(self._area.width() - _BAR_PX, 0, _BAR_PX, self._area.height())
            self._on_range_changed()
        return False

    def _on_range_changed(self) -> None:
        hidden = self._hidden
        self.setPageStep(hidden.pageStep())
        self.setSingleStep(hidden.singleStep())
        self.setRange(hidden.minimum(), hidden.maximum())
        self.setVisible(hidden.maximum() > hidden.minimum())
