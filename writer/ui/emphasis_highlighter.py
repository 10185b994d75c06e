"""Markdown emphasis and headings shown as such, signs dimmed; the text itself is untouched."""

from functools import cache
from itertools import accumulate

from PySide6.QtCore import QObject
from PySide6.QtGui import QBrush, QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextFormat

from writer.manuscript.emphasis import Style, spans
from writer.ui.paragraphs import goes_on

_SIZE_STEPS = {1: 2, 2: 1}
"""By level of heading: Qt's steps of font size above the text's, which follow the page's font."""
_BEYOND_BMP = "\U00010000"


class EmphasisHighlighter(QSyntaxHighlighter):
    """Shows the emphasis of the document that it is given with `setDocument`, best while empty.

    What the setters change shows with the document's next layout. `rehighlight()` would do it too,
    but lay out the rest of the book once per paragraph: minutes, in a long one.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._enabled = True
        self._format = cache(self._make_format)
        self._faint = QBrush(QColor("gray"))

    def like(self, parent: QObject) -> "EmphasisHighlighter":
        """Return one for another document that shows the same."""
        other = EmphasisHighlighter(parent)
        other.look_like(self)
        return other

    def look_like(self, other: "EmphasisHighlighter") -> None:
        """Show what `other` shows."""
        self.set_enabled(other._enabled)
        self.set_colour(other._faint.color())

    def set_enabled(self, enabled: bool) -> None:
        """Show emphasis, or the plain signs only."""
        self._enabled = enabled

    def set_colour(self, faint: QColor) -> None:
        """Draw the signs in `faint`."""
        self._faint = QBrush(faint)
        self._format.cache_clear()

    def highlightBlock(self, text: str) -> None:
        """Style one paragraph; called by Qt for each that has changed."""
        # Most paragraphs have no sign at all; asking first keeps opening a book quick.
        if not (self._enabled and ("*" in text or "_" in text or text.lstrip()[:1] in ("#", "-"))):
            return
        if goes_on(self.currentBlock()):
            return
        found = spans(text)
        if not found:
            return
        at = _utf16_offsets(text)
        for span in found:
            start, end = (span.start, span.end) if at is None else (at[span.start], at[span.end])
            self.setFormat(start, end - start, self._format(span.style, span.marker))

    def _make_format(self, style: Style, marker: bool) -> QTextCharFormat:
        look = QTextCharFormat()
        if Style.EMPHASIS in style:
            look.setFontItalic(True)
        if Style.STRONG in style or style.heading_level:
            look.setFontWeight(QFont.Weight.Bold)
        if steps := _SIZE_STEPS.get(style.heading_level):
            look.setProperty(QTextFormat.Property.FontSizeAdjustment, steps)
        if marker:
            look.setForeground(self._faint)
        return look


def _utf16_offsets(text: str) -> list[int] | None:
    """Return the UTF-16 offset of each character and of the end; None where they are the same."""
    if text.isascii() or max(text) < _BEYOND_BMP:
        return None
    return list(accumulate((1 + (letter >= _BEYOND_BMP) for letter in text), initial=0))
