"""The sheet: an exact plain text in a centred column of paper, and its way through the clipboard.

It knows nothing of continuations; `editor` builds the page on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QMouseEvent,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit

from writer.ui.book_layout import BookLayout
from writer.ui.caret import Caret
from writer.ui.emphasis_highlighter import EmphasisHighlighter
from writer.ui.held_text import HeldText
from writer.ui.page_text import SIDE_AIR_PX, PageText
from writer.ui.palette import Palette
from writer.ui.paragraphs import ParagraphStyle

_COLUMN = "The rain had not stopped for three days, and she stood at the window."
"""As wide as the column: 69 characters of ordinary prose."""
_TAB_EM = 2
_LONGEST_REPORTED = 4_096
_WHEEL_STEP = 120


class Sheet(QTextEdit):
    """A plain text, set as in a book."""

    edited = Signal(int, int, object)
    """Position, UTF-16 units removed there, and the exact text added (None when it is long)."""
    loaded = Signal()
    """Another text, in another QTextDocument."""
    modification_changed = Signal(bool)
    file_dropped = Signal(object)
    """The `Path` of a file dropped or pasted onto the page."""
    zoom_requested = Signal(int)
    """Steps: positive is larger."""

    def __init__(self) -> None:
        super().__init__()
        self._caret = Caret(self)
        self._wheel_turned = 0
        self._owed = 0.0
        self._appearance: tuple[Palette, QFont] | None = None
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAutoFillBackground(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._emphasis = EmphasisHighlighter(self)
        self._is_held = False
        self._blank = QTextDocument(self)
        self._open("")

    # The text

    def load(self, text: str) -> None:
        """Show `text` instead; it is no change and cannot be undone."""
        previous = self._leave()
        self._emphasis = self._emphasis.like(self)
        self._open(text)
        del previous
        self.loaded.emit()

    def put_aside(self) -> HeldText:
        """Return the text on the page, which stays whole when another takes its place."""
        self._is_held = True
        scrolled = self.verticalScrollBar().value()
        return HeldText(self._text, self._emphasis, self.textCursor(), scrolled)

    def bring_back(self, held: HeldText) -> None:
        """Show a text that was put aside, with its undo history and where it was left."""
        previous = self._leave()
        self._text = held.text
        self._emphasis, before = held.emphasis, self._emphasis
        self._emphasis.look_like(before)
        self._text.restyle(ParagraphStyle.of(self.font()))
        self._show_document()
        del previous
        self._listen()
        self.setTextCursor(held.caret)
        self.verticalScrollBar().setValue(held.scrolled)
        self.loaded.emit()

    def _leave(self) -> PageText:
        """Return the text that was on the page: Qt looks at it until another is."""
        document = self._text.document
        document.contentsChange.disconnect(self._on_contents_change)
        document.modificationChanged.disconnect(self.modification_changed)
        if not self._is_held:
            # Taking its styles away would be reported as an edit.
            document.blockSignals(True)
            document.deleteLater()
            self._emphasis.deleteLater()
        self._is_held = False
        return self._text

    def _open(self, text: str) -> None:
        self._text = PageText(ParagraphStyle.of(self.font()), self)
        # For speed: filled before it is laid out, and styled by Qt between the two.
        self._emphasis.setDocument(self._text.document)
        self._text.fill(text)
        self._show_document()
        self._listen()

    def _listen(self) -> None:
        self._text.document.contentsChange.connect(self._on_contents_change)
        self._text.document.modificationChanged.connect(self.modification_changed)

    def _show_document(self) -> None:
        self._text.document.setDefaultFont(self.font())
        layout = BookLayout(self._text.document)
        layout.grew.connect(self._on_grew)
        self._text.document.setDocumentLayout(layout)
        self.setDocument(self._text.document)
        # What was restyled without a layout still counts as changed, and would with the next key.
        self._text.document.markContentsDirty(0, 0)
        # These two are kept by the document, not by the view.
        self.setCursorWidth(0)
        self.setTabStopDistance(_TAB_EM * QFontInfo(self.font()).pixelSize())

    def read(self) -> str:
        """Return the exact text."""
        return self._text.read()

    def text_between(self, start: int, end: int) -> str:
        """Return the exact text between two positions, which count UTF-16 units as Qt does."""
        return self._text.between(start, end)

    def text_before(self, position: int, characters: int) -> str:
        """Return up to `characters` of the text before `position`."""
        return self._text.before(position, characters)

    def text_after(self, position: int, characters: int) -> str:
        """Return up to `characters` of the text from `position` on."""
        return self._text.after(position, characters)

    @property
    def has_pieces(self) -> bool:
        """Whether a line may be laid out in several blocks."""
        return self._text.has_pieces

    def go_to(self, place: int, text: str | None = None) -> None:
        """Put the caret at code point `place` of the whole text, which a caller may know."""
        cursor = self.textCursor()
        text = self.read() if text is None else text
        cursor.setPosition(self._text.position_of(text, place))
        self.setTextCursor(cursor)

    def caret(self) -> int:
        """Return the caret's position."""
        return self.textCursor().position()

    def insert(self, text: str) -> None:
        """Put `text` at the caret, in place of the selection, in one undo step of its own."""
        cursor = self.textCursor()
        self._text.insert(cursor, text)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of what lies between two positions, in one undo step."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._text.insert(cursor, text)

    def put(self, text: str) -> None:
        """Make all of it `text`, in one undo step that changes no more than it must."""
        self._text.put(text)

    def cut(self) -> None:
        """Move the selection to the clipboard."""
        with self._removing():
            super().cut()

    @contextmanager
    def _removing(self) -> Iterator[None]:
        """Let Qt remove what is selected, and lines laid out in pieces stay as they are."""
        cursor = self.textCursor()
        if cursor.hasSelection():
            with self._text.keeping_joins(cursor.selectionStart()):
                yield
        else:
            yield

    def _on_contents_change(self, position: int, removed: int, added: int) -> None:
        if self.signalsBlocked():  # only looks have changed
            return
        # Qt counts the end of the last block, where no text can stand.
        end = min(position + added, self.document().characterCount() - 1)
        short = end - position <= _LONGEST_REPORTED
        self._report_edit(position, removed, self.text_between(position, end) if short else None)

    def _report_edit(self, position: int, removed: int, added: str | None) -> None:
        self.edited.emit(position, removed, added)

    # How it looks

    def set_appearance(self, colours: Palette, font: QFont) -> None:
        """Draw the page in `colours` and `font`; the text is not changed by it."""
        self._appearance = (colours, font)
        roles = QPalette.ColorRole
        palette = self.palette()
        for role, colour in (
            (roles.Base, colours.paper),
            (roles.Window, colours.paper),
            (roles.Text, colours.ink),
            (roles.Highlight, colours.accent),
            (roles.HighlightedText, colours.on_accent),
        ):
            palette.setColor(role, QColor(colour))
        self.setPalette(palette)
        self._caret.set_colour(QColor(colours.accent))
        with self._laid_out_anew():
            self.setFont(font)
            self._text.restyle(ParagraphStyle.of(font))
            self._emphasis.set_colour(QColor(colours.faint))
        self._fit_column()

    def show_emphasis(self, shown: bool) -> None:
        """Show Markdown emphasis as emphasis, or the plain signs only."""
        with self._laid_out_anew():
            self._emphasis.set_enabled(shown)

    @contextmanager
    def _laid_out_anew(self) -> Iterator[None]:
        """Let the look of every paragraph change, and lay out the text once, after that.

        Font, style and emphasis change one after another, each for all paragraphs.
        """
        document, cursor = self._text.document, self.textCursor()
        scrolled = self.verticalScrollBar().value()
        above = self.cursorRect().top()
        was_blocked = self.blockSignals(True)
        self.setDocument(self._blank)
        document.blockSignals(True)
        document.setDocumentLayout(None)  # type: ignore[arg-type]  # Qt takes it
        document.blockSignals(False)
        try:
            yield
        finally:
            self._show_document()
            self.setTextCursor(cursor)
            self.blockSignals(was_blocked)
            self._restore_view(scrolled, above)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Scroll; what comes into sight is laid out before it is painted."""
        super().scrollContentsBy(dx, dy)
        layout = self.document().documentLayout()
        if isinstance(layout, BookLayout):
            layout.settle(self.verticalScrollBar().value())

    def _on_grew(self, grown: list[tuple[float, float]]) -> None:
        """Keep what is in sight where it is: something above it is higher than was thought."""
        bar, layout = self.verticalScrollBar(), self.document().documentLayout()
        place = bar.value() + self._owed
        for top, more in grown:
            place += more if top < place else 0.0
        layout.documentSizeChanged.emit(layout.documentSize())  # the bar reaches as far as that
        bar.setValue(round(place))
        self._owed = place - round(place)  # pixels are whole, heights are not

    def _restore_view(self, scrolled: int, above: int) -> None:
        """Put the caret where it stood in the window, or the window where it was scrolled to."""
        bar = self.verticalScrollBar()
        if 0 <= above < self.viewport().height():
            bar.setValue(bar.value() + self.cursorRect().top() - above)
        else:
            bar.setValue(scrolled)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column centred."""
        super().resizeEvent(event)
        self._fit_column()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, then the caret."""
        super().paintEvent(event)
        self._caret.paint()

    def _fit_column(self) -> None:
        column = QFontMetricsF(self.font()).horizontalAdvance(_COLUMN) + 2 * SIDE_AIR_PX
        bar = self.verticalScrollBar()
        left = max(0, round((self.width() - column) / 2))
        right = max(0, left - (bar.width() if bar.isVisible() else 0))
        margins = self.viewportMargins()
        if (margins.left(), margins.right()) != (left, right):
            self.setViewportMargins(left, 0, right, 0)
        if self.document().textWidth() != self.viewport().width():
            # Before the first show, Qt does not tell the text that the margins have changed.
            super().resizeEvent(QResizeEvent(self.viewport().size(), QSize()))

    # Mouse

    def event(self, event: QEvent) -> bool:
        """Let the margins beside the column belong to the page."""
        if isinstance(event, QWheelEvent):
            self.wheelEvent(event)
            return True
        if isinstance(event, QMouseEvent):
            at = event.position().toPoint()
            if not self.viewport().geometry().contains(at):
                return self._mouse_beside(event)
        handled = super().event(event)
        if event.type() == QEvent.Type.Polish and self._appearance is not None:
            # With a style sheet, Qt's polishing puts its own font and colours over what was set.
            self.set_appearance(*self._appearance)
        return handled

    def _mouse_beside(self, event: QMouseEvent) -> bool:
        # Handled here, not sent to the viewport: what that ignores would come back.
        moved = moved_to(event, self.viewport().mapFrom(self, event.position()))
        if event.type() == QEvent.Type.MouseButtonPress:
            self.mousePressEvent(moved)
        elif event.type() == QEvent.Type.MouseMove:
            self.mouseMoveEvent(moved)
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self.mouseReleaseEvent(moved)
        return True

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or with Ctrl ask for larger or smaller letters."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._wheel_turned += event.angleDelta().y()
        steps = int(self._wheel_turned / _WHEEL_STEP)
        self._wheel_turned -= steps * _WHEEL_STEP
        if steps:
            self.zoom_requested.emit(steps)
        event.accept()

    # Clipboard and drops

    def createMimeDataFromSelection(self) -> QMimeData:
        """Return the exact text that is selected."""
        cursor = self.textCursor()
        data = QMimeData()
        data.setText(self.text_between(cursor.selectionStart(), cursor.selectionEnd()))
        return data

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Take text and files."""
        return source.hasText() or source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Insert the exact text, or say which files were meant."""
        files = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        if files:  # one window, one text: the first one
            self.file_dropped.emit(files[0])
        if not files and source.hasText():
            self.insert(source.text().replace("\r\n", "\n"))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Show where the text would go."""
        self.setCursorWidth(Caret.WIDTH_PX)
        super().dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show the caret only."""
        super().dragLeaveEvent(event)
        self.setCursorWidth(0)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what is dropped."""
        with self._removing():
            super().dropEvent(event)
        self.setCursorWidth(0)


def moved_to(event: QMouseEvent, position: QPointF) -> QMouseEvent:
    """Return `event` as if it had happened at `position` of its widget."""
    return QMouseEvent(
        event.type(),
        position,
        event.globalPosition(),
        event.button(),
        event.buttons(),
        event.modifiers(),
        event.pointingDevice(),
    )
