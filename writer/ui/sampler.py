"""The sampler: a thread that loads the engine and answers the newest request.

It knows of the engine only that it streams, so that the window can be typed in while torch is
still being imported. What crosses to the window is frozen, by queued signals.
"""

from collections.abc import Callable, Generator
from typing import Protocol

from PySide6.QtCore import QMutex, QMutexLocker, QThread, QWaitCondition, Signal

from writer.errors import ErrorKind, WriterError
from writer.suggestion.request import Answer, Request


class Streamer(Protocol):
    """What the sampler asks of an engine."""

    name: str
    n_ctx: int

    def stream(self, request: Request) -> Generator[Answer]:
        """Yield answers that grow, the last one done; closable between any two."""
        ...

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next request on."""
        ...


class Mailbox:
    """One slot: what is put in replaces what was there."""

    def __init__(self) -> None:
        self._mutex = QMutex()
        self._changed = QWaitCondition()
        self._request: Request | None = None
        self._closed = False
        self._fresh = False

    def put(self, request: Request | None) -> None:
        """Leave the newest request, or None to say that none is wanted any more."""
        with QMutexLocker(self._mutex):
            self._request, self._fresh = request, True
            self._changed.wakeAll()

    def close(self) -> None:
        """Let the reader go home."""
        with QMutexLocker(self._mutex):
            self._closed = True
            self._changed.wakeAll()

    @property
    def interrupts(self) -> bool:
        """Whether something newer has come since the last `take`."""
        return self._fresh or self._closed

    @property
    def is_closed(self) -> bool:
        """Whether there will be no more."""
        return self._closed

    def take(self) -> Request | None:
        """Wait for a request and return it; None once the box is closed."""
        with QMutexLocker(self._mutex):
            while self._request is None and not self._closed:
                self._changed.wait(self._mutex)
            request, self._request = self._request, None
            self._fresh = False
            return None if self._closed else request


class Sampler(QThread):
    """Answers requests, the newest only, between two tokens of an older one if need be."""

    loaded = Signal(str, int)
    """The model's name and its n_ctx, in tokens."""
    load_failed = Signal(object)
    """The `WriterError`; there will be no answers."""
    answered = Signal(object)
    """An `Answer`, growing."""
    failed = Signal(object, object)
    """The `Request` and its `WriterError`; the next request may well be answered."""

    def __init__(self, load_engine: Callable[[], Streamer], threads: int) -> None:
        super().__init__()
        self._load_engine = load_engine
        self._threads = threads
        self._mailbox = Mailbox()

    def ask(self, request: Request) -> None:
        """Want an answer to `request` and to no earlier one."""
        self._mailbox.put(request)

    def cancel(self) -> None:
        """Want no answer."""
        self._mailbox.put(None)

    def set_threads(self, threads: int) -> None:
        """Let the next answer use this many threads."""
        self._threads = threads

    def stop(self) -> None:
        """End the thread, in the middle of an answer too, and wait for it."""
        self._mailbox.close()
        self.wait()

    def run(self) -> None:
        """Load, then answer until the mailbox is closed. Runs on the thread itself."""
        try:
            engine = self._load_engine()
        except Exception as error:  # the thread's boundary: nothing may pass it
            self.load_failed.emit(_as_writer_error(error))
            return
        self.loaded.emit(engine.name, engine.n_ctx)
        while (request := self._mailbox.take()) is not None:
            try:
                self._answer(engine, request)
            except Exception as error:  # the thread's boundary
                self.failed.emit(request, _as_writer_error(error))

    def _answer(self, engine: Streamer, request: Request) -> None:
        engine.set_threads(self._threads)
        stream = engine.stream(request)
        try:
            for answer in stream:
                if self._mailbox.interrupts:
                    return
                self.answered.emit(answer)
        finally:
            stream.close()


def _as_writer_error(error: Exception) -> WriterError:
    if isinstance(error, WriterError):
        return error
    return WriterError(ErrorKind.INTERNAL, reason=f"{type(error).__name__}: {error}")
