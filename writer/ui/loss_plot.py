"""LossPlot: how a model learns, drawn while it does; it knows losses only, nothing of processes.

The loss is drawn as the number of words the model hesitates between, its perplexity, on a
logarithmic axis: that is the same line, with figures that a novelist can read.
"""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from writer.ui.fonts import small_px
from writer.ui.training_log import Curve

_LEGEND_PX, _FOOT_PX, _LABEL_PX = 28, 24, 40
_DOT_PX = 3.5
_GAP_PX = 8
_LEAST_SPAN = 0.1
"""In nats, from the lowest to the highest point: noise is not drawn as mountains."""
_MOST_TICKS = 4

_ROLES = QPalette.ColorRole


class LossPlot(QWidget):
    """A quiet line for what is learned from, and dots for the pages that are kept back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve = Curve()
        self._minutes = 0.0
        self.setMinimumHeight(140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("How many words the model hesitates between, over time"))
        self.show_curve(Curve(), 0)

    def sizeHint(self) -> QSize:
        """Ask for a landscape."""
        return QSize(440, 220)

    def show_curve(self, curve: Curve, minutes: float) -> None:
        """Draw `curve`, whose whole budget is `minutes`."""
        self._curve, self._minutes = curve, minutes
        self.setAccessibleDescription(self._in_words())
        self.update()

    def _in_words(self) -> str:
        held_out = self._curve.held_out
        if not held_out:
            return self.tr("Nothing is learned yet.")
        return self.tr("On pages kept back: {first} words at first, {last} now.").format(
            first=f"{math.exp(held_out[0][1]):.1f}", last=f"{math.exp(held_out[-1][1]):.1f}"
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the axes, then the line, then the dots above it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(small_px() - 1)
        painter.setFont(font)
        self._draw_legend(painter)
        if not (self._curve.read or self._curve.held_out):
            painter.setPen(self._colour(_ROLES.PlaceholderText))
            words = self.tr("The curve begins with the first page it has read.")
            painter.drawText(self._inside(), int(Qt.AlignmentFlag.AlignCenter), words)
        low, high = loss_range(self._curve)
        self._draw_losses(painter, low, high)
        self._draw_minutes(painter)
        self._draw_line(painter, self._curve.read, low, high, self._colour(_ROLES.PlaceholderText))
        ink = self._colour(_ROLES.WindowText)
        self._draw_line(painter, self._curve.held_out, low, high, ink)
        self._draw_dots(painter, [self._at(*each, low, high) for each in self._curve.held_out])

    def _inside(self) -> QRectF:
        """Return where the curves are; the outermost dots have room."""
        room = QRectF(self.rect())
        return room.adjusted(_LABEL_PX, _LEGEND_PX, -_GAP_PX, -_FOOT_PX)

    def _at(self, share: float, loss: float, low: float, high: float) -> QPointF:
        inside = self._inside()
        height = (loss - low) / (high - low)
        return QPointF(
            inside.left() + share * inside.width(), inside.bottom() - height * inside.height()
        )

    def _draw_losses(self, painter: QPainter, low: float, high: float) -> None:
        inside = self._inside()
        hairline = QPen(self._colour(_ROLES.Mid), 1)
        faint = self._colour(_ROLES.PlaceholderText)
        has_points = bool(self._curve.read or self._curve.held_out)
        ticks = perplexity_ticks(low, high) if has_points else []
        digits = digits_of_ticks(ticks)
        for tick in ticks:
            y = round(self._at(0, math.log(tick), low, high).y()) + 0.5  # a sharp hairline
            painter.setPen(hairline)
            painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
            painter.setPen(faint)
            label = QRectF(0, y - 10, inside.left() - _GAP_PX, 20)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(label, int(right), f"{tick:,.{digits}f}")

    def _draw_minutes(self, painter: QPainter) -> None:
        inside = self._inside()
        painter.setPen(QPen(self._colour(_ROLES.Dark), 1))
        y = round(inside.bottom()) + 0.5
        painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
        if not self._minutes:
            return
        painter.setPen(self._colour(_ROLES.PlaceholderText))
        words = (
            ("0", Qt.AlignmentFlag.AlignLeft),
            (f"{self._minutes / 2:g}", Qt.AlignmentFlag.AlignHCenter),
            (self.tr("{n} min").format(n=f"{self._minutes:g}"), Qt.AlignmentFlag.AlignRight),
        )
        foot = QRectF(inside.left(), inside.bottom() + 4, inside.width(), _FOOT_PX - 4)
        for text, alignment in words:
            painter.drawText(foot, int(alignment | Qt.AlignmentFlag.AlignVCenter), text)

    def _draw_legend(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        faint = self._colour(_ROLES.PlaceholderText)
        x, y = float(_LABEL_PX), _LEGEND_PX / 2 - 3
        for words, is_dot in (
            (self.tr("pages kept back"), True),
            (self.tr("what it reads"), False),
        ):
            colour = self._colour(_ROLES.WindowText) if is_dot else faint
            painter.setPen(QPen(colour, 1.5))
            painter.drawLine(QPointF(x, y), QPointF(x + 16, y))
            if is_dot:
                self._draw_dots(painter, [QPointF(x + 8, y)])
            painter.setPen(faint)
            width = metrics.horizontalAdvance(words)
            left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(x + 24, y - 10, width + 4, 20), left, words)
            x += 24 + width + 24

    def _draw_line(
        self,
        painter: QPainter,
        points: Sequence[tuple[float, float]],
        low: float,
        high: float,
        colour: QColor,
    ) -> None:
        if len(points) < 2:
            return
        path = QPainterPath(self._at(*points[0], low, high))
        for point in points[1:]:
            path.lineTo(self._at(*point, low, high))
        pen = QPen(colour, 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _draw_dots(self, painter: QPainter, places: Sequence[QPointF]) -> None:
        # A rim of the ground's colour parts a dot from the line beneath it.
        painter.setPen(QPen(self._colour(_ROLES.Window), 2))
        painter.setBrush(self._colour(_ROLES.WindowText))
        for place in places:
            painter.drawEllipse(place, _DOT_PX + 1, _DOT_PX + 1)

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self.palette().color(QPalette.ColorGroup.Active, role)


def loss_range(curve: Curve) -> tuple[float, float]:
    """Return the lowest and the highest loss to draw, with a little air.

    >>> low, high = loss_range(Curve(read=((0.0, 3.0), (1.0, 4.0))))
    >>> round(low, 2), round(high, 2)
    (2.92, 4.08)
    """
    losses = [loss for _, loss in (*curve.read, *curve.held_out)] or [0.0]
    low, high = min(losses), max(losses)
    air = max(0.08 * (high - low), (_LEAST_SPAN - (high - low)) / 2)
    return low - air, high + air


def perplexity_ticks(low: float, high: float) -> list[float]:
    """Return round perplexities whose logarithms lie between `low` and `high`, at most four.

    >>> perplexity_ticks(math.log(28), math.log(46))
    [30.0, 35.0, 40.0, 45.0]
    >>> perplexity_ticks(math.log(30), math.log(1100))
    [50.0, 200.0, 1000.0]
    """
    bottom, top = math.exp(low), math.exp(high)
    if top > 4 * bottom:
        found = [
            factor * 10.0**power
            for power in range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1)
            for factor in (1, 2, 5)
            if bottom <= factor * 10.0**power <= top
        ]
        return _thinned(found)
    power = math.floor(math.log10(top - bottom)) - 1
    for step in (factor * 10.0**up for up in range(power, power + 3) for factor in (1, 2, 5)):
        first, last = math.ceil(bottom / step), math.floor(top / step)
        if last - first < _MOST_TICKS:
            return [round(number * step, 6) for number in range(first, last + 1)]
    return []


def _thinned(ticks: list[float]) -> list[float]:
    every = math.ceil(len(ticks) / _MOST_TICKS)
    return ticks[(len(ticks) - 1) % every :: every]


def digits_of_ticks(ticks: Sequence[float]) -> int:
    """Return how many digits after the point tell all of `ticks`.

    >>> digits_of_ticks([30.0, 35.0]), digits_of_ticks([1.1, 1.15]), digits_of_ticks([])
    (0, 2, 0)
    """
    return next(n for n in range(7) if all(abs(round(tick, n) - tick) < 1e-7 for tick in ticks))
