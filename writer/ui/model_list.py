"""ModelList: the models one beneath the other, each with a small line that says what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeySequence,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from writer.ui.fonts import small_px

_ROW = Qt.ItemDataRole.UserRole
ROW_MARGIN_PX = 8
_GAP_PX, _RADIUS_PX = 2, 4


@dataclass(frozen=True, slots=True)
class Row:
    """What the list shows of one model."""

    key: str
    """What tells it from all others."""
    name: str
    summary: str
    """The small line beneath."""
    mark: str = ""
    """What is to be seen at once, as that it is at work."""
    is_there: bool = True


class ModelList(QListWidget):
    """One model is chosen, with the arrows or the mouse."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_RowPainter(self))
        self.setAccessibleName(self.tr("Models"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.viewport().setAutoFillBackground(False)
        self.setTabKeyNavigation(False)
        self.delete_key = QShortcut(QKeySequence(Qt.Key.Key_Delete), self)
        self.delete_key.setContext(Qt.ShortcutContext.WidgetShortcut)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the chosen one in sight, also where something beneath takes room."""
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex())

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these; what was chosen stays chosen, if it is still there."""
        chosen = self.chosen_key()
        with QSignalBlocker(self):
            while self.count() > len(rows):
                self.takeItem(self.count() - 1)
            while self.count() < len(rows):
                self.addItem(QListWidgetItem())
            for place, row in enumerate(rows):
                self._fill(self.item(place), row)
            self.choose(chosen)

    def choose(self, key: str) -> bool:
        """Choose the model of this key; return whether there is one."""
        for place in range(self.count()):
            if self._row(place).key == key:
                self.setCurrentRow(place)
                return True
        self.choose_none()
        return False

    def choose_none(self) -> None:
        """Choose nothing."""
        self.setCurrentRow(-1)

    def chosen_key(self) -> str:
        """Return the key of the chosen model, empty if there is none."""
        row = self.currentRow()
        return self._row(row).key if 0 <= row < self.count() else ""

    def _row(self, place: int) -> Row:
        row = self.item(place).data(_ROW)
        assert isinstance(row, Row)
        return row

    def _fill(self, item: QListWidgetItem, row: Row) -> None:
        item.setData(_ROW, row)
        item.setText(row.name)
        item.setToolTip("\n".join(filter(None, (row.name, row.summary))))
        said = ", ".join(filter(None, (row.name, row.summary, row.mark)))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)


class _RowPainter(QStyledItemDelegate):
    """Paints two lines, the second small."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Ask for the height of both lines."""
        lines = QFontMetricsF(option.font).height() + QFontMetricsF(_small(option.font)).height()
        return QSize(0, round(lines) + _GAP_PX + 2 * ROW_MARGIN_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the ground, the name with its mark at the right, and what it is."""
        row = index.data(_ROW)
        faint = _colour(option, QPalette.ColorRole.PlaceholderText)
        ink = _colour(option, QPalette.ColorRole.WindowText) if row.is_there else faint
        small = _small(option.font)
        painter.save()
        _paint_ground(painter, option)
        beneath = QRectF(option.rect).adjusted(
            ROW_MARGIN_PX, ROW_MARGIN_PX, -ROW_MARGIN_PX, -ROW_MARGIN_PX
        )
        line = QRectF(beneath)
        line.setHeight(QFontMetricsF(option.font).height())
        beneath.setTop(line.bottom() + _GAP_PX)
        mark = _put(painter, line, row.mark, (small, faint), Qt.AlignmentFlag.AlignRight)
        line.setRight(line.right() - (mark + ROW_MARGIN_PX if mark else 0))
        _put(painter, line, row.name, (option.font, ink))
        _put(painter, beneath, row.summary, (small, faint))
        painter.restore()


def _put(
    painter: QPainter,
    room: QRectF,
    words: str,
    how: tuple[QFont, QColor],
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> float:
    """Paint a line of words as far as there is room; return how wide it is."""
    font, colour = how
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
    is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_colour(option, QPalette.ColorRole.AlternateBase))
        painter.drawRoundedRect(ground, _RADIUS_PX, _RADIUS_PX)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_colour(option, QPalette.ColorRole.Dark), 1))
        painter.drawRoundedRect(ground, _RADIUS_PX, _RADIUS_PX)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(small_px())
    return small


def _colour(option: QStyleOptionViewItem, role: QPalette.ColorRole) -> QColor:
    return option.palette.color(QPalette.ColorGroup.Active, role)
