"""Describing: a thread that reads what models are, which may mean importing torch."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QMutex, QMutexLocker, QObject, QWaitCondition, Signal

from writer.shelf.card import Card
from writer.ui.background import Background, as_writer_error

Describe: TypeAlias = Callable[[Path], Card]
"""Raises a `WriterError` for what is no model, or a damaged one."""


class Describing(Background):
    """Describes what it is asked to, the newest wishes only."""

    described = Signal(object)
    """A `Card`."""
    failed = Signal(object, object)
    """The path, and the `WriterError` that says why it cannot be described."""

    def __init__(self, describe: Describe, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._mutex = QMutex()
        self._changed = QWaitCondition()
        self._wanted: list[Path] = []
        self._closed = False

    def want(self, paths: Iterable[Path]) -> None:
        """Describe these, in this order, and nothing that was wanted before."""
        with QMutexLocker(self._mutex):
            self._wanted = list(paths)
            self._changed.wakeAll()
        if not self.isRunning():
            self.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        with QMutexLocker(self._mutex):
            self._closed = True
            self._changed.wakeAll()
        self.wait()

    def run(self) -> None:
        """Describe until stopped. Runs on the thread itself."""
        self.step_back()
        while (path := self._next()) is not None:
            try:
                self.described.emit(self._describe(path))
            except Exception as error:  # the thread's boundary
                self.failed.emit(path, as_writer_error(error))

    def _next(self) -> Path | None:
        with QMutexLocker(self._mutex):
            while not self._wanted and not self._closed:
                self._changed.wait(self._mutex)
            return None if self._closed else self._wanted.pop(0)
