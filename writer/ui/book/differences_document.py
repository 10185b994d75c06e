"""DifferencesDocument: the lines of a comparison set as prose, and where each change stands in it.

Positions are Qt's: UTF-16 units, and one for the end of each block.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QPainter,
    QPen,
    QPixmap,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)

from writer.manuscript.counts import count_words
from writer.manuscript.history.differences import PieceKind
from writer.ui.book.changes import Line, Span
from writer.ui.book.difference_colours import DifferenceColours
from writer.ui.paragraphs import ParagraphStyle, kind_after

_GAP = "\u2009"
FOLD = "fold:"
CHOICE = "choice:"
_AIR_PX = 24
_SIDE_PX = 32
_FOLD_AIR_PX = 8
_BOX_PX = 16
_UNWRITTEN = {0xFFFC: None, ord(_GAP): None}
_BOX_NAMES = {False: "choice-off", True: "choice-on"}


@dataclass(frozen=True, slots=True)
class Dress:
    """How a comparison is drawn."""

    font: QFont
    """Of the prose."""
    small: QFont
    """Of the folds."""
    colours: DifferenceColours
    scale: float = 1.0
    """Of the screen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span in its place in the document."""

    start: int
    end: int
    span: Span


class DifferencesDocument:
    """A document and its marks; written once, anew when something is to look otherwise."""

    def __init__(self, dress: Dress, lines: Sequence[Line], chosen: Collection[int] | None) -> None:
        """Write `lines`, with a box before each change, if any may be `chosen`."""
        self._dress = dress
        self._chosen = chosen
        self.document = QTextDocument()
        self.document.setUndoRedoEnabled(False)
        self.document.setDefaultFont(dress.font)
        self.document.setDocumentMargin(0)
        self.marks: list[Mark] = []
        self.boxes: dict[int, int] = {}
        """Where the box of a change is."""
        self._styles = {kind: self._format(kind) for kind in PieceKind}
        self._paragraphs = ParagraphStyle.of(dress.font)
        for is_on, name in _BOX_NAMES.items():
            image = _box(dress, is_on)
            self.document.addResource(
                QTextDocument.ResourceType.ImageResource.value, QUrl(name), image
            )
        self._write(lines)
        self._starts = [mark.start for mark in self.marks]

    def place_of(self, change: int) -> tuple[int, int]:
        """Return where a change begins and ends; (0, 0) if there is no such change."""
        marks = self.marks_of(change)
        return (marks[0].start, marks[-1].end) if marks else (0, 0)

    def marks_of(self, change: int) -> list[Mark]:
        """Return the spans of a change."""
        return self._of_change.get(change, [])

    def change_at(self, position: int) -> int:
        """Return the number of the change at a position; -1 if there is none."""
        place = bisect_right(self._starts, position) - 1
        if place < 0 or self.marks[place].end < position:
            return -1
        return self.marks[place].span.change

    def change_from(self, position: int) -> int:
        """Return the number of the first change that ends after a position; -1 if none does."""
        place = max(0, bisect_right(self._starts, position) - 1)
        return next(
            (
                mark.span.change
                for mark in self.marks[place:]
                if mark.span.change >= 0 and mark.end > position
            ),
            -1,
        )

    def parts_between(self, start: int, end: int) -> list[tuple[PieceKind, str]]:
        """Return what is written between two positions, and what became of it."""
        parts: list[tuple[PieceKind, str]] = []
        cursor = QTextCursor(self.document)
        reached = start
        first = max(0, bisect_right(self._starts, start) - 1)
        for mark in (*self.marks[first:], Mark(end, end, Span(PieceKind.SAME, ""))):
            begin, stop = max(mark.start, start), min(mark.end, end)
            if reached < min(mark.start, end):  # line ends and folds
                parts.append((PieceKind.SAME, _between(cursor, reached, min(mark.start, end))))
            if begin < stop:
                parts.append((mark.span.kind, _between(cursor, begin, stop)))
            reached = max(reached, stop)
            if mark.start >= end:
                break
        return [(kind, text) for kind, text in parts if text]

    def show_choice(self, change: int, is_chosen: bool) -> None:
        """Tick the box of a change, or not."""
        if change in self.boxes:
            cursor = QTextCursor(self.document)
            cursor.setPosition(self.boxes[change])
            cursor.setPosition(self.boxes[change] + 1, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._box_format(change, is_chosen))

    # Writing

    def _write(self, lines: Sequence[Line]) -> None:
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        previous = ""
        for place, line in enumerate(lines):
            block = self._block_format(line, previous)
            if place:
                cursor.insertBlock(block)
            else:
                cursor.setBlockFormat(block)
            if line.fold >= 0:
                cursor.insertText(fold_words(line.folded), self._fold_format(line.fold))
                previous = ""
            else:
                self._write_spans(cursor, line)
                previous = line.text
        self._give_air()
        cursor.endEditBlock()
        self._of_change: dict[int, list[Mark]] = {}
        for mark in self.marks:
            if mark.span.change >= 0:
                self._of_change.setdefault(mark.span.change, []).append(mark)

    def _write_spans(self, cursor: QTextCursor, line: Line) -> None:
        for place, span in enumerate(line.spans):
            change = span.change
            before = line.spans[place - 1] if place else None
            if before and _would_touch(before, span):
                cursor.insertText(_GAP, self._styles[PieceKind.SAME])
            if self._chosen is not None and change >= 0 and change not in self.boxes:
                self.boxes[change] = cursor.position()
                cursor.insertImage(self._box_format(change, change in self._chosen))
            start = cursor.position()
            cursor.insertText(span.text, self._styles[span.kind])
            self.marks.append(Mark(start, cursor.position(), span))

    def _block_format(self, line: Line, previous: str) -> QTextBlockFormat:
        if line.fold < 0:
            return self._paragraphs.format(kind_after(previous, line.text))
        block = QTextBlockFormat()
        block.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        block.setTopMargin(_FOLD_AIR_PX)
        block.setBottomMargin(_FOLD_AIR_PX)
        return block

    def _format(self, kind: PieceKind) -> QTextCharFormat:
        style, colours = QTextCharFormat(), self._dress.colours
        style.setFont(self._dress.font)
        style.setForeground(colours.ink)
        if kind is PieceKind.ADDED:
            style.setBackground(colours.added)
            style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            style.setUnderlineColor(colours.added_line)
        elif kind is PieceKind.REMOVED:
            style.setForeground(colours.faint)
            style.setFontStrikeOut(True)
        return style

    def _fold_format(self, fold: int) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setFont(self._dress.small)
        style.setForeground(self._dress.colours.faint)
        style.setAnchor(True)
        style.setAnchorHref(f"{FOLD}{fold}")
        return style

    def _box_format(self, change: int, is_chosen: bool) -> QTextImageFormat:
        image = QTextImageFormat()
        image.setName(_BOX_NAMES[is_chosen])
        image.setWidth(_BOX_PX + 4)
        image.setHeight(_BOX_PX)
        image.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        image.setAnchor(True)
        image.setAnchorHref(f"{CHOICE}{change}")
        return image

    def _give_air(self) -> None:
        frame = self.document.rootFrame()
        air = frame.frameFormat()
        air.setTopMargin(_AIR_PX)
        air.setBottomMargin(2 * _AIR_PX)
        air.setLeftMargin(_SIDE_PX)
        air.setRightMargin(_SIDE_PX)
        frame.setFrameFormat(air)


def _would_touch(before: Span, span: Span) -> bool:
    """Return whether an addition would read like a part of the word removed before it."""
    is_replaced = (before.kind, span.kind) == (PieceKind.REMOVED, PieceKind.ADDED)
    return is_replaced and not before.text[-1:].isspace()


def fold_words(folded: str) -> str:
    """Return what stands for an unchanged stretch."""
    words = QCoreApplication.translate("Differences", "… {n} words unchanged …")
    return words.format(n=f"{count_words(folded):,}")


def _between(cursor: QTextCursor, start: int, end: int) -> str:
    """Return what is written between two positions, without the boxes."""
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor.selectedText().replace("\u2029", "\n").translate(_UNWRITTEN)


def _box(dress: Dress, is_on: bool) -> QPixmap:
    """Draw the box before a change."""
    result = QPixmap(round((_BOX_PX + 4) * dress.scale), round(_BOX_PX * dress.scale))
    result.setDevicePixelRatio(dress.scale)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colours = dress.colours
    painter.setPen(QPen(colours.focus, 1))
    painter.setBrush(colours.ink if is_on else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(0.5, 1.5, _BOX_PX - 3, _BOX_PX - 3), 3, 3)
    if is_on:
        painter.setPen(QPen(colours.paper, 1.5))
        painter.drawPolyline([QPointF(3.5, 8.2), QPointF(6, 10.7), QPointF(10.5, 5)])
    painter.end()
    return result
