"""What the engine asks of a network, and of what it has read: all that a new one must offer."""

from collections.abc import Generator
from typing import Protocol, Self, TypeVar

import torch


class Read(Protocol):
    """What a network has read, as a value that the engine owns; see `state.State`."""

    @property
    def rows(self) -> int:
        """Return how many continuations it holds."""

    @property
    def room(self) -> int:
        """Return how many more tokens fit in before it must move."""

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""

    def branch(self, rows: int) -> Self:
        """Return a state in which `rows` continuations share all that this one row has read."""

    def select(self, rows: torch.Tensor) -> Self:
        """Return the state of the rows whose indices (n,) are given, in that order."""

    def reaches(self, length: int) -> int:
        """Return the last place, up to `length`, that the text of one row can be cut to."""

    def truncate(self, length: int) -> Self:
        """Return the state as it was after the first `length` tokens of a text of one row.

        Raises:
            ValueError: It cannot be cut there, see `reaches`.
        """

    def fit(self, entries: int) -> Self:
        """Return the state with room of its own for hardly more than `entries`."""


S = TypeVar("S", bound=Read)


class Network(Protocol[S]):
    """A network for use: it keeps nothing of what it reads."""

    @property
    def n_ctx(self) -> int:
        """Return the longest text read at once, in tokens."""

    @property
    def longest_branch(self) -> int:
        """Return how many tokens the rows of a branched state may read, each for itself."""

    @property
    def vocab_size(self) -> int:
        """Return how many logits each token has."""

    @property
    def device(self) -> torch.device:
        """Return where it works."""

    def empty_state(self, dtype: torch.dtype | None = None) -> S:
        """Return the state of a text of which nothing has been read, kept in `dtype`."""

    def reading(
        self, tokens: torch.Tensor, state: S
    ) -> Generator[None, None, tuple[torch.Tensor, S]]:
        """Read tokens (1, T) for the sake of what follows; may be left at any yield.

        Returns:
            What `head` takes for the token that follows, and the state.
        """

    def head(self, output: torch.Tensor) -> torch.Tensor:
        """Return the logits (V,) of the token that follows, from what `reading` returned."""

    def __call__(self, tokens: torch.Tensor, state: S) -> tuple[torch.Tensor, S]:
        """Return logits (B, T, V) of tokens (B, T) after `state`, and the state with them read."""
