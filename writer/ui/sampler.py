"""The sampler: a thread that answers the newest request with the engine that is ready last.

It knows of the engine only that it streams. A loader of its own brings it the engines, so that the
window can be typed in while torch is still being imported, and one model serves while the next is
loaded. What crosses to the window is frozen, by queued signals.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from PySide6.QtCore import QMutex, QMutexLocker, Signal

from writer.settings import Machine
from writer.suggestion.replay import replay_of
from writer.suggestion.request import Answer, Request
from writer.ui.background import Background, as_writer_error
from writer.ui.loader import Loader
from writer.ui.mailbox import Mailbox, Ready
from writer.ui.streamer import LoadEngine, Serving, Streamer

_FRAME_S = 1 / 60
"""Between two answers that grow: the page is not painted more often."""
_READING_S = 0.5
"""Between two words on how much has been read, where that takes its time."""
_REST_AFTER_MS = 2000
_REPLAY = -1
"""The serial of a request that is replayed."""


class Sampler(Background):
    """Answers requests, the newest only, between two tokens of an older one if need be."""

    loaded = Signal(object)
    """The `Serving`: it answers from now on, and none before it does any more."""
    load_progressed = Signal(str, float)
    """The model that is being loaded, and the share of it that is read."""
    load_failed = Signal(str, object)
    """The model and its `WriterError`; another one, if there was any, is still there."""
    answered = Signal(object)
    """An `Answer`, growing, at most once a frame until it is done."""
    prepared = Signal(object)
    """A finished `Answer` that nobody waits for yet."""
    failed = Signal(object, object)
    """The `Request` and its `WriterError`; the next request may well be answered."""
    replayed = Signal(object, object)
    """The `Request` that was to be replayed and its `Replay`, None if something else went before.
    It is told of each request that `replay` is given, unless it failed or the thread has ended."""
    replay_failed = Signal(object, object)
    """The `Request` that was to be replayed and its `WriterError`."""

    def __init__(self, load_engine: LoadEngine, machine: Machine, threads: int) -> None:
        super().__init__()
        self._machine = machine
        self._threads = threads
        self._mailbox = Mailbox()
        self._mutex = QMutex()
        self._replay: Request | None = None
        """The one that is not begun yet."""
        self._loader = Loader(load_engine, self._mailbox.put_engine)
        self._loader.progressed.connect(self.load_progressed)
        self._loader.failed.connect(self.load_failed)
        self.use(machine)

    @property
    def model(self) -> str:
        """Return the model that answers, or will."""
        return self._machine.model

    def use(self, machine: Machine, meanwhile: bool = False) -> bool:
        """Answer with the model that `machine` names, as soon as it is there.

        Args:
            machine: The model and how it works.
            meanwhile: Let the one at work answer until then, unless requests wait already.

        Returns:
            Whether it has to be loaded; if not, it is the one at work.
        """
        self._machine = machine
        self._mailbox.expect(machine.model, meanwhile)
        has_to_load = self._loader.want(machine)
        if not has_to_load:
            self._mailbox.expect_none()
        return has_to_load

    @property
    def is_waiting(self) -> bool:
        """Whether requests wait for a model that is not there yet."""
        return self._mailbox.is_expecting

    def ask(self, request: Request) -> None:
        """Want an answer to `request` and to no earlier one."""
        self._interrupt(self._take_replay())
        self._mailbox.put(request)

    def prepare(self, requests: Iterable[Request]) -> None:
        """Answer `requests` while nothing is wanted; anything wanted ends it."""
        self._mailbox.put_ahead([*self._waiting(), *requests])

    def replay(self, request: Request) -> None:
        """Answer `request` once more, whole, to see what comes of it; `replayed` tells.

        It waits until nothing else is wanted; whatever is wanted or typed meanwhile interrupts it,
        and so does another one.

        Args:
            request: Its serial becomes negative, so that nobody takes its answer for one to show.
        """
        self._interrupt(self._take_replay())
        with QMutexLocker(self._mutex):
            self._replay = replace(request, serial=_REPLAY)
        self._mailbox.put_ahead(self._waiting())

    def cancel(self) -> None:
        """Want no answer."""
        self._mailbox.put(None)
        if waiting := self._waiting():
            self._mailbox.put_ahead(waiting)

    def set_threads(self, threads: int) -> None:
        """Let the next answer use this many threads."""
        self._threads = threads

    def stop(self) -> None:
        """End the thread, in the middle of an answer or a load too, and wait for it."""
        self._mailbox.close()
        self._loader.close()
        self.wait()
        self._loader.wait()

    def run(self) -> None:
        """Answer until the mailbox is closed. Runs on the thread itself."""
        self.step_back()
        self._loader.start()
        engine: Streamer | None = None
        while (taken := self._next(engine)) is not None:
            if isinstance(taken, Ready):
                is_swap = engine is not None
                engine = None  # its memory goes before anything else
                engine = taken.engine
                self._begin(taken, is_swap)
            elif engine is not None:
                self._try_to_answer(engine, *taken)

    def _begin(self, ready: Ready, is_swap: bool) -> None:
        engine = ready.engine
        if is_swap:
            engine.rest()  # gives back what the one before has left
        engine.set_threads(self._threads)
        facts = engine.name, engine.n_ctx, engine.precision, engine.identity
        self.loaded.emit(Serving(ready.model, *facts))

    def _next(self, engine: Streamer | None) -> Ready | tuple[Request, bool] | None:
        """Wait for what is next; let the engine rest when nothing comes for a while."""
        if not self._mailbox.wait(_REST_AFTER_MS) and engine is not None:
            engine.rest()
        return self._mailbox.take()

    def _try_to_answer(self, engine: Streamer, request: Request, is_wanted: bool) -> None:
        is_replay = request.serial == _REPLAY
        if is_replay and self._take_replay(request) is None:
            return  # it has been interrupted before it was begun
        try:
            if is_replay:
                found = replay_of(self._stream(engine, request, is_wanted=False))
                self.replayed.emit(request, found)
            elif is_wanted:
                self._answer(engine, request)
            else:
                self._prepare(engine, request)
        except Exception as error:  # the thread's boundary
            if is_replay:
                self.replay_failed.emit(request, as_writer_error(error))
            elif is_wanted:
                self.failed.emit(request, as_writer_error(error))

    def _answer(self, engine: Streamer, request: Request) -> None:
        shown_at, begun = time.monotonic(), False
        for answer in self._stream(engine, request, is_wanted=True):
            now = time.monotonic()
            if answer.candidates and not begun:
                shown_at, begun = 0.0, True
            if answer.done or now - shown_at >= (_FRAME_S if begun else _READING_S):
                shown_at = now
                self.answered.emit(answer)

    def _prepare(self, engine: Streamer, request: Request) -> None:
        for answer in self._stream(engine, request, is_wanted=False):
            if answer.done:
                self.prepared.emit(answer)

    def _stream(self, engine: Streamer, request: Request, is_wanted: bool) -> Iterator[Answer]:
        """Yield answers until something that goes before has come."""
        engine.set_threads(self._threads)
        with closing(engine.stream(request)) as stream:
            for answer in stream:
                if self._mailbox.interrupts or (self._mailbox.interrupts_ahead and not is_wanted):
                    return
                yield answer

    def _waiting(self) -> list[Request]:
        """Return the request that is to be replayed and is not begun yet, if there is any."""
        with QMutexLocker(self._mutex):
            return [] if self._replay is None else [self._replay]

    def _take_replay(self, request: Request | None = None) -> Request | None:
        """Return the request that is to be replayed, if it is not begun yet; it is begun by this.

        Whoever takes it tells what became of it, on whichever thread.

        Args:
            request: Take this one only.
        """
        with QMutexLocker(self._mutex):
            taken = self._replay
            if request is not None and taken is not request:
                return None
            self._replay = None
            return taken

    def _interrupt(self, request: Request | None) -> None:
        if request is not None:
            self.replayed.emit(request, None)
