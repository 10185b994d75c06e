"""Newest: a thread that does the job wanted last, and forgets those before it."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QMutex, QMutexLocker, QObject, Signal

from writer.ui.background import Background, as_writer_error

IsWanted: TypeAlias = Callable[[], bool]
Job: TypeAlias = Callable[[IsWanted], object]
"""It runs on the thread, and may end early, with anything, once it is wanted no more."""


class Newest(Background):
    """One job at a time; the thread ends when there is none."""

    done = Signal(object)
    """What the job wanted last has returned."""
    failed = Signal(object)
    """The `WriterError` in which the job wanted last has ended."""
    _ended = Signal(int, object, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mutex = QMutex()
        self._job: Job | None = None
        self._serial = 0
        self._is_busy = False
        self._ended.connect(self._on_ended)

    def want(self, job: Job) -> None:
        """Do `job` next, and no other; what is being done is let go."""
        with QMutexLocker(self._mutex):
            self._serial += 1
            self._job = job
            goes_on, self._is_busy = self._is_busy, True
        if not goes_on:
            self.wait()  # it has nothing left to do
            self.start()

    def drop(self) -> None:
        """Want nothing any more."""
        with QMutexLocker(self._mutex):
            self._serial += 1
            self._job = None

    def stop(self) -> None:
        """Want nothing any more, and wait for the thread to end."""
        self.drop()
        self.wait()

    def run(self) -> None:
        """Do what is wanted until nothing is. Runs on the thread itself."""
        self.step_back()
        while (taken := self._take()) is not None:
            serial, job = taken
            try:
                result, is_good = job(partial(self._is_wanted, serial)), True
            except Exception as error:  # the thread's boundary
                result, is_good = as_writer_error(error), False
            self._ended.emit(serial, result, is_good)

    def _take(self) -> tuple[int, Job] | None:
        with QMutexLocker(self._mutex):
            job, self._job = self._job, None
            self._is_busy = job is not None
            return None if job is None else (self._serial, job)

    def _is_wanted(self, serial: int) -> bool:
        return serial == self._serial

    def _on_ended(self, serial: int, result: object, is_good: bool) -> None:
        """Hand on what is still wanted. Runs on the window's thread."""
        if self._is_wanted(serial):
            (self.done if is_good else self.failed).emit(result)
