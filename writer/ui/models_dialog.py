"""ModelsDialog: the models one has, what each is, and what can be done. It decides nothing.

It is not modal: one can write on beside it.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from writer.ui.model_card import ModelCard
from writer.ui.model_list import ROW_MARGIN_PX, ModelList, Row
from writer.ui.pane_area import PaneArea
from writer.ui.theme import page_font
from writer.ui.training_setup import MARGIN_PX

_TITLE_PX = 24
_SIZE = QSize(840, 824)
_ROOM_PX = 96
"""Of the screen, left beside a dialog that would be higher than it."""
_LIST_PX = 272
_BAR_STEPS = 1000


class ModelsDialog(QDialog):
    """A list at the left, the chosen one's card at the right, the steps beneath."""

    chosen = Signal(str)
    """The key of the row that is chosen now."""
    use_asked = Signal()
    check_asked = Signal()
    measure_asked = Signal()
    """Measure how long contexts of all lengths take."""
    remove_asked = Signal()
    folder_asked = Signal()
    """Add a model's folder."""
    file_asked = Signal()
    add_asked = Signal()
    """Add the model whose card is shown, as `card.how` says."""
    back_asked = Signal()
    """Do not."""
    cancel_asked = Signal()
    """End what is going on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.title = QLabel(self.tr("Models"))
        self.list = ModelList()
        self.card = ModelCard()
        self.work = WorkRow()
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.add_button = _button(self.tr("Add…"))
        self.remove_button = _button(self.tr("Remove"))
        self.check_button = _button(self.tr("Check and measure"))
        self.close_button = _button(self.tr("Close"))
        self.use_button = _button(self.tr("Write with it"))
        self.back_button = _button(self.tr("Back"))
        self.add_this_button = _button(self.tr("Add it"))
        self._lay_out()
        self._connect()
        self._draw_title()
        self.show_notice("")
        self.show_adding(False)
        highest = self.screen().availableGeometry().height() - _ROOM_PX
        self.resize(_SIZE.width(), min(_SIZE.height(), highest))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """List these models."""
        self.list.show_rows(rows)

    def show_adding(self, is_adding: bool, is_refused: bool = False) -> None:
        """Ask how the model of the card is to be added, or offer what can be done with it.

        Of one that is refused nothing is asked.
        """
        focused = self.focusWidget()
        self.card.how.setVisible(is_adding and not is_refused)
        for button in (self.back_button, self.add_this_button):
            button.setVisible(is_adding)
        for button in (
            self.remove_button, self.check_button, self.use_button, self.close_button,
        ):  # fmt: skip
            button.setVisible(not is_adding)
        (self.add_this_button if is_adding else self.use_button).setDefault(True)
        self._keep_focus(focused)

    def offer_adding(self, add: bool, back: bool) -> None:
        """Let the model of the card be added, or left."""
        focused = self.focusWidget()
        self.add_this_button.setEnabled(add)
        self.back_button.setEnabled(back)
        self._keep_focus(focused)

    def offer(self, use: bool, check: bool, remove: bool) -> None:
        """Let these steps be taken, and no others."""
        focused = self.focusWidget()
        self.use_button.setEnabled(use)
        self.check_button.setEnabled(check)
        self.card.lengths.offer(check)
        self.remove_button.setEnabled(remove)
        self._keep_focus(focused)

    def end_work(self) -> None:
        """Take away what was going on."""
        focused = self.focusWidget()
        self.work.hide()
        self._keep_focus(focused)

    def show_notice(self, words: str, is_error: bool = False) -> None:
        """Say `words` above the buttons; empty takes them away."""
        self.notice.setText(words)
        self.notice.setProperty("part", "error" if is_error else "")
        self.notice.style().polish(self.notice)
        self.notice.setVisible(bool(words))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press the button that has the focus with Return; go back with Esc from what is asked."""
        focused = self.focusWidget()
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and isinstance(focused, QPushButton):
            focused.click()
        elif event.key() == Qt.Key.Key_Escape and self._is_adding:
            (self.back_button if self.work.isHidden() else self.work.cancel_button).click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the title's letters when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._draw_title()
        super().changeEvent(event)

    @property
    def _is_adding(self) -> bool:
        return not self.back_button.isHidden()

    def _keep_focus(self, focused: QWidget | None) -> None:
        """Hand the keyboard to what is next, where `focused` had it and can have it no more.

        Left to itself, Qt hands it to whatever follows.
        """
        if focused is None or (focused.isEnabled() and focused.isVisibleTo(self)):
            return
        if not self.work.isHidden():
            self.work.cancel_button.setFocus()
        elif not self._is_adding:
            self.list.setFocus()
        elif self.add_this_button.isEnabled():
            self.add_this_button.setFocus()
        else:
            self.back_button.setFocus()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(self.list, stretch=1)
        area = PaneArea(self.card)
        # The bar floats over the margin, so the margin scrolls along.
        self.card.setContentsMargins(0, 0, MARGIN_PX, 0)
        self.list.setFixedWidth(_LIST_PX)
        middle = QHBoxLayout()
        # The words in the list stand in line with the title.
        middle.setContentsMargins(MARGIN_PX - ROW_MARGIN_PX, 0, 0, 0)
        middle.setSpacing(MARGIN_PX)
        middle.addLayout(left)
        middle.addWidget(area, stretch=1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.add_button)
        buttons.addStretch()
        for button in (
            self.remove_button, self.check_button, self.close_button, self.use_button,
            self.back_button, self.add_this_button,
        ):  # fmt: skip
            buttons.addWidget(button)
        beneath = QVBoxLayout()
        beneath.setContentsMargins(MARGIN_PX, 24, MARGIN_PX, 24)
        beneath.setSpacing(16)
        beneath.addWidget(self.notice)
        beneath.addWidget(self.work)
        beneath.addLayout(buttons)
        self.title.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, MARGIN_PX, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addSpacing(24)
        column.addLayout(middle, stretch=1)
        column.addLayout(beneath)

    def _connect(self) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("A &folder…")).triggered.connect(self.folder_asked)
        menu.addAction(self.tr("A f&ile (GGUF)…")).triggered.connect(self.file_asked)
        self.add_button.setMenu(menu)
        self.list.currentRowChanged.connect(self._on_row_changed)
        self.list.itemDoubleClicked.connect(self._on_double_clicked)
        self.list.delete_key.activated.connect(self._on_delete)
        self.use_button.clicked.connect(self.use_asked)
        self.check_button.clicked.connect(self.check_asked)
        self.card.lengths.measure_asked.connect(self.measure_asked)
        self.remove_button.clicked.connect(self.remove_asked)
        self.add_this_button.clicked.connect(self.add_asked)
        self.back_button.clicked.connect(self.back_asked)
        self.close_button.clicked.connect(self.reject)
        self.work.cancel_button.clicked.connect(self.cancel_asked)

    def _on_row_changed(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(self.list.chosen_key())

    def _on_double_clicked(self) -> None:
        self.use_button.click()

    def _on_delete(self) -> None:
        if self.remove_button.isVisible():
            self.remove_button.click()

    def _draw_title(self) -> None:
        self.title.setFont(page_font(_TITLE_PX))


class WorkRow(QWidget):
    """What is going on, how far it is, and the way to end it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel_button = _button(self.tr("Cancel"))
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addStretch()
        left.addWidget(self.words)
        left.addWidget(self.bar)
        left.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, stretch=1)
        row.addWidget(self.cancel_button)
        self.hide()

    def show_work(self, words: str, share: float) -> None:
        """Show what is going on and which share of it is done, 0 to 1; at 0 none is shown."""
        self.words.setText(words)
        self.bar.setRange(0, _BAR_STEPS if share > 0 else 0)
        self.bar.setValue(round(share * _BAR_STEPS))
        self.bar.setAccessibleName(words)
        self.show()


def _button(words: str) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    return button
