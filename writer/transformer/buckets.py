"""What attention within buckets keeps of a text: keys and values, and where they have fallen.

It knows nothing of how tokens are hashed. Entries are first those that all rows share, sorted into
their buckets, then a short tail of each row's own, which queries look through one by one.
"""

from typing import NamedTuple

import torch

from writer.transformer.sorted_look import ALONE

_TAIL = 128
"""Entries behind the sorted ones at which they are sorted in, so that it is not done each token."""
_SPARE = 1.25
"""How many times the entries within reach are kept before the others are thrown out."""


class Sorted(NamedTuple):
    """Entries that all rows share, S of each head, and their order by (bucket, time) in a round."""

    keys: torch.Tensor  # (H, S, D)
    values: torch.Tensor  # (H, S, D)
    buckets: torch.Tensor  # (H, rounds, S); one beyond the last where a head has fewer than S
    order: torch.Tensor  # (H, rounds, S): the entries
    places: torch.Tensor  # (H, rounds, S): where each entry stands in that order
    starts: torch.Tensor  # (H, rounds, buckets + 1): where each bucket begins, and the last ends


class BucketRead(NamedTuple):
    """What a layer has read, by the keys, values and buckets of the tokens still within reach."""

    shared: Sorted
    keys: torch.Tensor  # (R, H, N, D)
    values: torch.Tensor  # (R, H, N, D)
    buckets: torch.Tensor  # (R, H, rounds, N)

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return sum(part.nbytes for part in (*self.shared, *self[1:]))

    def branch(self, rows: int) -> "BucketRead":
        """Return it for `rows` continuations of the one row that there is."""
        keys, values, buckets = (part.expand(rows, *part.shape[1:]) for part in self[1:])
        return BucketRead(self.shared, keys, values, buckets)

    def select(self, rows: torch.Tensor) -> "BucketRead":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return BucketRead(self.shared, self.keys[rows], self.values[rows], self.buckets[rows])

    def extended(
        self, keys: torch.Tensor, values: torch.Tensor, buckets: torch.Tensor
    ) -> "BucketRead":
        """Return it with further tokens: keys and values (R, H, T, D), (R, H, rounds, T)."""
        return BucketRead(
            self.shared,
            torch.cat((self.keys, keys.to(self.keys.dtype)), dim=2),
            torch.cat((self.values, values.to(self.values.dtype)), dim=2),
            torch.cat((self.buckets, buckets), dim=3),
        )

    def settled(self, window: int) -> "BucketRead":
        """Return it with a short tail, of one row."""
        return self.folded(window) if self.keys.shape[2] > _TAIL else self

    def folded(self, window: int) -> "BucketRead":
        """Return it with the tail of one row sorted in, less what is far beyond the window."""
        count = self.shared.starts.shape[2] - 1
        keys = torch.cat((self.shared.keys, self.keys[0]), dim=1)
        values = torch.cat((self.shared.values, self.values[0]), dim=1)
        merged = _sorted(keys, values, torch.cat((self.shared.buckets, self.buckets[0]), 2), count)
        keys, values, buckets = self.keys[:, :, :0], self.values[:, :, :0], self.buckets[..., :0]
        return BucketRead(_trimmed(merged, window), keys, values, buckets)


def empty_read(shape: tuple[int, int, int, int], like: torch.Tensor) -> BucketRead:
    """Return what one row has read that has read nothing, in the dtype and device of `like`.

    Args:
        shape: Heads, rounds, buckets, a head's width.
        like: Any tensor.
    """
    heads, rounds, buckets, width = shape
    none = like.new_empty((heads, 0, width))
    numbers = torch.zeros((heads, rounds, buckets + 1), dtype=torch.int64, device=like.device)
    empty = numbers[..., :0].clone()
    shared = Sorted(none, none, empty, empty, empty, numbers)
    return BucketRead(shared, none[None], none[None], empty[None])


def look_back(query: torch.Tensor, read: BucketRead, window: int) -> torch.Tensor:
    """Return what the last T tokens of `read` read of it, (R, H, T, D).

    Args:
        query: Theirs, scaled, (R, H, T, D).
        read: With them.
        window: How many of the last entries of its bucket a query sees, itself included.
    """
    rows, heads, new, width = query.shape
    low = query.to(read.keys.dtype)
    of_own, latest = _own_scores(low, read, window)
    if not read.shared.keys.shape[1]:
        return (torch.softmax(of_own.to(query.dtype), dim=3).to(low.dtype) @ read.values).to(query)
    entries, hidden = _candidates(read, latest, window)  # (R, H, T, K)
    firsts = torch.arange(heads, device=query.device)[:, None, None] * read.shared.keys.shape[1]
    taken = (entries + firsts).flatten()

    def gathered(part: torch.Tensor) -> torch.Tensor:
        return part.flatten(0, 1).index_select(0, taken).view(rows, heads, new, -1, width)

    of_shared = (gathered(read.shared.keys) @ low[..., None]).squeeze(4)
    scores = torch.cat((of_shared.masked_fill(hidden, float("-inf")), of_own), dim=3)
    weights = torch.softmax(scores.to(query.dtype), dim=3).to(low.dtype)
    to_shared, to_own = torch.split(weights, [entries.shape[3], of_own.shape[3]], dim=3)
    outcome = (to_shared[..., None, :] @ gathered(read.shared.values)).squeeze(3)
    return (outcome + to_own @ read.values).to(query.dtype)


def _own_scores(
    query: torch.Tensor, read: BucketRead, window: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the scores (R, H, T, N) in the tail, and there how many of a query's bucket stand.

    These are (R, H, rounds, T), up to the query and with it.
    """
    new, count = query.shape[2], read.keys.shape[2]
    steps = torch.arange(count, device=query.device)
    latest = steps[count - new :, None]  # (T, 1)
    buckets = read.buckets  # (R, H, rounds, N)
    same = buckets[..., count - new :, None] == buckets[..., None, :]  # (R, H, rounds, T, N)
    same = same & (steps <= latest)
    ranks = same.cumsum(dim=4, dtype=torch.int32)
    total = ranks[..., -1]
    seen = (same & (ranks > total[..., None] - window)).any(dim=2)  # (R, H, T, N)
    scores = (query @ read.keys.transpose(2, 3)).masked_fill(~seen, float("-inf"))
    return scores.masked_fill(steps == latest, ALONE), total


def _candidates(
    read: BucketRead, before: torch.Tensor, window: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which shared entries queries may see, (R, H, T, K), and which of them they do not.

    Args:
        read: With its tail.
        before: How many of its bucket stand in the tail, (R, H, rounds, T).
        window: How many are seen.
    """
    shared, (rows, heads, rounds, new) = read.shared, before.shape
    size = shared.keys.shape[1]
    bucket = read.buckets[..., read.buckets.shape[3] - new :]
    starts = shared.starts.expand(rows, -1, -1, -1)
    end = starts.gather(3, bucket + 1)  # (R, H, rounds, T)
    start = starts.gather(3, bucket).maximum(end - (window - before).clamp_min(0))
    reach = min(window, size)
    places = end[..., None] - 1 - torch.arange(reach, device=end.device)
    hidden = places < start[..., None]  # (R, H, rounds, T, K)
    places = places.clamp_min(0).flatten(3)
    entries = shared.order.expand(rows, -1, -1, -1).gather(3, places)
    entries = entries.view(rows, heads, rounds, new, reach)
    for number in range(1, rounds):
        # A pair counts in the first round in which it meets.
        here = entries[:, :, number].flatten(2)
        for earlier in range(number):
            stood = shared.places[:, earlier].expand(rows, -1, -1).gather(2, here)
            stood = stood.view(rows, heads, new, reach)
            met = (stood >= start[:, :, earlier, :, None]) & (stood < end[:, :, earlier, :, None])
            hidden[:, :, number] |= met
    entries, hidden = (part.transpose(2, 3).flatten(3) for part in (entries, hidden))
    return entries, hidden


def _sorted(keys: torch.Tensor, values: torch.Tensor, buckets: torch.Tensor, count: int) -> Sorted:
    """Return entries in the order of time with that of their buckets, `count` of them."""
    order = buckets.argsort(dim=2, stable=True)
    places = torch.empty_like(order)
    places.scatter_(2, order, torch.arange(order.shape[2], device=order.device).expand_as(order))
    sizes = buckets.new_zeros((*buckets.shape[:2], count + 1))
    sizes.scatter_add_(2, buckets, torch.ones_like(buckets))
    starts = sizes.cumsum(dim=2) - sizes
    return Sorted(keys, values, buckets, order, places, starts)


def _trimmed(merged: Sorted, window: int) -> Sorted:
    """Return the entries of which at least one round still sees something, if others are many."""
    count = merged.starts.shape[2] - 1
    size = merged.keys.shape[1]
    real = merged.buckets < count
    ends = merged.starts.gather(2, (merged.buckets + 1).clamp_max(count))
    kept = (real & (ends - merged.places <= window)).any(dim=1)  # (H, S)
    most = int(kept.sum(dim=1).amax())
    if size <= most * _SPARE:
        return merged
    taken = (~kept).to(torch.int8).argsort(dim=1, stable=True)[:, :most]  # (H, S')
    wide = taken[..., None].expand(-1, -1, merged.keys.shape[2])
    buckets = merged.buckets.gather(2, taken[:, None].expand(-1, merged.buckets.shape[1], -1))
    buckets = buckets.masked_fill(~kept.gather(1, taken)[:, None], count)
    keys, values = merged.keys.gather(1, wide), merged.values.gather(1, wide)
    return _sorted(keys, values, buckets, count)
