"""Attention whose mask is known beforehand, at the cost of what it lets through.

A text is cut into blocks of queries, and each is given the few keys that its block may see, with a
mask that all rows of the batch and all heads of a group share. It knows patterns, not their names.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
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
        groups = (torch.split(part, self._sizes(), dim=1) for part in self.projected(x, 0))
        reads = [
            looked(layout, query, key, value, self.scale)
            for layout, query, key, value in zip(self.pattern.layouts, *groups, strict=True)
        ]
        return self.joined(torch.cat(reads, dim=1))

    def begin(self, like: torch.Tensor) -> Looked:
        """Return what one row has read before its first token, in `like`'s dtype and device."""
        return Looked(tuple(begun(layout, self.width, like) for layout in self.pattern.layouts))

    def onward(
        self, x: torch.Tensor, read: Looked, first: int, branched: bool
    ) -> tuple[torch.Tensor, Looked]:
        """Return what x (R, T, E) reads at the positions from `first` on, and all that is read.

        Raises:
            ValueError: Rows of a hierarchical layer have so many tokens of their own that these
                would have to be summed up.
        """
        new = torch.split(torch.stack(self.projected(x, first)), self._sizes(), dim=2)
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
    cut = _cut(layout)
    beyond = [_Beyond(layout, cut, one) for one in (key, value)]
    text = [cut.folded(one) for one in (query, key, value)]
    reads, settled = [], None
    for start, (queries, keys, values) in cut.pieces(*text):
        blocks = queries.shape[1]
        # Once nothing lies before the text's beginning, all blocks are masked alike.
        is_settled = _settled(layout, cut, start)
        bias = settled
        if bias is None:
            places = cut.places(start, (1, 1) if is_settled else (cut.rows, blocks), query)
            mask = _mask(layout, places, length)
            bias = torch.zeros_like(mask, dtype=query.dtype).masked_fill_(~mask, float("-inf"))
            settled = bias if is_settled else None
        keys, values = (
            torch.cat((*more.of(start, blocks), near), dim=3)
            for more, near in zip(beyond, (keys, values), strict=True)
        )
        reads.append(_attended((queries, keys, values), bias, scale))
    return cut.unfolded(torch.cat(reads, dim=1), query)


class _Cut(NamedTuple):
    """How a text is cut: into rows of tokens equally far apart, those into blocks, into pieces."""

    rows: int
    """A row has every `rows`-th token: so dilated heads have common blocks too."""
    block: int
    back: int
    """How many tokens of a row before a block are gathered for it."""
    blocks: int
    """How many of them make a piece."""

    def folded(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (B, h, T, D) in rows, (rows, B * h, L, D), filled up to whole blocks."""
        x = F.pad(x, (0, 0, 0, -x.shape[2] % (self.rows * self.block)))
        return torch.unflatten(x.flatten(0, 1), 1, (-1, self.rows)).permute(2, 0, 1, 3)

    def unfolded(self, read: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """Return blocks (rows, blocks, B * h, block, D) as a text in the shape of `like`."""
        flat = read.permute(2, 1, 3, 0, 4).flatten(1, 3)[:, : like.shape[2]]
        return flat.reshape(like.shape)

    def pieces(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> Iterator[tuple[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]:
        """Yield where in the rows each piece starts, its blocks' queries, and keys and values.

        Each is (rows, blocks, B * h, block or back + block, D).
        """
        tokens = self.block * self.blocks
        tails = [x[:, :, :1].new_zeros(*x.shape[:2], self.back, x.shape[3]) for x in (key, value)]
        start = 0
        split = (torch.split(x, tokens, dim=2) for x in (query, key, value))
        for queries, *both in zip(*split, strict=True):
            keys, values = (
                torch.cat(pair, dim=2)
                .unfold(2, self.back + self.block, self.block)
                .permute(0, 2, 1, 4, 3)
                for pair in zip(tails, both, strict=True)
            )
            own = torch.unflatten(queries, 2, (-1, self.block)).transpose(1, 2)
            yield start, (own, keys, values)
            # Of the piece alone: a slice of the whole text costs the whole text on the way back.
            tails = [x[:, :, x.shape[2] - self.back :] for x in both]
            start += queries.shape[2]

    def places(
        self, start: int, count: tuple[int, int], like: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the positions of queries (*count, block) and keys (*count, K), rows and blocks."""
        device = like.device
        rows = torch.arange(count[0], device=device)[:, None, None]
        first = start + torch.arange(count[1], device=device)[None, :, None] * self.block
        own = torch.arange(-self.back, self.block, device=device)
        keys = (first + own) * self.rows + rows
        return keys[..., self.back :], keys


def _cut(layout: Layout) -> _Cut:
    if isinstance(layout, Aligned):
        back, rows = layout.before * layout.block, 1
        # Pieces that see ever more summaries are short, lest the first ones gather the last ones'.
        least = layout.block if layout.summary else PIECE
    else:
        assert layout.reach is not None
        back, rows = -(-(layout.reach - 1) // 16) * 16, layout.dilation
        least = PIECE // rows
    return _Cut(rows, layout.block, back, max(1, -(-max(back, least) // layout.block)))


class _Beyond:
    """What the blocks see of keys or of values besides their windows."""

    def __init__(self, layout: Layout, cut: _Cut, x: torch.Tensor) -> None:
        length = x.shape[2]
        x = x.flatten(0, 1)  # (M, T, D)
        self.layout = layout
        self.cut = cut
        self.prefix = x[:, : layout.prefix] if layout.prefix else None
        self.drawn: tuple[torch.Tensor, ...] = ()  # of each piece (blocks, M, drawn * block, D)
        self.summaries: torch.Tensor | None = None  # (M, n, D)
        if isinstance(layout, Aligned) and layout.drawn:
            x = F.pad(x, (0, 0, 0, -length % layout.block))
            x = torch.unflatten(x, 1, (-1, layout.block))
            index = torch.tensor(_chosen(layout, range(x.shape[1]), 0), device=x.device)
            drawn = x.transpose(0, 1).index_select(0, index.flatten())
            drawn = torch.unflatten(drawn, 0, index.shape)
            self.drawn = torch.split(drawn.transpose(1, 2).flatten(2, 3), cut.blocks)
        elif isinstance(layout, Aligned) and layout.summary:
            end = layout.start(length - 1)
            self.summaries = torch.unflatten(x[:, :end], 1, (-1, layout.summary)).mean(dim=2)

    def of(self, start: int, blocks: int) -> list[torch.Tensor]:
        """Return it for a piece, each (rows, blocks, M, n, D), in the order of `_mask`."""
        shape = (self.cut.rows, blocks, -1, -1, -1)
        parts = []
        if self.prefix is not None:
            parts.append(self.prefix.expand(shape))
        if self.drawn:
            parts.append(self.drawn[start // (self.cut.block * self.cut.blocks)][None])
        if self.summaries is not None:
            assert isinstance(self.layout, Aligned)
            last = start + blocks * self.cut.block - 1
            seen = self.layout.start(last) // self.layout.summary
            parts.append(self.summaries[:, :seen].expand(shape))
        return parts


def _settled(layout: Layout, cut: _Cut, start: int) -> bool:
    """Return whether a piece is masked as all later ones are, block by block."""
    if isinstance(layout, Sliding):
        return (start - cut.back) * cut.rows >= layout.prefix
    full = layout.prefix_blocks + layout.before + layout.drawn
    return not layout.summary and start >= full * layout.block


def _mask(layout: Layout, places: tuple[torch.Tensor, torch.Tensor], length: int) -> torch.Tensor:
    """Return what queries (rows, blocks, Q) see, of it all (rows, blocks, 1, Q, K)."""
    query, key = places
    prefix = min(layout.prefix, length)
    # What the prefix has, the window does not show a second time.
    near = layout.near(query, key) & (key >= prefix)[..., None, :]
    parts = [near]
    if isinstance(layout, Aligned) and layout.summary:
        seen = layout.summaries(query)
        most = layout.start(min(length, int(query[0, -1, -1]) + 1) - 1) // layout.summary
        parts.insert(0, torch.arange(most, device=key.device) < seen[..., None])
    if isinstance(layout, Aligned) and layout.drawn:
        numbers = (query[0, :, 0] // layout.block).tolist()
        there = torch.tensor(_chosen(layout, numbers, -1), device=key.device) >= 0
        there = there.repeat_interleave(layout.block, dim=1)[None, :, None]
        parts.insert(0, there.expand(*near.shape[:3], -1))
    if prefix:
        first = torch.arange(prefix, device=key.device)
        parts.insert(0, first <= query[..., None])
    return torch.cat(parts, dim=-1).unsqueeze(2)


def _chosen(layout: Aligned, numbers: Iterable[int], none: int) -> list[list[int]]:
    """Return the blocks drawn for blocks, `none` for each that is missing from `layout.drawn`."""
    chosen = (layout.drawn_blocks(number) for number in numbers)
    return [[*row, *(layout.drawn - len(row)) * [none]] for row in chosen]


def _attended(
    text: tuple[torch.Tensor, torch.Tensor, torch.Tensor], bias: torch.Tensor, scale: float
) -> torch.Tensor:
    """Return what queries (rows, blocks, M, Q, D) read of keys and values (rows, blocks, M, K, D).

    `bias` is added to the scaled scores, (rows, blocks, 1, Q, K) or of one row and one block.
    """
    rows = text[0].shape[0]
    query, key, value = (x.flatten(0, 1) for x in text)
    bias = bias.flatten(0, 1)
    if query.device.type == "cpu" and query.dtype in (torch.bfloat16, torch.float16):
        # Here the fused kernel is slow: 20 us a token against 10 (bf16, back and forth, 4 heads
        # of 64, windows of 256). The products keep fp32 sums, as it does.
        scores = (query * scale) @ key.transpose(2, 3)
        read = torch.softmax(scores.add_(bias), dim=-1) @ value
    else:
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scale)
    return torch.unflatten(read, 0, (rows, -1))
