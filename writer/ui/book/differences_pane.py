"""DifferencesPane: a comparison on paper, with a line above that counts the changes and walks them.

It compares on a thread of its own; whoever shows it calls `stop` in the end.
"""

from html import escape

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from writer.errors import WriterError
from writer.manuscript.history.differences import Piece
from writer.ui.book.comparison import Comparison, Source
from writer.ui.book.difference_colours import DifferenceColours
from writer.ui.book.differences_view import DifferencesView
from writer.ui.icons import IconButton
from writer.ui.wording import words_of

_SIDE_PX = 32
_LINE_PX = 48
_GAP_PX = 8
_PATIENCE_MS = 150
"""Before it is said that something takes a while."""


class DifferencesPane(QWidget):
    """The line, and beneath it the differences, one text, or one quiet sentence."""

    shown = Signal()
    """What was to be compared has been, or could not be."""
    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._new = ""
        self._pieces: tuple[Piece, ...] = ()
        self._is_choosable = False
        self._words = ("", "")
        self.view = DifferencesView()
        self.sentence = QLabel()
        self.count = QLabel()
        self.legend = QLabel()
        self.previous_button = IconButton("previous", self.tr("Previous change (Shift+F7)"))
        self.next_button = IconButton("next", self.tr("Next change (F7)"))
        self.choose_box = QCheckBox(self.tr("Restore this one"))
        self.whole_box = QCheckBox(self.tr("Whole text"))
        self._in_line = (
            self.count, self.previous_button, self.next_button, self.choose_box, self.legend,
            self.whole_box,
        )  # fmt: skip
        self._pages = QStackedWidget()
        self._comparison = Comparison(self)
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(_PATIENCE_MS)
        self._lay_out()
        self._connect()
        self.show_sentence("")

    # What is shown

    def compare(self, old: Source, new: Source, is_choosable: bool = False) -> None:
        """Show what differs between two texts, or between what two calls on a thread return.

        What was shown stays until then.
        """
        self._is_choosable = is_choosable
        self._comparison.compare_later(old, new)
        self._waiting.start()

    def show_text(self, text: str) -> None:
        """Show a text with which nothing is compared."""
        self._forget()
        self.view.show_text(text)
        self._pages.setCurrentWidget(self.view)
        self._show_line(False)

    def show_sentence(self, words: str) -> None:
        """Say why there is nothing to see."""
        self._forget()
        self._say(words)

    def name_sides(self, removed: str, added: str) -> None:
        """Say what is struck through, and what is underlined."""
        self._words = (removed, added)
        self._draw_legend()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is shown consists of these; empty where nothing is compared."""
        return self._pieces

    @property
    def new_text(self) -> str:
        """The newer of the texts that are compared."""
        return self._new

    def stop(self) -> None:
        """Let go what is being compared, and wait for the thread."""
        self._waiting.stop()
        self._comparison.stop()

    def _forget(self) -> None:
        self._waiting.stop()
        self._comparison.drop()
        self._pieces, self._new = (), ""

    # Comparing

    def _on_ready(self, new: str, pieces: tuple[Piece, ...]) -> None:
        self._waiting.stop()
        self._new, self._pieces = new, pieces
        self.view.show_pieces(pieces, self._is_choosable)
        if self.view.count:
            self._pages.setCurrentWidget(self.view)
            self._show_line(True)
            self._on_moved(-1)
        else:
            self._say(self.tr("Both are the same, word for word."))
        self.shown.emit()

    def _on_failed(self, error: WriterError) -> None:
        self._waiting.stop()
        self._pieces, self._new = (), ""
        self._say(words_of(error))
        self.shown.emit()

    def _on_waited(self) -> None:
        self._say(self.tr("Comparing…"))

    def _say(self, words: str) -> None:
        self.sentence.setText(words)
        self._pages.setCurrentWidget(self.sentence)
        self._show_line(False)

    def _show_line(self, is_shown: bool) -> None:
        self.count.setText("")
        for widget in (self.count, self.previous_button, self.next_button):
            widget.setVisible(is_shown)
        self.whole_box.setVisible(is_shown and self.view.has_folds)
        self.choose_box.setVisible(is_shown and self.view.is_choosable)
        self._fit_legend()
        self._on_choice_changed()

    # The line

    def _on_moved(self, change: int) -> None:
        count = self.view.count
        if change >= 0:
            words = self.tr("{number} of {count} changes").format(number=change + 1, count=count)
            if count == 1:
                words = self.tr("1 change")
        else:
            words = self.tr("1 change") if count == 1 else self.tr("{n} changes").format(n=count)
        self.count.setText(words)
        self._fit_legend()
        self._on_choice_changed()

    def _on_choice_changed(self) -> None:
        current = self.view.current
        self.choose_box.setEnabled(current >= 0)
        self.choose_box.setChecked(current in self.view.chosen())
        self.choice_changed.emit()

    def _on_choose_clicked(self, is_chosen: bool) -> None:
        self.view.choose(self.view.current, is_chosen)

    def _on_copy_asked(self) -> None:
        QGuiApplication.clipboard().setText(self.view.to_plain_words())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the legend out where there is no room for it."""
        super().resizeEvent(event)
        self._fit_legend()

    def _fit_legend(self) -> None:
        shown = [each for each in self._in_line if not each.isHidden() and each is not self.legend]
        taken = sum(each.sizeHint().width() + _GAP_PX for each in shown) + _SIDE_PX + 3 * _GAP_PX
        is_fitting = False
        for sides in (self._words, (self.tr("before"), self.tr("after"))):
            self._write_legend(*sides)
            is_fitting = taken + self.legend.sizeHint().width() <= self.width()
            if is_fitting:
                break
        self.legend.setVisible(is_fitting and not self.count.isHidden())

    def changeEvent(self, event: QEvent) -> None:
        """Draw the legend in the colours of another theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_legend()
        super().changeEvent(event)

    def _draw_legend(self) -> None:
        removed, added = self._words
        self.legend.setAccessibleName(
            self.tr("Struck through: {removed}. Underlined: {added}.").format(
                removed=removed, added=added
            )
        )
        self.legend.setToolTip(self.legend.accessibleName())
        self._fit_legend()

    def _write_legend(self, removed: str, added: str) -> None:
        colours = DifferenceColours.of(QGuiApplication.palette())
        self.legend.setText(
            f'<s style="color:{colours.faint.name()}">{escape(removed)}</s>&nbsp;&nbsp; '
            f'<u style="color:{colours.ink.name()};background:{colours.added.name()}">'
            f"{escape(added)}</u>"
        )

    def _connect(self) -> None:
        self._comparison.ready.connect(self._on_ready)
        self._comparison.failed.connect(self._on_failed)
        self._waiting.timeout.connect(self._on_waited)
        self.view.moved.connect(self._on_moved)
        self.view.choice_changed.connect(self._on_choice_changed)
        self.previous_button.clicked.connect(self.view.go_previous)
        self.next_button.clicked.connect(self.view.go_next)
        self.whole_box.toggled.connect(self.view.show_whole)
        self.choose_box.clicked.connect(self._on_choose_clicked)
        for keys, slot in (
            (("F7", "Alt+Down"), self.view.go_next),
            (("Shift+F7", "Alt+Up"), self.view.go_previous),
            (("Ctrl+Shift+C",), self._on_copy_asked),
        ):
            action = QAction(self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.triggered.connect(slot)
            self.addAction(action)

    def _lay_out(self) -> None:
        for label in (self.count, self.legend, self.sentence):
            label.setProperty("part", "faint")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setWordWrap(True)
        self.sentence.setContentsMargins(_SIDE_PX, 0, _SIDE_PX, 0)
        self._pages.addWidget(self.sentence)
        self._pages.addWidget(self.view)
        line = QHBoxLayout()
        line.setContentsMargins(_SIDE_PX, 0, 16, 0)
        line.setSpacing(_GAP_PX)
        line.addWidget(self.count)
        line.addWidget(self.previous_button)
        line.addWidget(self.next_button)
        line.addWidget(self.choose_box)
        line.addStretch()
        line.addWidget(self.legend)
        line.addSpacing(8)
        line.addWidget(self.whole_box)
        above = QWidget()
        above.setFixedHeight(_LINE_PX)
        above.setLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(above)
        column.addWidget(self._pages, stretch=1)
