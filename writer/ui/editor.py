"""The page: where the novelist types. It must not know where continuations come from.

The page is asked last about a key: `key_handlers` come first, so that a continuation can take Tab.
Nothing on the way of a key touches more of the book than the paragraph at the cursor.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QFocusEvent,
    QFont,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QApplication

from writer.ui.ghost import Ghost
from writer.ui.held_text import HeldText
from writer.ui.page_menu import page_menu
from writer.ui.palette import Palette
from writer.ui.press import Press
from writer.ui.sheet import Sheet

_CARET_AIR_PX = 56

_KEYS = QKeySequence.StandardKey
_DELETIONS = {
    _KEYS.DeleteStartOfWord: QTextCursor.MoveOperation.PreviousWord,
    _KEYS.DeleteEndOfWord: QTextCursor.MoveOperation.NextWord,
    _KEYS.DeleteEndOfLine: QTextCursor.MoveOperation.EndOfBlock,
}
_LINE_ENDS = (_KEYS.InsertParagraphSeparator, _KEYS.InsertLineSeparator)
_HISTORY = (_KEYS.Undo, _KEYS.Redo)
_MODIFIERS = {
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
}
_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)

KeyHandler = Callable[[QKeyEvent], bool]
"""Returns whether it has dealt with the key."""


class Page(Sheet):
    """The sheet as it is typed on, with a ghost in it."""

    caret_moved = Signal()
    """The caret went elsewhere, not by an edit."""
    composition_changed = Signal(bool)
    """An input method began or ended composing."""
    menu_asked = Signal(object, object)
    """The page's `QMenu` is about to open, and the `QContextMenuEvent`. Connected directly."""

    def __init__(self, *key_handlers: KeyHandler) -> None:
        super().__init__()
        self._composing = False
        self._committed: tuple[int, int, str] | None = None
        self._caret_position = 0
        self.preceding = ""
        """What a reader has read before this text begins: the end of the scenes before it."""
        self.key_handlers: list[KeyHandler] = list(key_handlers)
        self.ghost = Ghost(self)
        self._press = Press(self, self.ghost)
        self.setAccessibleName(self.tr("Page"))
        self.cursorPositionChanged.connect(self._on_cursor_position_changed)
        self.selectionChanged.connect(self._on_selection_changed)

    @property
    def is_composing(self) -> bool:
        """Whether an input method is composing."""
        return self._composing

    def load(self, text: str) -> None:
        """Show `text` instead; it is no change and cannot be undone."""
        self.ghost.clear()
        self._caret_position = 0
        self.preceding = ""
        super().load(text)
        self.viewport().update()  # also below the text, where a longer one may have stood

    def put_aside(self) -> HeldText:
        """Return the text on the page, which stays whole when another takes its place."""
        self.ghost.vanish()
        return super().put_aside()

    def bring_back(self, held: HeldText) -> None:
        """Show a text that was put aside, with its undo history and where it was left."""
        self.ghost.clear()
        self._caret_position = held.caret.position()
        self.preceding = ""
        super().bring_back(held)
        self.viewport().update()  # as above

    def set_appearance(self, colours: Palette, font: QFont) -> None:
        """Draw the page in `colours` and `font`; the text is not changed by it."""
        self.ghost.lift()
        super().set_appearance(colours, font)
        self.ghost.set_colour(QColor(colours.ghost))
        self.ghost.put_back()

    def show_emphasis(self, shown: bool) -> None:
        """Show Markdown emphasis as emphasis, or the plain signs only."""
        self.ghost.lift()
        super().show_emphasis(shown)
        self.ghost.put_back()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer the key to the handlers, then type or move."""
        if any(handler(event) for handler in self.key_handlers):
            event.accept()
            return
        typed = _is_typed(event)
        if not typed and event.key() not in _MODIFIERS:
            # Qt moves through lines as they are laid out, and would count the ghost's letters.
            self.ghost.vanish()
        if self._take_key(event):
            event.accept()
        elif any(event.matches(key) for key in _HISTORY):
            super().keyPressEvent(event)
        else:
            with self._removing():
                super().keyPressEvent(event)

    def focusNextPrevChild(self, _forward: bool) -> bool:
        """Keep Tab on the page."""
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        cursor = self.textCursor()
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_Backtab or (event.key() == Qt.Key.Key_Tab and shift):
            return True
        if event.key() == Qt.Key.Key_Tab and not event.modifiers():
            self._text.insert(cursor, "\t")
        elif any(event.matches(key) for key in _LINE_ENDS):
            self._text.break_line(cursor)
        elif not (
            (_is_typed(event) and self._text.begin_line(cursor, event.text()))
            or (self._text.has_pieces and self._delete(event, cursor))
        ):
            return False
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        return True

    def _delete(self, event: QKeyEvent, cursor: QTextCursor) -> bool:
        if event.matches(_KEYS.Delete):
            self._text.delete_forward(cursor)
            return True
        if event.key() == Qt.Key.Key_Backspace and not event.modifiers() & _COMMANDS:
            self._text.delete_backward(cursor)
            return True
        moves = [move for key, move in _DELETIONS.items() if event.matches(key)]
        for move in moves:
            self._text.delete_over(cursor, move)
        return bool(moves)

    def undo(self) -> None:
        """Take the last step back."""
        self.ghost.vanish()
        super().undo()

    def redo(self) -> None:
        """Take it again."""
        self.ghost.vanish()
        super().redo()

    # What happened

    def _report_edit(self, position: int, removed: int, added: str | None) -> None:
        self._caret_position = self.caret()
        if self._committed:
            # Qt reports the whole paragraph, even when only the composition has changed.
            position, removed, added = self._committed
            if not removed and not added:
                return
        shown = (self.ghost.position, self.ghost.text)
        super()._report_edit(position, removed, added)
        if (self.ghost.position, self.ghost.text) == shown:
            # Nobody has said how it goes on after this edit, and it would stand in a wrong place.
            self.ghost.vanish()

    def _on_cursor_position_changed(self) -> None:
        position = self.caret()
        if self.ghost.position != position:
            self.ghost.vanish()
        if not QApplication.mouseButtons():
            self._keep_air_around_caret()
        if position != self._caret_position:
            self._caret_position = position
            self.caret_moved.emit()

    def _on_selection_changed(self) -> None:
        if self.textCursor().hasSelection():
            self.ghost.vanish()

    def _keep_air_around_caret(self) -> None:
        height = self.viewport().height()
        air = min(_CARET_AIR_PX, height // 4)
        caret: QRect = self.cursorRect()
        bar = self.verticalScrollBar()
        if caret.bottom() > height - air:
            bar.setValue(bar.value() + caret.bottom() - height + air)
        elif caret.top() < air:
            bar.setValue(bar.value() + caret.top() - air)

    # Input methods

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Leave the ghost's place to a composition; an empty event leaves the ghost alone."""
        composing = bool(event.preeditString())
        began_or_ended = composing != self._composing
        self._composing = composing
        if composing:
            self.ghost.vanish()
        # Qt takes the ghost for a composition of its own, so it may see none.
        self.ghost.lift()
        self._committed = self._edit_by(event)
        with self._removing():
            super().inputMethodEvent(event)
        self._committed = None
        self.ghost.put_back()
        if began_or_ended:
            self.composition_changed.emit(composing)

    def _edit_by(self, event: QInputMethodEvent) -> tuple[int, int, str]:
        """Return position, units removed there and text added by `event`."""
        cursor = self.textCursor()
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        if event.replacementLength():
            start = end = cursor.position() + event.replacementStart()
            end += event.replacementLength()
        return start, end - start, event.commitString()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the caret."""
        super().focusInEvent(event)
        self._caret.restart()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the caret."""
        super().focusOutEvent(event)
        self._caret.restart()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the ghost away before Qt sees the press."""
        super().mousePressEvent(self._press.down(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select, once the hand means it."""
        meant = self._press.move(event)
        if meant is not None:
            super().mouseMoveEvent(meant)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the press."""
        super().mouseReleaseEvent(self._press.up(event))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take the ghost away: Qt counts its letters when it looks for the place."""
        self.ghost.vanish()
        super().dragEnterEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the page's menu."""
        menu = page_menu(self)
        self.menu_asked.emit(menu, event)
        menu.popup(event.globalPos())


def _is_typed(event: QKeyEvent) -> bool:
    """Return whether the key writes a character (which may still be what the ghost says)."""
    return event.text().isprintable() and bool(event.text()) and not event.modifiers() & _COMMANDS
