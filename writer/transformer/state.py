"""What a network has read so far, as a value: keys and values of dense attention."""

from typing import NamedTuple

import torch

from writer.transformer.config import GPTConfig


class State(NamedTuple):
    """Keys and values of every layer, in two parts: what all rows share and what each row owns.

    A text is read once into a state of one row; `branch` then lets several continuations read the
    same keys and values, which are never copied, while each appends its own. A state is never
    changed in place: every operation returns another.
    """

    shared_keys: torch.Tensor  # (L, H, S, D)
    shared_values: torch.Tensor  # (L, H, S, D)
    own_keys: torch.Tensor  # (L, B, H, T, D)
    own_values: torch.Tensor  # (L, B, H, T, D)

    @property
    def length(self) -> int:
        """Return how many tokens have been read, S + T."""
        return self.shared_keys.shape[2] + self.own_keys.shape[3]

    @property
    def rows(self) -> int:
        """Return B, how many continuations the state holds."""
        return self.own_keys.shape[1]

    def branch(self, rows: int) -> "State":
        """Return a state in which `rows` continuations share all that this one row has read.

        Raises:
            ValueError: The state has several rows already, or shares a prefix already.
        """
        if self.rows != 1 or self.shared_keys.shape[2]:
            raise ValueError("only an unbranched state of one row can be branched")
        layers, _, heads, _, width = self.own_keys.shape
        none = self.own_keys.new_empty((layers, rows, heads, 0, width))
        return State(self.own_keys[:, 0], self.own_values[:, 0], none, none)

    def select(self, rows: torch.Tensor) -> "State":
        """Return the state of the rows whose indices (n,) are given, in that order."""
        return self._replace(own_keys=self.own_keys[:, rows], own_values=self.own_values[:, rows])

    def truncate(self, length: int) -> "State":
        """Return the state as it was after the first `length` tokens of an unbranched text.

        Exact, because keys and values of a position depend on earlier tokens only.

        Raises:
            ValueError: The state is branched, or has not read `length` tokens.
        """
        if self.shared_keys.shape[2] or not 0 <= length <= self.length:
            raise ValueError(f"cannot cut a state of {self.length} tokens to {length}")
        return self._replace(
            own_keys=self.own_keys[:, :, :, :length], own_values=self.own_values[:, :, :, :length]
        )


def empty_state(config: GPTConfig, like: torch.Tensor) -> State:
    """Return the state of one row that has read nothing, in the dtype and device of `like`."""
    layers, heads, width = config.n_layer, config.n_head, config.head_width
    shared = like.new_empty((layers, heads, 0, width))
    own = like.new_empty((layers, 1, heads, 0, width))
    return State(shared, shared, own, own)
