"""The sampler: a thread that loads the engine and answers the newest request.

It knows of the engine only that it streams, so that the window can be typed in while torch is
still being imported. What crosses to the window is frozen, by queued signals.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Protocol

from PySide6.QtCore import QMutex, QMutexLocker, QThread, QWaitCondition, Signal

from writer.errors import ErrorKind, WriterError
from writer.settings import Machine
from writer.suggestion.request import Answer, Request

_FRAME_S = 1 / 60
"""Between two answers that grow: the page is not painted more often."""
_REST_AFTER_MS = 2000
_NICENESS = 10
"""Of 19, the lowest priority."""


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

    def rest(self) -> None:
        """Give back what is of no use while nothing is asked."""
        ...


class Mailbox:
    """One slot for what is wanted, which replaces what was there, and some for what may be soon."""

    def __init__(self) -> None:
        self._mutex = QMutex()
        self._changed = QWaitCondition()
        self._request: Request | None = None
        self._ahead: list[Request] = []
        self._machine: Machine | None = None
        self._closed = False
        self._fresh = False

    def put(self, request: Request | None) -> None:
        """Leave the newest request, or None to say that none is wanted any more."""
        with QMutexLocker(self._mutex):
            self._request, self._fresh = request, True
            self._ahead.clear()
            self._changed.wakeAll()

    def put_ahead(self, requests: Iterable[Request]) -> None:
        """Leave requests to be answered while there is nothing else to do."""
        with QMutexLocker(self._mutex):
            self._ahead = list(requests)
            self._changed.wakeAll()

    def put_machine(self, machine: Machine) -> None:
        """Leave word of what is to be worked with from the next request on."""
        with QMutexLocker(self._mutex):
            self._machine, self._fresh = machine, True
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

    def wait(self, wait_ms: int) -> bool:
        """Wait until there is something to take; return False once nothing came for `wait_ms`."""
        with QMutexLocker(self._mutex):
            while not self._has_any:
                if not self._changed.wait(self._mutex, wait_ms):
                    return False
            return True

    @property
    def _has_any(self) -> bool:
        return bool(self._machine or self._request or self._ahead or self._closed)

    def take(self) -> Machine | tuple[Request, bool] | None:
        """Wait for what is to be worked with, or a request; None once closed.

        A request comes with whether it is wanted now.
        """
        with QMutexLocker(self._mutex):
            while not self._has_any:
                self._changed.wait(self._mutex)
            self._fresh = False
            if self._closed:
                return None
            if self._machine is not None:
                machine, self._machine = self._machine, None
                return machine
            if self._request is None:
                return self._ahead.pop(0), False
            request, self._request = self._request, None
            return request, True


class Sampler(QThread):
    """Answers requests, the newest only, between two tokens of an older one if need be."""

    loaded = Signal(str, int)
    """The model's name and its n_ctx, in tokens."""
    load_failed = Signal(object)
    """The `WriterError`; there will be no answers until another model is there."""
    answered = Signal(object)
    """An `Answer`, growing, at most once a frame until it is done."""
    prepared = Signal(object)
    """A finished `Answer` that nobody waits for yet."""
    failed = Signal(object, object)
    """The `Request` and its `WriterError`; the next request may well be answered."""

    def __init__(
        self, load_engine: Callable[[Machine], Streamer], machine: Machine, threads: int
    ) -> None:
        super().__init__()
        self._load_engine = load_engine
        self._machine = machine
        self._threads = threads
        self._mailbox = Mailbox()
        self._mailbox.put_machine(machine)

    @property
    def model(self) -> str:
        """Return the model that answers, or will."""
        return self._machine.model

    def use(self, machine: Machine) -> None:
        """Answer what is asked from now on with the model that `machine` names."""
        self._machine = machine
        self._mailbox.put_machine(machine)

    def ask(self, request: Request) -> None:
        """Want an answer to `request` and to no earlier one."""
        self._mailbox.put(request)

    def prepare(self, requests: Iterable[Request]) -> None:
        """Answer `requests` while nothing is wanted; anything wanted ends it."""
        self._mailbox.put_ahead(requests)

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
        """Load and answer until the mailbox is closed. Runs on the thread itself."""
        self._step_back()
        engine: Streamer | None = None
        while (taken := self._next(engine)) is not None:
            if isinstance(taken, Machine):
                engine = None  # two of them might be more than the machine's memory holds
                engine = self._load(taken)
                continue
            if engine is None:
                continue
            request, is_wanted = taken
            try:
                if is_wanted:
                    self._answer(engine, request)
                else:
                    self._prepare(engine, request)
            except Exception as error:  # the thread's boundary
                if is_wanted:
                    self.failed.emit(request, _as_writer_error(error))

    def _load(self, machine: Machine) -> Streamer | None:
        try:
            engine = self._load_engine(machine)
        except Exception as error:  # the thread's boundary: nothing may pass it
            self.load_failed.emit(_as_writer_error(error))
            return None
        self.loaded.emit(engine.name, engine.n_ctx)
        return engine

    def _next(self, engine: Streamer | None) -> Machine | tuple[Request, bool] | None:
        """Wait for what is next; let the engine rest when nothing comes for a while."""
        if not self._mailbox.wait(_REST_AFTER_MS) and engine is not None:
            engine.rest()
        return self._mailbox.take()

    def _step_back(self) -> None:
        """Let the window and everything else go first, and the threads that torch will start."""
        if sys.platform == "linux":
            # Qt's priorities do nothing here. A thread inherits its starter's niceness.
            thread = threading.get_native_id()
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, max(now, _NICENESS))
        else:
            self.setPriority(QThread.Priority.LowPriority)

    def _answer(self, engine: Streamer, request: Request) -> None:
        shown_at = 0.0
        for answer in self._stream(engine, request):
            now = time.monotonic()
            if answer.done or (answer.candidates and now - shown_at >= _FRAME_S):
                shown_at = now
                self.answered.emit(answer)

    def _prepare(self, engine: Streamer, request: Request) -> None:
        for answer in self._stream(engine, request):
            if answer.done:
                self.prepared.emit(answer)

    def _stream(self, engine: Streamer, request: Request) -> Generator[Answer]:
        """Yield answers until something newer is wanted."""
        engine.set_threads(self._threads)
        stream = engine.stream(request)
        try:
            for answer in stream:
                if self._mailbox.interrupts:
                    return
                yield answer
        finally:
            stream.close()


def _as_writer_error(error: Exception) -> WriterError:
    if isinstance(error, WriterError):
        return error
    return WriterError(ErrorKind.INTERNAL, reason=f"{type(error).__name__}: {error}")
