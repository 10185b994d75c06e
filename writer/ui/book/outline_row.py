"""OutlineRow: paints one row of the outline, and lets its title be changed in place."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from writer.manuscript.book.outline import ItemKind
from writer.ui.book.outline_face import Face
from writer.ui.book.outline_model import FACE
from writer.ui.fonts import heading_font, small_px

INDENT_PX = 16
"""Of each level; the arrow of a row stands in the last of them."""
MARGIN_PX = 16
ROW_PX = 28
_AIR_PX = 12
"""Above and below the letters together, where they are larger than usual."""
_BAR_PX = 3
_GAP_PX = 8
_DOT_PX = 8
_RADIUS_PX = 4
_SIDE_PX = 4
"""Between the ground of a row and the pane's edge."""
_STROKE_PX = 1.25
_PROGRESS = {"idea": 0.0, "draft": 0.5, "revised": 0.75, "final": 1.0}
"""How much of the dot is filled."""

_FILLED = "title_is_shown"
_Index = QModelIndex | QPersistentModelIndex


class OutlineRow(QStyledItemDelegate):
    """Title, words and status on one line; the scene on the page has a bar at its left."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Ask for one line."""
        return QSize(0, max(ROW_PX, round(QFontMetricsF(option.font).height()) + _AIR_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the row from the pane's left edge on, with its arrow."""
        face: Face = index.data(FACE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option, face)
        _paint_arrow(painter, option)
        room = QRectF(option.rect).adjusted(0, 0, -MARGIN_PX, 0)
        room.setRight(_paint_facts(painter, option, room, face))
        painter.setFont(title_font(option.font, face))
        painter.setPen(_ink(option, face))
        _put(painter, room, face.label, Qt.AlignmentFlag.AlignLeft)
        painter.restore()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> QLineEdit:
        """Return a field for the title."""
        field = QLineEdit(parent)
        field.setObjectName("title_in_place")
        field.setAccessibleName(self.tr("Title of {name}").format(name=index.data()))
        field.setPlaceholderText(index.data())
        return field

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Show the title, once: what is being typed stays when the outline comes back changed."""
        if isinstance(editor, QLineEdit) and not editor.property(_FILLED):
            editor.setProperty(_FILLED, True)
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """Let the letters stand where they stood."""
        rect = QRect(option.rect).adjusted(-8, 0, -8, 0)
        editor.setGeometry(rect)


def title_font(font: QFont, face: Face) -> QFont:
    """Return the font of a title: parts in small capitals, chapters a shade heavier."""
    if face.kind in (ItemKind.PART, None):
        return heading_font()
    result = QFont(font)
    if face.kind is ItemKind.CHAPTER and face.is_named:
        result.setWeight(QFont.Weight.DemiBold)
    return result


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem, face: Face) -> None:
    whole = QRectF(option.rect)
    whole.setLeft(0)
    if face.is_current:
        bar = QRectF(0, whole.top(), _BAR_PX, whole.height())
        painter.fillRect(bar, _colour(option, QPalette.ColorRole.Accent))
    ground = whole.adjusted(_SIDE_PX + 0.5, 0.5, -_SIDE_PX - 0.5, -0.5)
    is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
        colour = _colour(option, QPalette.ColorRole.AlternateBase)
        colour.setAlphaF(1.0 if is_chosen else 0.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(ground, _RADIUS_PX, _RADIUS_PX)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_colour(option, QPalette.ColorRole.Dark), 1))
        painter.drawRoundedRect(ground, _RADIUS_PX, _RADIUS_PX)


def _paint_arrow(painter: QPainter, option: QStyleOptionViewItem) -> None:
    if not option.state & QStyle.StateFlag.State_Children:
        return
    centre = QPointF(option.rect.left() - INDENT_PX / 2 + 1, option.rect.center().y() + 0.5)
    if option.state & QStyle.StateFlag.State_Open:
        points = [QPointF(-3, -1.5), QPointF(0, 1.5), QPointF(3, -1.5)]
    else:
        points = [QPointF(-1.5, -3), QPointF(1.5, 0), QPointF(-1.5, 3)]
    pen = QPen(_colour(option, QPalette.ColorRole.PlaceholderText), _STROKE_PX)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([centre + point for point in points]))


def _paint_facts(
    painter: QPainter, option: QStyleOptionViewItem, room: QRectF, face: Face
) -> float:
    """Paint status and words at the right; return where the title has to end."""
    if face.kind is None:
        return room.right()
    faint = _colour(option, QPalette.ColorRole.PlaceholderText)
    font = QFont(option.font)
    font.setPixelSize(small_px())
    painter.setFont(font)
    painter.setPen(faint)
    words = "" if face.words is None else f"{face.words:,}"
    left = room.right() - _put(painter, room, words, Qt.AlignmentFlag.AlignRight)
    if face.status:
        # All stand beneath one another, to the left of the longest number.
        widest = QFontMetricsF(font).horizontalAdvance(f"{face.most_words:,}")
        left = min(left, room.right() - widest) - _GAP_PX - _DOT_PX
        centre = QPointF(left + _DOT_PX / 2, room.center().y())
        _paint_dot(painter, centre, face.status, faint)
    return left - _GAP_PX if words or face.status else left


def _paint_dot(painter: QPainter, centre: QPointF, status: str, colour: QColor) -> None:
    """Paint a ring that fills as the work goes on; one with a point for a status of one's own."""
    dot = QRectF(0, 0, _DOT_PX, _DOT_PX)
    dot.moveCenter(centre)
    ring = dot.adjusted(_STROKE_PX / 2, _STROKE_PX / 2, -_STROKE_PX / 2, -_STROKE_PX / 2)
    painter.setPen(QPen(colour, _STROKE_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(ring)
    filled = QPainterPath()
    if status not in _PROGRESS:
        filled.addEllipse(dot.center(), _STROKE_PX, _STROKE_PX)
    elif part := _PROGRESS[status]:
        filled.moveTo(dot.center())
        filled.arcTo(dot, 90, -360 * part)
        filled.closeSubpath()
    painter.fillPath(filled, colour)


def _put(painter: QPainter, room: QRectF, words: str, side: Qt.AlignmentFlag) -> float:
    """Paint a line of words as far as there is room; return how wide it is."""
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


def _ink(option: QStyleOptionViewItem, face: Face) -> QColor:
    is_ink = face.is_named and not face.is_archived
    role = QPalette.ColorRole.WindowText if is_ink else QPalette.ColorRole.PlaceholderText
    return _colour(option, role)


def _colour(option: QStyleOptionViewItem, role: QPalette.ColorRole) -> QColor:
    return option.palette.color(QPalette.ColorGroup.Active, role)
