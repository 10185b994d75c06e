"""Keeping: the keeper as the window hears it, on the window's own thread."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from PySide6.QtCore import QObject, Signal

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import (
    Closed,
    Journaled,
    JournaledAgain,
    NotJournaled,
    NotSaved,
    NotWritten,
    OutOfStep,
    Saved,
    TextAbout,
    Told,
    Trouble,
    Written,
)
from writer.manuscript.text_file import TextFile

_LONGEST_WAIT_S = 8.0
"""For a disk that does not answer; the text is in the journal meanwhile."""


class Keeping(QObject):
    """Hands everything that is written to the keeper's thread, and tells what became of it."""

    journaled = Signal(str, int)
    """The text of this key is safe against a crash up to this revision."""
    saved = Signal(str, int, object)
    """The text of this key is in its file up to this revision; its `TextFile`."""
    unsaved = Signal(str, object)
    """A `WriterError`: the text of this key could not be saved. Said once for each cause."""
    unkept = Signal(object)
    """A `WriterError`: nothing can be kept against a crash now."""
    kept_again = Signal()
    written = Signal(object)
    """The `Path` of a small file that is on the disk."""
    unwritten = Signal(object, object)
    """The `Path` of a small file that is not, and the `WriterError`. Said once for each cause."""

    closed = Signal(str)
    """A text that was closed is settled: its file may be read again."""
    out_of_step = Signal(str)
    """The keeper has to be told the whole text of this key."""
    troubled = Signal(object)
    """A `WriterError` that nobody foresaw."""

    _told = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Keep journals in `folder`, which is made when it is needed."""
        super().__init__(parent)
        self._lock = threading.Lock()
        self._awaited: tuple[str, SimpleQueue[Saved | NotSaved]] | None = None
        self._told.connect(self._on_told)
        self._keeper = Keeper(folder, self._hear)
        self._keeper.start()

    # What is handed on; each returns at once

    def open_text(self, key: str, about: TextAbout, text: str, file: TextFile | None) -> None:
        """Keep the text of `key` from now on, which reads `text`; unsaved where `file` does not."""
        self._keeper.open_text(key, about, text, file)

    def edit(self, key: str, edit: LineEdit, revision: int) -> None:
        """Keep an edit."""
        self._keeper.edit(key, edit, revision)

    def replace(self, key: str, text: str, revision: int) -> None:
        """Keep `text` as what the text of `key` is now."""
        self._keeper.replace(key, text, revision)

    def describe(self, key: str, about: TextAbout) -> None:
        """Note that the text of `key` is called something else now."""
        self._keeper.describe(key, about)

    def save(self, key: str) -> None:
        """Save soon, whatever there is to save."""
        self._keeper.save(key)

    def close_text(self, key: str, *, discard: bool = False) -> None:
        """Save the text of `key` and keep it no more, or let it go."""
        self._keeper.close_text(key, discard=discard)

    def write(self, path: Path, data: bytes) -> None:
        """Write a small file, the newest of its path, as soon as that can be done."""
        self._keeper.write(path, data)

    def run(self, job: Callable[[], None]) -> None:
        """Run `job` on the keeper's thread, after everything that was asked before."""
        self._keeper.run(job)

    # What is waited for

    def save_now(
        self,
        key: str,
        *,
        overwrite: bool = False,
        encoding: str | None = None,
        path: Path | None = None,
    ) -> Saved | WriterError:
        """Save at once and return what became of it.

        Waits for the disk, but not for ever: one that does not answer is a failure to save.
        """
        found: SimpleQueue[Saved | NotSaved] = SimpleQueue()
        with self._lock:
            self._awaited = (key, found)
        self._keeper.save(key, overwrite=overwrite, encoding=encoding, path=path)
        try:
            told = found.get(timeout=_LONGEST_WAIT_S)
        except Empty:
            reason = "the disk does not answer"
            return WriterError(ErrorKind.SAVE_FAILED, path=path or key, reason=reason)
        finally:
            with self._lock:
                self._awaited = None
        return told if isinstance(told, Saved) else told.error

    def create(self, path: Path, data: bytes) -> bool:
        """Write a new file at once; return whether it is there. It is not tried again."""
        written: list[Path] = []
        self.run(partial(_write, path, data, written))
        return self.wait() and bool(written)

    def wait(self, seconds: float = _LONGEST_WAIT_S) -> bool:
        """Wait until all that was asked has been dealt with; return whether it has."""
        return self._keeper.wait(seconds)

    def close(self) -> bool:
        """Save everything and end; return whether all is on the disk."""
        return self._keeper.close(_LONGEST_WAIT_S)

    # What the keeper says

    def _hear(self, told: Told) -> None:
        """Pass on what the keeper says, from its thread."""
        if isinstance(told, Saved | NotSaved):
            with self._lock:
                awaited = self._awaited
            if awaited is not None and awaited[0] == told.key:
                awaited[1].put(told)
        self._told.emit(told)

    def _on_told(self, told: Told) -> None:
        match told:
            case Journaled(key=key, revision=revision):
                self.journaled.emit(key, revision)
            case Saved(key=key, revision=revision, file=file):
                self.saved.emit(key, revision, file)
            case Closed(key=key):
                self.closed.emit(key)
            case OutOfStep(key=key):
                self.out_of_step.emit(key)
            case Written(path=path):
                self.written.emit(path)
            case _:
                self._on_trouble(told)

    def _on_trouble(self, told: Told) -> None:
        match told:
            case NotSaved(key=key, error=error, first=True):
                self.unsaved.emit(key, error)
            case NotJournaled(error=error):
                self.unkept.emit(error)
            case JournaledAgain():
                self.kept_again.emit()
            case NotWritten(path=path, error=error, first=True):
                self.unwritten.emit(path, error)
            case Trouble(error=error):
                self.troubled.emit(error)


def _write(path: Path, data: bytes, written: list[Path]) -> None:
    with suppress(WriterError):
        write_atomically(path, data)
        written.append(path)
