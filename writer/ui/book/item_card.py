"""ItemCard: title, status and synopsis of the item that is chosen in the outline.

What is typed is announced a moment after the last key, when the field is left, and before another
item is shown: it is never lost. What comes back does not disturb what is being typed.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from writer.manuscript.book.outline import STATUSES, Item
from writer.ui.book.item_words import (
    kind_words,
    plain_title,
    status_of,
    status_words,
    words_words,
)
from writer.ui.fonts import heading_font

_MARGIN_PX, _GAP_PX = 16, 8
_HEADING_PX = 40
_PAUSE_MS = 400
_SYNOPSIS_PX = 112
"""Of the synopsis at least: five lines."""


class ItemCard(QWidget):
    """Shows one item, or how many are chosen and what can be done with them together."""

    renamed = Signal(str, str)
    status_changed = Signal(str, str)
    synopsis_changed = Signal(str, str)
    read_clicked = Signal()
    merge_clicked = Signal()
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item: Item | None = None
        self.heading = CardHeading()
        self.title = QLineEdit()
        self.status = StatusBox()
        self.synopsis = SynopsisField()
        self.read = QPushButton(self.tr("Read together"))
        self.merge = QPushButton(self.tr("Merge into one"))
        self._fields = (
            _Field(self.title, self._send_title),
            _Field(self.status, self._send_status),
            _Field(self.synopsis, self._send_synopsis),
        )
        self._lay_out()
        self._name_fields()
        self.title.textEdited.connect(self._fields[0].touch)
        self.title.returnPressed.connect(self.flush)
        self.status.typed.connect(self._fields[1].touch)
        self.status.activated.connect(self._on_status_picked)
        self.synopsis.textChanged.connect(self._fields[2].touch)
        self.read.clicked.connect(self.read_clicked)
        self.merge.clicked.connect(self.merge_clicked)

    def _lay_out(self) -> None:
        one, several = QWidget(), QWidget()
        column = QVBoxLayout(one)
        for field in (self.title, self.status):
            column.addWidget(field)
        column.addWidget(self.synopsis, 1)
        buttons = QVBoxLayout(several)
        for button in (self.read, self.merge):
            buttons.addWidget(button)
        buttons.addStretch()
        for inside in (column, buttons):
            inside.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, _MARGIN_PX)
            inside.setSpacing(_GAP_PX)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.heading)
        self._stack = QStackedLayout()
        self._stack.addWidget(one)
        self._stack.addWidget(several)
        whole.addLayout(self._stack, 1)

    def _name_fields(self) -> None:
        self.title.setAccessibleName(self.tr("Title"))
        self.status.setAccessibleName(self.tr("Status"))
        self.status.setToolTip(self.tr("How far it has come: choose a word, or write your own"))
        self.synopsis.setAccessibleName(self.tr("Synopsis"))
        self.synopsis.setPlaceholderText(self.tr("What happens here, in a sentence or two."))

    # What is shown

    def show_item(self, item: Item, label: str, is_fixed: bool = False) -> None:
        """Show one item.

        Args:
            item: What is shown.
            label: What stands in for its title while it has none.
            is_fixed: Whether nothing of it can be changed.
        """
        if self._item is None or item.id != self._item.id:
            self.flush()
            self._forget()
        self._item = item
        self.heading.name.setText(kind_words(item.kind))
        self.title.setPlaceholderText(label)
        for field in (self.title, self.synopsis):
            field.setReadOnly(is_fixed)
        self.status.setEnabled(not is_fixed)
        title, status, synopsis = self._fields
        if title.may_show(plain_title(self.title.text()) == plain_title(item.title)):
            _show_line(self.title, plain_title(item.title))
        if status.may_show(self.status.status() == item.status):
            self.status.show_status(item.status)
        if synopsis.may_show(self.synopsis.text().strip() == item.synopsis.strip()):
            self.synopsis.show_text(item.synopsis)
        self._stack.setCurrentIndex(0)

    def show_several(self, count: int, may_read: bool, may_merge: bool) -> None:
        """Show that several items are chosen."""
        self.flush()
        self._forget()
        self._item = None
        self.heading.name.setText(self.tr("{n} chosen").format(n=count))
        self.read.setEnabled(may_read)
        self.merge.setEnabled(may_merge)
        self._stack.setCurrentIndex(1)

    def show_words(self, count: int | None) -> None:
        """Show how many words that is; None: not known yet."""
        self.heading.beside.setText("" if count is None else words_words(count))

    def flush(self) -> None:
        """Announce at once what has been typed and not been announced."""
        for field in self._fields:
            field.flush()

    def item_id(self) -> str | None:
        """Return the id of the item shown, None while it is none or several."""
        return self._item.id if self._item is not None else None

    # What Qt asks

    def hideEvent(self, event: QHideEvent) -> None:
        """Announce what was typed."""
        self.flush()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back to the page with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.flush()
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    # How

    def _forget(self) -> None:
        """Empty the fields, with what could be undone in them: it was another item's."""
        for field in self._fields:
            field.forget()
        self.title.setText("")
        self.status.show_status("")
        self.synopsis.show_text("", anew=True)
        for field in self._fields:
            field.forget()

    def _on_status_picked(self) -> None:
        self._fields[1].touch()
        self._fields[1].flush()

    def _send_title(self) -> None:
        title = plain_title(self.title.text())
        if self._item is not None and title != plain_title(self._item.title):
            self.renamed.emit(self._item.id, title)

    def _send_status(self) -> None:
        status = self.status.status()
        if self._item is not None and status != self._item.status:
            self.status_changed.emit(self._item.id, status)

    def _send_synopsis(self) -> None:
        synopsis = self.synopsis.text()
        if self._item is not None and synopsis != self._item.synopsis:
            self.synopsis_changed.emit(self._item.id, synopsis)


class CardHeading(QWidget):
    """What is chosen, in small capitals, and how many words that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEADING_PX)
        self.name, self.beside = QLabel(), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, 0)
        row.addWidget(self.name)
        row.addStretch()
        row.addWidget(self.beside)
        for label, part in ((self.name, "faint"), (self.beside, "small")):
            label.setProperty("part", part)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setFont(heading_font())

    def changeEvent(self, event: QEvent) -> None:
        """Keep the capitals when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self.name.setFont(heading_font())
        super().changeEvent(event)


class _Field(QObject):
    """Knows whether something in a field has still to be announced, and when."""

    def __init__(self, widget: QWidget, send: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._send = send
        self._is_touched = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.flush)
        widget.installEventFilter(self)

    def touch(self) -> None:
        """Announce it after a moment without keys."""
        self._is_touched = True
        self._timer.start()

    def flush(self) -> None:
        """Announce it now, if there is anything."""
        self._timer.stop()
        if self._is_touched:
            self._is_touched = False
            self._send()

    def forget(self) -> None:
        """Take what is in the field as it is."""
        self._timer.stop()
        self._is_touched = False

    def may_show(self, is_same: bool) -> bool:
        """Return whether what the outline says is to be put into the field."""
        return not self._is_touched and not is_same

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Announce it when the field is left."""
        if event.type() == QEvent.Type.FocusOut:
            self.flush()
        return False


class StatusBox(QComboBox):
    """The statuses that are offered; another can be typed."""

    typed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        # It would put “Final” where a writer is on the way to “Finally read by Anna”.
        self.setCompleter(None)  # type: ignore[arg-type]  # Qt takes it
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(4)
        for status in STATUSES:
            self.addItem(status_words(status) or self.tr("No status"), status)
        line = self.lineEdit()
        assert line is not None
        line.setPlaceholderText(self.tr("No status"))
        line.textEdited.connect(self.typed)
        self.activated.connect(self._on_activated)
        self.show_status("")

    def status(self) -> str:
        """Return the status as it is kept."""
        return status_of(self.currentText())

    def show_status(self, status: str) -> None:
        """Show a status."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(status))
            self.setEditText(status_words(status))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the wheel change nothing by accident."""
        event.ignore()

    def _on_activated(self, index: int) -> None:
        # The line for none says so in the list only.
        self.setEditText(status_words(self.itemData(index)))


class SynopsisField(QPlainTextEdit):
    """A few lines of plain text; Tab goes on to the next field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """Ask for a few lines."""
        return QSize(160, _SYNOPSIS_PX)

    def minimumSizeHint(self) -> QSize:
        """Ask for a few lines at least."""
        return QSize(80, _SYNOPSIS_PX)

    def text(self) -> str:
        """Return the exact text."""
        # Not toPlainText, which turns non-breaking spaces into others.
        raw = self.document().toRawText()
        return raw.replace("\u2029", "\n").replace("\u2028", "\n")

    def show_text(self, text: str, anew: bool = False) -> None:
        """Show another text, the caret where it was; `anew`: with nothing to undo."""
        with QSignalBlocker(self):
            cursor = self.textCursor()
            position = cursor.position()
            if anew or not self.hasFocus():
                self.setPlainText(text)
                return
            cursor.select(cursor.SelectionType.Document)
            cursor.insertText(text)
            cursor.setPosition(min(position, self.document().characterCount() - 1))
            self.setTextCursor(cursor)


def _show_line(field: QLineEdit, text: str) -> None:
    position = field.cursorPosition()
    field.setText(text)
    field.setCursorPosition(position if field.hasFocus() else 0)
