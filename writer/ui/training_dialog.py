"""TrainingDialog: what a writer sees of a training. It decides nothing and starts nothing.

It is not modal, and closing it ends nothing: whoever learns goes on learning.
"""

from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from writer.ui.theme import page_font
from writer.ui.training_course import TrainingCourse, Verdict, verdict
from writer.ui.training_process import End, Outcome, Phase, Progress
from writer.ui.training_setup import MARGIN_PX, TrainingSetup

_TITLE_PX = 24
_SIZE = QSize(560, 640)


class TrainingDialog(QDialog):
    """Two pages, the wish and the course, with the steps that may be taken from each."""

    start_asked = Signal()
    """Begin what `setup.wish()` says."""
    go_on_asked = Signal()
    stop_asked = Signal()
    use_asked = Signal()
    """Write with the model that was trained."""
    back_asked = Signal()
    """See the first page again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Train on my writing"))
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.setup = TrainingSetup()
        self.course = TrainingCourse()
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.close_button = self._button(self.tr("Close"))
        self.back_button = self._button(self.tr("Back"))
        self.stop_button = self._button(self.tr("Stop"))
        self.use_button = self._button(self.tr("Write with it"))
        self.start_button = self._button(self.tr("Start"))
        self.go_on_button = self._button(self.tr("Go on"))
        self.close_button.clicked.connect(self.reject)
        self.back_button.clicked.connect(self.back_asked)
        self.stop_button.clicked.connect(self.stop_asked)
        self.use_button.clicked.connect(self.use_asked)
        self.start_button.clicked.connect(self.start_asked)
        self.go_on_button.clicked.connect(self.go_on_asked)
        self.setup.changed.connect(self._on_setup_changed)
        self._pages = QStackedWidget()
        self._lay_out()
        self._draw_title()
        self.resize(_SIZE)

    def show_setup(self, notice: str = "", can_go_on: bool = False) -> None:
        """Show the first page, with `notice` about an earlier training."""
        self.title.setText(self.tr("Train on my writing"))
        self._pages.setCurrentWidget(self.setup)
        self.show_notice(notice)
        self.start_button.setText(self.tr("Start anew") if can_go_on else self.tr("Start"))
        self._offer(self.close_button, self.start_button, *[self.go_on_button] * can_go_on)
        self._on_setup_changed()

    def show_notice(self, words: str, is_error: bool = False) -> None:
        """Say `words` above the buttons; empty takes them away."""
        self.notice.setText(words)
        self.notice.setProperty("part", "error" if is_error else "")
        self.notice.style().polish(self.notice)
        self.notice.setVisible(bool(words))

    def show_progress(self, progress: Progress, text: str) -> None:
        """Show how far the training on `text` is."""
        if self._pages.currentWidget() is not self.course or not self.stop_button.isVisibleTo(self):
            self._pages.setCurrentWidget(self.course)
            self.show_notice("")
            self._offer(self.stop_button, self.close_button)
            self.close_button.setDefault(False)  # there is nothing to do but to wait
        self.title.setText(self.tr("Learning from “{text}”").format(text=text))
        self.stop_button.setEnabled(progress.phase != Phase.STOPPING)
        self.course.show_progress(progress)

    def show_outcome(self, outcome: Outcome, text: str) -> None:
        """Show what the training on `text` has come to."""
        self._pages.setCurrentWidget(self.course)
        self.show_notice("")
        self.title.setText(self._outcome_title(outcome).format(text=text))
        self.course.show_outcome(outcome)
        if outcome.end != End.DONE:
            can_go_on = outcome.folder.is_stopped
            self._offer(self.close_button, self.go_on_button if can_go_on else self.back_button)
        elif verdict(outcome) in (Verdict.BETTER, Verdict.UNKNOWN):
            self.use_button.setText(self.tr("Write with it"))
            self._offer(self.close_button, self.use_button)
        else:
            self.use_button.setText(self.tr("Write with it all the same"))
            self._offer(self.use_button, self.close_button)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the title's letters when the application gets another font."""
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._draw_title()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch()
        self._pages.addWidget(self.setup)
        self._pages.addWidget(self.course)
        self.course.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        beneath = QVBoxLayout()
        beneath.setContentsMargins(MARGIN_PX, 24, MARGIN_PX, 24)
        beneath.setSpacing(16)
        beneath.addWidget(self.notice)
        beneath.addLayout(self._buttons)
        self.title.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, MARGIN_PX, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addSpacing(24)
        column.addWidget(self._pages, stretch=1)
        column.addLayout(beneath)

    def _button(self, words: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setAutoDefault(False)
        button.hide()
        return button

    def _offer(self, *buttons: QPushButton) -> None:
        """Show these buttons, from left to right; Enter does what the last one says."""
        while self._buttons.count() > 1:  # behind the stretch
            item = self._buttons.takeAt(1)
            button = item.widget() if item else None
            if isinstance(button, QPushButton):
                button.setDefault(False)
                button.hide()
        for button in buttons:
            self._buttons.addWidget(button)
            button.setEnabled(True)
            button.show()
        buttons[-1].setDefault(True)
        for first, second in pairwise(buttons):
            QWidget.setTabOrder(first, second)
        buttons[-1].setFocus()

    def _outcome_title(self, outcome: Outcome) -> str:
        if outcome.end == End.STOPPED:
            return self.tr("Stopped learning from “{text}”")
        if outcome.end == End.FAILED:
            return self.tr("It could not learn from “{text}”")
        return {
            Verdict.BETTER: self.tr("It has learned from “{text}”"),
            Verdict.SAME: self.tr("It has read “{text}”, with little gain"),
            Verdict.WORSE: self.tr("“{text}” did not make it better"),
            Verdict.UNKNOWN: self.tr("It has learned from “{text}”"),
        }[verdict(outcome)]

    def _on_setup_changed(self) -> None:
        self.start_button.setEnabled(self.setup.wish().words > 0)

    def _draw_title(self) -> None:
        self.title.setFont(page_font(_TITLE_PX))
