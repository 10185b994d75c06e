"""How paragraphs are set, and how a very long line is cut into pieces for the page.

Qt lays out a paragraph anew with every key, so one key in a line of 1 MB takes 0.2 s. A longer line
than `LONGEST` is therefore several blocks, of which all but the first are marked as going on with
the one before.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QTextBlock, QTextBlockFormat, QTextFormat

LONGEST = 8_000
"""Characters of a line that is laid out whole."""
PIECE = 4_000
"""Characters of a piece at most."""

_GOES_ON = int(QTextFormat.Property.UserProperty) + 1
_LINE_HEIGHT_EM = 1.6
_INDENT_EM = 1.5
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_JOINER = "\u200d"


class Kind(Enum):
    """What a block of the page is."""

    FLUSH = "flush"
    INDENTED = "indented"
    PIECE = "piece"
    """It goes on with the block before: no line end between the two."""


@dataclass(frozen=True)
class ParagraphStyle:
    """Makes the block formats of one page."""

    indent_px: float = 27
    line_height_percent: float = 120
    """Of the height that the font asks for."""

    @classmethod
    def of(cls, font: QFont) -> "ParagraphStyle":
        """Return the style of a book set in `font`."""
        size_px = QFontInfo(font).pixelSize()
        height = QFontMetricsF(font).lineSpacing()
        return cls(round(_INDENT_EM * size_px), _LINE_HEIGHT_EM * size_px / height * 100)

    def format(self, kind: Kind) -> QTextBlockFormat:
        """Return the block format of `kind`."""
        block_format = QTextBlockFormat()
        block_format.setLineHeight(self.line_height_percent, _PROPORTIONAL)
        if kind is Kind.INDENTED:
            block_format.setTextIndent(self.indent_px)
        if kind is Kind.PIECE:
            block_format.setProperty(_GOES_ON, True)
        return block_format


def goes_on(block: QTextBlock) -> bool:
    """Return whether `block` continues the line of the block before it."""
    return block.isValid() and block.blockFormat().boolProperty(_GOES_ON)


def kind_of(block: QTextBlock) -> Kind:
    """Return how `block` is set."""
    if goes_on(block):
        return Kind.PIECE
    return Kind.INDENTED if block.blockFormat().textIndent() else Kind.FLUSH


def kind_after(previous: str, line: str) -> Kind:
    """Return how `line` is set below the line `previous`, as in a book.

    Flush: a heading, what follows a heading or an empty line (hence all of a text that separates
    its paragraphs by empty lines), and what the writer has indented already.

    >>> kind_after("It rained.", "She left.")
    <Kind.INDENTED: 'indented'>
    >>> kind_after("# One", "It rained.")
    <Kind.FLUSH: 'flush'>
    """
    flush = (
        not previous
        or previous.isspace()
        or previous.startswith("#")
        or line[:1] == "#"
        or line[:1].isspace()
    )
    return Kind.FLUSH if flush else Kind.INDENTED


def blocks_of(text: str, before: str = "") -> Iterator[tuple[Kind, str]]:
    """Yield the blocks that lay out `text`, whose first line goes on with `before`."""
    previous = ""
    for line in text.split("\n"):
        kind = kind_after(previous, line)
        if len(line) <= LONGEST:
            yield kind, line
        else:
            for piece in cut(line):
                yield kind, piece
                kind = Kind.PIECE
        previous, before = before + line, ""


def cut(line: str, longest: int = PIECE) -> list[str]:
    """Return `line` in pieces of at most `longest` characters, after a space where there is one.

    >>> cut("one two three", longest=8)
    ['one two ', 'three']
    """
    ends = [0]
    while len(line) - ends[-1] > longest:
        ends.append(_end_of_piece(line, ends[-1], ends[-1] + longest))
    return [line[start:end] for start, end in pairwise([*ends, len(line)])]


def _end_of_piece(line: str, start: int, limit: int) -> int:
    space = line.rfind(" ", start + (limit - start) // 2, limit)
    if space >= 0 and not _belongs_to_previous(line, space + 1):
        return space + 1
    for end in range(limit, max(start, limit - 64), -1):
        if not _belongs_to_previous(line, end):
            return end
    return limit


def _belongs_to_previous(line: str, index: int) -> bool:
    """Return whether a cut before `index` might part what is shown as one character."""
    before, after = line[index - 1], line[index]
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me", "Sk"}
        or _JOINER in (before, after)
        or all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (before, after))
        or all("\u1100" <= letter <= "\u11ff" for letter in (before, after))
    )
