"""HistoryReading: what is read of a history beside the window, since it may take a while."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from writer.manuscript.history.differences import compare
from writer.ui.book.changes import words_changed
from writer.ui.book.newest import IsWanted, Newest
from writer.ui.book.versions import Past, Taken, changed_keys

Now: TypeAlias = Callable[[str], str | None]
"""Returns what a text is now, None of one that is gone; it is called on another thread."""

Pair: TypeAlias = tuple[str, Callable[[], str], Callable[[], str]]
"""The id under which it is counted, and what reads the older and the newer text."""


class HistoryReading(QObject):
    """Lists the snapshots, counts what changed, finds the texts that differ."""

    listed = Signal(object)
    """The snapshots, newest first."""
    counted = Signal(str, int, int)
    """The id of a pair, and how many words were removed and added from one to the other."""
    found = Signal(object)
    """The keys of the texts that differ."""
    failed = Signal(object)
    """A `WriterError`."""

    def __init__(self, past: Past, now: Now, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._past = past
        self._now = now
        self._lister = Newest(self)
        self._finder = Newest(self)
        self._counter = Newest(self)
        self._lister.done.connect(self.listed)
        self._finder.done.connect(self.found)
        self._lister.failed.connect(self.failed)
        self._finder.failed.connect(self.failed)
        # That a count is missing is no failure worth words: the version itself will say it.

    def list_later(self) -> None:
        """List the snapshots."""
        self._lister.want(lambda _: self._past.snapshots())

    def find_later(self, older: Taken, newer: Taken | None, keys: Sequence[str]) -> None:
        """Find which texts differ between two snapshots, or between one and now."""

        def job(is_wanted: IsWanted) -> object:
            if newer is not None:
                return changed_keys(older, newer, keys)
            return [key for key in keys if is_wanted() and self._differs_now(older, key)]

        self._finder.want(job)

    def count_later(self, pairs: Sequence[Pair]) -> None:
        """Count the words that changed in each pair, one after the other, and no others."""

        def job(is_wanted: IsWanted) -> object:
            for id, older, newer in pairs:
                if not is_wanted():
                    break
                self.counted.emit(id, *words_changed(compare(older(), newer())))
            return None

        self._counter.want(job)

    def reader(self, taken: Taken | None, key: str) -> Callable[[], str]:
        """Return what reads a text as it was, or as it is now."""
        return partial(self.text, taken, key)

    def text(self, taken: Taken | None, key: str) -> str:
        """Return a text as it was, or as it is now; it may be called on any thread."""
        if taken is None:
            return self._now(key) or ""
        return self._past.text(taken, key) if key in taken.entries else ""

    def stop(self) -> None:
        """Let everything go, and wait for the threads."""
        for worker in (self._lister, self._finder, self._counter):
            worker.stop()

    def _differs_now(self, taken: Taken, key: str) -> bool:
        return self.text(taken, key) != self.text(None, key)
