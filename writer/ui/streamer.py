"""What the window asks of an engine, and of whoever loads one. Types only: no torch, no thread."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from writer.settings import Machine
from writer.suggestion.identity import Identity
from writer.suggestion.request import Answer, Request


class Streamer(Protocol):
    """An engine, as far as the window knows it."""

    name: str
    n_ctx: int

    @property
    def precision(self) -> str:
        """What its numbers are kept in: a `settings.Precision`, never automatic."""
        ...

    @property
    def identity(self) -> Identity:
        """What its answers depend on now beside the request; each `Answer` has its own."""
        ...

    def stream(self, request: Request) -> Generator[Answer]:
        """Yield answers that grow, the last one done; closable between any two."""
        ...

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next request on."""
        ...

    def rest(self) -> None:
        """Give back what is of no use while nothing is asked."""
        ...


@dataclass(frozen=True, slots=True)
class Serving:
    """What there is to know of the engine at work."""

    model: str
    """As the settings name it."""
    name: str
    n_ctx: int
    """In tokens."""
    precision: str
    identity: Identity
    """As it was when it began; of an answer, as threads may change, go by `Answer.identity`."""


OnProgress: TypeAlias = Callable[[float], None]
"""Takes the share that is done, 0 to 1; raises whatever it likes to have the work abandoned."""

LoadEngine: TypeAlias = Callable[[Machine, OnProgress], Streamer]
"""Takes what the settings say of model, precision and threads, the model no longer automatic.

It tells how far it is between any two parts of the model, and raises a `WriterError` if it cannot.
"""
