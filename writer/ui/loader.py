"""The loader: a thread that loads the newest wanted model while the one before it still serves.

It knows of a model only how to have it loaded, and of the sampler nothing: it hands on what is
ready.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QMutex, QMutexLocker, QWaitCondition, Signal

from writer.settings import Machine
from writer.ui.background import Background, as_writer_error
from writer.ui.mailbox import Ready
from writer.ui.streamer import LoadEngine


class AbandonedError(Exception):
    """Nobody wants what is being loaded any more; raised out of a progress report."""


class Loader(Background):
    """Loads one model at a time, the one wanted last."""

    progressed = Signal(str, float)
    """The model, as the settings name it, and the share of it that is read."""
    failed = Signal(str, object)
    """The model and its `WriterError`; whatever served before goes on serving."""

    def __init__(self, load_engine: LoadEngine, deliver: Callable[[Ready], None]) -> None:
        """Load with `load_engine`, and call `deliver` on this thread with what is ready."""
        super().__init__()
        self._load_engine = load_engine
        self._deliver = deliver
        self._mutex = QMutex()
        self._changed = QWaitCondition()
        self._wanted: Machine | None = None
        self._delivered: Machine | None = None
        self._closed = False

    def want(self, machine: Machine) -> bool:
        """Load `machine`'s model and no earlier one; return False if it is the one at work."""
        with QMutexLocker(self._mutex):
            is_there = self._delivered is not None and _same(machine, self._delivered)
            self._wanted = None if is_there else machine
            self._changed.wakeAll()
            return not is_there

    def close(self) -> None:
        """Let the thread end at the next progress report; the caller waits for it."""
        with QMutexLocker(self._mutex):
            self._closed = True
            self._changed.wakeAll()

    def run(self) -> None:
        """Load what is wanted until closed. Runs on the thread itself."""
        self.step_back()
        while (machine := self._next()) is not None:
            self._load(machine)

    def _next(self) -> Machine | None:
        with QMutexLocker(self._mutex):
            while self._wanted is None and not self._closed:
                self._changed.wait(self._mutex)
            return None if self._closed else self._wanted

    def _load(self, machine: Machine) -> None:
        # A function of its own, so that the thread keeps no engine once it is handed on.
        try:
            engine = self._load_engine(machine, partial(self._on_progress, machine))
        except AbandonedError:
            return
        except Exception as error:  # the thread's boundary: nothing may pass it
            if self._is_settled(machine, None):
                self.failed.emit(machine.model, as_writer_error(error))
            return
        self._is_settled(machine, Ready(machine.model, engine))

    def _on_progress(self, machine: Machine, share: float) -> None:
        if not self._is_wanted(machine):
            raise AbandonedError
        self.progressed.emit(machine.model, share)

    def _is_wanted(self, machine: Machine) -> bool:
        return not self._closed and self._wanted is not None and _same(machine, self._wanted)

    def _is_settled(self, machine: Machine, ready: Ready | None) -> bool:
        """Hand on what is ready, if anything, unless it is no longer wanted; return whether it is.

        Under the mutex, so that `want` knows for certain what is at work.
        """
        with QMutexLocker(self._mutex):
            if not self._is_wanted(machine):
                return False
            self._wanted = None
            if ready is not None:
                self._delivered = machine
                self._deliver(ready)
            return True


def _same(machine: Machine, other: Machine) -> bool:
    """Return whether both name one engine; how many threads it uses can be changed at any time."""
    return replace(machine, threads=0) == replace(other, threads=0)
