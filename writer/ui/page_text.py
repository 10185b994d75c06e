r"""The exact text of a page, on its way into a QTextDocument and out again.

The law: what `fill(text)` puts in, `read()` gives back, for every str with "\n" line ends; and so
after any edit.
`toPlainText` is no way out: it turns no-break spaces into spaces and U+2028 into line ends. What
else Qt would change is kept by `stand_ins`, and very long lines by `paragraphs`.
Positions are Qt's: UTF-16 units and one for the end of each block.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument

from writer.manuscript.differing import smallest_change
from writer.ui import utf16
from writer.ui.paragraphs import Kind, ParagraphStyle, blocks_of, goes_on, kind_after, kind_of
from writer.ui.stand_ins import StandIns

_BLOCK_END = "\u2029"
_AIR_PX = 48
SIDE_AIR_PX = 24


class PageText:
    """A text and the document that shows it; empty until it is filled."""

    def __init__(self, style: ParagraphStyle | None = None, parent: QObject | None = None) -> None:
        self._style = style or ParagraphStyle()
        self._stand_ins = StandIns()
        self._has_pieces = False
        self.document = QTextDocument(parent)

    def fill(self, text: str) -> None:
        """Put `text` into the new, empty document, which no view should have yet.

        Laid out while being filled, a book takes twenty times longer.
        """
        self.document.setUndoRedoEnabled(False)
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        blocks = list(blocks_of(self._stand_ins.encode(text)))
        cursor.setBlockFormat(self._style.format(blocks[0][0]))
        self._lay(cursor, blocks)
        self._give_air()
        cursor.endEditBlock()
        self.document.setUndoRedoEnabled(True)
        self.document.setModified(False)

    def restyle(self, style: ParagraphStyle) -> None:
        """Set every paragraph in `style`, or leave that to the next load if there are undo steps.

        Qt has no block format outside the undo stack, and nothing that was typed is lost for looks.
        """
        document = self.document
        if style == self._style or document.isUndoAvailable() or document.isRedoAvailable():
            return
        self._style = style
        modified = document.isModified()
        document.setUndoRedoEnabled(False)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        block = document.begin()
        while block.isValid():
            cursor.setPosition(block.position())
            cursor.setBlockFormat(style.format(kind_of(block)))
            block = block.next()
        cursor.endEditBlock()
        document.setUndoRedoEnabled(True)
        document.setModified(modified)

    # Reading

    @property
    def has_pieces(self) -> bool:
        """Whether a line may be laid out in pieces; only then do deletions need care."""
        return self._has_pieces

    def read(self) -> str:
        """Return the whole text."""
        if not self._has_pieces:
            stored = self.document.toRawText().replace(_BLOCK_END, "\n")
            return self._stand_ins.decode(stored)
        return self.between(0, self.document.characterCount() - 1)

    def between(self, start: int, end: int) -> str:
        """Return the text from position `start` to position `end`."""
        parts: list[str] = []
        block = self.document.findBlock(start)
        while block.isValid() and block.position() <= end:
            if block.position() > start and not goes_on(block):
                parts.append("\n")
            parts.append(_part(block, start - block.position(), end - block.position()))
            block = block.next()
        return self._stand_ins.decode("".join(parts))

    def before(self, position: int, characters: int) -> str:
        """Return the last `characters` of the text before `position`, at no cost for the rest."""
        if characters <= 0:
            return ""
        block = self.document.findBlock(position)
        parts = [_part(block, 0, position - block.position())]
        found = len(parts[0])
        while found < characters and block.previous().isValid():
            if not goes_on(block):
                parts.append("\n")
                found += 1
            block = block.previous()
            parts.append(block.text())
            found += len(parts[-1])
        return self._stand_ins.decode("".join(reversed(parts))[-characters:])

    def after(self, position: int, characters: int) -> str:
        """Return the first `characters` of the text from `position`, at no cost for the rest."""
        block = self.document.findBlock(position)
        parts = [_part(block, position - block.position(), block.length())]
        found = len(parts[0])
        while found < characters and block.next().isValid():
            block = block.next()
            if not goes_on(block):
                parts.append("\n")
                found += 1
            parts.append(block.text())
            found += len(parts[-1])
        return self._stand_ins.decode("".join(parts)[: max(characters, 0)])

    # Editing: one undo step each

    def insert(self, cursor: QTextCursor, text: str) -> None:
        """Put exactly `text` at `cursor`, in place of what it selects."""
        cursor.beginEditBlock()
        self.remove(cursor)
        before = _part(cursor.block(), 0, cursor.positionInBlock())
        self._lay(cursor, list(blocks_of(self._stand_ins.encode(text), before)))
        cursor.endEditBlock()

    def put(self, text: str) -> None:
        """Make all of it `text`, in one undo step that changes no more than it must."""
        now = self.read()
        if now == text:
            return
        start, end, added = smallest_change(now, text)
        cursor = QTextCursor(self.document)
        cursor.setPosition(self.position_of(now, start))
        cursor.setPosition(self.position_of(now, end), QTextCursor.MoveMode.KeepAnchor)
        self.insert(cursor, added)

    def position_of(self, text: str, place: int) -> int:
        """Return the position of code point `place` of the whole `text`, or of its end."""
        place = min(place, len(text))
        if not self._has_pieces:
            return utf16.units(text[:place])
        block = self.document.begin()
        lines = text.count("\n", 0, place)
        while lines:
            block = block.next()
            lines -= not goes_on(block)
        rest = utf16.units(text[text.rfind("\n", 0, place) + 1 : place])
        while rest > block.length() - 1 and goes_on(block.next()):
            rest -= block.length() - 1
            block = block.next()
        return block.position() + rest

    def remove(self, cursor: QTextCursor) -> None:
        """Remove what `cursor` selects."""
        if cursor.hasSelection():
            with self.keeping_joins(cursor.selectionStart()):
                cursor.removeSelectedText()

    def break_line(self, cursor: QTextCursor) -> None:
        """End the line at `cursor`, in place of what it selects."""
        cursor.beginEditBlock()
        self.remove(cursor)
        block = cursor.block()
        if cursor.atBlockEnd() and goes_on(block.next()):
            cursor.movePosition(QTextCursor.MoveOperation.NextBlock)
            cursor.setBlockFormat(self._style.format(Kind.FLUSH))
        elif cursor.atBlockStart() and goes_on(block):
            cursor.setBlockFormat(self._style.format(Kind.FLUSH))
        else:
            line = _part(block, 0, cursor.positionInBlock())
            following = _part(block, cursor.positionInBlock(), block.length())
            cursor.insertBlock(self._style.format(kind_after(line, following)))
        cursor.endEditBlock()

    def delete_backward(self, cursor: QTextCursor) -> None:
        """Delete the character before `cursor`, across an invisible join, or the selection."""
        if cursor.hasSelection():
            self.remove(cursor)
            return
        while cursor.atBlockStart() and goes_on(cursor.block()):
            cursor.movePosition(QTextCursor.MoveOperation.PreviousCharacter)
        with self.keeping_joins(max(cursor.position() - 1, 0)):
            cursor.deletePreviousChar()

    def delete_forward(self, cursor: QTextCursor) -> None:
        """Delete the character after `cursor`, across an invisible join, or the selection."""
        if cursor.hasSelection():
            self.remove(cursor)
            return
        while cursor.atBlockEnd() and goes_on(cursor.block().next()):
            cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        with self.keeping_joins(cursor.position()):
            cursor.deleteChar()

    def delete_over(self, cursor: QTextCursor, move: QTextCursor.MoveOperation) -> None:
        """Delete from `cursor` to where `move` leads, or the selection."""
        if not cursor.hasSelection():
            cursor.movePosition(move, QTextCursor.MoveMode.KeepAnchor)
        self.remove(cursor)

    @contextmanager
    def keeping_joins(self, position: int) -> Iterator[None]:
        """Let text be removed down to `position`, and its line stay joined as it was.

        When a whole block goes, Qt keeps the format of the block that follows it, and with that a
        join that is none any more, or the lack of one.
        """
        if not self._has_pieces:
            yield
            return
        before = kind_of(self.document.findBlock(position))
        blocks = self.document.blockCount()
        yield
        block = self.document.findBlock(position)
        if self.document.blockCount() != blocks and kind_of(block) is not before:
            mender = QTextCursor(block)
            mender.joinPreviousEditBlock()
            mender.setBlockFormat(self._style.format(before))
            mender.endEditBlock()

    def begin_line(self, cursor: QTextCursor, typed: str) -> bool:
        """Insert `typed` if the line it begins is then set otherwise, or return False.

        Text and setting change in one undo step; Qt joins them only if it is told beforehand.
        """
        block = cursor.block()
        kind = kind_of(block)
        if not cursor.atBlockStart() or cursor.hasSelection() or kind is Kind.PIECE:
            return False
        wanted = kind_after(block.previous().text(), typed)
        if wanted is kind:
            return False
        cursor.beginEditBlock()
        cursor.insertText(typed)
        cursor.setBlockFormat(self._style.format(wanted))
        cursor.endEditBlock()
        return True

    def _lay(self, cursor: QTextCursor, blocks: list[tuple[Kind, str]]) -> None:
        """Insert `blocks`, the first into the cursor's own; runs of a kind go in at once."""
        cursor.insertText(blocks[0][1])
        for kind, run in groupby(blocks[1:], key=itemgetter(0)):
            self._has_pieces = self._has_pieces or kind is Kind.PIECE
            cursor.insertBlock(self._style.format(kind))
            cursor.insertText("\n".join(line for _, line in run))

    def _give_air(self) -> None:
        frame = self.document.rootFrame()
        air = frame.frameFormat()
        air.setTopMargin(_AIR_PX)
        air.setBottomMargin(_AIR_PX)
        air.setLeftMargin(SIDE_AIR_PX)
        air.setRightMargin(SIDE_AIR_PX)
        frame.setFrameFormat(air)


def _part(block: QTextBlock, start: int, end: int) -> str:
    """Return the block's text between two offsets, which may lie beyond its ends."""
    return utf16.cut(block.text(), max(start, 0), max(end, 0))
