"""Attention whose mask is known beforehand, at the cost of what it lets through.

A text is cut into blocks of queries, and each is given the few keys that its block may see, with a
mask that all rows of the batch and all heads of a group share. It knows patterns, not their names.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from writer.transformer.attention import Attention, QueryKeyValue
from writer.transformer.config import GPTConfig
from writer.transformer.lookback import Looked, begun, looked_on
from writer.transformer.patterns import Aligned, Layout, Sliding, pattern

PIECE = 1024
"""Tokens of a text, at least, whose blocks are gathered at once: no more memory is asked for."""


class SparseAttention(Attention):
    """Dense, banded, Longformer's, Big Bird's or hierarchical attention; see `patterns`."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__(config, layer)
        self.width = config.head_width
        self.pattern = pattern(config, layer)
        self.apart = config.global_tokens or 0
        """How many first tokens have projections of their own."""
        self.global_qkv = QueryKeyValue(config.n_embd) if self.apart else None

    def projections(self, x: torch.Tensor, first: int) -> torch.Tensor:
        """Return queries, keys and values (B, T, 3E), side by side, of x (B, T, E)."""
        apart = min(max(0, self.apart - first), x.shape[1])
        if self.global_qkv is None or not apart:
            return super().projections(x, first)
        start: torch.Tensor = self.global_qkv(x[:, :apart])
        if apart == x.shape[1]:
            return start
        return torch.cat((start, super().projections(x[:, apart:], first + apart)), dim=1)

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """Return what x (B, T, E), whole texts, reads of itself, (B, T, E)."""
        groups = (part.split(self._sizes(), dim=1) for part in self.projected(x, 0))
        reads = [
            looked(layout, query, key, value, self.scale)
            for layout, query, key, value in zip(self.pattern.layouts, *groups, strict=True)
        ]
        return self.joined(torch.cat(reads, dim=1))

    def begin(self, like: torch.Tensor) -> Looked:
        """Return what one row has read before its first token, in the dtype and device of `like`."""
        return Looked(tuple(begun(layout, self.width, like) for layout in self.pattern.layouts))

    def onward(
        self, x: torch.Tensor, read: Looked, first: int, branched: bool
    ) -> tuple[torch.Tensor, Looked]:
        """Return what x (R, T, E) reads at the positions from `first` on, and all that is read.

        Raises:
            ValueError: Rows of a hierarchical layer have so many tokens of their own that these
                would have to be summed up.
        """
        new = torch.stack(self.projected(x, first)).split(self._sizes(), dim=2)
        layouts = self.pattern.layouts
        done = [
            looked_on(layout, group, part, (first, branched), self.scale)
            for layout, group, part in zip(layouts, read.groups, new, strict=True)
        ]
        out = self.joined(torch.cat([part for part, _ in done], dim=1))
        return out, Looked(tuple(group for _, group in done))

    def _sizes(self) -> list[int]:
        return [layout.heads for layout in self.pattern.layouts]


def looked(
    layout: Layout, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Return what queries (B, h, T, D) read of a whole text's keys and values, (B, h, T, D)."""
    length = query.shape[2]
    if layout.sees_all(length):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale)
    cut = _Cut.of(layout)
    reads, mask = [], None
    folded = (cut.folded(query), cut.folded(key), cut.folded(value))
    beyond = _Beyond(layout, key, value)
    for start, (piece, keys, values) in cut.pieces(*folded):
        blocks = piece.shape[1]
        # Once nothing lies before the text's beginning, all blocks are masked alike.
        if mask is None or not beyond.settled(start):
            settled = beyond.settled(start)
            mask = _bias(cut.mask(layout, start, 1 if settled else blocks, length), query)
        more_keys, more_values = beyond.of(start, blocks)
        shape = (cut.rows, blocks, -1, -1, -1)
        keys = torch.cat((*(part.expand(shape) for part in more_keys), keys), dim=3)
        values = torch.cat((*(part.expand(shape) for part in more_values), values), dim=3)
        reads.append(_attended(piece, keys, values, mask, scale))
    return cut.unfolded(torch.cat(reads, dim=1), query)
