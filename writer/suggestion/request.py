"""What the interface asks and what the engine answers: frozen values that cross threads."""

from dataclasses import dataclass

from writer.settings import Sampling
from writer.suggestion.candidate import Candidate
from writer.suggestion.identity import Identity


@dataclass(frozen=True, slots=True)
class Request:
    """Continuations wanted at one place of the text."""

    serial: int
    """Rises with every request; only the newest one's answers are shown."""
    position: int
    """The cursor's, in the document's own units; the engine only hands it back."""
    before: str
    """The text to go on with, its end at the cursor."""
    after: str
    """The beginning of what stands right of the cursor: not to be repeated."""
    sampling: Sampling
    seed: int
    """Of this request; the same request with the same seed has the same answer from an engine of
    the same `Identity`, whatever it was asked before."""

    @property
    def key(self) -> tuple[str, str, Sampling, int]:
        """Return all that decides the answer."""
        return self.before, self.after, self.sampling, self.seed


@dataclass(frozen=True, slots=True)
class Answer:
    """The candidates so far. Their order never changes while they grow."""

    request: Request
    candidates: tuple[Candidate, ...]
    done: bool
    tokens_read: int
    """How many tokens of the text the model had before it, once it has read them."""
    characters_read: int
    """How many characters these are: the end of `request.before`."""
    identity: Identity | None = None
    """Who answered, and on what; None if that was not asked."""
    share_read: float = 1.0
    """Of the text, 0 to 1; before all of it has been read there are no candidates."""
