"""SearchPane: finding and replacing in the whole book, from a pane beside the page.

It asks and shows; what is found and replaced is others' business.
"""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from writer.manuscript.search import Search
from writer.ui.book.search_results import SearchResults
from writer.ui.book.search_row import SearchRow, check_rect
from writer.ui.icons import IconButton
from writer.ui.panel_heading import PanelHeading

_WIDTH_PX, _MIN_WIDTH_PX = 320, 240
_MARGIN_PX, _GAP_PX = 16, 8
_SMALL_PX = 16


class SearchPane(QWidget):
    """Down goes from the field into what was found, Return shows it on the page, Esc goes back."""

    open_asked = Signal(bool)
    """Show the pane; whether something is to be replaced."""
    search_asked = Signal(object)
    """A `Search`, of no words when the field is empty."""
    hit_opened = Signal(object, bool)
    """A `Hit` to show on the page, and whether the page is to get the keyboard."""
    replace_asked = Signal(str)
    """The words for all that is chosen."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(_MIN_WIDTH_PX)
        tr = self.tr
        self._read_only = False
        self.heading = PanelHeading(tr("Find in the book"))
        self.close_button = IconButton("close", tr("Close (Esc)"), _SMALL_PX)
        self.field = _field(tr("Find in all scenes"))
        self.replacement = _field(tr("Replace with"))
        self.match_case = _toggle("match-case", tr("Match case"))
        self.whole_word = _toggle("whole-word", tr("Whole words"))
        self.replace_toggle = _toggle("replace", tr("Replace"))
        self.replace_button = QPushButton()
        self.replace_button.setAutoDefault(False)
        self.replace_button.setToolTip(tr("Ctrl+Return"))
        self.counts = QLabel()
        self.counts.setProperty("part", "small")
        self.note = QLabel()
        self.note.setProperty("part", "faint")
        self.note.setWordWrap(True)
        self.results = SearchResults(self)
        self.list = ResultList(self.results)
        self._lay_out()
        self._connect()
        self.show_counts("", "")
        self._on_replacing(False)

    # What the window asks for

    def open_with(self, words: str, replacing: bool = False) -> None:
        """Be ready for typing, with `words` in the field if there are any."""
        if replacing and not self._read_only:
            self.replace_toggle.setChecked(True)
        if words:
            self.field.setText(words)
        self.field.setFocus()
        self.field.selectAll()

    def search(self) -> Search:
        """Return what is looked for."""
        is_cased, is_whole = self.match_case.isChecked(), self.whole_word.isChecked()
        return Search(self.field.text(), is_cased, is_whole)

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be replaced, or let it again."""
        self._read_only = read_only
        if read_only:
            self.replace_toggle.setChecked(False)
        self.replace_toggle.setVisible(not read_only)

    def show_counts(self, counts: str, note: str) -> None:
        """Say how much was found, and where there is nothing, why."""
        self.counts.setText(counts)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.list.setVisible(not note)
        self._spacer.setVisible(bool(note))
        chosen = self.results.chosen
        self.replace_button.setText(self.tr("Replace {n}").format(n=f"{chosen:,}"))
        self.replace_button.setEnabled(chosen > 0)

    # Events

    def sizeHint(self) -> QSize:
        """Ask for the width of a sidebar."""
        return QSize(_WIDTH_PX, 480)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Esc wherever in the pane the keyboard is, but in what was found."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the fields into what was found with Down and Return; replace with Ctrl+Return."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._on_replace()
            return True
        if is_return or event.key() == Qt.Key.Key_Down:
            self.list.enter()
            return True
        return super().eventFilter(watched, event)

    # How

    def _lay_out(self) -> None:
        line = self.heading.layout()
        assert isinstance(line, QHBoxLayout)
        line.setContentsMargins(_MARGIN_PX, 0, _GAP_PX, 0)
        line.addWidget(self.close_button)
        toggles = QHBoxLayout()
        toggles.setSpacing(4)
        for button in (self.match_case, self.whole_word, self.replace_toggle):
            toggles.addWidget(button)
        toggles.addStretch()
        toggles.addWidget(self.counts)
        self.replace_row = QWidget()
        row = QHBoxLayout(self.replace_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP_PX)
        row.addWidget(self.replacement, 1)
        row.addWidget(self.replace_button)
        asking = QVBoxLayout()
        asking.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, _GAP_PX)
        asking.setSpacing(_GAP_PX)
        for part in (self.field, self.replace_row):
            asking.addWidget(part)
        asking.insertLayout(1, toggles)
        asking.addWidget(self.note)
        self._spacer = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addLayout(asking)
        column.addWidget(self.list, 1)
        column.addWidget(self._spacer, 1)
        QWidget.setTabOrder(self.field, self.replacement)

    def _connect(self) -> None:
        self.field.textChanged.connect(self._on_asked)
        self.match_case.toggled.connect(self._on_asked)
        self.whole_word.toggled.connect(self._on_asked)
        self.replacement.textChanged.connect(self._on_replacement)
        self.replace_toggle.toggled.connect(self._on_replacing)
        self.replace_button.clicked.connect(self._on_replace)
        self.close_button.clicked.connect(self.closed)
        self.list.opened.connect(self.hit_opened)
        self.list.left.connect(self.field.setFocus)
        for field in (self.field, self.replacement):
            field.installEventFilter(self)

    def _on_asked(self) -> None:
        self.search_asked.emit(self.search())

    def _on_replacing(self, replacing: bool) -> None:
        self.replace_row.setVisible(replacing)
        self._on_replacement()
        if replacing:
            self.replacement.setFocus()

    def _on_replacement(self) -> None:
        is_on = self.replace_toggle.isChecked()
        self.results.show_replacement(self.replacement.text() if is_on else None)

    def _on_replace(self) -> None:
        if self.replace_toggle.isChecked() and self.results.chosen and not self._read_only:
            self.replace_asked.emit(self.replacement.text())


class ResultList(QListView):
    """What was found. Return and a double click go to the page, a click and Space only show it."""

    opened = Signal(object, bool)
    left = Signal()
    """The keyboard goes back to the field."""

    def __init__(self, results: SearchResults) -> None:
        super().__init__()
        self._results = results
        self.setModel(results)
        self.setItemDelegate(SearchRow(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName(self.tr("What was found"))
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)
        self._pressed_at = QPoint()

    def enter(self) -> None:
        """Get the keyboard, at the place that was shown last or the first."""
        if not self._results.rowCount():
            return
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._results.first())
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show, choose, or go back to the field."""
        index, key = self.currentIndex(), event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(index, True)
        elif key == Qt.Key.Key_Space:
            if self._results.replacement is not None:
                self._results.toggle(index)
            else:
                self._open(index, False)
        elif key == Qt.Key.Key_Escape or (key == Qt.Key.Key_Up and index.row() <= 0):
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note where: a click on a tick does not show the place."""
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        at = self._pressed_at
        if self._results.replacement is not None and (
            self._results.is_scene(index) or check_rect(self.visualRect(index)).contains(at)
        ):
            self._results.toggle(index)
        else:
            self._open(index, False)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if not self._results.is_scene(index):
            self._open(index, True)

    def _open(self, index: QModelIndex, with_keyboard: bool) -> None:
        hit = self._results.hit_at(index)
        if hit is not None:
            self.opened.emit(hit, with_keyboard)


def _field(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    return field


def _toggle(name: str, words: str) -> IconButton:
    button = IconButton(name, words)
    button.setCheckable(True)
    return button
