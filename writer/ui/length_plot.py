"""LengthPlot: figures by length of context, drawn; it knows curves only, nothing of models.

The pointer and the arrow keys go from point to point, and each says its figure.
"""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from writer.shelf.sizes import in_words
from writer.ui.fonts import small_px
from writer.ui.length_curves import (
    LengthChart,
    LengthCurve,
    Look,
    Point,
    Scale,
    description,
    in_time,
)
from writer.ui.loss_plot import digits_of_ticks, perplexity_ticks

_LEGEND_PX, _FOOT_PX, _RIGHT_PX, _GAP_PX = 28, 44, 24, 8
_DOT_PX = 3.0
_NEAR_PX = 24
"""As near the pointer has to come to a point for its figure."""
_TAG_PX, _TAG_MARGIN_PX, _ROUND_PX = 24, 8, 3
_LEAST_SPAN = math.log(1.5)
_MOST_TICKS, _MOST_DECADES = 4, 6
_EMPTY = LengthChart("", "", Scale.PERPLEXITY, (), (), "")
_ROLES = QPalette.ColorRole
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class LengthPlot(QWidget):
    """Curves over a logarithmic axis of lengths; the one that matters in ink, others faint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chart = _EMPTY
        self._at: int | None = None
        """Which of `_points` says its figure."""
        self.setMinimumHeight(200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Ask for a landscape."""
        return QSize(400, 216)

    def show_chart(self, chart: LengthChart) -> None:
        """Draw `chart`."""
        if chart != self._chart:
            self._chart, self._at = chart, None
        self.setAccessibleName(chart.title)
        self.setAccessibleDescription(description(chart))
        self.update()

    @property
    def said(self) -> str:
        """The figure that shows beside its point; empty where none does."""
        points = self._points()
        return "" if self._at is None or self._at >= len(points) else points[self._at].words

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from point to point with the arrow keys, to the ends with Home and End."""
        points, key = self._points(), Qt.Key(event.key())
        if not points or key not in (*_KEYS, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
            return
        last = len(points) - 1
        if key in _KEYS:
            before = (-1 if _KEYS[key] > 0 else last + 1) if self._at is None else self._at
            self._go(min(last, max(0, before + _KEYS[key])))
        else:
            self._go(0 if key == Qt.Key.Key_Home else last)
        words = self.said
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the figure of the point that is near."""
        places = [self._place(point) for point in self._points()]
        far = [math.hypot(*(place - event.position()).toTuple()) for place in places]
        nearest = min(range(len(far)), key=far.__getitem__, default=None)
        self._go(nearest if nearest is not None and far[nearest] <= _NEAR_PX else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Say nothing any more."""
        self._go(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say nothing any more."""
        self._go(None)
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard is here."""
        self.update()
        super().focusInEvent(event)

    def _go(self, point: int | None) -> None:
        if point != self._at:
            self._at = point
            self.update()

    def _points(self) -> list[Point]:
        """Return the points that say their figures, curve after curve, the main one first."""
        curves = sorted(self._shown(), key=lambda curve: curve.look is not Look.FULL)
        return [point for curve in curves for point in curve.points]

    def _shown(self) -> list[LengthCurve]:
        return [curve for curve in self._chart.curves if curve.look is not Look.DIM]

    # Where things are

    def _inside(self) -> QRectF:
        """Return where the curves are."""
        metrics = self.fontMetrics()
        widths = [metrics.horizontalAdvance(words) for _, words in self._ticks()]
        left = max(widths, default=0) + 2 * _GAP_PX
        return QRectF(self.rect()).adjusted(left, _LEGEND_PX, -_RIGHT_PX, -_FOOT_PX)

    def _place(self, point: Point) -> QPointF:
        inside = self._inside()
        return QPointF(self._x(point.length, inside), self._y(point.value, inside))

    def _x(self, length: float, inside: QRectF) -> float:
        points = [each.length for curve in self._chart.curves for each in curve.points]
        lengths = [each for each in (*points, *self._chart.lengths) if each > 0] or [1.0]
        least, most = min(lengths), max(lengths)
        if least == most:
            least, most = least / 2, most * 2
        share = math.log(max(length, least) / least) / math.log(most / least)
        return inside.left() + share * inside.width()

    def _y(self, value: float, inside: QRectF) -> float:
        low, high = self._range()
        share = (self._height(value) - low) / (high - low)
        return inside.bottom() - share * inside.height()

    def _height(self, value: float) -> float:
        return value if self._chart.scale is Scale.BYTES else math.log(max(value, 1e-9))

    def _range(self) -> tuple[float, float]:
        heights = [
            self._height(each.value) for curve in self._chart.curves for each in curve.points
        ]
        if self._chart.scale is Scale.BYTES:
            return 0.0, 1.15 * max([*heights, 1.0])
        low, high = min(heights, default=0.0), max(heights, default=1.0)
        air = max(0.1 * (high - low), (_LEAST_SPAN - (high - low)) / 2)
        return low - air, high + air

    def _ticks(self) -> list[tuple[float, str]]:
        """Return the values that the axis at the left names, and how."""
        if not self._chart.curves:
            return []
        low, high = self._range()
        if self._chart.scale is Scale.BYTES:
            return [(each, in_words(round(each)) if each else "0") for each in byte_ticks(high)]
        if self._chart.scale is Scale.SECONDS:
            return [(each, in_time(each)) for each in decade_ticks(low, high)]
        values = perplexity_ticks(low, high)
        digits = digits_of_ticks(values)
        return [(each, f"{each:,.{digits}f}") for each in values]

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, then the curves, the main one last, then what one of its points says."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(small_px() - 1)
        painter.setFont(font)
        if self.hasFocus():
            painter.setPen(QPen(self._colour(_ROLES.Dark), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        if not self._chart.curves:
            painter.setPen(self._colour(_ROLES.PlaceholderText))
            room = QRectF(self.rect()).adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_GAP_PX)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, int(flags), self._chart.nothing)
            return
        self._draw_axes(painter)
        for curve in sorted(self._chart.curves, key=lambda each: each.look is not Look.DIM):
            self._draw_curve(painter, curve)
        self._draw_legend(painter)
        self._draw_said(painter)

    def _draw_axes(self, painter: QPainter) -> None:
        inside = self._inside()
        faint = self._colour(_ROLES.PlaceholderText)
        for value, words in self._ticks():
            y = round(self._y(value, inside)) + 0.5  # a sharp hairline
            painter.setPen(QPen(self._colour(_ROLES.Mid), 1))
            painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
            painter.setPen(faint)
            label = QRectF(0, y - 10, inside.left() - _GAP_PX, 20)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(label, int(right), words)
        painter.setPen(QPen(self._colour(_ROLES.Dark), 1))
        y = round(inside.bottom()) + 0.5
        painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
        self._draw_lengths(painter, inside)

    def _draw_lengths(self, painter: QPainter, inside: QRectF) -> None:
        faint = self._colour(_ROLES.PlaceholderText)
        metrics = painter.fontMetrics()
        free = math.inf
        for mark in reversed([each for each in self._chart.lengths if each]):
            x = self._x(mark, inside)
            painter.setPen(QPen(self._colour(_ROLES.Dark), 1))
            painter.drawLine(QPointF(x, inside.bottom()), QPointF(x, inside.bottom() + 4))
            words = f"{mark:,}"
            width = metrics.horizontalAdvance(words)
            left = min(x - width / 2, self.width() - width - 2.0)
            if left + width + _GAP_PX > free:  # the longest one always has its label
                continue
            free = left
            painter.setPen(faint)
            foot = QRectF(left, inside.bottom() + 5, width + 2.0, 18)
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), words)
        beneath = QRectF(inside.left(), inside.bottom() + 22, inside.width(), 18)
        painter.setPen(faint)
        painter.drawText(beneath, int(Qt.AlignmentFlag.AlignHCenter), self._chart.beneath)

    def _draw_curve(self, painter: QPainter, curve: LengthCurve) -> None:
        places = [self._place(point) for point in curve.points]
        if not places:
            return
        path = QPainterPath(places[0])
        for place in places[1:]:
            path.lineTo(place)
        painter.setPen(self._pen(curve.look))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if curve.look is not Look.DIM or len(places) == 1:
            self._draw_dots(painter, places, curve.look)

    def _draw_dots(self, painter: QPainter, places: list[QPointF], look: Look) -> None:
        # A rim of the ground's colour parts a dot from the line beneath it.
        painter.setPen(QPen(self._colour(_ROLES.Window), 2))
        painter.setBrush(self._pen(look).color())
        for place in places:
            painter.drawEllipse(place, _DOT_PX + 1, _DOT_PX + 1)

    def _draw_legend(self, painter: QPainter) -> None:
        if len(self._chart.curves) < 2:
            return
        metrics = painter.fontMetrics()
        x, y = self._inside().left(), _LEGEND_PX / 2 - 1
        order = list(Look)
        for curve in sorted(self._chart.curves, key=lambda each: order.index(each.look)):
            room = self.width() - _GAP_PX - (x + 24)
            if room < 24:
                return
            painter.setPen(self._pen(curve.look))
            painter.drawLine(QPointF(x, y), QPointF(x + 16, y))
            if curve.look is not Look.DIM:
                self._draw_dots(painter, [QPointF(x + 8, y)], curve.look)
            is_main = curve.look is Look.FULL
            painter.setPen(self._colour(_ROLES.WindowText if is_main else _ROLES.PlaceholderText))
            words = metrics.elidedText(curve.name, Qt.TextElideMode.ElideRight, int(room))
            width = metrics.horizontalAdvance(words)
            left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(x + 24, y - 10, width + 4, 20), left, words)
            x += 24 + width + 20

    def _draw_said(self, painter: QPainter) -> None:
        """Draw the figure beside its point, where it hides neither point nor edge."""
        words = self.said
        if not words or self._at is None:
            return
        point = self._points()[self._at]
        place = self._place(point)
        painter.setPen(QPen(self._colour(_ROLES.WindowText), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, _DOT_PX + 4, _DOT_PX + 4)
        width = painter.fontMetrics().horizontalAdvance(words) + 2.0 * _TAG_MARGIN_PX
        # On the side where the curve is not: one that falls has room at its right.
        points = next(each.points for each in self._shown() if point in each.points)
        does_fall = points[-1].value < points[0].value
        left = place.x() - _TAG_PX / 2 - (0 if does_fall else width - _TAG_PX)
        left = min(max(2.0, left), self.width() - width - 2.0)
        above = place.y() - _TAG_PX - 12
        tag = QRectF(left, above if above > 2 else place.y() + 12, width, _TAG_PX)
        painter.setPen(QPen(self._colour(_ROLES.Dark), 1))
        painter.setBrush(self._colour(_ROLES.Base))
        painter.drawRoundedRect(tag, _ROUND_PX, _ROUND_PX)
        painter.setPen(self._colour(_ROLES.WindowText))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), words)

    def _pen(self, look: Look) -> QPen:
        roles = {Look.FULL: _ROLES.WindowText, Look.SECOND: _ROLES.PlaceholderText}
        pen = QPen(self._colour(roles.get(look, _ROLES.Dark)), 1.0 if look is Look.DIM else 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if look is Look.DIM:
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self.palette().color(QPalette.ColorGroup.Active, role)


def byte_ticks(high: float) -> list[float]:
    """Return round numbers of bytes from 0 up to `high`, at most five.

    >>> byte_ticks(230e6)
    [0.0, 50000000.0, 100000000.0, 150000000.0, 200000000.0]
    """
    power = 10.0 ** math.floor(math.log10(max(high, 1.0) / _MOST_TICKS))
    step = next(each * power for each in (1, 2, 5, 10) if high / (each * power) < _MOST_TICKS + 1)
    return [step * number for number in range(math.floor(high / step) + 1)]


def decade_ticks(low: float, high: float) -> list[float]:
    """Return round numbers whose logarithms lie between `low` and `high`, at most six.

    >>> decade_ticks(math.log(0.0011), math.log(1.3)), decade_ticks(math.log(1.1), math.log(6))
    ([0.01, 0.1, 1.0], [2.0, 5.0])
    """
    powers = range(math.floor(low / math.log(10)), math.ceil(high / math.log(10)) + 1)
    for factors in ((1, 2, 5), (1,)):
        ticks = [round(factor * 10.0**power, 12) for power in powers for factor in factors]
        found = [each for each in ticks if low <= math.log(each) <= high]
        if len(found) <= _MOST_DECADES or factors == (1,):
            return found[:: max(1, math.ceil(len(found) / _MOST_DECADES))]
    return []
