"""Printing: a book as a PDF whose pages look like a book's, or like a manuscript's.

Pages are written as they are set, so that a long book may be stopped at any of them. It needs no
window and runs on any thread.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFontDatabase,
    QFontMetricsF,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
)

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats.flow import Element, flow_of
from writer.manuscript.formats.language import is_east_asian, is_right_to_left, language_of
from writer.manuscript.formats.options import ExportOptions, ExportStyle
from writer.manuscript.formats.pandoc import Cancelled, ignore, never
from writer.manuscript.formats.runs import Run
from writer.manuscript.formats.title_page import title_page
from writer.ui.book.page_breaks import Row, pages_of, tops_of
from writer.ui.book.paper import Paper
from writer.ui.book.typesetting import UNITS, Look, SetLine, Typesetter, Way
from writer.ui.fonts import page_font

_RESOLUTION = 1200
_INCH = 72.0
_TIMES = ("Times New Roman", "Liberation Serif", "Nimbus Roman", "Times")
_NUMBER_SIZE = 0.86
"""Of the page numbers and running heads, beside the text."""
_LEFT, _CENTRE, _RIGHT = (
    Qt.AlignmentFlag.AlignLeft,
    Qt.AlignmentFlag.AlignHCenter,
    Qt.AlignmentFlag.AlignRight,
)


_SIZES = {
    Paper.A5: QPageSize.PageSizeId.A5,
    Paper.A4: QPageSize.PageSizeId.A4,
    Paper.LETTER: QPageSize.PageSizeId.Letter,
}


def export_pdf(
    compiled: CompiledBook,
    target: Path,
    paper: Paper,
    options: ExportOptions,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> None:
    """Write a book to `target` as a PDF, all of it or nothing.

    Args:
        compiled: What to write.
        target: The file; one that is there is replaced when all has succeeded.
        paper: The size of its pages.
        options: How; in the manuscript style as publishers ask for it.
        on_progress: Told shares from 0 to 1.
        cancelled: Asked at every page.

    Raises:
        WriterError: EXPORT_FAILED, with the reason; what was at `target` is as it was.
        Cancelled: `cancelled` said so; the same.
    """
    made = printed(compiled, paper, options, on_progress, cancelled)
    try:
        write_atomically(target, made)
    except WriterError as error:
        reason = error.fields.get("reason", error)
        raise WriterError(ErrorKind.EXPORT_FAILED, path=target, reason=reason) from error
    on_progress(1.0)


def printed(
    compiled: CompiledBook,
    paper: Paper,
    options: ExportOptions,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> bytes:
    """Return the bytes of a book's PDF.

    Raises:
        Cancelled: `cancelled` said so.
    """
    on_progress(0.0)
    flow = flow_of(compiled, options)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    press = _Press(compiled, paper, options, buffer)
    try:
        press.print(flow, on_progress, cancelled)
    finally:
        press.end()
    return bytes(buffer.data().data())


class _Press:
    """One PDF while it is written."""

    def __init__(
        self, compiled: CompiledBook, paper: Paper, options: ExportOptions, device: QIODevice
    ) -> None:
        self._is_manuscript = options.style is ExportStyle.MANUSCRIPT
        self._title = title_page(compiled, options)
        page = QPageSize(_SIZES[paper])
        self._page = page.size(QPageSize.Unit.Point)
        language = language_of(compiled)
        look_of = _manuscript_look if self._is_manuscript else _reading_look
        self._look = look_of(self._page, language)
        self._setter = Typesetter(self._look)
        self._writer = QPdfWriter(device)
        self._writer.setResolution(_RESOLUTION)
        portrait = QPageLayout.Orientation.Portrait
        self._writer.setPageLayout(QPageLayout(page, portrait, QMarginsF()))
        self._writer.setTitle(self._title.title)
        self._writer.setAuthor(self._title.author)
        self._writer.setCreator("Writer")
        self._painter = QPainter(self._writer)
        self._painter.scale(*[_RESOLUTION / _INCH / UNITS] * 2)
        self._number = 0
        self._chapter = ""

    def print(
        self,
        flow: Sequence[Element],
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Write all pages; raise Cancelled where that is wished."""
        rows = self._setter.rows(flow)
        title = self._manuscript_title() if self._is_manuscript else self._reading_title()
        if title:
            self._new_page()
            self._draw_rows(title)
            if self._is_manuscript:
                middle = (self._top + self._look.leading * UNITS / 2) / UNITS
                self._draw_words(self._title.word_count, _RIGHT, middle)
            first = next(rows, None)
            rows = chain([replace(first, begins_page=True)], rows) if first else rows
        if self._is_manuscript:
            rows = chain(rows, self._setter.set((Run(self._title.end),), Way(above=1)))
        for page in pages_of(rows, self._look.height * UNITS):
            if cancelled():
                raise Cancelled
            self._new_page()
            self._draw_rows(page)
            self._draw_margins(page)
            on_progress(self._setter.done / max(1, len(flow)))

    def end(self) -> None:
        """Close the file."""
        self._painter.end()

    # A page

    @property
    def _left(self) -> float:
        return (self._page.width() - self._look.width) / 2 * UNITS

    @property
    def _top(self) -> float:
        """Of the text; a hand's breadth more stands beneath it than above."""
        rest = self._page.height() - self._look.height
        return rest * (0.5 if self._is_manuscript else 0.48) * UNITS

    def _new_page(self) -> None:
        if self._number:
            self._writer.newPage()
        self._number += 1

    def _draw_rows(self, page: Iterable[Row[SetLine]]) -> None:
        for top, row in tops_of(page):
            row.content.draw(self._painter, self._left, self._top + top)

    def _draw_margins(self, page: Sequence[Row[SetLine]]) -> None:
        """Draw the running head and the number of a page of text."""
        opens = [row.content.opens for row in page if row.content.opens is not None]
        if self._is_manuscript:
            self._draw_words(f"{self._title.header}{self._number}", _RIGHT, _INCH / 2)
        elif not page[0].content.is_alone:
            foot = self._page.height() - self._top / UNITS * 0.62
            self._draw_words(str(self._number), _CENTRE, foot)
            if not opens:
                head = self._chapter if self._number % 2 else self._title.title
                self._draw_words(
                    head, _CENTRE, self._top / UNITS * 0.55, is_italic=not self._look.indents_first
                )
        self._chapter = opens[-1] if opens else self._chapter

    def _draw_words(
        self, words: str, align: Qt.AlignmentFlag, middle: float, is_italic: bool = False
    ) -> None:
        """Draw one line whose middle is so many points below the edge of the paper."""
        size = self._look.size * (1.0 if self._is_manuscript else _NUMBER_SIZE)
        font = self._setter.font(size)
        font.setItalic(is_italic)
        self._painter.setFont(font)
        height = 2 * size * UNITS
        width = self._look.width * UNITS
        shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, width)
        box = QRectF(self._left, middle * UNITS - height / 2, width, height)
        self._painter.drawText(box, int(align | Qt.AlignmentFlag.AlignVCenter), shown)

    # Titles

    def _reading_title(self) -> list[Row[SetLine]]:
        rows: list[Row[SetLine]] = []
        above = round(0.28 * self._look.height / self._look.leading)
        for words, scale in ((self._title.title, 2.2), (self._title.author, 1.2)):
            if words:
                way = Way(size=self._look.size * scale, above=above, begins_page=not rows)
                rows += self._setter.set((Run(words),), way)
                above = 2
        return rows

    def _manuscript_title(self) -> list[Row[SetLine]]:
        title, rows = self._title, list[Row[SetLine]]()
        for words in (title.author, *title.contact):
            lines = self._setter.set((Run(words),), Way(_LEFT))
            rows += [replace(line, height=line.height / 2) for line in lines]
        above = max(0, round(0.4 * self._look.height / self._look.leading - len(rows) / 2))
        for words in (title.title, title.byline):
            if words:
                rows += self._setter.set((Run(words),), Way(above=above))
                above = 0
        return rows


def _reading_look(page: QSizeF, language: str) -> Look:
    """Return a novel's look: some 62 letters a line, and the same air at both sides."""
    is_small = page.width() < 500
    east_asian = is_east_asian(language)
    size = 10.5 if is_small else 12.0
    leading = round(size * (1.62 if east_asian else 1.38), 1)
    rest = 2 * (1.6 if is_small else 1.3) * _INCH * 0.66
    lines = int((page.height() - rest) / leading)
    return Look(
        font=page_font(UNITS),
        size=size,
        leading=leading,
        width=30 * size,  # of 30 ideographs, too
        height=lines * leading,
        indent=2 * size if east_asian else 1.5 * size,
        indents_first=east_asian,
        is_justified=True,
        has_italics=not east_asian,
        is_right_to_left=is_right_to_left(language),
        sign="* * *",
        part_size=1.9 * size,
        heading_size=1.5 * size,
        inside_size=1.1 * size,
        heading_sink=0.16,
    )


def _manuscript_look(page: QSizeF, language: str) -> Look:
    """Return the look that publishers ask for: inch-wide margins, double-spaced, ragged."""
    font = page_font(UNITS)
    families = [family for family in _TIMES if QFontDatabase.hasFamily(family)][:1]
    font.setFamilies([*families, *font.families()])
    leading = 24.0
    return Look(
        font=font,
        size=12.0,
        leading=leading,
        width=page.width() - 2 * _INCH,
        height=int((page.height() - 2 * _INCH) / leading) * leading,
        indent=_INCH / 2,
        indents_first=True,
        is_justified=False,
        has_italics=True,
        is_right_to_left=is_right_to_left(language),
        sign="#",
        part_size=12.0,
        heading_size=12.0,
        inside_size=12.0,
        heading_sink=0.3,
    )
