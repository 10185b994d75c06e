"""The keeper: one object that makes it impossible to lose what is typed.

Its methods return at once: they put a message on a queue. One thread keeps a mirror of every text
and journals each edit; a second one writes the files, so that a network drive that hangs stops no
journaling. What happened is told as frozen values.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from writer.errors import ErrorKind, WriterError
from writer.manuscript.keeping.desk import Desk
from writer.manuscript.keeping.kept_text import Wish
from writer.manuscript.keeping.ledger import SIZE_LIMIT, Ledger
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import Pace, TextAbout, Told, Trouble
from writer.manuscript.text_file import TextFile

_AT_ONCE = 1_000
"""Messages dealt with before the journal is written."""
_AFTER_TROUBLE_SECONDS = 0.1


class Keeper:
    """Journals and saves the texts of one window.

    `folder` holds the journals and is made when first needed; it should be on a local disk. `tell`
    is called on the keeper's thread, never with a lock held, with one `Told` value after another.
    A journal longer than `journal_bytes` is replaced by a new one.
    """

    def __init__(
        self,
        folder: Path,
        tell: Callable[[Told], object],
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        journal_bytes: int = SIZE_LIMIT,
    ) -> None:
        self._tell = tell
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        pace = pace or Pace()
        self._desk = Desk(Ledger(folder, pace, journal_bytes), self._queue.put, pace, clock)
        self._thread = Thread(target=self._run, name="keeper")
        self._last_trouble = ""

    def start(self) -> None:
        """Begin to deal with what was asked and will be."""
        self._thread.start()

    def open_text(self, key: str, about: TextAbout, text: str, file: TextFile | None) -> None:
        """Begin to keep a text, which `file` holds, or is to hold; None of an untitled one.

        `text` is what the page shows: `file.text`, or, where a recovered text is restored, that;
        it is then unsaved from the start. A key that is open already is opened anew; what was
        unsaved of it stays in the journal and is offered at the next start, unless
        `close_text(key, discard=True)` came before.
        """
        self._queue.put(partial(self._desk.open_text, key, about, text, file))

    def edit(self, key: str, edit: LineEdit, revision: int) -> None:
        """Keep an edit; `revision` is the caller's name for the text after it, ever growing."""
        self._queue.put(partial(self._desk.edit, key, edit, revision))

    def replace(self, key: str, text: str, revision: int) -> None:
        """Keep `text` as what the text is now, in one edit; the answer to `OutOfStep`."""
        self._queue.put(partial(self._desk.replace, key, text, revision))

    def describe(self, key: str, about: TextAbout) -> None:
        """Note that a text is called something else now."""
        self._queue.put(partial(self._desk.describe, key, about))

    def save(
        self,
        key: str,
        *,
        overwrite: bool = False,
        encoding: str | None = None,
        path: Path | None = None,
    ) -> None:
        """Save a text now, whether it has changed or not; `Saved` or `NotSaved` is told.

        `overwrite` replaces what another program wrote; `encoding="utf-8"` is for a text whose own
        lacks a character; with `path` the text belongs to that file if it could be saved there,
        and stays where it was if not. An untitled text without `path` is journaled only.
        """
        wish = Wish(overwrite, encoding, path, asked=True)
        self._queue.put(partial(self._desk.save, key, wish))

    def close_text(self, key: str, *, discard: bool = False) -> None:
        """Save what is unsaved of a text, or `discard` it, and keep it no longer; `Closed` is told.

        If it cannot be saved it is tried on, and stays in the journal if that never works; so does
        an untitled text, unless it is blank. Read the file again only after `Closed`.
        """
        self._queue.put(partial(self._desk.close_text, key, discard))

    def write(self, path: Path, data: bytes) -> None:
        """Write a small file (book.toml, marks) atomically; the newest `data` wins.

        Tried until it works; the folder must be there, only a book's `.writer` and what is in it is
        made. `Written` or `NotWritten` is told.
        """
        self._queue.put(partial(self._desk.write, path, data))

    def run(self, job: Callable[[], None]) -> None:
        """Run `job` on the thread that writes files, after everything asked before.

        What it raises is told as `Trouble`.
        """
        self._queue.put(partial(self._desk.run, job))

    def wait(self, seconds: float) -> bool:
        """Return once everything asked so far has been dealt with and told; False if too late.

        What could not be saved counts as dealt with after one attempt. Not to be called by `tell`.
        """
        reached = Event()
        self._queue.put(partial(self._desk.barrier, reached.set))
        return self._thread.is_alive() and reached.wait(seconds)

    def close(self, seconds: float) -> bool:
        """Save everything, settle the journal and end the threads; the last call of all.

        Return whether every text and every small file is safe where it belongs. If not, be it that
        a drive hangs for `seconds`, the journal stays and is offered at the next start; an untitled
        text always stays there, unless it is blank or was discarded, and counts as safe.
        """
        if not self._thread.is_alive():
            return False
        self._queue.put(partial(self._desk.close, seconds))
        self._thread.join(seconds + 1)
        return not self._thread.is_alive() and self._desk.is_safe

    # The keeper's thread

    def _run(self) -> None:
        while not self._desk.is_done:
            try:
                self._turn()
            except Exception as error:  # a boundary: typing goes on whatever went wrong here
                self._note_trouble(error)
        with contextlib.suppress(Exception):
            self._say()

    def _turn(self) -> None:
        with contextlib.suppress(Empty):
            self._queue.get(timeout=self._desk.pause())()
            for _ in range(_AT_ONCE):
                self._queue.get_nowait()()
        self._desk.act()
        self._say()

    def _say(self) -> None:
        while self._desk.said:
            self._tell(self._desk.said.popleft())
        while self._desk.reached:
            self._desk.reached.popleft()()

    def _note_trouble(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if reason != self._last_trouble:  # one that repeats is not told each time
            self._last_trouble = reason
            self._desk.said.append(Trouble(WriterError(ErrorKind.INTERNAL, reason=reason)))
        time.sleep(_AFTER_TROUBLE_SECONDS)
