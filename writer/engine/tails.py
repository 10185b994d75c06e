"""Ends of texts that were given up, kept in case they are wanted again.

After an answer the texts that may come next are read ahead, and whoever types deletes as well: each
time the end of the text is another one, and of the old one more than the new words would have to be
read again (see `blocks`). What has been read of an end is a small part of the whole, and is copied.
"""

from dataclasses import dataclass
from typing import Generic, cast

import torch

from writer.transformer.contract import S
from writer.transformer.state import State


@dataclass(frozen=True, slots=True)
class Tail(Generic[S]):
    """An end of a text, from the end of one of its whole blocks."""

    start: int
    """How many tokens stand before it."""
    tokens: list[int]
    """Its own."""
    read: S
    """See `cut_off`."""
    capacity: int
    """Of the buffer that it was read in."""
    logits: torch.Tensor | None  # (V,)

    @property
    def is_part(self) -> bool:
        """Return whether what was read is of use only behind what stands before it."""
        return isinstance(self.read, State)


def cut_off(state: S, start: int) -> S:
    """Return what one row has read from the token `start` on, to be put back by `put_back`.

    Only of dense attention's state is it a part. Others stay as they are when reading goes on from
    an earlier place, so that they are kept whole.
    """
    if not isinstance(state, State):
        return state
    own = state.length - start
    entries = state.entries[:, :, :, start : state.length].clone()
    return cast(S, state._replace(entries=entries, shared=own, length=own))


def put_back(trunk: S, part: S, length: int) -> S:
    """Return the state of `trunk`, in its buffer, with what of `part` makes it so long behind it.

    Raises:
        ValueError: It is no part.
    """
    if not (isinstance(trunk, State) and isinstance(part, State)):
        raise ValueError("only parts can be put back")
    more = length - trunk.length
    room = trunk.reserve(more)
    room.entries[:, :, :, trunk.length : length] = part.entries[:, :, :, :more]
    return cast(S, room._replace(shared=length, length=length))
