"""Attention within buckets of similar vectors (Reformer): by hashes that know of the past alone.

In each round a query looks at the last tokens, itself included, that have fallen into its bucket;
a pair that meets in several rounds counts once, and itself counts only if there is nothing else.
What a query sees so depends on the tokens up to it: how a text is sorted and cut must never show.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from writer.transformer.attention import Attention
from writer.transformer.buckets import BucketRead, empty_read, look_back
from writer.transformer.config import GPTConfig
from writer.transformer.draws import generator
from writer.transformer.sorted_look import Seats, look_round

_HASHED = 1 << 21
"""So many numbers at most are compared at once for the largest."""
_STRETCH = 64
"""Tokens that look back at once, one by one for what was read before."""


class QueryValue(nn.Module):
    """The two projections of attention whose keys are its queries, made unit vectors."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.query = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return queries and values (..., 2E), side by side, of x (..., E)."""
        return torch.cat((self.query(x), self.value(x)), dim=-1)


class LSHAttention(Attention):
    """Attention with shared queries and keys, hashed to argmax [xR; -xR] (arXiv 2001.04451).

    Each head has a rotation R of its own for each round, drawn by seed and layer.
    """

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__(config, layer)
        self.qkv = QueryValue(config.n_embd)  # type: ignore[assignment]
        self._seed = config.size("attention_seed")
        self._layer = layer
        self._width = config.head_width
        self._buckets = config.size("hash_buckets")
        self._rounds = config.size("hash_rounds")
        self._window = config.size("bucket_window")
        self._rotations: dict[tuple[torch.device, torch.dtype], torch.Tensor] = {}

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """Return what x (B, T, E), whole texts, reads of itself, (B, T, E)."""
        query, value = self._pair(x)
        dtype = torch.promote_types(x.dtype, torch.float32)
        with torch.autocast(x.device.type, enabled=False):
            outcome = self._whole(query.to(dtype), value.to(dtype))
        return self.joined(outcome.to(value.dtype))

    def begin(self, like: torch.Tensor) -> BucketRead:
        """Return what one row has read before its first token, in `like`'s dtype and device."""
        return empty_read((self.heads, self._rounds, self._buckets, self._width), like)

    def onward(
        self, x: torch.Tensor, read: BucketRead, first: int, branched: bool
    ) -> tuple[torch.Tensor, BucketRead]:
        """Return what x (R, T, E) reads at the positions from `first` on, and all that is read."""
        query, value = self._pair(x)
        dtype = torch.promote_types(x.dtype, torch.float32)
        with torch.autocast(x.device.type, enabled=False):
            query, values = query.to(dtype), value.to(dtype)
            keys, buckets = _unit(query), self.hashed(query)
            if x.shape[1] > _STRETCH and not first and not branched:
                outcome = self._whole(query, values)
                read = read.extended(keys, values, buckets).folded(self._window)
                return self.joined(outcome.to(value.dtype)), read
            query = query * self.scale
            outcomes = []
            for start in range(0, x.shape[1], _STRETCH):
                span = slice(start, start + _STRETCH)
                read = read.extended(keys[:, :, span], values[:, :, span], buckets[..., span])
                outcomes.append(look_back(query[:, :, span], read, self._window))
                read = read if branched else read.settled(self._window)
        return self.joined(torch.cat(outcomes, dim=2).to(value.dtype)), read

    def hashed(self, query: torch.Tensor) -> torch.Tensor:
        """Return the buckets (B, H, rounds, T) of vectors (B, H, T, D), each by itself."""
        rows, heads, length, _ = query.shape
        if self._buckets == 1:
            shape = (rows, heads, self._rounds, length)
            return torch.zeros(shape, dtype=torch.int64, device=query.device)
        half = self._buckets // 2
        with torch.no_grad():
            rotation = self._rotation(query)  # (H, D, rounds * half)
            step = max(1, _HASHED // (rows * heads * self._rounds * half))
            found = []
            for part in torch.split(query, step, dim=2):
                turned = (part @ rotation).view(rows, heads, -1, self._rounds, half)
                place = turned.abs().argmax(dim=4, keepdim=True)
                found.append((place + half * (turned.gather(4, place) < 0)).squeeze(4))
            return torch.cat(found, dim=2).transpose(2, 3)

    def _rotation(self, like: torch.Tensor) -> torch.Tensor:
        kept = self._rotations.get((like.device, like.dtype))
        if kept is None:
            source = generator(self._seed, self._layer)
            shape = (self.heads, self._width, self._rounds * (self._buckets // 2))
            drawn = torch.randn(shape, generator=source, dtype=torch.float64, device="cpu")
            kept = self._rotations[like.device, like.dtype] = drawn.to(like)
        return kept

    def _pair(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return queries and values (B, H, T, D) of x (B, T, E)."""
        rows, length, _ = x.shape
        parts = self.qkv(x).view(rows, length, 2, self.heads, -1)
        query, value = parts.permute(2, 0, 3, 1, 4)
        return query, value

    def _whole(self, query: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Return what queries read of their keys' values, (B, H, T, D) each: whole texts."""
        rows, heads, length, width = query.shape
        texts = torch.arange(rows * heads, device=query.device)[:, None, None] * self._buckets
        buckets = self.hashed(query).flatten(0, 1) + texts  # (BH, rounds, T), none of two texts
        packed = torch.cat((query * self.scale, _unit(query), value), dim=3).flatten(0, 2)
        seats = Seats.of(
            buckets.transpose(0, 1).flatten(1), rows * heads * self._buckets,
            min(self._window, length),
        )  # fmt: skip
        found = [look_round(packed, seats, number) for number in range(self._rounds)]
        outcomes, weights, peaks = zip(*found, strict=True)
        return _joined_rounds(outcomes, weights, peaks).view(rows, heads, length, width)


def _joined_rounds(
    outcomes: Sequence[torch.Tensor], weights: Sequence[torch.Tensor], peaks: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Return the mean (N, D) of sums of values whose weights are relative to a peak (N,) each."""
    highest = torch.stack(tuple(peaks)).amax(0)
    shares = [(peak - highest).exp() for peak in peaks]
    total = sum(
        (share * weight for share, weight in zip(shares, weights, strict=True)),
        start=torch.zeros_like(highest),
    )
    mean = torch.zeros_like(outcomes[0])
    for share, outcome in zip(shares, outcomes, strict=True):
        mean = mean + outcome * (share / total)[:, None]
    return mean


def _unit(query: torch.Tensor) -> torch.Tensor:
    return F.normalize(query, dim=-1)
