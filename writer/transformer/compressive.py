"""Compressed memory: the Compressive Transformer (1911.05507).

What falls out of the recurrent memory is not forgotten: a convolution makes one slot of every
`compression_rate` tokens, and the last `compressed_length` slots are looked at behind them. The
convolution learns from a loss of its own, which trains nothing else.
"""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from writer.transformer.config import GPTConfig
from writer.transformer.recurrent import (
    Carried,
    RelativeAttention,
    by_distance,
    pieces,
    shifted,
    within,
)
from writer.transformer.streams import LayerRead
from writer.transformer.window import Window, empty_window, look_at

_SAMPLED = 4
"""One query in so many tells the convolution how well it does: all of them cost a sixth more."""


class Tables(NamedTuple):
    """Vectors of distances: to tokens, and to slots for each place in a group of c tokens."""

    tokens: torch.Tensor  # (H, N, D): of the distances N - 1 .. 0
    slots: torch.Tensor  # (H, c, N', D): the furthest slot first


class Entries(NamedTuple):
    """Keys and values (B, H, S, D) of consecutive tokens, or of the slots of consecutive groups."""

    keys: torch.Tensor
    values: torch.Tensor
    first: int

    def between(self, first: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values from one to another."""
        part = slice(first - self.first, end - self.first)
        return self.keys[:, :, part], self.values[:, :, part]


class CompressiveRead(NamedTuple):
    """What a layer has read: tokens within reach, slots before them, and an unfinished group."""

    window: Window
    slots: torch.Tensor  # (2, H, C', D): keys and values of consecutive groups
    group: int
    """Which group the first slot is of."""
    pending: torch.Tensor  # (n, E): the layer's inputs of the tokens in no complete group
    tables: Tables
    """The same in all that comes of one beginning."""

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes, beside the tables that all share."""
        return self.window.nbytes + self.slots.nbytes + self.pending.nbytes

    def branch(self, rows: int) -> "CompressiveRead":
        """Return it for `rows` continuations of the one row that there is."""
        return self._replace(window=self.window.branch(rows))

    def select(self, rows: torch.Tensor) -> "CompressiveRead":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return self._replace(window=self.window.select(rows))


class CompressiveAttention(RelativeAttention):
    """Recurrent attention with compressed slots behind the tokens.

    With c = rate and M = memory, token i looks at the tokens from `edge(i)` on, and at the last C
    slots of the groups [g c, (g + 1) c) before that; a slot stands where its last token stood.
    """

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__(config, layer)
        self.reach = config.size("memory_length")
        self.count = config.size("compressed_length")
        self.rate = config.size("compression_rate") if self.count else 1
        self.compress: nn.Conv1d | None = None
        if self.count:
            width = config.n_embd
            self.compress = nn.Conv1d(width, width, self.rate, stride=self.rate)
            with torch.no_grad():  # it starts as the mean of its group
                # No `torch.eye`: on the meta device it imports torch's compiler.
                self.compress.weight.zero_().diagonal().fill_(1 / self.rate)
            nn.init.zeros_(self.compress.bias)  # type: ignore[arg-type]

    def edge(self, token: int) -> int:
        """Return the first token that `token` looks at as it is; groups before it are slots."""
        return self.rate * max(0, (token - self.reach) // self.rate)

    def segment(
        self, x: torch.Tensor, norm: nn.Module, carried: Carried, first: int
    ) -> tuple[torch.Tensor, Carried, torch.Tensor | None]:
        """See `RelativeAttention`; in training there is a loss once something is compressed."""
        if self.compress is None:
            return super().segment(x, norm, carried, first)
        length = x.shape[1]
        edge = self.edge(first + length - 1)
        context = torch.cat((carried.raw, x), dim=1)  # (B, K, E), from carried.first on
        query, keys, values = self.heads_of(norm(context), length)
        content, position = self.queries(query)
        content = content * self.scale
        evicted = edge - carried.first
        fresh = self.compressed(context[:, :evicted].detach()).to(x.dtype)
        penalty = None
        if self.training and evicted:
            gone = keys[:, :, :evicted], values[:, :, :evicted]
            penalty = self._penalty(content, gone, fresh, norm)
        slots = torch.cat((carried.slots, fresh.detach()), dim=1)  # (B, C', E)
        memory = Entries(*self._slots_of(slots, norm), edge // self.rate - slots.shape[1])
        entries = Entries(keys, values, carried.first), memory
        tables = self._tables(first + length)
        with torch.autocast(x.device.type, enabled=False):
            read = self._looked((content, position), entries, first, tables)
        carried = Carried(context[:, evicted:].detach(), slots[:, -self.count :], edge)
        return self.joined(read), carried, penalty

    def _looked(
        self,
        queries: tuple[torch.Tensor, torch.Tensor],
        entries: tuple[Entries, Entries],
        first: int,
        tables: Tables,
    ) -> torch.Tensor:
        """Return what a segment from `first` on reads of tokens and of slots, (B, H, T, D)."""
        content, position = queries
        tokens, slots = entries
        tables = Tables(*(table.to(content.dtype) for table in tables))
        reads = []
        for begin, end in pieces(content.shape[2]):
            at = first + begin
            biases, groups = self._biases(position[:, :, begin:end], at, tables, slots.first)
            behind = slots.between(*groups)
            near = tokens.between(self.edge(at), first + end)
            keys, values = (torch.cat(pair, dim=2) for pair in zip(behind, near, strict=True))
            bias = torch.cat(biases, dim=3)
            reads.append(self.attended(content[:, :, begin:end], keys, values, bias))
        return torch.cat(reads, dim=2)

    def begin(self, like: torch.Tensor) -> LayerRead:
        """See `Attention`."""
        if self.compress is None:
            return super().begin(like)
        heads, width = self.content_bias.shape
        whole = self._tables(self._longest)
        tables = Tables(*(table.to(like.dtype).contiguous() for table in whole))
        nothing = like.new_empty((2, heads, 0, width))
        pending = like.new_empty((0, heads * width))
        return CompressiveRead(empty_window(heads, width, like), nothing, 0, pending, tables)

    def onward_raw(
        self,
        x: torch.Tensor,
        norm: nn.Module,
        read: Any,  # noqa: ANN401 - its own kind
        first: int,
        branched: bool,
    ) -> tuple[torch.Tensor, LayerRead]:
        """See `RelativeAttention`.

        Raises:
            ValueError: Rows have so many tokens of their own, more than `memory_length`, that these
                would have to be compressed.
        """
        if not isinstance(read, CompressiveRead):
            return super().onward_raw(x, norm, read, first, branched)
        query, keys, values = self.projected(norm(x), first)
        content, position = self.queries(query)
        reads = []
        for begin, end in pieces(x.shape[1]):
            at = first + begin
            read = self._extended(read, (keys[:, :, begin:end], values[:, :, begin:end]), branched)
            if branched:
                self._check_own(read)
            else:
                read = self._grouped(read, x[0, begin:end], norm)
            bias = self._stream_bias(position[:, :, begin:end], at, read).to(query.dtype)
            entries = (read.slots, read.window.shared), read.window.own
            reads.append(look_at(content[:, :, begin:end], entries, bias, self.scale))
        if not branched:
            read = self._trimmed(read)
        return self.joined(torch.cat(reads, dim=2)), read

    def compressed(self, raw: torch.Tensor) -> torch.Tensor:
        """Return the slots (B, n / c, E) of whole groups of layer inputs (B, n, E)."""
        assert self.compress is not None
        if not raw.shape[1]:
            return raw
        slots: torch.Tensor = self.compress(raw.transpose(1, 2)).transpose(1, 2)
        return slots

    def _slots_of(self, slots: torch.Tensor, norm: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values (B, H, C', D) of slots (B, C', E)."""
        _, keys, values = self.heads_of(norm(slots), 0)
        return keys, values

    def _penalty(
        self,
        query: torch.Tensor,
        gone: tuple[torch.Tensor, torch.Tensor],
        fresh: torch.Tensor,
        norm: nn.Module,
    ) -> torch.Tensor:
        """Return how far what queries read of slots is from what they read of their tokens.

        All but the convolution is constant here (1911.05507, 3.2: attention reconstruction).
        """
        query = query[:, :, ::_SAMPLED].detach()  # scaled already
        normed = _constant(norm, fresh)
        key, value = (
            self.split(_constant(part, normed)).to(query.dtype)
            for part in (self.qkv.key, self.qkv.value)
        )
        look = F.scaled_dot_product_attention
        wanted = look(query, gone[0].detach(), gone[1].detach(), scale=1.0)
        return F.mse_loss(look(query, key, value, scale=1.0), wanted)

    @property
    def _nearest(self) -> int:
        """Return how many groups the nearest slot is back, at least; see `_slot_scores`."""
        return self.reach // self.rate

    @property
    def _furthest(self) -> int:
        return -(-self.reach // self.rate) + self.count - 1

    def _tables(self, end: int) -> Tables:
        """Return the vectors of the distances that there can be in a text of `end` tokens."""
        rate, width = self.rate, self.content_bias.shape[1]
        tokens = min(self.reach + rate, end)
        groups = max(0, min(self._furthest, (end - 1) // rate) + 1 - self._nearest)
        vectors = self.table(max(tokens, rate * (groups + self._nearest) + 1 if groups else 0))
        # From a token at place p of its group to a slot n groups back it is n c + p + 1.
        until = vectors.shape[1] - (self._nearest * rate + 1)
        slots = vectors[:, max(0, until) - groups * rate : max(0, until)]
        slots = slots.reshape(self.heads, groups, rate, width).transpose(1, 2).flip(1)
        return Tables(vectors[:, -tokens:], slots)

    def _biases(
        self, position: torch.Tensor, at: int, tables: Tables, group: int
    ) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[int, int]]:
        """Return biases (B, H, T, S) of the slots seen, and of the tokens from `edge(at)` on.

        Args:
            position: The queries for distances (B, H, T, D), of the tokens from `at` on.
            at: See there.
            tables: Of distances.
            group: The first of which there is a slot.

        Returns:
            The biases of both, and from which group to which the slots are.
        """
        end = at + position.shape[2]
        low, high = self._seen(at, end, group)
        tokens = self._token_scores(position, at, tables.tokens)
        tokens = tokens[..., tokens.shape[-1] - (end - self.edge(at)) :]
        if low == high:
            return (tokens[..., :0], tokens), (low, high)
        slots = self._slot_scores(position, at, tables.slots, (low, high))
        return (slots, tokens), (low, high)

    def _seen(self, at: int, end: int, group: int) -> tuple[int, int]:
        """Return from which group to which the tokens from `at` to `end` see slots."""
        high = self.edge(end - 1) // self.rate
        return min(high, max(group, self.edge(at) // self.rate - self.count)), high

    def _token_scores(self, position: torch.Tensor, at: int, table: torch.Tensor) -> torch.Tensor:
        """Return what `shifted` does of the scores for tokens, masked before each one's edge."""
        end = at + position.shape[2]
        table = table[:, -min(table.shape[1], end) :]
        scores = by_distance(position, table)
        # A single token's places begin at its edge: what lies before needs no mask.
        if self.rate > 1 and end > self.reach and position.shape[2] > 1:
            tokens = torch.arange(at, end, device=position.device)
            widest = self.reach + (tokens - self.reach) % self.rate
            distance = torch.arange(table.shape[1] - 1, -1, -1, device=position.device)
            scores = scores + _unless(distance > widest[:, None], scores)
        return shifted(scores)

    def _slot_scores(
        self, position: torch.Tensor, at: int, table: torch.Tensor, seen: tuple[int, int]
    ) -> torch.Tensor:
        """Return the scores (B, H, T, G) for the slots of the groups `seen`, from one to another.

        Of token m c + p a group m - 1 - n is n c + p + 1 tokens back. So the tokens at one place p
        of their groups are to slots what all tokens are to tokens: the table's vectors for p are
        shifted by one for each m.
        """
        rate, groups = self.rate, table.shape[2]
        place, length = at % rate, position.shape[2]
        scores: torch.Tensor
        if length == 1:  # whose slots are all of those from one group to the other
            scores = by_distance(position, table[:, place])
        else:
            masks = self._slot_masks(table)
            before, after = place, -(at + length) % rate
            padded = F.pad(position, (0, 0, before, after))
            rows, heads, _, width = padded.shape
            flat = padded.view(rows, heads, -1, rate, width).permute(1, 3, 0, 2, 4)
            flat = flat.reshape(heads * rate, -1, width) @ table.flatten(0, 1).transpose(1, 2)
            parts = flat.view(heads, rate, rows, -1, groups) + masks[:, None]
            # (B, H, m, c, span), of which the last place is of the last token's nearest slot.
            scores = shifted(parts).permute(2, 0, 3, 1, 4).flatten(2, 3)
            scores = scores[:, :, before : before + length]
        nearest = (at + length - 1) // rate - 1 - self._nearest
        past = scores.shape[-1] - (nearest + 1 - seen[1])
        return scores[..., past - (seen[1] - seen[0]) : past]

    def _slot_masks(self, table: torch.Tensor) -> torch.Tensor:
        """Return the masks (c, 1, N'), at each place of a group, of slots too near or too far."""
        groups, device = table.shape[2], table.device
        back = torch.arange(self._nearest + groups - 1, self._nearest - 1, -1, device=device)
        place = torch.arange(self.rate, device=device)[:, None, None]
        nearest = -((place - self.reach) // self.rate)
        return _unless((back < nearest) | (back >= nearest + self.count), table)

    def _extended(
        self, read: CompressiveRead, new: tuple[torch.Tensor, torch.Tensor], branched: bool
    ) -> CompressiveRead:
        """Return what was read with keys and values of new tokens, less what they do not see."""
        window = read.window
        window = within(window, window.end - self.edge(window.end)).extended(*new, branched)
        return read._replace(window=window)

    def _grouped(self, read: CompressiveRead, x: torch.Tensor, norm: nn.Module) -> CompressiveRead:
        """Return what was read with slots for the groups that x (T, E) completes."""
        pending = torch.cat((read.pending, x.to(read.pending.dtype)))
        whole = len(pending) // self.rate * self.rate
        if not whole:
            return read._replace(pending=pending)
        raw = pending[None, :whole].to(self.content_bias.dtype)
        keys, values = self._slots_of(self.compressed(raw), norm)
        new = torch.cat((keys, values)).to(read.slots.dtype)
        stale = max(0, self.edge(read.window.end - len(x)) // self.rate - self.count - read.group)
        slots = torch.cat((read.slots[:, :, stale:], new), dim=2)
        group = read.group + stale
        return read._replace(slots=slots, group=group, pending=pending[whole:].clone())

    def _trimmed(self, read: CompressiveRead) -> CompressiveRead:
        """Return what was read without what the last token does not see."""
        window = read.window
        edge = self.edge(window.end - 1)
        stale = max(0, edge // self.rate - self.count - read.group)
        slots = read.slots[:, :, stale:].clone() if stale else read.slots
        window = window.trimmed(window.end - edge)
        return read._replace(window=window, slots=slots, group=read.group + stale)

    def _check_own(self, read: CompressiveRead) -> None:
        compressed = (read.group + read.slots.shape[2]) * self.rate
        if self.edge(read.window.end - 1) > compressed:
            raise ValueError(
                f"rows of {read.window.own.shape[3]} tokens of their own: only what all rows share "
                f"is compressed, and a row looks back at {self.reach} tokens"
            )

    def _stream_bias(self, position: torch.Tensor, at: int, read: CompressiveRead) -> torch.Tensor:
        """Return biases (R, H, T, S) of all slots and tokens that there are."""
        length = read.slots.shape[2]
        query = position.to(read.slots.dtype)
        (slots, tokens), (low, high) = self._biases(query, at, read.tables, read.group)
        # Slots of groups that are still seen token by token wait behind those that are looked at.
        around = (low - read.group, read.group + length - high)
        return torch.cat((F.pad(slots, around, value=float("-inf")), tokens), dim=3)


def _unless(hidden: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return minus infinity where `hidden`, zero elsewhere, in the dtype of `like`."""
    zeros = torch.zeros(hidden.shape, dtype=like.dtype, device=hidden.device)
    return zeros.masked_fill(hidden, float("-inf"))


def _constant(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return what `module` makes of x; no gradient reaches its parameters."""
    fixed = {name: parameter.detach() for name, parameter in module.named_parameters()}
    out: torch.Tensor = functional_call(module, fixed, (x,))
    return out
