"""What all tests share: no display, no home, an engine that says what it is told."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from writer.errors import ErrorKind, WriterError
from writer.suggestion.candidate import Candidate
from writer.suggestion.identity import Identity
from writer.suggestion.request import Answer, Request


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch) -> Path:
    """Settings, recovery copies and recent files of a person who never ran the program."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return folder


class ScriptedEngine:
    """Answers each request with the next texts of its script, a few letters at a time.

    `gate` holds it in the middle of an answer until it is opened; `requests` are those it began.
    What it is asked ahead (`ahead`) it answers with `said_ahead`, or not at all.
    """

    name = "scripted"
    n_ctx = 1024
    identity = Identity("scripted", "5c", "fp32", "a machine")

    def __init__(self, *script: tuple[str, ...] | WriterError) -> None:
        self.script = list(script)
        self.requests: list[Request] = []
        self.ahead: list[Request] = []
        self.said_ahead: tuple[str, ...] | None = None
        self.threads: list[int] = []
        self.rested = 0
        self.gate = threading.Event()
        self.gate.set()
        self.reached_gate = threading.Event()
        self.closed = 0
        self.finished = 0

    def set_threads(self, threads: int) -> None:
        self.threads.append(threads)

    def rest(self) -> None:
        self.rested += 1

    def stream(self, request: Request) -> Generator[Answer]:
        if not request.serial:
            self.ahead.append(request)
            if self.said_ahead is None:
                raise WriterError(ErrorKind.INTERNAL, reason="nobody has asked yet")
            yield from self._grow(request, self.said_ahead)
            return
        self.requests.append(request)
        said = self.script.pop(0) if self.script else ()
        if isinstance(said, WriterError):
            raise said
        try:
            yield from self._grow(request, said)
            self.finished += 1
        finally:
            self.closed += 1

    def _grow(self, request: Request, said: tuple[str, ...]) -> Iterator[Answer]:
        characters = len(request.before)
        for length in range(4, max(map(len, said), default=0), 4):
            yield Answer(
                request, _candidates(request, said, length), False, 9, characters, self.identity
            )
            self.reached_gate.set()
            self.gate.wait(10)
        yield Answer(request, _candidates(request, said, None), True, 9, characters, self.identity)


def _candidates(
    request: Request, said: tuple[str, ...], length: int | None
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(request.serial, text[:length], -1.0 - number, number)
        for number, text in enumerate(said)
    )
