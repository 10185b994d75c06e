"""Attention by relative positions, and recurrence: Transformer-XL (1901.02860).

A query looks at keys by what they are and by how far back they stand. So a text of any length can
be read in segments, each with what the last `memory_length` tokens before it have left behind.
This module knows one layer: which segments a text has, and what they cost, is the network's.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn

from writer.transformer.attention import Attention, QueryKeyValue
from writer.transformer.config import GPTConfig
from writer.transformer.streams import LayerRead
from writer.transformer.window import Window, empty_window, look

PIECE = 128
"""Queries whose scores exist at once: 64 to 256 cost the same in training, 512 costs twice."""


class Carried(NamedTuple):
    """What one layer keeps of the segments before: bounded, and without their gradients."""

    raw: torch.Tensor  # (B, M', E): inputs of the layer, before its norm
    slots: torch.Tensor  # (B, C', E): compressed ones; none unless memory is compressive
    first: int
    """The position of the first raw input."""


class RelativeRead(NamedTuple):
    """What a layer has read: keys and values within reach, and vectors of distances."""

    window: Window
    table: torch.Tensor  # (H, N, D): of the distances N - 1 .. 0
    """The same in all that comes of one beginning."""

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes, beside the table that all share."""
        return self.window.nbytes

    def branch(self, rows: int) -> "RelativeRead":
        """Return it for `rows` continuations of the one row that there is."""
        return self._replace(window=self.window.branch(rows))

    def select(self, rows: torch.Tensor) -> "RelativeRead":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return self._replace(window=self.window.select(rows))


class RelativeAttention(Attention):
    """Score = ((q_i + u) k_j + (q_i + v) W_R s(i - j)) scale, for the tokens j <= i within reach.

    s is a sinusoid of the distance, W_R is `distances`, u and v are the biases (1901.02860, 3.3).
    """

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__(config, layer)
        self.memory = None if config.memory == "none" else config.size("memory_length")
        """Tokens before its own that a query looks at; None: all of them."""
        self._longest = config.n_ctx
        self.distances = nn.Linear(config.n_embd, config.n_embd, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(config.n_head, config.head_width))
        self.position_bias = nn.Parameter(torch.zeros(config.n_head, config.head_width))

    def start(self, x: torch.Tensor) -> Carried:
        """Return what is carried to the first segment of texts like x (B, T, E): nothing."""
        nothing = x.detach().new_empty((x.shape[0], 0, x.shape[2]))
        return Carried(nothing, nothing, 0)

    def segment(
        self, x: torch.Tensor, norm: nn.Module, carried: Carried, first: int
    ) -> tuple[torch.Tensor, Carried, torch.Tensor | None]:
        """Read one segment of each text after what the ones before it have left.

        Args:
            x: (B, T, E), inputs of the layer before its norm.
            norm: The layer's.
            carried: By the segment before, or from `start`.
            first: The position of the segment's first token.

        Returns:
            What it reads (B, T, E), what is carried to the next one, and what is to be added to
            the loss, if anything.
        """
        length = x.shape[1]
        context = torch.cat((carried.raw, x), dim=1)  # (B, K, E)
        query, keys, values = self.heads_of(norm(context), length)
        before = keys.shape[2] - length
        content, position = self.queries(query)
        content = content * self.scale
        furthest = keys.shape[2] - 1 if self.memory is None else self.memory
        table = self.table(min(keys.shape[2], furthest + 1)).to(query.dtype)
        reads = []
        with torch.autocast(x.device.type, enabled=False):  # softmax in what the scores are in
            for begin, end in pieces(length):
                low = max(0, before + begin - furthest)
                nearest = table[:, -min(table.shape[1], before + end) :]
                bias = shifted(by_distance(position[:, :, begin:end], nearest))
                bias = bias[..., bias.shape[-1] - (before + end - low) :]
                part = slice(low, before + end)
                reads.append(
                    self.attended(
                        content[:, :, begin:end], keys[:, :, part], values[:, :, part], bias
                    )
                )
        kept = 0 if self.memory is None else min(self.memory, context.shape[1])
        raw = context[:, context.shape[1] - kept :].detach()
        out = self.joined(torch.cat(reads, dim=2))
        return out, Carried(raw, carried.slots, first + length - kept), None

    def begin(self, like: torch.Tensor) -> LayerRead:
        """See `Attention`."""
        heads, width = self.content_bias.shape
        distances = self._longest if self.memory is None else self.memory + 1
        table = self.table(distances).to(like.dtype).contiguous()
        return RelativeRead(empty_window(heads, width, like), table)

    def onward_raw(
        self,
        x: torch.Tensor,
        norm: nn.Module,
        read: Any,  # noqa: ANN401 - its own kind
        first: int,
        branched: bool,
    ) -> tuple[torch.Tensor, LayerRead]:
        """Return what x (R, T, E), before the norm, reads, and all that is read; see `onward`."""
        query, keys, values = self.projected(norm(x), first)
        content, position = self.queries(query)
        window, table = read
        reads = []
        for begin, end in pieces(x.shape[1]):
            if self.memory is not None:
                window = within(window, self.memory)
            window = window.extended(keys[:, :, begin:end], values[:, :, begin:end], branched)
            nearest = table[:, -min(table.shape[1], window.end) :]
            bias = shifted(by_distance(position[:, :, begin:end].to(table.dtype), nearest))
            bias = bias[..., bias.shape[-1] - (window.end - window.first) :]
            reads.append(look(content[:, :, begin:end], window, bias.to(query.dtype), self.scale))
        if self.memory is not None and not branched:
            # One more than the next query needs, so that token by token this copies nothing.
            window = window.trimmed(self.memory + 1)
        return self.joined(torch.cat(reads, dim=2)), RelativeRead(window, table)

    def heads_of(
        self, context: torch.Tensor, looking: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries (B, H, T, D) of the last tokens of (B, K, E), keys and values of all."""
        if not isinstance(self.qkv, QueryKeyValue):  # the engine makes one matrix of the three
            query, keys, values = self.projected(context, 0)
            return query[:, :, query.shape[2] - looking :], keys, values
        query = self.qkv.query(context[:, context.shape[1] - looking :])
        parts = (query, self.qkv.key(context), self.qkv.value(context))
        query, keys, values = (self.split(part) for part in parts)
        return query, keys, values

    def split(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (B, T, E) head by head, (B, H, T, D)."""
        rows, length, width = x.shape
        return x.view(rows, length, self.heads, width // self.heads).transpose(1, 2)

    def queries(self, query: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the queries for content, and those for distances, which are scaled already."""
        u, v = (bias.to(query.dtype)[:, None] for bias in (self.content_bias, self.position_bias))
        return query + u, (query + v) * self.scale

    def table(self, count: int) -> torch.Tensor:
        """Return the vectors (H, N, D) of the N = `count` distances N - 1 .. 0."""
        like = self.content_bias
        waves = sinusoids(1 << (count - 1).bit_length(), like.numel(), like.device)
        vectors: torch.Tensor = self.distances(waves[-count:].to(like.dtype))  # (N, E)
        return vectors.view(count, self.heads, -1).transpose(0, 1)

    def attended(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        """Return what scaled queries (B, H, T, D) read of S entries, by a bias (B, H, T, S)."""
        rows, heads, length, width = query.shape
        query, keys, values, bias = (part.flatten(0, 1) for part in (query, keys, values, bias))
        scores = torch.baddbmm(bias, query, keys.transpose(1, 2))
        return torch.bmm(torch.softmax(scores, dim=-1), values).view(rows, heads, length, width)


def pieces(length: int) -> Iterator[tuple[int, int]]:
    """Yield where the pieces begin and end that many queries are looked at in."""
    for begin in range(0, length, PIECE):
        yield begin, min(length, begin + PIECE)


def by_distance(query: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Return the scores (B, H, T, N) of queries (B, H, T, D) for distances, table (H, N, D)."""
    rows, heads, length, width = query.shape
    flat = query.transpose(0, 1).reshape(heads, rows * length, width)
    return (flat @ table.transpose(1, 2)).view(heads, rows, length, -1).transpose(0, 1)


def shifted(scores: torch.Tensor) -> torch.Tensor:
    """Turn scores (..., T, N) by distances N - 1 .. 0 into ones by places, (..., T, N + T - 1).

    The last place is that of the last of the T consecutive queries. Where a query has no score it
    is minus infinity, so that what lies after it, or too far back, is masked by that alone.
    """
    if scores.shape[-2] == 1:
        return scores
    places: torch.Tensor = _Shift.apply(scores)  # type: ignore[no-untyped-call]
    return places


class _Shift(torch.autograd.Function):
    """See `shifted`. What plain operations do is twice as dear on the way back."""

    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - torch's own
        *_, length, count = scores.shape
        places = scores.new_full((*scores.shape[:-1], count + length - 1), float("-inf"))
        _diagonal(places, count).copy_(scores)
        return places

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        count = gradient.shape[-1] - gradient.shape[-2] + 1
        return _diagonal(gradient.contiguous(), count)


def _diagonal(places: torch.Tensor, count: int) -> torch.Tensor:
    """Return a view (..., T, N): of each row of (..., T, S) N places, from the row's number on."""
    *strides, row, one = places.stride()
    shape = (*places.shape[:-1], count)
    return places.as_strided(shape, (*strides, row + one, one), places.storage_offset())


def within(window: Window, keep: int) -> Window:
    """Return views of a window's entries, without those that lie `keep` or more tokens back."""
    surplus = max(0, window.end - keep - window.first)
    shared = min(surplus, window.shared.shape[2])
    return Window(
        window.shared[:, :, shared:],
        window.own[:, :, :, surplus - shared :],
        window.first + surplus,
    )


@lru_cache(maxsize=4)
def sinusoids(count: int, width: int, device: torch.device) -> torch.Tensor:
    """Return the waves (N, E) of the N = `count` distances N - 1 .. 0 (1706.03762, 3.5)."""
    with torch.inference_mode(False), torch.device("cpu"):
        distance = torch.arange(count - 1, -1, -1, dtype=torch.float64)
        power = torch.arange(0, width, 2, dtype=torch.float64) / width
        angle = distance[:, None] * 10000.0**-power
        waves = torch.cat((angle.sin(), angle.cos()), dim=1)[:, :width]
        return waves.to(torch.float32 if device.type == "mps" else torch.float64).to(device)
