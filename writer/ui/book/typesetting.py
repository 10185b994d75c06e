"""Typesetting: a book's flow as lines of a given width, each of which can be drawn.

It needs fonts and no window, so any thread may do it. One unit is a tenth of a point.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from writer.manuscript.emphasis import Style
from writer.manuscript.formats.flow import (
    Element,
    Heading,
    Paragraph,
    SceneBreak,
    is_indented_by_hand,
    is_structure,
    shown_runs,
)
from writer.manuscript.formats.runs import Run
from writer.ui.book.page_breaks import Row
from writer.ui.utf16 import units

UNITS = 10
"""In a point."""
_SYNOPSIS = 0.92
"""Its size beside the text's."""
_BELOW_HEADING = 2
"""Lines of air."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a book's text is set; lengths in points."""

    font: QFont
    size: float
    leading: float
    """From one line of the text to the next."""
    width: float
    height: float
    """Of the text on a page."""
    indent: float
    indents_first: bool
    """Whether the paragraph after a heading or a break is indented, too."""
    is_justified: bool
    has_italics: bool
    """Whether running heads are in italics, which ideographs have none of."""
    is_right_to_left: bool
    sign: str
    """What a scene break shows."""
    part_size: float
    heading_size: float
    """Of a chapter's."""
    inside_size: float
    """Of a heading inside a scene."""
    heading_sink: float
    """Above a chapter's heading: a share of the height."""


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line that was set; it is drawn with its top left corner where one wants it."""

    line: QTextLine
    layout: QTextLayout
    """What the line is of, which must live as long."""
    baseline: float
    """Below the line's top."""
    opens: str | None = None
    """The part or chapter that begins here."""
    is_alone: bool = False
    """Whether nothing else stands on the page: it is a part's heading, or a title."""

    def draw(self, painter: QPainter, left: float, top: float) -> None:
        """Draw it."""
        above = self.line.y() + self.line.ascent() - self.baseline
        self.line.draw(painter, QPointF(left, top - above))


@dataclass(frozen=True, slots=True)
class Way:
    """How a paragraph is set, where it is not as all are."""

    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter
    size: float = 0.0
    """Points; 0 is the text's own."""
    indent: float = 0.0
    inset: float = 0.0
    """Air at both sides, in points."""
    above: float = 0.0
    """Lines of air above; none at the head of a page."""
    keeps_next: bool = False
    begins_page: bool = False
    opens: str | None = None
    is_alone: bool = False


class Typesetter:
    """Sets paragraphs in one look."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.done = 0
        """Elements of the flow that have been set."""

    def rows(self, flow: Sequence[Element]) -> Iterator[Row[SetLine]]:
        """Yield the lines of a flow; parts and chapters begin pages."""
        by_hand = is_indented_by_hand(flow)
        before: Element | None = None
        for number, element in enumerate(flow):
            after = flow[number + 1] if number + 1 < len(flow) else None
            if isinstance(element, Heading):
                yield from self.set(element.runs, self._heading(element, before, after))
            elif isinstance(element, SceneBreak):
                yield from self.set((Run(self._look.sign),), Way(above=1, keeps_next=True))
            else:
                runs = shown_runs(element.line, by_hand)
                yield from self.set(runs, self._paragraph(element, before))
            before = element
            self.done = number + 1

    def set(self, runs: Sequence[Run], way: Way) -> Iterator[Row[SetLine]]:
        """Yield the lines of one paragraph, of which none is left alone on a page."""
        size = way.size or self._look.size
        font = self.font(size)
        metrics = QFontMetricsF(font)
        # Whole lines of the text, so that the lines of all pages stand in register.
        height = self._look.leading * UNITS * (1 if size <= 1.2 * self._look.size else 2)
        baseline = (height + metrics.ascent() - metrics.descent()) / 2
        layout = self._layout(runs, font, way)
        count = layout.lineCount()
        for number in range(count):
            is_first = number == 0
            opens = way.opens if is_first else None
            yield Row(
                SetLine(layout.lineAt(number), layout, baseline, opens, way.is_alone),
                height,
                above=way.above * self._look.leading * UNITS if is_first else 0.0,
                # Neither the first nor the last line of a paragraph stands alone.
                keeps_next=way.keeps_next
                if number == count - 1
                else is_first or number == count - 2 or way.keeps_next,
                begins_page=way.begins_page and is_first,
            )

    def font(self, size: float) -> QFont:
        """Return the text's font in `size` points."""
        font = QFont(self._look.font)
        font.setPixelSize(round(size * UNITS))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        return font

    def _heading(self, heading: Heading, before: Element | None, after: Element | None) -> Way:
        look = self._look
        if not is_structure(heading):
            above = _BELOW_HEADING if before is not None and is_structure(before) else 1
            return Way(size=look.inside_size, above=above, keeps_next=True)
        is_part = isinstance(after, Heading) and is_structure(after)
        sink = max(look.heading_sink, 0.3) if is_part else look.heading_sink
        return Way(
            size=look.part_size if is_part else look.heading_size,
            above=round(sink * look.height / look.leading),
            keeps_next=not is_part,
            begins_page=True,
            opens=heading.text,
            is_alone=is_part,
        )

    def _paragraph(self, paragraph: Paragraph, before: Element | None) -> Way:
        look = self._look
        is_first = not isinstance(before, Paragraph) or before.is_synopsis
        if isinstance(before, Heading):
            above = _BELOW_HEADING if is_structure(before) else 0
        else:
            above = 1 if before is not None and is_first else 0
        align = Qt.AlignmentFlag.AlignJustify if look.is_justified else Qt.AlignmentFlag.AlignLeft
        if paragraph.is_synopsis:
            if isinstance(before, Paragraph):
                above = 0 if before.is_synopsis else 1
            way = Way(align, look.size * _SYNOPSIS, inset=look.indent, above=above)
        else:
            indent = look.indent if look.indents_first or not is_first else 0.0
            way = Way(align, indent=indent, above=above)
        return way

    def _layout(self, runs: Sequence[Run], font: QFont, way: Way) -> QTextLayout:
        look = self._look
        layout = QTextLayout("".join(run.text for run in runs), font)
        option = QTextOption(way.align)
        if look.is_right_to_left:
            option.setTextDirection(Qt.LayoutDirection.RightToLeft)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setUseDesignMetrics(True)
        layout.setTextOption(option)
        if any(run.style for run in runs):
            layout.setFormats(_formats(runs))
        inset, indent = way.inset * UNITS, way.indent * UNITS
        width = look.width * UNITS - 2 * inset
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width - indent)
            line.setPosition(QPointF(inset + (0.0 if look.is_right_to_left else indent), 0.0))
            indent = 0.0
        layout.endLayout()
        return layout


def _formats(runs: Sequence[Run]) -> list[QTextLayout.FormatRange]:
    formats, start = [], 0
    for run in runs:
        length = units(run.text)
        if run.style:
            emphasis = QTextCharFormat()
            emphasis.setFontItalic(Style.EMPHASIS in run.style)
            if Style.STRONG in run.style:
                emphasis.setFontWeight(QFont.Weight.Bold)
            found = QTextLayout.FormatRange()
            found.start, found.length, found.format = start, length, emphasis
            formats.append(found)
        start += length
    return formats
