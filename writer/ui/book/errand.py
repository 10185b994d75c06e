"""Errand: one job of some seconds on a thread, and the dialog that waits for it and may stop it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from writer.errors import WriterError
from writer.ui.background import Background, as_writer_error
from writer.ui.book.book_dialog import MARGIN_PX, button

T = TypeVar("T")
OnProgress: TypeAlias = Callable[[float], None]
IsCancelled: TypeAlias = Callable[[], bool]
Job: TypeAlias = Callable[[OnProgress, IsCancelled], T]
"""It runs on the thread, tells shares from 0 to 1, and ends early once it is cancelled."""
_STEPS = 1000
"""Of the progress told."""
_UNSEEN_MS = 150
"""What takes no longer shows no dialog."""
_WIDTH_PX = 440


class Stopped(Exception):
    """The job has ended early, as it was asked to."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What has become of a job: a result, an error, or neither if it was cancelled."""

    result: T | None = None
    error: WriterError | None = None


class Errand(Background):
    """Does one job, once."""

    progressed = Signal(int)
    """Thousandths of the work."""

    def __init__(self, job: Job[object]) -> None:
        super().__init__()
        self._job = job
        self._told = -1
        self._is_unwanted = threading.Event()
        self.outcome: Outcome[object] = Outcome()

    def cancel(self) -> None:
        """Ask it to end early."""
        self._is_unwanted.set()

    def run(self) -> None:
        """Do it. Runs on the thread itself."""
        self.step_back()
        try:
            self.outcome = Outcome(self._job(self._on_progress, self._is_unwanted.is_set))
        except Exception as error:  # the thread's boundary
            if not self._is_unwanted.is_set():
                self.outcome = Outcome(error=as_writer_error(error))

    def _on_progress(self, share: float) -> None:
        step = int(share * _STEPS)
        if step != self._told:
            self._told = step
            self.progressed.emit(step)


class ErrandDialog(QDialog):
    """Says what is going on and how far it is; it closes when the errand has ended."""

    def __init__(self, errand: Errand, words: str, stop: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._errand = errand
        self.setWindowTitle(self.tr("Writer"))
        self.label = QLabel(words)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(words)
        self.stop_button = button(stop or self.tr("Cancel"))
        self.stop_button.clicked.connect(self.reject)
        steps = QHBoxLayout()
        steps.addStretch()
        steps.addWidget(self.stop_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 24, MARGIN_PX, 24)
        column.setSpacing(16)
        for widget in (self.label, self.bar):
            column.addWidget(widget)
        column.addLayout(steps)
        self.setFixedWidth(_WIDTH_PX)
        errand.progressed.connect(self._on_progressed)
        errand.finished.connect(self.accept)

    def reject(self) -> None:
        """Stop the errand; the dialog goes when it has ended."""
        self.stop_button.setEnabled(False)
        self._errand.cancel()

    def _on_progressed(self, step: int) -> None:
        if step:
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(step)


def carry_out(job: Job[T], words: str, parent: QWidget | None, stop: str = "") -> Outcome[T]:
    """Do a job while the writer looks on, and return what has become of it.

    Args:
        job: What to do, on another thread.
        words: What is going on.
        parent: The window that waits for it.
        stop: The words of what ends it early; “Cancel” where none are given.
    """
    errand = Errand(job)
    errand.start()
    if not errand.wait(_UNSEEN_MS):
        dialog = ErrandDialog(errand, words, stop, parent)
        if not errand.isFinished():  # else it has ended before it could tell the dialog
            dialog.exec()
        dialog.deleteLater()
        errand.wait()
    outcome: Outcome[T] = errand.outcome  # type: ignore[assignment]  # of this very job
    return outcome
