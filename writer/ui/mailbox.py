"""Mailbox: the one place where the window, the loader and the sampler leave things for another."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QMutex, QMutexLocker, QWaitCondition

from writer.suggestion.request import Request
from writer.ui.streamer import Streamer


@dataclass(frozen=True, slots=True)
class Ready:
    """An engine that is to answer from now on."""

    model: str
    """As the settings name it."""
    engine: Streamer


class Mailbox:
    """One slot for what is wanted, which replaces what was there, and some for what may be soon.

    Requests wait as long as the model that is to answer them is still being loaded.
    """

    def __init__(self) -> None:
        self._mutex = QMutex()
        self._changed = QWaitCondition()
        self._request: Request | None = None
        self._ahead: list[Request] = []
        self._ready: Ready | None = None
        self._awaited: str | None = ""
        """The model that requests wait for; empty before any is named, None if for none."""
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

    def put_engine(self, ready: Ready) -> None:
        """Leave an engine; what is being answered is answered to its end by the one before."""
        with QMutexLocker(self._mutex):
            self._ready = ready
            if self._awaited == ready.model:
                self._awaited = None
            self._changed.wakeAll()

    def expect(self, model: str, meanwhile: bool) -> None:
        """Let requests wait for `model`; or, if `meanwhile`, go on as they do."""
        with QMutexLocker(self._mutex):
            if self._awaited is not None or not meanwhile:
                self._awaited, self._fresh = model, True

    def expect_none(self) -> None:
        """Let requests be answered by whoever is there."""
        with QMutexLocker(self._mutex):
            self._awaited = None
            self._changed.wakeAll()

    @property
    def is_expecting(self) -> bool:
        """Whether requests wait for a model."""
        return self._awaited is not None

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
    def interrupts_ahead(self) -> bool:
        """Whether something has come that goes before what nobody waits for yet."""
        return self.interrupts or self._ready is not None

    def wait(self, wait_ms: int) -> bool:
        """Wait until there is something to take; return False once nothing came for `wait_ms`."""
        with QMutexLocker(self._mutex):
            while not self._has_any:
                if not self._changed.wait(self._mutex, wait_ms):
                    return False
            return True

    @property
    def _has_any(self) -> bool:
        if self._ready or self._closed:
            return True
        return self._awaited is None and bool(self._request or self._ahead)

    def take(self) -> Ready | tuple[Request, bool] | None:
        """Wait for an engine to work with, or a request; None once closed.

        A request comes with whether it is wanted now.
        """
        with QMutexLocker(self._mutex):
            while not self._has_any:
                self._changed.wait(self._mutex)
            self._fresh = False
            if self._closed:
                return None
            if self._ready is not None:
                ready, self._ready = self._ready, None
                return ready
            if self._request is None:
                return self._ahead.pop(0), False
            request, self._request = self._request, None
            return request, True
