"""TrainingCourse: how a training goes, and what it has come to."""

import math
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from writer.ui.loss_plot import LossPlot
from writer.ui.theme import page_font
from writer.ui.training_process import End, Outcome, Phase, Progress
from writer.ui.training_setup import heading, small_label

_FIGURE_PX = 28
_BAR_STEPS = 1000
_NO_FIGURE = "–"
_CLEAR_SHARE = 0.01
"""Of the words it hesitates between; a smaller change may as well be chance."""


class Verdict(Enum):
    """What a training has done to a model."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNKNOWN = "unknown"


class TrainingCourse(QWidget):
    """The second page of the training dialog."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phase = QLabel()
        self.left = small_label()
        self.bar = QProgressBar()
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setTextVisible(False)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = LossPlot()
        self.before = Figure(self.tr("before"))
        self.after = Figure(self.tr("now"))
        self.change = Figure(self.tr("fewer"))
        self._measured = QWidget()
        """What there is to see once something has been measured."""
        self._lay_out()

    def show_progress(self, progress: Progress) -> None:
        """Show how far it is."""
        self.phase.setText(self._phase_words(progress))
        self.left.setText(self._time_left(progress))
        self.bar.setValue(round(progress.share * _BAR_STEPS))
        self.bar.setAccessibleName(self.phase.text())
        self._set_said(
            self.tr("You can close this window and write on: the learning goes on beside you.")
        )
        self.after.set_caption(self.tr("now"))
        self._show_running(True)
        self._show_measured(progress)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what it has come to."""
        self._show_running(False)
        is_failure = outcome.end == End.FAILED
        self._set_said(self._outcome_words(outcome), is_failure and outcome.is_worded)
        is_done = outcome.end == End.DONE
        self.after.set_caption(self.tr("after") if is_done else self.tr("when it stopped"))
        self._show_measured(outcome.last)
        self._measured.setVisible(bool(outcome.last.curve.held_out or outcome.last.curve.read))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.phase, stretch=1)
        first.addWidget(self.left)
        figures = QHBoxLayout()
        for figure in (self.before, self.after, self.change):
            figures.addWidget(figure, stretch=1)
        measured = QVBoxLayout(self._measured)
        measured.setContentsMargins(0, 0, 0, 0)
        measured.setSpacing(8)
        measured.addWidget(heading(self.tr("Words it hesitates between, at each step")))
        measured.addWidget(self.plot, stretch=1)
        measured.addSpacing(8)
        measured.addLayout(figures)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self.bar)
        column.addWidget(self.said)
        column.addSpacing(16)
        column.addWidget(self._measured, stretch=1)
        column.addStretch()

    def _show_running(self, is_running: bool) -> None:
        for widget in (self.phase, self.left, self.bar):
            widget.setVisible(is_running)
        self._measured.show()

    def _set_said(self, words: str, is_error: bool = False) -> None:
        self.said.setText(words)
        self.said.setProperty("part", "error" if is_error else "faint")
        self.said.style().polish(self.said)

    def _show_measured(self, progress: Progress) -> None:
        self.plot.show_curve(progress.curve, progress.minutes)
        self.before.set_figure(_perplexity(progress.before))
        # The first time is before any learning, and no news afterwards.
        now = progress.now if len(progress.curve.held_out) > 1 else None
        self.after.set_figure(_perplexity(now))
        percent = _percent(progress.before, now)
        self.change.set_figure("" if percent is None else f"{abs(percent)} %")
        self.change.set_caption(self.tr("more") if (percent or 0) > 0 else self.tr("fewer"))

    def _phase_words(self, progress: Progress) -> str:
        if progress.phase == Phase.READING:
            return self.tr("Reading your text")
        if progress.phase == Phase.FINISHING:
            return self.tr("Looking at what it has learned")
        if progress.phase == Phase.STOPPING:
            return self.tr("Stopping, and keeping its place…")
        return self.tr("Learning: {spent}").format(spent=self.spent(progress))

    def spent(self, progress: Progress) -> str:
        """Return how much of the time is over, as “4 of 10 minutes”."""
        minutes = math.floor(progress.share * progress.minutes + 1e-6)
        return self.tr("{n} of {all} minutes").format(n=minutes, all=f"{progress.minutes:g}")

    def _time_left(self, progress: Progress) -> str:
        if progress.phase != Phase.LEARNING:
            return ""
        minutes = math.ceil((1 - progress.share) * progress.minutes - 1e-6)
        if minutes <= 1:
            return self.tr("less than a minute left")
        return self.tr("about {n} minutes left").format(n=minutes)

    def _outcome_words(self, outcome: Outcome) -> str:
        if outcome.end == End.STOPPED:
            return self._stopped_words(outcome)
        if outcome.end == End.FAILED:
            if outcome.is_worded:
                return outcome.sentence
            reason = outcome.sentence or self.tr("it did not say why")
            return self.tr("The training broke off: {reason}").format(reason=reason)
        return {
            Verdict.BETTER: self.tr(
                "On pages of yours that it had not read, it now guesses better how you go on."
            ),
            Verdict.SAME: self.tr(
                "On pages of yours that it had not read, it guesses as well as before. Longer "
                "learning, or more text, may do more."
            ),
            Verdict.WORSE: self.tr(
                "On pages of yours that it had not read, it guesses worse than before: it has "
                "learned your text by heart rather than your way of writing. Stay with the model "
                "that you have, or try again with more text or less time."
            ),
            Verdict.UNKNOWN: self.tr(
                "The text was too short to keep pages back, so nobody knows yet whether it helped."
            ),
        }[verdict(outcome)]

    def _stopped_words(self, outcome: Outcome) -> str:
        if not outcome.folder.is_stopped:
            return self.tr("It was stopped before it had learned anything.")
        return self.tr("{spent} are done, and its place is kept: go on now or another day.").format(
            spent=self.spent(outcome.last)
        )


class Figure(QWidget):
    """A large number and what it is."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QLabel(_NO_FIGURE)
        self.number.setFont(page_font(_FIGURE_PX))
        self._caption = small_label(caption)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.number)
        column.addWidget(self._caption)

    def set_figure(self, text: str) -> None:
        """Show `text`, or that there is nothing yet."""
        self.number.setText(text or _NO_FIGURE)
        self._name()

    def set_caption(self, caption: str) -> None:
        """Say what the number is."""
        self._caption.setText(caption)
        self._name()

    def _name(self) -> None:
        self.number.setAccessibleName(f"{self._caption.text()}: {self.number.text()}")


def verdict(outcome: Outcome) -> Verdict:
    """Return what the training has done to the model, by the pages that were kept back."""
    before, after = outcome.last.before, outcome.last.now
    if before is None or after is None:
        return Verdict.UNKNOWN
    change = math.expm1(after - before)
    if abs(change) < _CLEAR_SHARE:
        return Verdict.SAME
    return Verdict.BETTER if change < 0 else Verdict.WORSE


def _perplexity(loss: float | None) -> str:
    if loss is None:
        return ""
    words = math.exp(loss)
    return f"{words:,.0f}" if words >= 100 else f"{words:.1f}"


def _percent(before: float | None, now: float | None) -> int | None:
    """Return by how much the perplexity has changed, in per cent.

    >>> _percent(4.0, 3.8), _percent(3.0, 3.1), _percent(None, 1.0)
    (-18, 11, None)
    """
    return None if before is None or now is None else round(100 * math.expm1(now - before))
