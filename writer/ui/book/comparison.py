"""Comparison: comparing two texts beside the window, since long ones take a while."""

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from writer.manuscript.history.differences import compare
from writer.ui.book.newest import IsWanted, Newest

Source: TypeAlias = str | Callable[[], str]
"""A text, or what reads it; it is called on another thread."""


class Comparison(QObject):
    """Compares what it is asked last."""

    ready = Signal(object, object)
    """The new text, and what it consists of: a tuple of `Piece`."""
    failed = Signal(object)
    """The `WriterError` that says why a text could not be read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Newest(self)
        self._worker.done.connect(self._on_done)
        self._worker.failed.connect(self.failed)

    def compare_later(self, old: Source, new: Source) -> None:
        """Compare these two next; nothing that was asked before is answered any more."""

        def job(is_wanted: IsWanted) -> object:
            before, after = _read(old), _read(new)
            return (after, compare(before, after)) if is_wanted() else None

        self._worker.want(job)

    def drop(self) -> None:
        """Want no answer any more."""
        self._worker.drop()

    def stop(self) -> None:
        """Let go what is being compared, and wait for the thread."""
        self._worker.stop()

    def _on_done(self, result: tuple[str, object]) -> None:
        self.ready.emit(*result)


def _read(source: Source) -> str:
    return source if isinstance(source, str) else source()
