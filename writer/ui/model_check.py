"""ModelCheck: `writer models check` in a process of its own, followed by what it prints.

Another process, so that a model that is damaged, hostile or larger than the memory harms nothing
but its check. It only reads, so it may be ended at any time.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from writer.shelf.speeds import LengthTimes, length_times

_COMMAND = (sys.executable, "-m", "writer")
_SAID_BY_WRITER = "writer: "
_LONGEST_LINE = 64 * 1024
"""In bytes; what is longer is no word of ours."""


class Stage(StrEnum):
    """What a check is doing."""

    READING = "reading"
    WRITING = "writing"
    MEASURING = "measuring"
    LENGTHS = "lengths"
    """How long contexts of all lengths take."""


@dataclass(frozen=True, slots=True)
class Checking:
    """How far a check is."""

    path: Path
    stage: Stage
    share: float
    """Of this stage, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check has come to."""

    path: Path
    works: bool
    tokens_per_second: float | None = None
    before: str = ""
    """The end of the text that was to be continued."""
    continuation: str = ""
    precision: str = ""
    """In which it was that fast; empty where nobody said."""
    error: str = ""
    """Why it does not work, in one sentence; empty where nobody said."""
    was_cancelled: bool = False
    times: LengthTimes | None = None
    """What contexts take by their length, where that was to be measured."""


class ModelCheck(QObject):
    """At most one check at a time."""

    progressed = Signal(object)
    """`Checking`."""
    finished = Signal(object)
    """`Checked`; another check may begin."""

    def __init__(self, command: Sequence[str] = _COMMAND, parent: QObject | None = None) -> None:
        """Run `command`, to which `models check` and its arguments are added."""
        super().__init__(parent)
        self.command = tuple(command)
        self._path: Path | None = None
        self._was_cancelled = False
        self._rest = self._said = b""
        self._last: dict[str, Any] = {}
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")  # paths and sentences come through a pipe
        environment.insert("PYTHONUNBUFFERED", "1")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._on_told)
        self._process.readyReadStandardError.connect(self._on_said)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    @property
    def is_running(self) -> bool:
        """Whether a check is on its way."""
        return self._path is not None

    def start(self, path: Path, measures: bool = False) -> None:
        """Check the model at `path`: whether it can be read and continues a text, and how fast.

        Or, if that is what `measures` says, how long contexts of all lengths take it.
        """
        if self.is_running:
            raise ValueError("a check is on its way")
        self._path, self._was_cancelled = path, False
        self._rest, self._said, self._last = b"", b"", {}
        self.progressed.emit(Checking(path, Stage.READING, 0.0))
        command = "measure" if measures else "check"
        arguments = [*self.command[1:], "models", command, str(path), "--json"]
        self._process.start(self.command[0], arguments)

    def cancel(self) -> None:
        """End the check; `finished` comes when it has ended."""
        if self.is_running:
            self._was_cancelled = True
            self._process.kill()

    def close(self) -> None:
        """End the check and wait until it has ended."""
        self.cancel()
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.waitForFinished(-1)

    def _on_told(self) -> None:
        *lines, rest = (self._rest + self._process.readAllStandardOutput().data()).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            told = _understood(line)
            if "ok" in told:
                self._last = told
            elif self._path is not None and told.get("phase") in list(Stage):
                stage, share = Stage(told["phase"]), _number(told.get("share")) or 0.0
                self.progressed.emit(Checking(self._path, stage, min(1.0, max(0.0, share))))

    def _on_said(self) -> None:
        said = self._said + self._process.readAllStandardError().data()
        lines = [line for line in said.splitlines(keepends=True) if line.strip()]
        self._said = lines[-1][-_LONGEST_LINE:] if lines else b""

    def _on_finished(self) -> None:
        self._on_told()
        self._on_said()
        self._end()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # after which nothing finishes
            self._end(self._process.errorString())

    def _end(self, reason: str = "") -> None:
        path, self._path = self._path, None
        if path is None:
            return
        said = self._said.decode("utf-8", "replace").strip()
        if said.startswith(_SAID_BY_WRITER):
            reason = said.removeprefix(_SAID_BY_WRITER)
        works = self._last.get("ok") is True and not self._was_cancelled
        error = "" if works else str(self._last.get("error") or reason)
        speed = _number(self._last.get("tokens_per_second"))
        self.finished.emit(
            Checked(
                path,
                True,
                speed,
                self._words("before"),
                self._words("continuation"),
                self._words("precision"),
                times=_times(self._last),
            )
            if works
            else Checked(path, False, error=error, was_cancelled=self._was_cancelled)
        )

    def _words(self, name: str) -> str:
        words = self._last.get(name)
        return words if isinstance(words, str) else ""


def _times(told: dict[str, Any]) -> LengthTimes | None:
    precision = told.get("precision")
    return length_times({"times": told.get("by_length"), "precision": precision})


def _understood(line: bytes) -> dict[str, Any]:
    """Return what a line tells; nothing if it is none of ours."""
    try:
        told: Any = json.loads(line) if len(line) <= _LONGEST_LINE else None
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(str(value)) if is_number and value == value else None  # not NaN
