"""Which places each head of each layer may look at, as a value that knows no network.

A `Layout` is what heads that look alike share. It says what may be seen, and by what rule a text is
cut so that little else is ever touched; `sparse` and `lookback` compute by it.
"""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import torch

from writer.transformer.config import GPTConfig

_LEAST_BLOCK, _MOST_BLOCK = 16, 256


@dataclass(frozen=True, slots=True)
class Sliding:
    """Heads that look at every `dilation`-th of the tokens before them, and at the first ones.

    Dense where `reach` is None; Longformer's (2004.05150) with a `prefix`.
    """

    heads: int
    reach: int | None = None
    """How many tokens of the window a query looks at, itself included; None: all there are."""
    dilation: int = 1
    prefix: int = 0
    """How many first tokens every later one looks at."""

    @property
    def back(self) -> int:
        """Return how far before its query, in tokens, the window's first token lies."""
        assert self.reach is not None
        return (self.reach - 1) * self.dilation

    @property
    def block(self) -> int:
        """Return how many queries, `dilation` apart, are best worked out together.

        Half a window: large blocks look at much that the mask then hides, small ones are many.
        """
        assert self.reach is not None
        return min(_MOST_BLOCK, max(_LEAST_BLOCK, 1 << (max(1, self.reach // 2).bit_length() - 1)))

    def sees_all(self, length: int) -> bool:
        """Return whether a text of `length` tokens is read as dense attention reads it."""
        return self.reach is None or (self.dilation == 1 and self.reach >= length)

    def near(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Return which keys (..., K) are in the windows of queries (..., Q), (..., Q, K)."""
        distance = query[..., :, None] - key[..., None, :]
        seen = distance >= 0
        if self.reach is not None:
            seen &= distance <= self.back
        return seen & (distance % self.dilation == 0) if self.dilation > 1 else seen

    def visible(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Return which places (K,) those at (Q,) look at, (Q, K)."""
        return self.near(query, key) | _prefix(query, key, self.prefix)


@dataclass(frozen=True, slots=True)
class Aligned:
    """Heads whose window begins where a block of the text begins; a text is cut into blocks.

    Big Bird (2007.14062) has a prefix and drawn blocks besides. Where there are summaries, the
    places before the window are seen too, each `summary` of them as one.
    """

    heads: int
    block: int
    before: int
    """Blocks of the window before a query's own."""
    prefix_blocks: int = 0
    drawn: int = 0
    """How many blocks are drawn for each block from those between the prefix and its window."""
    seed: tuple[int, int] = (0, 0)
    """What they are drawn by: a number and the layer."""
    summary: int = 0

    @property
    def prefix(self) -> int:
        """Return how many first tokens every later one looks at."""
        return self.prefix_blocks * self.block

    def sees_all(self, length: int) -> bool:
        """Return whether a text of `length` tokens is read as dense attention reads it."""
        blocks = self.prefix_blocks + self.drawn + self.before + 1
        return blocks * self.block >= length

    def drawn_blocks(self, number: int) -> tuple[int, ...]:
        """Return the blocks drawn for block `number`, in their order: for no other text another."""
        return _drawn(self.seed, number, (self.prefix_blocks, number - self.before), self.drawn)

    def blocks_seen(self, number: int) -> list[int]:
        """Return all blocks that block `number` looks at, in their order."""
        prefix = range(min(self.prefix_blocks, number + 1))
        window = range(max(len(prefix), number - self.before), number + 1)
        return [*prefix, *self.drawn_blocks(number), *window]

    def start(self, place: int) -> int:
        """Return where the window of the token at `place` begins."""
        return self.block * max(0, place // self.block - self.before)

    def near(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Return which keys (..., K) are in the windows of queries (..., Q), (..., Q, K)."""
        start = (query // self.block - self.before) * self.block
        key = key[..., None, :]
        return (key <= query[..., :, None]) & (key >= start[..., :, None])

    def visible(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Return which places (K,) those at (Q,) look at as they are, (Q, K)."""
        seen = self.near(query, key) | _prefix(query, key, self.prefix)
        if self.drawn:
            blocks, which = torch.unique(query // self.block, return_inverse=True)
            chosen = [self.drawn_blocks(number) for number in blocks.tolist()]
            table = torch.tensor([[*row, *(self.drawn - len(row)) * [-1]] for row in chosen])
            table = table.to(query.device)[:, :, None] == key // self.block  # (blocks, drawn, K)
            seen |= table.any(dim=1)[which]
        return seen

    def summaries(self, query: torch.Tensor) -> torch.Tensor:
        """Return how many summaries those at (...) look at: of all that is before the window."""
        passed = (query // self.block - self.before).clamp(min=0) * self.block
        return passed // self.summary if self.summary else torch.zeros_like(passed)


Layout = Sliding | Aligned


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the heads of one layer look at: groups of neighbouring heads, the first heads first."""

    layouts: tuple[Layout, ...]

    def visible(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Return which places (K,) those at (Q,) look at, (H or 1, Q, K).

        Summaries are no places; see `Aligned.summaries`.
        """
        if len(self.layouts) == 1:
            return self.layouts[0].visible(query, key)[None]
        seen = [one.visible(query, key).expand(one.heads, -1, -1) for one in self.layouts]
        return torch.cat(seen)


def pattern(config: GPTConfig, layer: int) -> Pattern:
    """Return what the heads of `layer` (from 0) look at."""
    heads = config.n_head
    match config.attention:
        case "banded":
            # GPT-3 (2005.14165): every second layer.
            reach = config.size("attention_window") if layer % 2 else None
            return Pattern((Sliding(heads, reach),))
        case "longformer":
            return _longformer(config, layer)
        case "bigbird":
            block, before = config.size("block_size"), config.size("window_blocks")
            prefix, drawn = config.size("global_blocks"), config.size("random_blocks")
            seed = (config.size("attention_seed"), layer)
            return Pattern((Aligned(heads, block, before, prefix, drawn, seed),))
        case "hierarchical":
            segment, local = config.size("segment_length"), (heads + 1) // 2
            across = Aligned(heads - local, segment, 1, summary=config.size("summary_length"))
            return Pattern((Sliding(local, segment), *((across,) if across.heads else ())))
        case _:
            return Pattern((Sliding(heads),))


def _longformer(config: GPTConfig, layer: int) -> Pattern:
    first, last = config.size("attention_window"), config.size("last_window")
    reach = round(first + (last - first) * layer / max(1, config.n_layer - 1))
    prefix, dilation = config.size("global_tokens"), config.size("dilation")
    far = config.size("dilated_heads") if dilation > 1 else 0
    groups = (
        Sliding(config.n_head - far, reach, 1, prefix),
        Sliding(far, reach, dilation, prefix),
    )
    return Pattern(tuple(group for group in groups if group.heads))


def _prefix(query: torch.Tensor, key: torch.Tensor, count: int) -> torch.Tensor:
    key = key[..., None, :]
    return (key < count) & (key <= query[..., :, None])


@lru_cache(maxsize=1 << 14)
def _drawn(
    seed: tuple[int, int], number: int, between: tuple[int, int], count: int
) -> tuple[int, ...]:
    """Return `count` numbers from `between`, for `number` ever the same; all where fewer."""
    left = list(range(*between))
    if len(left) <= count:
        return tuple(left)
    # Of Random only random() is promised to give the same numbers in every version of Python, and
    # a trained network must find its blocks again.
    draw = Random(f"{seed[0]} {seed[1]} {number}")
    return tuple(sorted(left.pop(int(draw.random() * len(left))) for _ in range(count)))
