"""SearchRow: paints a scene in which something was found, and each place with its words around."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QPalette,
    QPen,
    QPolygonF,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from writer.manuscript.book.search import Hit
from writer.ui.book.search_results import GROUP, HIT
from writer.ui.fonts import small_px
from writer.ui.utf16 import units

_MARGIN_PX, _GAP_PX = 16, 8
_AIR_PX = 12
_SIDE_PX, _RADIUS_PX = 4, 4
_CHECK_PX = 14
_LINES = 2
_BEFORE = 0.4
"""How much of the room the words before may take."""
_FOUND = 0.5

_Index = QModelIndex | QPersistentModelIndex


class SearchRow(QStyledItemDelegate):
    """Two lines a row: a scene's title and where it is, or the words around a place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Ask for two lines."""
        return QSize(0, round(_LINES * QFontMetricsF(option.font).height()) + _AIR_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the ground, the tick, and the words."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option)
        room = QRectF(option.rect).adjusted(_MARGIN_PX, 0, -_MARGIN_PX, 0)
        check = index.data(Qt.ItemDataRole.CheckStateRole)
        if check is not None:
            _paint_check(painter, option, Qt.CheckState(check))
            room.setLeft(room.left() + _CHECK_PX + _GAP_PX)
        hit, group = index.data(HIT), index.data(GROUP)
        if group is not None:
            _paint_scene(painter, option, room, *group)
        elif isinstance(hit, Hit):
            replacement = getattr(index.model(), "replacement", None)
            is_off = check is not None and Qt.CheckState(check) == Qt.CheckState.Unchecked
            _paint_hit(painter, option, room, hit, None if is_off else replacement)
        painter.restore()


def check_rect(row: QRect) -> QRect:
    """Return where a click on a row means its tick."""
    return QRect(row.left(), row.top(), _MARGIN_PX + _CHECK_PX + _GAP_PX, row.height())


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    ground = QRectF(option.rect).adjusted(_SIDE_PX + 0.5, 0.5, -_SIDE_PX - 0.5, -0.5)
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


def _paint_check(painter: QPainter, option: QStyleOptionViewItem, state: Qt.CheckState) -> None:
    first_line = option.rect.top() + _AIR_PX / 2 + QFontMetricsF(option.font).height() / 2
    box = QRectF(0, 0, _CHECK_PX, _CHECK_PX)
    box.moveCenter(QPointF(option.rect.left() + _MARGIN_PX + _CHECK_PX / 2, first_line))
    painter.setPen(QPen(_colour(option, QPalette.ColorRole.Dark), 1))
    # The list's own palette has no paper: its ground is the pane's.
    painter.setBrush(QGuiApplication.palette().color(QPalette.ColorRole.Base))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_colour(option, QPalette.ColorRole.WindowText), 1.5))
    middle = box.center()
    if state == Qt.CheckState.Checked:
        tick = [QPointF(-3, 0), QPointF(-1, 2.5), QPointF(3.5, -2.5)]
        painter.drawPolyline(QPolygonF([middle + point for point in tick]))
    elif state == Qt.CheckState.PartiallyChecked:
        painter.drawLine(middle + QPointF(-3, 0), middle + QPointF(3, 0))


def _paint_scene(
    painter: QPainter,
    option: QStyleOptionViewItem,
    room: QRectF,
    title: str,
    where: str,
    count: int,
) -> None:
    """Paint a scene's title, how much was found in it, and beneath it where it is."""
    height = QFontMetricsF(option.font).height()
    room = room.adjusted(0, _AIR_PX / 2, 0, -_AIR_PX / 2)
    # A scene begins a group: its words stand at the bottom, near to what was found in it.
    first, second = QRectF(room), QRectF(room)
    if where:
        first.setHeight(height)
        second.setTop(first.bottom())
    font, small = QFont(option.font), QFont(option.font)
    font.setWeight(QFont.Weight.DemiBold)
    small.setPixelSize(small_px())
    faint = _colour(option, QPalette.ColorRole.PlaceholderText)
    painter.setFont(small)
    painter.setPen(faint)
    number = f"{count:,}"
    side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(first, side, number)
    first.setRight(first.right() - QFontMetricsF(small).horizontalAdvance(number) - _GAP_PX)
    _put(painter, second, where if where else "")
    painter.setFont(font)
    painter.setPen(_colour(option, QPalette.ColorRole.WindowText))
    _put(painter, first, title)


def _paint_hit(
    painter: QPainter,
    option: QStyleOptionViewItem,
    room: QRectF,
    hit: Hit,
    replacement: str | None,
) -> None:
    """Paint what was found among its words; what would be replaced is struck out."""
    bold = QFont(option.font)
    bold.setWeight(QFont.Weight.Bold)
    metrics, strong = QFontMetricsF(option.font), QFontMetricsF(bold)
    whole = room.width() * _LINES
    elide = Qt.TextElideMode
    found = strong.elidedText(hit.found, elide.ElideMiddle, whole * _FOUND)
    added = strong.elidedText(replacement or "", elide.ElideRight, whole * _FOUND)
    gap = " " if added else ""
    rest = whole - strong.horizontalAdvance(found + gap + added)
    before = _end_of(hit.before.lstrip(), metrics, max(0, rest * _BEFORE))
    ink = _colour(option, QPalette.ColorRole.WindowText)
    faint = _colour(option, QPalette.ColorRole.PlaceholderText)
    plain, struck, strong_look = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
    plain.setForeground(faint)
    struck.setForeground(faint)
    struck.setFontStrikeOut(True)
    strong_look.setForeground(ink)
    strong_look.setFontWeight(QFont.Weight.Bold)
    parts = [(before, plain), (found, strong_look if replacement is None else struck)]
    if added:
        parts += [(gap, plain), (added, strong_look)]
    parts.append((hit.after.rstrip(), plain))
    _put_lines(painter, room, parts, option.font)


def _end_of(words: str, metrics: QFontMetricsF, width: float) -> str:
    """Return the last of `words` for which there is room, whole ones if that leaves any."""
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideLeft, width)
    if shown == words:
        return words
    _, space, rest = shown.lstrip("…. ").partition(" ")
    return f"… {rest}" if space and rest else shown


def _put_lines(
    painter: QPainter,
    room: QRectF,
    parts: list[tuple[str, QTextCharFormat]],
    font: QFont,
) -> None:
    """Paint words in their looks on two lines; what has no room is left out."""
    text = "".join(part for part, _ in parts)
    layout = QTextLayout(text, font)
    option = QTextOption(Qt.AlignmentFlag.AlignLeft)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    ranges, at = [], 0
    for part, look in parts:
        found = QTextLayout.FormatRange()
        found.start, found.length, found.format = at, units(part), look
        ranges.append(found)
        at += found.length
    layout.setFormats(ranges)
    height = QFontMetricsF(font).height()
    layout.beginLayout()
    for number in range(_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(room.width())
        line.setPosition(QPointF(0, number * height))
    layout.endLayout()
    layout.draw(painter, QPointF(room.left(), room.top() + _AIR_PX / 2))


def _put(painter: QPainter, room: QRectF, words: str) -> None:
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _colour(option: QStyleOptionViewItem, role: QPalette.ColorRole) -> QColor:
    return option.palette.color(QPalette.ColorGroup.Active, role)
