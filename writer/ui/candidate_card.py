"""CandidateCard: one continuation in the panel, painted in place while it grows."""

import re

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from writer.ui import utf16

MAX_LINES = 6
_PADDING_PX = 8
_NUMBER_LEFT_PX = 16
_TEXT_LEFT_PX = 40
_TEXT_RIGHT_PX = 16
_BAR_PX = 3
_LINE_HEIGHT = 1.45
_OPENING = re.compile(r"\s*(?:\S+\s+){0,2}\S+")
_OPENING_LIMIT = 24
_OPENING_LIMIT_UNSPACED = 6
"""Characters, for a writing that puts no spaces between words."""


class CandidateCard(QAbstractButton):
    """A number and a text in the page's serif; the chosen one has a bar at its left.

    A click takes it and leaves the keyboard with the page; Tab reaches it, Return takes it.
    """

    entered = Signal(int)
    """The card's index, as the pointer or the keyboard comes to it."""
    left = Signal(int)
    taken = Signal(int)

    def __init__(self, index: int, font: QFont, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._text = ""
        self._is_current = False
        self._pointed_at = False
        self._text_font = font
        self._lines = QTextLayout()
        self._lines.setCacheEnabled(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.clicked.connect(self._on_clicked)

    def show_text(self, text: str) -> None:
        """Show `text`, as far as it has come."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(
            self.tr("Continuation {number}: {text}").format(
                number=self._index + 1, text=text.strip() or self.tr("empty so far")
            )
        )
        self._lay_out_again()

    def show_current(self, is_current: bool) -> None:
        """Mark the card as the chosen one, or not."""
        if is_current != self._is_current:
            self._is_current = is_current
            self.update()

    def set_text_font(self, font: QFont) -> None:
        """Write the text in `font` from now on."""
        self._text_font = font
        self._lay_out_again()

    def line_count(self) -> int:
        """Return the lines shown at the present width."""
        return self._lines.lineCount()

    def shown_text(self) -> str:
        """Return the text as it is painted, shortened where it is too long."""
        return self._lines.text()

    def hasHeightForWidth(self) -> bool:
        """Tell the layout that the width decides the height."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the text in a card of `width`."""
        layout = QTextLayout()
        self._lay_out(layout, width)
        return round(max(1, layout.lineCount()) * self._line_px()) + 2 * _PADDING_PX

    def sizeHint(self) -> QSize:
        """Ask for the height that the present width needs."""
        width = max(self.width(), self.minimumSizeHint().width())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Ask for one line of a few words."""
        return QSize(160, round(self._line_px()) + 2 * _PADDING_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the text to the new width."""
        self._lay_out(self._lines, self.width())
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, bar, number and text."""
        painter = QPainter(self)
        palette = self.palette()
        if self.underMouse() or self.isDown():
            painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.AlternateBase))
        if self._is_current:
            bar = QRectF(0, 0, _BAR_PX, self.height())
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        if self.hasFocus():
            painter.setPen(palette.color(QPalette.ColorRole.Dark))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        self._paint_number(painter)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        self._lines.draw(painter, QPointF(_TEXT_LEFT_PX, _PADDING_PX), self._formats())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Announce the pointer once it moves: a card that comes up beneath it is not asked for."""
        if not self._pointed_at:
            self._pointed_at = True
            self.entered.emit(self._index)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Announce that the pointer has gone."""
        if self._pointed_at:
            self._pointed_at = False
            self.left.emit(self._index)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Let the keyboard preview as the pointer does."""
        self.entered.emit(self._index)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Announce that the keyboard has gone."""
        self.left.emit(self._index)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the continuation with Return too; Space is the button's own."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def _on_clicked(self) -> None:
        self.taken.emit(self._index)

    def _paint_number(self, painter: QPainter) -> None:
        role = QPalette.ColorRole.Accent if self._is_current else QPalette.ColorRole.PlaceholderText
        painter.setPen(self.palette().color(role))
        painter.setFont(self.font())
        baseline = _PADDING_PX + self._baseline()
        painter.drawText(QPointF(_NUMBER_LEFT_PX, baseline), str(self._index + 1))

    def _formats(self) -> list[QTextLayout.FormatRange]:
        """Return the first words in full ink; the rest takes the painter's lighter pen."""
        opening = QTextLayout.FormatRange()
        opening.start = 0
        opening.length = utf16.units(opening_of(self._lines.text()))
        ink = QTextCharFormat()
        ink.setForeground(self.palette().color(QPalette.ColorRole.WindowText))
        opening.format = ink
        return [opening]

    def _lay_out_again(self) -> None:
        before = self.height()
        self._lay_out(self._lines, self.width())
        if self.heightForWidth(self.width()) != before:
            self.updateGeometry()
        self.update()

    def _lay_out(self, layout: QTextLayout, width: int) -> None:
        """Break the text into lines for a card of `width`, and shorten it to MAX_LINES."""
        room = max(1.0, width - _TEXT_LEFT_PX - _TEXT_RIGHT_PX)
        text = self._text.strip().replace("\n", "\u2028") or "…"
        self._break(layout, text, room)
        if layout.lineCount() > MAX_LINES:
            start = layout.lineAt(MAX_LINES - 1).textStart()
            rest = utf16.cut(text, start).replace("\u2028", " ")
            metrics = QFontMetricsF(self._text_font)
            last = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, room - 1)
            self._break(layout, utf16.cut(text, 0, start) + last, room)

    def _break(self, layout: QTextLayout, text: str, room: float) -> None:
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFont(self._text_font)
        layout.setText(text)
        layout.beginLayout()
        height = self._line_px()
        top = 0.0
        # One line more than is shown tells whether the text is too long.
        for _ in range(MAX_LINES + 1):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(room)
            line.setPosition(QPointF(0, top + self._baseline() - line.ascent()))
            top += height
        layout.endLayout()

    def _line_px(self) -> float:
        return round(self._text_font.pixelSize() * _LINE_HEIGHT)

    def _baseline(self) -> float:
        """Return where the letters stand in a line, whatever font a letter comes from."""
        metrics = QFontMetricsF(self._text_font)
        return (self._line_px() + metrics.ascent() - metrics.descent()) / 2


def opening_of(text: str) -> str:
    """Return the first words of `text`: what the eye takes to tell candidates apart.

    >>> opening_of("had stepped down into the mud")
    'had stepped down'
    """
    found = _OPENING.match(text)
    if found is None:
        return text
    opening = found.group()
    if len(opening) <= _OPENING_LIMIT and opening.isascii():
        return opening
    spaced = " " in opening.strip()
    return opening[: _OPENING_LIMIT if spaced else _OPENING_LIMIT_UNSPACED]
