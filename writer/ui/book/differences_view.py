"""DifferencesView: what differs between two texts, as prose to be read and walked through.

It compares nothing and knows no file; it is shown the pieces.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QApplication, QFrame, QTextEdit, QWidget

from writer.manuscript.history.differences import Passage, Piece, PieceKind, passages
from writer.ui.book.change_words import in_words, said_of, summary_of
from writer.ui.book.changes import lines_of
from writer.ui.book.difference_colours import DifferenceColours
from writer.ui.book.differences_document import CHOICE, FOLD, DifferencesDocument, Dress
from writer.ui.fonts import page_font, small_px, ui_font

_TEXT_PX = 17
_COLUMN = "The rain had not stopped for three days, and she stood at the window."
"""As wide as the column at most, as on the page."""
_SIDES_PX = 64
_LEAST_LEFT_PX = 64
_BAR_PX, _BAR_LEFT_PX = 3, 12
_ABOVE = 0.3
"""The share of the window above a change that one has gone to."""
_NEXT = {(Qt.Key.Key_F7, False), (Qt.Key.Key_Down, True)}
_PREVIOUS = {(Qt.Key.Key_F7, True), (Qt.Key.Key_Up, True)}


class DifferencesView(QTextEdit):
    """Prose in which additions are underlined and removals struck through.

    F7 or Alt+Down goes to the next change, Shift+F7 or Alt+Up to the one before. Where changes may
    be chosen, Space chooses the one that one is at.
    """

    moved = Signal(int)
    """The number of the change that one is at now, -1 at none."""
    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pieces: tuple[Piece, ...] = ()
        self._passages: tuple[Passage, ...] = ()
        self._chosen: set[int] | None = None
        self._opened: set[int] = set()
        self._is_whole = False
        self._current = -1
        self._pressed_at = QPoint()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("What differs"))
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.viewport().setMouseTracking(True)
        self._draw()

    # What is shown

    def show_pieces(self, pieces: Sequence[Piece], is_choosable: bool = False) -> None:
        """Show what differs, from the beginning; nothing is chosen yet."""
        self._pieces = tuple(pieces)
        self._passages = passages(self._pieces)
        self._chosen = set() if is_choosable else None
        self._opened.clear()
        self._current = -1
        self._draw()
        self.verticalScrollBar().setValue(0)
        self.setAccessibleDescription(summary_of(self._pieces) if self._passages else "")
        self.moved.emit(-1)

    def show_text(self, text: str) -> None:
        """Show a text with which nothing is compared."""
        self._opened.add(0)  # the only stretch there is
        self._pieces = (Piece(PieceKind.SAME, text),)
        self._passages, self._chosen, self._current = (), None, -1
        self._draw()
        self.verticalScrollBar().setValue(0)
        self.setAccessibleDescription("")
        self.moved.emit(-1)

    def show_whole(self, is_whole: bool) -> None:
        """Show all that has not changed, too, or fold it."""
        if is_whole != self._is_whole:
            self._is_whole = is_whole
            self._opened.clear()
            self._draw()
            self._bring_into_sight()

    @property
    def has_folds(self) -> bool:
        """Whether there is anything to fold or unfold."""
        return self._is_whole or self._has_folds

    @property
    def count(self) -> int:
        """How many changes there are."""
        return len(self._passages)

    def to_plain_words(self) -> str:
        """Return all that is shown as text only, changes told in brackets."""
        end = self.document().characterCount() - 1
        return in_words(self._written.parts_between(0, end))

    # Where one is

    @property
    def current(self) -> int:
        """The number of the change that one is at, -1 at none."""
        return self._current

    def go_next(self) -> None:
        """Go to the change after the caret; after the last one comes the first."""
        self._go(self._nearest(True))

    def go_previous(self) -> None:
        """Go to the change before the caret; before the first one comes the last."""
        self._go(self._nearest(False))

    def go_to(self, change: int) -> None:
        """Go to a change, and say what it is."""
        if 0 <= change < self.count:
            self._go(change)

    def _nearest(self, is_forward: bool) -> int:
        if not self.count:
            return -1
        if self._current >= 0:
            return (self._current + (1 if is_forward else -1)) % self.count
        after = self._written.change_from(self.textCursor().position())
        if is_forward:
            return max(after, 0)
        return (after - 1) % self.count if after >= 0 else self.count - 1

    def _go(self, change: int) -> None:
        if change < 0:
            return
        self._set_current(change)
        self._bring_into_sight()
        event = QAccessibleAnnouncementEvent(self, self._said(change))
        QAccessible.updateAccessibility(event)

    def _said(self, change: int) -> str:
        words = self.tr("Change {number} of {count}. {what}.").format(
            number=change + 1, count=self.count, what=said_of(self._passages[change])
        )
        if self._chosen is not None and change in self._chosen:
            words += " " + self.tr("Chosen.")
        return words

    def _set_current(self, change: int) -> None:
        self._current = change
        cursor = self.textCursor()
        cursor.setPosition(self._written.place_of(change)[0])
        self.setTextCursor(cursor)
        self._draw_current()
        self.moved.emit(change)

    def _bring_into_sight(self) -> None:
        if self._current < 0:
            return
        start, _ = self._written.place_of(self._current)
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        top = self.cursorRect(cursor).top()
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + top - round(self.viewport().height() * _ABOVE))

    # Choosing

    @property
    def is_choosable(self) -> bool:
        """Whether changes may be chosen one by one."""
        return self._chosen is not None

    def chosen(self) -> frozenset[int]:
        """Return the numbers of the chosen changes."""
        return frozenset(self._chosen or ())

    def choose(self, change: int, is_chosen: bool) -> None:
        """Choose a change, or choose it no more."""
        if self._chosen is None or (change in self._chosen) == is_chosen:
            return
        if not 0 <= change < self.count:
            return
        (self._chosen.add if is_chosen else self._chosen.discard)(change)
        self._written.show_choice(change, is_chosen)
        self.choice_changed.emit()

    def _toggle(self, change: int) -> None:
        self.choose(change, change not in self.chosen())

    # How it looks

    def _draw(self) -> None:
        """Write the document anew; the caret and what is in sight stay."""
        bar = self.verticalScrollBar()
        scrolled = bar.value()
        lines = lines_of(self._pieces, self._opened, self._is_whole or not self.count)
        self._has_folds = bool(self._opened) or any(line.fold >= 0 for line in lines)
        written = DifferencesDocument(self._dress(), lines, self._chosen)
        self.setDocument(written.document)
        self._written = written  # the one before may go now, not while it is shown
        if self._current >= 0:
            cursor = self.textCursor()
            cursor.setPosition(self._written.place_of(self._current)[0])
            self.setTextCursor(cursor)
        bar.setValue(scrolled)
        self._draw_current()

    def _dress(self) -> Dress:
        small = ui_font()
        small.setPixelSize(small_px())
        colours = DifferenceColours.of(QApplication.palette())
        return Dress(page_font(_TEXT_PX), small, colours, self.devicePixelRatioF())

    def _draw_current(self) -> None:
        colours = DifferenceColours.of(QApplication.palette())
        selections = []
        for mark in self._written.marks_of(self._current):
            if mark.span.kind is PieceKind.SAME:
                continue
            selection = QTextEdit.ExtraSelection()
            selection.cursor = QTextCursor(self.document())
            selection.cursor.setPosition(mark.start)
            selection.cursor.setPosition(mark.end, QTextCursor.MoveMode.KeepAnchor)
            is_added = mark.span.kind is PieceKind.ADDED
            style = QTextCharFormat()
            style.setBackground(colours.current_added if is_added else colours.current_removed)
            selection.format = style
            selections.append(selection)
        self.setExtraSelections(selections)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the prose, and a bar beside the change that one is at."""
        super().paintEvent(event)
        if self._current < 0:
            return
        start, end = self._written.place_of(self._current)
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        top = self.cursorRect(cursor).top()
        cursor.setPosition(end)
        bottom = self.cursorRect(cursor).bottom()
        colours = DifferenceColours.of(QApplication.palette())
        painter = QPainter(self.viewport())
        painter.fillRect(QRectF(_BAR_LEFT_PX, top, _BAR_PX, bottom - top), colours.bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column centred, and no wider than a page."""
        super().resizeEvent(event)
        column = QFontMetricsF(page_font(_TEXT_PX)).horizontalAdvance(_COLUMN) + _SIDES_PX
        left = max(0, round((self.width() - column) / 2))
        if left < _LEAST_LEFT_PX:  # in line with what stands above
            left = 0
        bar = self.verticalScrollBar()
        right = round(max(0, self.width() - column - left))
        right = max(0, right - (bar.width() if bar.isVisible() else 0))
        if (self.viewportMargins().left(), self.viewportMargins().right()) != (left, right):
            self.setViewportMargins(left, 0, right, 0)
        if self.document().textWidth() != self.viewport().width():
            # Before the first show, Qt does not tell the text that the margins have changed.
            super().resizeEvent(QResizeEvent(self.viewport().size(), QSize()))

    def minimumSizeHint(self) -> QSize:
        """Ask for some lines of some words."""
        return QSize(320, 160)

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in the colours of another theme, in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationFontChange):
            self._draw()

    # Keys, mouse and clipboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the changes, choose, open a fold; everything else as a text does."""
        is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        pressed = (event.key(), is_alt if event.key() != Qt.Key.Key_F7 else is_shift)
        fold = self._fold_at(self.textCursor())
        if pressed in _NEXT:
            self.go_next()
        elif pressed in _PREVIOUS:
            self.go_previous()
        elif event.key() == Qt.Key.Key_Space and self.is_choosable and self._current >= 0:
            self._toggle(self._current)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and fold >= 0:
            self._open(fold)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where the mouse went down."""
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open a fold, choose a change, or be at the one that was clicked."""
        super().mouseReleaseEvent(event)
        at = event.position().toPoint()
        moved = (at - self._pressed_at).manhattanLength()
        if event.button() != Qt.MouseButton.LeftButton or moved > QApplication.startDragDistance():
            return
        target = self.anchorAt(at)
        if target.startswith(FOLD):
            self._open(int(target.removeprefix(FOLD)))
        elif target.startswith(CHOICE):
            change = int(target.removeprefix(CHOICE))
            self._set_current(change)
            self._toggle(change)
        elif not self.textCursor().hasSelection():
            change = self._written.change_at(self.cursorForPosition(at).position())
            if change >= 0:
                self._set_current(change)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over what can be clicked."""
        super().mouseMoveEvent(event)
        is_link = bool(self.anchorAt(event.position().toPoint()))
        shape = Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)

    def createMimeDataFromSelection(self) -> QMimeData:
        """Return what is selected as text only; changes are told in brackets, one alone is not."""
        cursor = self.textCursor()
        parts = self._written.parts_between(cursor.selectionStart(), cursor.selectionEnd())
        kinds = {kind for kind, text in parts if text.strip()}
        data = QMimeData()
        data.setText("".join(text for _, text in parts) if len(kinds) == 1 else in_words(parts))
        return data

    def _fold_at(self, cursor: QTextCursor) -> int:
        for block_format in (cursor.charFormat(), cursor.blockCharFormat()):
            if block_format.anchorHref().startswith(FOLD):
                return int(block_format.anchorHref().removeprefix(FOLD))
        return -1

    def _open(self, fold: int) -> None:
        at = self.textCursor().position()
        self._opened.add(fold)
        self._draw()
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(at, self.document().characterCount() - 1))
        self.setTextCursor(cursor)
