"""The thread that writes files, one after the other, in the order in which it was asked.

It knows nothing of texts: it runs jobs and hands what they return to whoever asked.
"""

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from writer.errors import ErrorKind, WriterError

T = TypeVar("T")
_Turn = Callable[[], Callable[[], None]]


class Saver:
    """Runs jobs; each one's outcome goes to `report`, as a call to be made on another thread."""

    def __init__(self, report: Callable[[Callable[[], None]], None]) -> None:
        self._report = report
        self._queue: SimpleQueue[_Turn | None] = SimpleQueue()
        # A daemon: a drive that hangs for ever must not keep the process from ending.
        self._thread = Thread(target=self._run, name="saver", daemon=True)
        self._has_started = False

    def ask(self, job: Callable[[], T], done: Callable[[T | WriterError], None]) -> None:
        """Run `job` after all that was asked before, and `done` with what it returned or raised."""
        if not self._has_started:
            self._has_started = True
            self._thread.start()
        self._queue.put(partial(_outcome, job, done))

    def stop(self) -> None:
        """End the thread after what was asked; do not wait for it."""
        self._queue.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, if it does."""
        if self._has_started:
            self._thread.join(seconds)

    def _run(self) -> None:
        while (turn := self._queue.get()) is not None:
            self._report(turn())


def _outcome(job: Callable[[], T], done: Callable[[T | WriterError], None]) -> Callable[[], None]:
    try:
        return partial(done, job())
    except WriterError as error:
        return partial(done, error)
    except Exception as error:  # a boundary: the thread goes on whatever went wrong in a job
        reason = f"{type(error).__name__}: {error}"
        return partial(done, WriterError(ErrorKind.INTERNAL, reason=reason))
