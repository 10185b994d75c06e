"""Attention by positive orthogonal random features (Performer, FAVOR+), causal by prefix sums.

A query reads sums over all keys before it, so that a token costs the same however long the text
is. Every maximum that keeps the exponentials in range is over the past: nothing here may know what
comes after a query.
"""

from typing import NamedTuple

import torch

from writer.transformer.attention import Attention
from writer.transformer.config import GPTConfig
from writer.transformer.draws import generator

_CHUNK = 128
"""Tokens whose scores with each other are worked out pair by pair."""
_GROUP = 2048
"""Tokens whose features are in memory at once, where none are kept for the way back."""


class FavorRead(NamedTuple):
    """Sums over the keys that have been read, relative to the largest feature among them."""

    sums: torch.Tensor  # (R, H, m, D + 1), fp32 or wider: with the values, and of the keys alone
    peak: torch.Tensor  # (R, H), fp32 or wider: logarithm of that feature

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return self.sums.nbytes + self.peak.nbytes

    def branch(self, rows: int) -> "FavorRead":
        """Return it for `rows` continuations, which share it until they read on."""
        return FavorRead(self.sums.expand(rows, -1, -1, -1), self.peak.expand(rows, -1))

    def select(self, rows: torch.Tensor) -> "FavorRead":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return FavorRead(self.sums[rows], self.peak[rows])


class FavorAttention(Attention):
    """Softmax attention estimated by features phi(x) = exp(w.x' - |x'|^2 / 2) / sqrt(m).

    x' = x * sqrt(scale), so that the features' products have q.k * scale as the logarithm of their
    mean. The rows w are orthogonal in blocks, with the norms of Gaussian vectors (arXiv
    2009.14794). A training has them drawn anew, and what was drawn last belongs to the weights.
    """

    projection: torch.Tensor

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__(config, layer)
        self._seed = config.size("attention_seed")
        self._layer = layer
        self._shape = (config.n_head, config.size("random_features"), config.head_width)
        # Without a device, so that nothing is drawn for a network that is read from a file.
        empty = torch.empty(self._shape, dtype=torch.float32)
        drawn = empty if empty.is_meta else self._drawn(0)
        self.register_buffer("projection", drawn.to(empty.device))

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """Return what x (B, T, E), whole texts, reads of itself, (B, T, E)."""
        out, _ = self.onward(x, self._nothing(x.shape[0], x), 0, branched=True)
        return out

    def begin(self, like: torch.Tensor) -> FavorRead:
        """Return what one row has read before its first token, on the device of `like`."""
        return self._nothing(1, like)

    def onward(
        self, x: torch.Tensor, read: FavorRead, first: int, branched: bool
    ) -> tuple[torch.Tensor, FavorRead]:
        """Return what x (R, T, E) reads at the positions from `first` on, and all that is read."""
        query, key, value = self.projected(x, first)
        dtype = torch.promote_types(x.dtype, read.sums.dtype)
        with torch.autocast(x.device.type, enabled=False):
            parts = [part.to(dtype) for part in (query, key, value)]
            outcome, after = self._summed(parts, FavorRead(*(part.to(dtype) for part in read)))
        after = FavorRead(*(new.to(old.dtype) for new, old in zip(after, read, strict=True)))
        return self.joined(outcome.to(value.dtype)), after

    def _summed(self, parts: list[torch.Tensor], read: FavorRead) -> tuple[torch.Tensor, FavorRead]:
        """Return what queries read of keys and values, (R, H, T, D) each, and of what was read."""
        query, key, value = parts
        root = self.scale**0.5
        rows = self.projection.to(query.dtype).transpose(1, 2) * root  # (H, D, m)
        ones = value.new_ones(()).expand(*value.shape[:3], 1)
        value = torch.cat((value, ones), dim=3)  # (R, H, T, D + 1)
        length, start, pieces = query.shape[2], 0, []
        while start < length:
            left = length - start
            count = min(left, _GROUP) // _CHUNK * _CHUNK or left
            size = min(count, _CHUNK)
            span = slice(start, start + count)
            # A query's own norm is the same in all its features, and falls out of the quotient.
            of_query = query[:, :, span] @ rows  # (R, H, T', m)
            norms = key[:, :, span].square().sum(3, keepdim=True) * (self.scale / 2)
            of_key = key[:, :, span] @ rows - norms
            group = (of_query, of_key, value[:, :, span])
            outcome, read = _chunked([part.unflatten(2, (-1, size)) for part in group], read)
            pieces.append(outcome.flatten(2, 3))
            start += count
        return torch.cat(pieces, dim=2), read

    def _nothing(self, rows: int, like: torch.Tensor) -> FavorRead:
        heads, features, width = self._shape
        dtype = torch.promote_types(like.dtype, torch.float32)
        sums = like.new_zeros((rows, heads, features, width + 1), dtype=dtype)
        return FavorRead(sums, like.new_full((rows, heads), float("-inf"), dtype=dtype))

    @torch.no_grad()
    def redraw(self, number: int) -> None:
        """See `Attention`."""
        self.projection.copy_(self._drawn(number))

    def _drawn(self, number: int) -> torch.Tensor:
        """Return the rows (H, m, D) that are drawn as the `number`-th, from 0."""
        heads, features, width = self._shape
        source = generator(self._seed, self._layer, number)
        blocks = -(-features // width)

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=source, dtype=torch.float64, device="cpu")

        factor, upper = torch.linalg.qr(normal(heads, blocks, width, width))
        # Without the signs it would not be uniform over all rotations.
        factor = factor * upper.diagonal(dim1=-2, dim2=-1).sign()[..., None, :]
        directions = factor.transpose(-2, -1).flatten(1, 2)[:, :features]
        norms = normal(heads, features, width).norm(dim=2, keepdim=True)
        rows: torch.Tensor = (directions * norms).to(torch.float32)
        return rows


def _chunked(parts: list[torch.Tensor], read: FavorRead) -> tuple[torch.Tensor, FavorRead]:
    """Return what the queries of N chunks of C tokens read, (R, H, N, C, D), and all that is read.

    Args:
        parts: Logarithms of the queries' and the keys' features, (R, H, N, C, m) each, and values
            with a one behind each of them, (R, H, N, C, D + 1).
        read: What has been read before the first chunk.
    """
    of_query, of_key, value = parts
    rows, heads, chunks, size, _ = of_key.shape
    # The outcome is the same whatever the maxima are: no gradient goes through them.
    query = (of_query - of_query.detach().amax(4, keepdim=True)).exp()
    peaks = of_key.detach().amax(4)  # (R, H, N, C)
    key = (of_key - peaks[..., None]).exp()
    before = read.peak[..., None]
    running = peaks.flatten(2).cummax(2).values.maximum(before).view(rows, heads, chunks, size)
    ends = running[..., -1]  # (R, H, N)
    starts = torch.cat((before, ends[..., :-1]), dim=2)
    causal = torch.ones((size, size), dtype=torch.bool, device=key.device).tril()
    apart = peaks[..., None, :] - running[..., None]  # (R, H, N, C, C)
    weights = query @ key.transpose(3, 4) * apart.masked_fill(~causal, float("-inf")).exp()
    added = (key * (peaks - ends[..., None]).exp()[..., None]).transpose(3, 4) @ value
    fading = (starts - ends).exp()[..., None, None]  # (R, H, N, 1, 1)
    sums, passed = read.sums, []
    for fade, more in zip(fading.unbind(2), added.unbind(2), strict=True):
        passed.append(sums)
        sums = torch.addcmul(more, sums, fade)
    earlier = query @ torch.stack(passed, dim=2)  # (R, H, N, C, D + 1)
    total = weights @ value + earlier * (starts[..., None] - running).exp()[..., None]
    # Where all products are too small for their quotients, nothing is read rather than no number.
    shares = total[..., -1:]
    lost = shares < torch.finfo(total.dtype).tiny * 1e8
    outcome = total[..., :-1] / shares.masked_fill(lost, 1.0)
    return outcome.masked_fill(lost, 0.0), FavorRead(sums, ends[..., -1])
