"""Attention over tokens that sit by bucket: chunks look at themselves and those before them.

It knows nothing of how tokens are hashed.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

ALONE = -1e5
"""The score of a token for itself: nothing, unless there is nothing else."""
_HIDDEN = -1e30
"""The score of what is not seen. A number, so that a row which sees nothing has a maximum."""
_LEAST_CHUNK = 8
_PIECE = 1 << 19
"""So many scores are in memory at once."""


class Seats(NamedTuple):
    """Where tokens sit: by bucket, in the order of time, each bucket in chunks of its own.

    So a token's place in its chunk depends on those before it, and not one bit of what it reads on
    how full its bucket or any other is going to be.
    """

    buckets: torch.Tensor  # (rounds, N)
    codes: torch.Tensor  # (rounds, N): two meet if the later's is greater by less than a window
    ranks: torch.Tensor  # (rounds, N): how many of its bucket come before a token
    sizes: torch.Tensor  # (rounds, buckets)
    window: int

    @classmethod
    def of(cls, buckets: torch.Tensor, count: int, window: int) -> "Seats":
        """Return the seats of tokens whose `buckets` (rounds, N) are given, of `count` each."""
        order = buckets.argsort(dim=1, stable=True)
        places = torch.empty_like(order)
        steps = torch.arange(order.shape[1], device=order.device).expand_as(order)
        places.scatter_(1, order, steps)
        sizes = buckets.new_zeros((buckets.shape[0], count))
        sizes.scatter_add_(1, buckets, torch.ones_like(buckets))
        ranks = places - (sizes.cumsum(dim=1) - sizes).gather(1, buckets)
        codes = places + buckets * window
        fits = order.shape[1] + (count + 2) * window < 1 << 31
        return cls(buckets, codes.to(torch.int32 if fits else torch.int64), ranks, sizes, window)


def look_round(
    packed: torch.Tensor, seats: Seats, number: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what each token reads in one round, of those that it has met in no round before.

    Args:
        packed: Scaled queries, keys and values side by side, (N, 3D).
        seats: Of the tokens.
        number: The round, from 0.

    Returns:
        Sums of values (N, D) and of weights (N,), relative to the exponential of peaks (N,).
    """
    window = seats.window
    size = max(_LEAST_CHUNK, -(-window // 2))
    back = -(-(window - 1) // size)
    needed = (seats.sizes[number] + size - 1) // size
    firsts = (needed.cumsum(dim=0) - needed + back) * size
    seat = firsts[seats.buckets[number]] + seats.ranks[number]  # (N,)
    chunks = int(needed.sum()) + back
    # Empty seats hold the first token once more, with codes by which nobody sees it.
    holders = torch.zeros((chunks * size,), dtype=torch.int64, device=packed.device)
    holders[seat] = torch.arange(len(seat), device=packed.device)
    codes = seats.codes.new_full((number + 1, chunks * size), _empty(seats.codes))
    codes[:, seat] = seats.codes[: number + 1]
    codes[:, : back * size] = -window - 1
    room = _Room(holders.view(-1, size), codes.view(number + 1, -1, size), seat, window, back)
    outcome, weight, peak = _Look.apply(packed, room)  # type: ignore[no-untyped-call]
    return outcome, weight, peak


class _Room(NamedTuple):
    """The seats of one round, in chunks of C; the first few chunks are empty."""

    holders: torch.Tensor  # (G, C): the tokens that sit there
    codes: torch.Tensor  # (r + 1, G, C)
    seat: torch.Tensor  # (N,)
    window: int
    back: int
    """How many chunks before its own a query looks at."""


class _Piece(NamedTuple):
    """Some of the chunks, with what is looked at from there."""

    query: torch.Tensor  # (n, C, D)
    entries: torch.Tensor  # (n, K, 2D): keys and values
    scores: torch.Tensor  # (n, C, K)
    hidden: torch.Tensor  # (n, C, K)
    first: int
    """Where they begin."""
    holders: torch.Tensor  # (n * C,)
    empty: torch.Tensor  # (n, C)


class _Look(torch.autograd.Function):
    """Scores, their exponentials and the sums, in pieces; computed again on the way back."""

    @staticmethod
    def forward(ctx: Any, packed: torch.Tensor, room: _Room) -> tuple[torch.Tensor, ...]:  # noqa: ANN401
        width = packed.shape[1] // 3
        outcome = packed.new_empty((*room.holders.shape, width))
        weight, peak = packed.new_empty(room.holders.shape), packed.new_empty(room.holders.shape)
        for piece in _pieces(packed, room):
            span = slice(piece.first, piece.first + len(piece.query))
            peak[span] = highest = piece.scores.amax(dim=2)
            shares = _shares(piece, highest)
            weight[span] = shares.sum(dim=2)
            torch.bmm(shares, piece.entries[..., width:], out=outcome[span])
        found = [part.flatten(0, 1).index_select(0, room.seat) for part in (outcome, weight, peak)]
        ctx.save_for_backward(packed, found[2])
        ctx.room = room
        ctx.mark_non_differentiable(found[2])
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *given: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        packed, peak = ctx.saved_tensors
        room, width = ctx.room, packed.shape[1] // 3
        back, size = room.back, room.holders.shape[1]
        change = packed.new_zeros((*room.holders.shape, 3 * width))
        with torch.autocast(packed.device.type, enabled=False):
            for piece in _pieces(packed, room):
                first, count = piece.first, len(piece.query)
                highest, to_outcome, to_weight = (
                    part.index_select(0, piece.holders).view(count, size, -1)
                    for part in (peak, given[0], given[1])
                )
                to_outcome.masked_fill_(piece.empty[..., None], 0.0)
                to_weight.masked_fill_(piece.empty[..., None], 0.0)
                shares = _shares(piece, highest.squeeze(2))
                keys, values = piece.entries[..., :width], piece.entries[..., width:]
                to_value = torch.bmm(shares.transpose(1, 2), to_outcome)
                to_scores = torch.bmm(to_outcome, values.transpose(1, 2))
                to_scores.add_(to_weight).mul_(shares)
                if room.codes.shape[0] == 1:
                    _itself(to_scores).zero_()  # its score is no product
                to_key = torch.bmm(to_scores.transpose(1, 2), piece.query)
                change[first : first + count, :, :width] = torch.bmm(to_scores, keys)
                for step in range(back + 1):
                    of = slice(step * size, (step + 1) * size)
                    toward = change[first - back + step : first - back + step + count]
                    toward[..., width : 2 * width] += to_key[:, of]
                    toward[..., 2 * width :] += to_value[:, of]
        return change.flatten(0, 1).index_select(0, room.seat), None


def _pieces(packed: torch.Tensor, room: _Room) -> Iterator[_Piece]:
    """Yield all chunks, as many at a time as there is room for their scores."""
    width, back = packed.shape[1] // 3, room.back
    chunks, size = room.holders.shape
    step = max(1, _PIECE // (size * size * (back + 1)))
    for first in range(back, chunks, step):
        end = min(first + step, chunks)
        holders = room.holders[first - back : end].flatten()
        seated = packed.index_select(0, holders).view(-1, size, 3 * width)
        codes = room.codes[:, first - back : end]
        query, own = seated[back:, :, :width], codes[:, back:]
        entries = _with_earlier(seated[..., width:], back, 0)
        hidden = _hidden(own, _with_earlier(codes, back, 1), room.window)
        scores = torch.bmm(query, entries[..., :width].transpose(1, 2))
        if room.codes.shape[0] == 1:  # in later rounds it has been met
            _itself(scores).fill_(ALONE)
        scores.masked_fill_(hidden, _HIDDEN)
        empty = own[-1] == _empty(codes)
        yield _Piece(query, entries, scores, hidden, first, holders[back * size :], empty)


def _empty(codes: torch.Tensor) -> int:
    """Return the code of a seat where nobody sits."""
    return torch.iinfo(codes.dtype).max


def _with_earlier(chunked: torch.Tensor, back: int, dim: int) -> torch.Tensor:
    """Return the chunks along `dim`, less the first `back`, each behind the `back` before it."""
    count = chunked.shape[dim] - back
    return torch.cat([chunked.narrow(dim, k, count) for k in range(back + 1)], dim=dim + 1)


def _hidden(own: torch.Tensor, others: torch.Tensor, window: int) -> torch.Tensor:
    """Return what is not seen, (n, C, K), by codes (r + 1, n, C) and (r + 1, n, K)."""
    latest, seen = own[..., None], others[:, :, None]
    oldest = latest - window
    hidden = (seen[-1] > latest[-1]).logical_or_(seen[-1] <= oldest[-1])
    for number in range(own.shape[0] - 1):
        met = (seen[number] <= latest[number]).logical_and_(seen[number] > oldest[number])
        hidden.logical_or_(met)
    return hidden


def _shares(piece: _Piece, highest: torch.Tensor) -> torch.Tensor:
    """Return the exponentials of scores relative to `highest` (n, C), 0 where they are hidden."""
    # An exponential that is no normal number takes ten times as long as one that is.
    least = math.log(torch.finfo(piece.scores.dtype).tiny) + 1
    shares = piece.scores.sub_(highest[..., None]).clamp_min_(least).exp_()
    return shares.masked_fill_(piece.hidden, 0.0)


def _itself(scores: torch.Tensor) -> torch.Tensor:
    """Return a view of the scores (N, C) of each query for its own key."""
    return scores[:, :, -scores.shape[1] :].diagonal(dim1=1, dim2=2)
