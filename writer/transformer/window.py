"""Keys and values of the last tokens: what attention with a bounded reach keeps of a text."""

from collections.abc import Sequence
from typing import NamedTuple

import torch


class Window(NamedTuple):
    """Entries of consecutive tokens: first those that all rows share, then each row's own.

    A text is read into one row, whose entries are shared; once it is branched, what the rows say
    is their own, and the shared entries are never copied. Reading on makes a new value.
    """

    shared: torch.Tensor  # (2, H, S, D): keys, values
    own: torch.Tensor  # (2, R, H, N, D)
    first: int
    """The position of the first shared entry."""

    @property
    def rows(self) -> int:
        """Return R, how many continuations there are."""
        return self.own.shape[1]

    @property
    def end(self) -> int:
        """Return the position of the token that comes next."""
        return self.first + self.shared.shape[2] + self.own.shape[3]

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return self.shared.nbytes + self.own.nbytes

    def branch(self, rows: int) -> "Window":
        """Return the entries for `rows` continuations of what one row has read."""
        both, heads, _, width = self.shared.shape
        return self._replace(own=self.own.new_empty((both, rows, heads, 0, width)))

    def select(self, rows: torch.Tensor) -> "Window":
        """Return the entries of the rows whose indices (n,) are given, in that order."""
        return self._replace(own=self.own[:, rows])

    def extended(
        self, keys: torch.Tensor, values: torch.Tensor, branched: bool, keep: int | None = None
    ) -> "Window":
        """Return the entries with those of further tokens, keys and values (R, H, T, D).

        Unless branched, no more than `keep` of those before them stay, if it is given.
        """
        new = torch.stack((keys, values)).to(self.shared.dtype)
        if branched:
            return self._replace(own=torch.cat((self.own, new), dim=3))
        surplus = 0 if keep is None else max(0, self.shared.shape[2] - keep)
        shared = torch.cat((self.shared[:, :, surplus:], new[:, 0]), dim=2)
        return self._replace(shared=shared, first=self.first + surplus)

    def trimmed(self, keep: int) -> "Window":
        """Return the entries without the shared ones that lie `keep` or more tokens back."""
        surplus = min(self.end - keep - self.first, self.shared.shape[2])
        if surplus <= 0:
            return self
        # A copy: a view would keep the whole alive.
        shared = self.shared[:, :, surplus:].clone()
        return self._replace(shared=shared, first=self.first + surplus)

    def positions(self) -> torch.Tensor:
        """Return the positions (S + N,) of the entries that a row looks at."""
        return torch.arange(self.first, self.end, device=self.shared.device)


def empty_window(heads: int, width: int, like: torch.Tensor) -> Window:
    """Return the window of one row that has read nothing, in the dtype and device of `like`."""
    return Window(
        like.new_empty((2, heads, 0, width)), like.new_empty((2, 1, heads, 0, width)), first=0
    )


def look(query: torch.Tensor, window: Window, bias: torch.Tensor, scale: float) -> torch.Tensor:
    """Return what queries (R, H, T, D) read of the entries of `window`, (R, H, T, D).

    Args:
        query: Of all rows; they are queries of one product over the shared entries.
        window: With the entries of the queries' own tokens in it.
        bias: Added to the scaled scores, minus infinity where a query may not look; it broadcasts
            to (R, H, T, S + N).
        scale: Of the scores.
    """
    return look_at(query, ((window.shared,), window.own), bias, scale)


def look_at(
    query: torch.Tensor,
    entries: tuple[Sequence[torch.Tensor], torch.Tensor],
    bias: torch.Tensor,
    scale: float,
) -> torch.Tensor:
    """Return what queries (R, H, T, D) read of entries that lie here and there, (R, H, T, D).

    Args:
        query: Of all rows; they are queries of one product over each of the shared parts.
        entries: The parts that all rows share, (2, H, S, D) each, and what each row has of its
            own, (2, R, H, N, D).
        bias: As in `look`, over the entries one part after the other.
        scale: Of the scores.
    """
    shared, (own_keys, own_values) = entries
    rows, heads, new, width = query.shape
    query_low = query.to(own_keys.dtype)
    flat = query_low.transpose(0, 1).reshape(heads, rows * new, width)
    parts = [(flat @ keys.transpose(1, 2)).unflatten(1, (rows, new)) for keys, _ in shared]
    scores = [part.transpose(0, 1) for part in parts]  # (R, H, T, S) each
    scores.append(query_low @ own_keys.transpose(2, 3))
    together = torch.cat(scores, dim=3).to(query.dtype) * scale + bias
    weights = torch.softmax(together, dim=-1).to(own_keys.dtype)
    split = torch.split(weights, [part.shape[3] for part in scores], dim=3)
    result: torch.Tensor = split[-1] @ own_values
    for weight, (_, values) in zip(split, shared, strict=False):
        flat = weight.transpose(0, 1).reshape(heads, rows * new, -1)
        result = result + (flat @ values).unflatten(1, (rows, new)).transpose(0, 1)
    return result.to(query.dtype)
