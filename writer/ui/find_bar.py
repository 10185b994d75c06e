"""FindBar: finding and replacing in the page, from a bar beneath it."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from writer.manuscript.search import Search
from writer.ui.find_matches import Match, Matches
from writer.ui.icons import IconButton

_FIELD_PX = 320
_PORTION = 20_000
"""Places counted between two events: some 10 ms."""
_REST_MS = 300
"""After the last change to the text, before its places are counted anew."""
_LONGEST_PREFILL = 200


class FindBar(QWidget):
    """A search field, its matches, and a replacement; hidden until it is opened.

    Return goes to the next match, Shift+Return to the previous one, Esc closes. The page shows the
    match as its selection.
    """

    closed = Signal()

    def __init__(self, editor: QTextEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._matches: Matches | None = None
        self._searched: QTextDocument | None = None
        self._anchor = 0
        self._said = ""
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

        self.field = _field(self.tr("Find"))
        self.replacement = _field(self.tr("Replace with"))
        self._count = _count_label(self.field)
        self.match_case = _toggle("match-case", self.tr("Match case"))
        self.whole_word = _toggle("whole-word", self.tr("Whole words"))
        self.previous_button = IconButton("previous", self.tr("Previous match (Shift+Return)"))
        self.next_button = IconButton("next", self.tr("Next match (Return)"))
        self.replace_toggle = _toggle("replace", self.tr("Replace"))
        self.close_button = IconButton("close", self.tr("Close (Esc)"))
        self.replace_button = _button(self.tr("Replace"))
        self.replace_all_button = _button(self.tr("Replace all"))
        self._replace_row = self._build()

        self._counting = QTimer(self)
        self._counting.setInterval(0)
        self._counting.timeout.connect(self._on_counting)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MS)
        self._resting.timeout.connect(self._on_rested)
        self._connect()
        self.hide()

    @property
    def editor(self) -> QTextEdit:
        """What is searched."""
        return self._editor

    def follow(self, editor: QTextEdit) -> None:
        """Search another editor from now on; the bar is hidden by it."""
        if editor is self._editor:
            return
        self._stop()
        self._editor.textChanged.disconnect(self._on_text_changed)
        self._editor.cursorPositionChanged.disconnect(self._on_cursor_moved)
        self._editor = editor
        self._editor.textChanged.connect(self._on_text_changed)
        self._editor.cursorPositionChanged.connect(self._on_cursor_moved)

    # What the window asks for

    def open_find(self) -> None:
        """Show the bar with what is selected in the page, ready for typing."""
        may_replace = not self._editor.isReadOnly()
        self.replace_toggle.setVisible(may_replace)
        self._replace_row.setVisible(may_replace and self.replace_toggle.isChecked())
        cursor = self._editor.textCursor()
        self._anchor = cursor.selectionStart()
        selected = cursor.selection().toRawText() if cursor.hasSelection() else ""
        if selected and "\u2029" not in selected and len(selected) <= _LONGEST_PREFILL:
            self.field.setText(selected)
        self._search_anew()
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def open_replace(self) -> None:
        """Show the bar with its replacement row."""
        self.replace_toggle.setChecked(True)
        self.open_find()

    def close_bar(self) -> None:
        """Hide the bar and give the keyboard back to the page."""
        self._stop()
        self._editor.setFocus()
        self.closed.emit()

    def _stop(self) -> None:
        self._counting.stop()
        self._resting.stop()
        self._matches = None
        self.hide()

    def find_next(self) -> None:
        """Select the next match after the cursor; past the end, the first."""
        self._go_to(self._current_matches(), backwards=False)

    def find_previous(self) -> None:
        """Select the previous match before the cursor; past the start, the last."""
        self._go_to(self._current_matches(), backwards=True)

    def replace(self) -> None:
        """Replace the selected match and go to the next; without one, only go there."""
        if self._editor.isReadOnly():
            return
        matches = self._current_matches()
        cursor = self._editor.textCursor()
        selection = Match(cursor.selectionStart(), cursor.selectionEnd())
        if matches is not None and matches.at_or_after(selection.start) == selection:
            cursor.insertText(self.replacement.text())
            self._editor.setTextCursor(cursor)
        self.find_next()

    def replace_all(self) -> None:
        """Replace every match, as one undo step."""
        if self._editor.isReadOnly():
            return
        matches = self._current_matches()
        places = list(matches) if matches is not None else []
        words = self.replacement.text()
        cursor = QTextCursor(self._editor.document())
        cursor.beginEditBlock()
        # From the end, so that the places before stay where they are.
        for place in reversed(places):
            cursor.setPosition(place.start)
            cursor.setPosition(place.end, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(words)
        cursor.endEditBlock()
        self._search_anew()
        self._say(self.tr("{n} replaced").format(n=f"{len(places):,}"))

    def count_text(self) -> str:
        """Return what the field says about its matches, as "3 of 17"."""
        return self._count.text()

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Esc wherever in the bar the keyboard is."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Return in the fields: next, with Shift previous, in the replacement replace."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return super().eventFilter(watched, event)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.find_previous()
        elif watched is self.replacement:
            self.replace()
        else:
            self.find_next()
        return True

    # Inside

    def _build(self) -> QWidget:
        """Lay out both rows and return the second, which only replacing needs."""
        replace_row = QWidget()
        buttons = QHBoxLayout(replace_row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(8)
        for widget in (self.replacement, self.replace_button, self.replace_all_button):
            buttons.addWidget(widget)
        buttons.addStretch()
        find_row = QHBoxLayout()
        find_row.setSpacing(4)
        find_row.addWidget(self.field)
        find_row.addSpacing(4)
        for button in (self.previous_button, self.next_button, self.match_case, self.whole_word):
            find_row.addWidget(button)
        find_row.addWidget(self.replace_toggle)
        find_row.addStretch()
        find_row.addWidget(self.close_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(16, 8, 8, 8)
        rows.setSpacing(8)
        rows.addLayout(find_row)
        rows.addWidget(replace_row)
        # From what is looked for straight to what takes its place.
        QWidget.setTabOrder(self.field, self.replacement)
        replace_row.hide()
        return replace_row

    def _connect(self) -> None:
        self.field.textChanged.connect(self._on_asked_otherwise)
        self.match_case.toggled.connect(self._on_asked_otherwise)
        self.whole_word.toggled.connect(self._on_asked_otherwise)
        self.replace_toggle.toggled.connect(self._replace_row.setVisible)
        self.next_button.clicked.connect(self.find_next)
        self.previous_button.clicked.connect(self.find_previous)
        self.close_button.clicked.connect(self.close_bar)
        self.replace_button.clicked.connect(self.replace)
        self.replace_all_button.clicked.connect(self.replace_all)
        self._editor.textChanged.connect(self._on_text_changed)
        self._editor.cursorPositionChanged.connect(self._on_cursor_moved)
        for field in (self.field, self.replacement):
            field.installEventFilter(self)

    def _search_anew(self) -> None:
        """Forget the known places and start counting; nothing is selected by this."""
        self._matches = None
        self._resting.stop()
        if self.field.text():
            self._current_matches()
        else:
            self._counting.stop()
            self._say("")

    def _current_matches(self) -> Matches | None:
        """Return the places in the text as it stands; None while nothing is looked for."""
        words = self.field.text()
        if self._searched is not self._editor.document():
            self._matches = None  # another text has been opened
        if self._matches is None and words:
            self._searched = self._editor.document()
            search = Search(words, self.match_case.isChecked(), self.whole_word.isChecked())
            self._matches = Matches(self._searched.toRawText(), search)
            self._say("")
            self._counting.start()
        return self._matches

    def _go_to(self, matches: Matches | None, backwards: bool) -> None:
        if matches is None:
            return
        cursor = self._editor.textCursor()
        if backwards:
            match = matches.before(cursor.selectionStart())
        else:
            match = matches.at_or_after(cursor.selectionEnd())
        self._select(match)
        self._anchor = self._editor.textCursor().selectionStart()

    def _select(self, match: Match | None) -> None:
        if match is not None:
            cursor = self._editor.textCursor()
            cursor.setPosition(match.start)
            cursor.setPosition(match.end, QTextCursor.MoveMode.KeepAnchor)
            self._editor.setTextCursor(cursor)
            self._editor.ensureCursorVisible()
        self._say("")

    def _on_asked_otherwise(self) -> None:
        """Go to the first match from where the search began, as each letter is typed."""
        self._search_anew()
        if self._matches is not None:
            self._select(self._matches.at_or_after(self._anchor))

    def _on_text_changed(self) -> None:
        if self._matches is not None or self._resting.isActive():
            self._matches = None
            self._counting.stop()
            self._resting.start()

    def _on_rested(self) -> None:
        self._search_anew()

    def _on_cursor_moved(self) -> None:
        if not self.isHidden():
            self._say(self._said)

    def _on_counting(self) -> None:
        if self._matches is None or self._matches.counted:
            self._counting.stop()
        else:
            self._matches.count_some(_PORTION)
            if self._matches.counted:
                self._counting.stop()
                self._say(self._said)

    def _say(self, words: str) -> None:
        """Show `words`, or else which of how many matches is selected, as far as is known."""
        self._said = words
        self._count.setText(words or self._standing())
        self.field.setTextMargins(0, 0, self._count.sizeHint().width() + 8, 0)

    def _standing(self) -> str:
        matches = self._matches
        if matches is None or not matches.counted:
            return ""
        if not len(matches):
            return self.tr("no match")
        cursor = self._editor.textCursor()
        selection = Match(cursor.selectionStart(), cursor.selectionEnd())
        number = matches.number_of(selection)
        if number is None:
            return self.tr("{n} found").format(n=f"{len(matches):,}")
        return self.tr("{i} of {n}").format(i=f"{number:,}", n=f"{len(matches):,}")


def _field(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    field.setFixedWidth(_FIELD_PX)
    return field


def _count_label(field: QLineEdit) -> QLabel:
    """Return a label that stands inside `field`, at its right end."""
    label = QLabel()
    label.setProperty("part", "small")
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    inside = QGridLayout(field)
    inside.setContentsMargins(8, 0, 8, 0)
    inside.addWidget(label, 0, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


def _toggle(name: str, words: str) -> IconButton:
    button = IconButton(name, words)
    button.setCheckable(True)
    return button


def _button(words: str) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
