"""StatusLine: words, the model and its state, and that nothing leaves the machine."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from writer.ui.elided_label import ElidedLabel
from writer.ui.icons import pixmap

_HEIGHT_PX = 32
_ICON_PX = 16
_MARGIN_PX = 16
_SEPARATOR = " · "


class StatusLine(QWidget):
    """One quiet line beneath everything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_HEIGHT_PX)
        self.words = _label()
        self.session = _label()
        self.save_state = _label()
        self.model = ElidedLabel()
        self.model.setProperty("part", "small")
        self.local = _label(self.tr("on this machine only"))
        self.hint = _label()
        self._lock = QLabel()
        self._lock.setFixedSize(QSize(_ICON_PX, _ICON_PX))
        for label in (self.session, self.save_state, self.hint):
            label.hide()
        line = QGridLayout(self)
        line.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, 0)
        line.setHorizontalSpacing(_MARGIN_PX)
        left = _row(self.words, self.session, self.save_state)
        left.addStretch()
        lock = _row(self._lock, self.local)
        lock.setSpacing(4)
        right = _row(self.hint)
        right.insertStretch(0)
        right.insertLayout(1, lock)
        line.addLayout(left, 0, 0)
        line.addWidget(self.model, 0, 1)
        line.addLayout(right, 0, 2)
        for column, share in enumerate((1, 0, 1)):
            line.setColumnStretch(column, share)
        self._draw_lock()
        self._words = 0
        self._added: int | None = None
        self._book: int | None = None
        self._today: int | None = None
        self._show_words()

    def set_words(self, count: int) -> None:
        """Show the words of the text."""
        self._words = count
        self._show_words()

    def set_session(self, count: int | None) -> None:
        """Show the words added since the text was opened, negative when some went; None hides."""
        self._added = count
        self._show_words()

    def set_book(self, words: int | None, today: int | None) -> None:
        """Show the words of the whole book, and those added to it today in place of the session's.

        Args:
            words: None while they are not known.
            today: None if no book is open.
        """
        self._book, self._today = words, today
        self._show_words()

    def _show_words(self) -> None:
        count = self._words
        words = self.tr("1 word") if count == 1 else self.tr("{n} words").format(n=f"{count:,}")
        if self._today is not None and self._book is not None:
            book = self.tr("{n} in the book").format(n=f"{self._book:,}")
            words = _SEPARATOR.join((words, book))
        self.words.setText(words)
        if self._today is not None:
            added, said = self._today or None, self.tr("{n} today")
        else:
            added, said = self._added, self.tr("{n} this session")
        if added is not None:
            sign = "+" if added >= 0 else "−"
            self.session.setText(said.format(n=f"{sign}{abs(added):,}"))
        self.session.setVisible(added is not None)

    def set_model(self, name: str, state: str, ms: int | None = None) -> None:
        """Show the model, its state in one word, and how long its last answer took, in ms."""
        took = "" if ms is None else self.tr("{ms} ms").format(ms=f"{ms:,}")
        self.model.setText(_SEPARATOR.join(part for part in (name, state, took) if part))
        self.model.setToolTip(self.model.text())

    def set_hint(self, text: str) -> None:
        """Show the key that matters now, as "Tab takes"; empty hides it."""
        _show(self.hint, text)

    def set_save_state(self, text: str) -> None:
        """Show whether the text is on disk: "saved", "saving…", "not saved"; empty hides it."""
        _show(self.save_state, text)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the lock in the colours of a new theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_lock()
        super().changeEvent(event)

    def _draw_lock(self) -> None:
        colour = self.palette().color(QPalette.ColorRole.PlaceholderText).name()
        self._lock.setPixmap(pixmap("lock", colour, self.devicePixelRatioF(), _ICON_PX))


def _label(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("part", "small")
    return label


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(16)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _show(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
