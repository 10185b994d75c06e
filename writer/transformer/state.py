"""What a network has read so far, as a value: keys and values of dense attention.

Every token read leaves one entry, its keys and values in all layers. Entries stand in the order in
which they were read, in a buffer with room for more, so that reading on copies nothing.
"""

from typing import NamedTuple

import torch

from writer.transformer.config import GPTConfig

_BLOCK = 64
"""Room comes in multiples of so many entries."""
_SPARE = 192
"""Entries beyond those needed when a state must move, so that it does not at each step."""
_FEW = 32
"""So few queries had rather look at all the room than have what is used copied out of it."""


class State(NamedTuple):
    """Entries that all rows share, and entries of which each row sees its own.

    A text is read into a state of one row; `branch` then lets several continuations go on from it.
    They read the same entries, which are never copied, and the entries of all of them follow in the
    same buffers, told apart by `seen` (the token trees of arXiv 2305.09781).

    The buffer is shared by every state made from another: reading on writes behind the entries of
    this one, and so ends the life of whatever has been read on from it before. `fit` parts them.
    """

    entries: torch.Tensor  # (L, 2, H, C, D): keys, values; zero where nothing has been written
    shared: int
    """Entries that every row sees; they come first."""
    length: int
    """Tokens that each row has read: the position of the next one."""
    seen: torch.Tensor  # (R, N), bool: which of the N entries behind the shared ones a row sees

    @property
    def rows(self) -> int:
        """Return R, how many continuations the state holds."""
        return self.seen.shape[0]

    @property
    def used(self) -> int:
        """Return how many entries there are."""
        return self.shared + self.seen.shape[1]

    @property
    def nbytes(self) -> int:
        """Return the size of the buffer, room included."""
        return self.entries.nbytes

    def branch(self, rows: int) -> "State":
        """Return a state in which `rows` continuations share all that this one row has read.

        Raises:
            ValueError: The state has several rows already.
        """
        if self.rows != 1:
            raise ValueError(f"a state of {self.rows} rows cannot be branched")
        return self._replace(shared=self.used, seen=self.seen.new_empty((rows, 0)))

    def select(self, rows: torch.Tensor) -> "State":
        """Return the state of the rows whose indices (n,) are given, in that order."""
        return self._replace(seen=self.seen[rows])

    def reaches(self, length: int) -> int:
        """Return `length`: the text can be cut anywhere."""
        return length

    def truncate(self, length: int) -> "State":
        """Return the state as it was after the first `length` tokens of a text of one row.

        Exact, because keys and values of a position depend on earlier tokens only.

        Raises:
            ValueError: The state is branched, or has not read `length` tokens.
        """
        if self.used != self.length or not 0 <= length <= self.length:
            raise ValueError(f"cannot cut a state of {self.length} tokens to {length}")
        return self._replace(shared=length, length=length, seen=self.seen.new_empty((1, 0)))

    @property
    def room(self) -> int:
        """Return how many more entries the buffer takes."""
        return self.entries.shape[3] - self.used

    def reserve(self, entries: int, spare: int = 0) -> "State":
        """Return the state with room for `entries` more; if it must move, for `spare` beyond."""
        if entries <= self.room:
            return self
        return self._with_room(self.used + entries + spare)

    def fit(self, entries: int) -> "State":
        """Return the state in a buffer of its own, with room for hardly more than `entries`."""
        return self._with_room(self.used + entries)

    def extend(self, tokens: int) -> "State":
        """Return the state with entries for `tokens` more of each row, which are yet to be written.

        They stand last, the rows one after another.
        """
        rows = self.rows
        state = self.reserve(rows * tokens, spare=_SPARE)
        length = self.length + tokens
        if rows == 1 and not self.seen.shape[1]:  # there is nothing to tell apart
            return state._replace(shared=self.used + tokens, length=length)
        own = torch.eye(rows, dtype=torch.bool, device=self.seen.device)
        seen = torch.cat((self.seen, own.repeat_interleave(tokens, dim=1)), dim=1)
        return state._replace(length=length, seen=seen)

    def _with_room(self, wanted: int) -> "State":
        used, room = self.used, -(-wanted // _BLOCK) * _BLOCK
        layers, both, heads, _, width = self.entries.shape
        entries = self.entries.new_empty((layers, both, heads, room, width))
        entries[:, :, :, :used] = self.entries[:, :, :, :used]
        entries[:, :, :, used:] = 0  # what memory held could be no number
        return self._replace(entries=entries)


def empty_state(config: GPTConfig, like: torch.Tensor) -> State:
    """Return the state of one row that has read nothing, in the dtype and device of `like`."""
    none = like.new_empty((config.n_layer, 2, config.n_head, 0, config.head_width))
    seen = torch.empty((1, 0), dtype=torch.bool, device=like.device)
    return State(none, shared=0, length=0, seen=seen)


def visibility(before: State, after: State) -> torch.Tensor:
    """Return what is added to the scores of the tokens that lead from one state to the next.

    0 where a query may look and minus infinity elsewhere, (new entries, S), in the dtype of the
    entries. S, the entries to look at, is all the room where queries are few: the product takes
    contiguous matrices as they are, and would copy any others.
    """
    rows, start, end = before.rows, before.used, after.used
    span = end if end - start > _FEW else after.entries.shape[3]
    device = before.seen.device
    allowed = torch.zeros((end - start, span), dtype=torch.bool, device=device)
    allowed[:, : before.shared] = True
    steps = torch.arange((end - start) // rows, device=device)
    if before.seen.shape[1]:
        allowed[:, before.shared : start] = before.seen.repeat_interleave(len(steps), dim=0)
    causal = steps[None, :] <= steps[:, None]  # (T, T)
    own = torch.eye(rows, dtype=torch.bool, device=device)
    allowed[:, start:end] = torch.kron(own, causal)
    return before.entries.new_zeros(allowed.shape).masked_fill_(~allowed, float("-inf"))
