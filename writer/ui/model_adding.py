"""ModelAdding: a thread that puts one model on the shelf, copying it if that is wanted."""

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from writer.shelf.copying import Cancelled
from writer.shelf.shelf import Shelf
from writer.ui.background import Background, as_writer_error

_STEPS = 1000
"""Of the progress told; a copy has more blocks than a bar has pixels."""


class ModelAdding(Background):
    """Adds what it was made for, once; it ends with one of `added`, `failed` and `cancelled`."""

    progressed = Signal(float)
    """The share that is copied, 0 to 1."""
    added = Signal(object)
    """The `Entry`."""
    failed = Signal(object)
    """The `WriterError`; nothing was added."""
    cancelled = Signal()
    """Nothing was added."""

    def __init__(self, shelf: Shelf, path: Path, copy: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._path = path
        self._copy = copy
        self._told = -1
        self._is_unwanted = threading.Event()

    def cancel(self) -> None:
        """Stop between two blocks of the copy."""
        self._is_unwanted.set()

    def run(self) -> None:
        """Add the model. Runs on the thread itself."""
        self.step_back()
        try:
            entry = self._shelf.add(
                self._path, copy=self._copy, on_progress=self._on_progress,
                cancelled=self._is_unwanted.is_set,
            )  # fmt: skip
        except Cancelled:
            self.cancelled.emit()
        except Exception as error:  # the thread's boundary
            self.failed.emit(as_writer_error(error))
        else:
            self.added.emit(entry)

    def _on_progress(self, done: int, total: int) -> None:
        step = done * _STEPS // max(1, total)
        if step != self._told:
            self._told = step
            self.progressed.emit(step / _STEPS)
