"""Dragging in the outline: what is taken, where it would go, and the line that shows it."""

import secrets
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from writer.ui.book.outline_model import OutlineModel
from writer.ui.book.outline_places import Place, fitting, gaps_after, topmost
from writer.ui.book.outline_row import INDENT_PX, MARGIN_PX
from writer.ui.book.outline_shape import ARCHIVE, TOP
from writer.ui.book.outline_tree import OutlineTree

FORMAT = "application/x-writer-outline"
_AUTO_OPEN_MS = 600
_LINE_PX = 2
_RING_PX = 6
_RADIUS_PX = 4
_SIDE_PX = 4
_TAG_PADDING_PX = 8


@dataclass(frozen=True, slots=True)
class Target:
    """Where a drop would go."""

    place: Place | None
    """None: into the archive."""
    row: QRect
    """The row that takes it; of no height for a gap between two."""


class DraggingTree(OutlineTree):
    """The outline's rows, which can be dragged to other places, several at once."""

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._token = secrets.token_hex(8)
        self._target: Target | None = None
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(False)
        self.setAutoExpandDelay(_AUTO_OPEN_MS)

    def dragged_data(self) -> QMimeData:
        """Return what is dragged: the chosen items, for this tree only."""
        data = QMimeData()
        data.setData(FORMAT, " ".join((self._token, *self._taken())).encode())
        return data

    def target_at(self, position: QPoint, ids: tuple[str, ...]) -> Target | None:
        """Return where `ids` would go if they were dropped there; None: nowhere."""
        index = self.indexAt(position)
        if not index.isValid():
            return self._gap_beneath(self._last_living(), position.x(), ids)
        row = self.visualRect(index)
        row.setLeft(0)
        id = self.rows.id_at(index)
        if self._is_in_archive(id):
            above_archive = id == ARCHIVE and position.y() < row.top() + row.height() / 4
            if above_archive:
                return self._gap_beneath(self._last_living(), position.x(), ids)
            living = any(not self.outline.is_archived(each) for each in ids)
            return Target(None, self._row_of(ARCHIVE) or row) if living else None
        down = (position.y() - row.top()) / max(1, row.height())
        may_enter = self.outline.may_move(ids, id)
        if may_enter and 0.25 <= down < 0.75:
            return Target(Place(id, None, self.outline.item(id).depth + 1), row)
        if down < 0.5:
            return self._gap_beneath(self.indexAbove(index), position.x(), ids)
        return self._gap_beneath(index, position.x(), ids)

    # What Qt asks

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        """Drag what is chosen; Qt would take it out of the tree afterwards."""
        ids = self._taken()
        if not ids:
            return
        drag = QDrag(self)
        drag.setMimeData(self.dragged_data())
        drag.setPixmap(self._tag(ids))
        drag.setHotSpot(QPoint(-12, -4))
        drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what was dragged from here."""
        if self._ids_in(event.mimeData()):
            self.setState(QAbstractItemView.State.DraggingState)
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where it would go; Qt scrolls at the edges, and opens what one rests on."""
        super().dragMoveEvent(event)
        ids = self._ids_in(event.mimeData())
        self._show_target(self.target_at(event.position().toPoint(), ids) if ids else None)
        if self._target is None:
            event.ignore()
        else:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show no place any more."""
        self._show_target(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the move."""
        ids = self._ids_in(event.mimeData())
        target = self.target_at(event.position().toPoint(), ids) if ids else None
        self._show_target(None)
        super().dropEvent(event)  # the model takes nothing; it ends Qt's own scrolling
        if target is None:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        self._ask_for(ids, target)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and the place above them."""
        super().paintEvent(event)
        if self._target is None:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour(QPalette.ColorRole.WindowText), _LINE_PX))
        row, place = QRectF(self._target.row), self._target.place
        if row.height() or place is None:
            painter.drawRoundedRect(row.adjusted(_SIDE_PX + 1, 1, -_SIDE_PX - 1, -1),
                                    _RADIUS_PX, _RADIUS_PX)  # fmt: skip
            return
        y = min(max(row.top(), _RING_PX / 2 + 1), self.viewport().height() - _RING_PX / 2 - 1)
        left = MARGIN_PX + place.depth * INDENT_PX
        painter.drawEllipse(QPointF(left, y), _RING_PX / 2, _RING_PX / 2)
        painter.drawLine(QPointF(left + _RING_PX / 2, y), QPointF(row.right() - MARGIN_PX, y))

    # How

    def _taken(self) -> tuple[str, ...]:
        return topmost(self.outline, self.chosen())

    def _ids_in(self, data: QMimeData) -> tuple[str, ...]:
        token, *ids = bytes(data.data(FORMAT).data()).decode(errors="replace").split(" ")
        if token != self._token or not all(id in self.outline for id in ids):
            return ()
        return tuple(ids)

    def _ask_for(self, ids: tuple[str, ...], target: Target) -> None:
        place = target.place
        if place is None:
            self.archive_asked.emit(tuple(id for id in ids if not self.outline.is_archived(id)))
            return
        restored = tuple(id for id in ids if self.outline.item(id).archived)
        if restored:
            self.restore_asked.emit(restored)
        moved = self.outline.moved(ids, place.parent, place.before)
        if moved != self.outline:
            self.moved.emit(ids, place.parent, place.before)

    def _gap_beneath(self, index: QModelIndex, x: int, ids: tuple[str, ...]) -> Target | None:
        """Return the gap beneath a row that can take `ids`, as far out as the pointer stands."""
        above = self.rows.id_at(index)
        gaps = gaps_after(self.outline, above or None, above != TOP and self.isExpanded(index))
        gaps = fitting(self.outline, ids, gaps)
        if not gaps:
            return None
        # The outermost comes first: the pointer's distance from the left says which is meant.
        left = [gap for gap in gaps if MARGIN_PX + gap.depth * INDENT_PX <= x]
        place = left[-1] if left else gaps[0]
        bottom = self.visualRect(index).bottom() + 1 if above else 0
        return Target(place, QRect(0, bottom, self.viewport().width(), 0))

    def _last_living(self) -> QModelIndex:
        """Return the last row in sight that is not the archive's."""
        index = QModelIndex()
        below = self.rows.index(0, 0)
        count = self.rows.rowCount()
        while count and self.rows.id_at(self.rows.index(count - 1, 0)) == ARCHIVE:
            count -= 1
        if count:
            below = self.rows.index(count - 1, 0)
            while below.isValid():
                index, inside = below, self.rows.rowCount(below) if self.isExpanded(below) else 0
                below = self.rows.index(inside - 1, 0, below) if inside else QModelIndex()
        return index

    def _is_in_archive(self, id: str) -> bool:
        return id == ARCHIVE or (id in self.outline and self.outline.is_archived(id))

    def _row_of(self, id: str) -> QRect | None:
        rect = self.visualRect(self.rows.index_of(id))
        return rect.adjusted(-rect.left(), 0, 0, 0) if rect.isValid() else None

    def _show_target(self, target: Target | None) -> None:
        if target != self._target:
            self._target = target
            self.viewport().update()

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self.palette().color(QPalette.ColorGroup.Active, role)

    def _tag(self, ids: tuple[str, ...]) -> QPixmap:
        """Return the picture at the pointer: a title, or how many."""
        words = self.rows.label(ids[0])
        if len(ids) > 1:
            words = self.tr("{n} items").format(n=len(ids))
        metrics = QFontMetrics(self.font())
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width() - 64)
        scale = self.devicePixelRatioF()
        width = metrics.horizontalAdvance(words) + 2 * _TAG_PADDING_PX
        height = metrics.height() + _TAG_PADDING_PX
        picture = QPixmap(round(width * scale), round(height * scale))
        picture.setDevicePixelRatio(scale)
        # Opaque, with square corners: not every desktop lets what is beneath shine through.
        palette = QGuiApplication.palette()
        picture.fill(palette.color(QPalette.ColorRole.Base))
        painter = QPainter(picture)
        painter.setFont(self.font())
        painter.setPen(palette.color(QPalette.ColorRole.Dark))
        painter.drawRect(0, 0, width - 1, height - 1)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(QRect(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
        return picture
