"""TrainingProcess: `writer train` in a process of its own, followed by its log.

Another process, so that learning never holds up a key: it has its own interpreter lock, at low
priority. It ends by itself, keeping its place, as soon as nobody holds its standard input open.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from writer.hardware import default_threads
from writer.ui.training_folder import TrainingFolder
from writer.ui.training_log import Curve, TrainingLog

_COMMAND = (sys.executable, "-m", "writer")
_LOOK_MS = 1000
_HELD_OUT_SHARE = 0.1
_STOPPED = 130
_SAID_BY_WRITER = "writer: "
_LONGEST_HEARD = 4000
"""Of the last line, in bytes."""


class Phase(Enum):
    """What a training is doing."""

    READING = "reading"
    LEARNING = "learning"
    FINISHING = "finishing"
    STOPPING = "stopping"


class End(Enum):
    """What a training has come to."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    phase: Phase
    share: float
    """Of the budget, 0 to 1."""
    minutes: float
    """The budget."""
    before: float | None
    """The loss on the pages kept back before it learned anything; natural log."""
    now: float | None
    curve: Curve


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training has come to, and how the pages kept back are guessed."""

    end: End
    folder: TrainingFolder
    last: Progress
    sentence: str = ""
    """Why it failed: the sentence for the writer, or else the last that was heard of it."""
    is_worded: bool = False
    """Whether that sentence is one for the writer."""


class TrainingProcess(QObject):
    """At most one training; it is told to stop, never broken off in the middle of an update."""

    progressed = Signal(object)
    """The `Progress`, when the training has begun, is told to stop, or has got on."""
    finished = Signal(object)
    """The `Outcome`; a new training may begin."""

    def __init__(
        self,
        command: Sequence[str] = _COMMAND,
        look_ms: int = _LOOK_MS,
        parent: QObject | None = None,
    ) -> None:
        """Run `command`, to which `train` and its flags are added, and look every `look_ms`."""
        super().__init__(parent)
        self.command = tuple(command)
        self._folder: TrainingFolder | None = None
        self._log: TrainingLog | None = None
        self._minutes = 0.0
        self._is_stopping = False
        self._heard = b""
        self._process = QProcess(self)
        self._process.setStandardOutputFile(QProcess.nullDevice())
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")  # the sentence comes through a pipe
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardError.connect(self._on_said)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._timer = QTimer(self)
        self._timer.setInterval(look_ms)
        self._timer.timeout.connect(self._on_look_due)

    @property
    def is_running(self) -> bool:
        """Whether a training is on its way, also one that has been told to stop."""
        return self._log is not None

    @property
    def progress(self) -> Progress | None:
        """How far the training is; None while there is none."""
        return self._progress(self._log) if self._log else None

    def start(self, folder: TrainingFolder, resume: bool = False) -> None:
        """Begin the training that `folder` holds the plan of, or go on with it."""
        plan = folder.plan()
        if plan is None or self.is_running:
            raise ValueError("there is no plan, or a training on its way")
        self._folder, self._minutes = folder, plan.minutes
        self._log = TrainingLog(folder.log)
        self._is_stopping, self._heard = False, b""
        if resume:
            self._log.read_new()
            self._log.has_begun = False  # not yet, this time
        arguments = [
            *self.command[1:], "train", *map(str, folder.texts()), "--out", str(folder.path),
            "--from", plan.model, "--minutes", f"{plan.minutes:g}",
            "--hold-out", f"{_HELD_OUT_SHARE:g}", "--threads", str(default_threads()),
            "--background", "--resume" if resume else "--replace",
        ]  # fmt: skip
        self._timer.start()
        self.progressed.emit(self._progress(self._log))
        self._process.start(self.command[0], arguments)

    def stop(self) -> None:
        """Tell the training to stop and to keep its place; `finished` comes when it has."""
        if self._log is None or self._is_stopping:
            return
        self._is_stopping = True
        self._process.closeWriteChannel()
        self.progressed.emit(self._progress(self._log))

    def wait(self, wait_ms: int) -> None:
        """Block until the training has ended; after `wait_ms` end it: its checkpoint stands."""
        if self._process.state() == QProcess.ProcessState.NotRunning:
            return
        if not self._process.waitForFinished(wait_ms):
            self._process.kill()
            self._process.waitForFinished(-1)

    def _progress(self, log: TrainingLog) -> Progress:
        curve = log.curve
        now = curve.held_out[-1][1] if curve.held_out else None
        return Progress(
            self._phase(log), log.share, self._minutes, log.before,
            log.after if log.is_finished else now, curve,
        )  # fmt: skip

    def _phase(self, log: TrainingLog) -> Phase:
        if self._is_stopping:
            return Phase.STOPPING
        if not log.has_begun:
            return Phase.READING
        return Phase.FINISHING if log.share >= 1 else Phase.LEARNING

    def _on_look_due(self) -> None:
        if self._log is not None and self._log.read_new():
            self.progressed.emit(self._progress(self._log))

    def _on_said(self) -> None:
        said = self._heard + self._process.readAllStandardError().data()
        # With their ends, so that what is said next does not go on with a line that is over.
        lines = [line for line in said.splitlines(keepends=True) if line.strip()]
        self._heard = lines[-1][-_LONGEST_HEARD:] if lines else b""

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._on_said()
        if how == QProcess.ExitStatus.CrashExit:
            self._end(End.STOPPED if self._is_stopping else End.FAILED)
        elif status in (0, _STOPPED):
            self._end(End.STOPPED if status else End.DONE)
        else:
            self._end(End.FAILED, self._heard.decode("utf-8", "replace").strip())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # after which nothing finishes
            self._end(End.FAILED, self._process.errorString())

    def _end(self, end: End, heard: str = "") -> None:
        self._timer.stop()
        folder, log = self._folder, self._log
        if folder is None or log is None:
            return
        log.read_new()
        if end == End.DONE:
            folder.tidy()
        outcome = Outcome(
            end, folder, self._progress(log), heard.removeprefix(_SAID_BY_WRITER),
            heard.startswith(_SAID_BY_WRITER),
        )  # fmt: skip
        self._folder = self._log = None
        self.finished.emit(outcome)
