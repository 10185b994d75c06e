"""What a network of the family has read so far, layer by layer, in bounded memory, as a value."""

from typing import NamedTuple, Protocol, Self

import torch

MARK_BYTES = 64 << 20
"""What all marks of a text may take; two are kept in any case."""


class LayerRead(Protocol):
    """What one layer has read: a NamedTuple of tensors that nobody changes."""

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""

    def branch(self, rows: int) -> Self:
        """Return it for `rows` continuations of the one row that there is."""

    def select(self, rows: torch.Tensor) -> Self:
        """Return what the rows whose indices (n,) are given have read, in that order."""


class Streams(NamedTuple):
    """What each layer has read of a text; see `contract.Read`.

    What is out of reach is gone, so that a text is cut only where a mark stands: the state as it
    was there. Reading leaves one at the end of each stretch that it reads.
    """

    layers: tuple[LayerRead, ...]
    length: int
    """Tokens that each row has read: the position of the next one."""
    rows: int
    branched: bool
    marks: tuple["Streams", ...]
    """Of the same text, from its beginning on; they have none themselves."""

    @property
    def room(self) -> int:
        """Return how many more tokens fit in: nothing is kept in a buffer."""
        return 1 << 40

    @property
    def nbytes(self) -> int:
        """Return the size of all layers and marks."""
        return sum(layer.nbytes for layer in self.layers) + sum(mark.nbytes for mark in self.marks)

    def branch(self, rows: int) -> "Streams":
        """Return a state in which `rows` continuations share all that this one row has read.

        Raises:
            ValueError: The state has several rows already.
        """
        if self.branched:
            raise ValueError(f"a state of {self.rows} rows cannot be branched")
        layers = tuple(layer.branch(rows) for layer in self.layers)
        return Streams(layers, self.length, rows, True, ())

    def select(self, rows: torch.Tensor) -> "Streams":
        """Return the state of the rows whose indices (n,) are given, in that order."""
        layers = tuple(layer.select(rows) for layer in self.layers)
        return self._replace(layers=layers, rows=len(rows))

    def reaches(self, length: int) -> int:
        """Return the last place, up to `length`, that the text can be cut to."""
        ends = [0, *(mark.length for mark in self.marks), self.length]
        return max(end for end in ends if end <= length)

    def truncate(self, length: int) -> "Streams":
        """Return the state as it was after the first `length` tokens of a text of one row.

        Raises:
            ValueError: The state is branched, or there is no mark at `length`.
        """
        if length == self.length and not self.branched:
            return self
        for number, mark in enumerate(self.marks):
            if mark.length == length and not self.branched:
                return mark._replace(marks=self.marks[:number])
        raise ValueError(f"cannot cut a state of {self.length} tokens to {length}")

    def fit(self, entries: int) -> "Streams":
        """Return the state itself: it has room for any number of `entries`."""
        return self

    def read(self, layers: tuple[LayerRead, ...], tokens: int) -> "Streams":
        """Return the state once `tokens` more have been read into `layers`."""
        after = Streams(layers, self.length + tokens, self.rows, self.branched, ())
        return after if self.branched else after._replace(marks=self._marks())

    def _marks(self) -> tuple["Streams", ...]:
        """Return the marks with one where this state ends, as many as there is memory for.

        When there are too many, every second one of the earlier half goes.
        """
        bare = self._replace(marks=())
        marks = (*self.marks, bare)
        most = max(2, MARK_BYTES // max(1, bare.nbytes))
        if len(marks) > most:
            half = len(marks) // 2
            marks = marks[:half:2] + marks[half:] if half > 1 else marks[1:]
        return marks
