"""Which windows of a corpus are read, in which order: a function of seed and tokens read alone."""

from functools import lru_cache

import numpy as np
import torch

from writer.checkpoints.tokenizer import Tokenizer
from writer.training.shard import TokenShard

_GROUP = 64
_SEARCHED = 4
"""A window that shall begin with a paragraph may begin so far in: a fourth of its length."""


class Windows:
    """The corpus cut into slots, read in an order of chance, none twice before all once.

    A slot is as long as the longest window. Shorter windows are pieces of slots, and the order of
    the slots is the same for every length, so that a training that goes over from short windows to
    long ones goes on where it was. Every other window begins as a text does when it is continued:
    with the opening mark, at a paragraph. The others begin anywhere, as the rest of a longer text
    does.
    """

    def __init__(self, shard: TokenShard, tokenizer: Tokenizer, longest: int, seed: int) -> None:
        self._shard = shard
        self.longest = longest
        self._seed = seed
        self._opening = torch.tensor(tokenizer.opening)
        ends = [number == tokenizer.end_id or tokenizer.token_bytes(number).endswith(b"\n")
                for number in range(tokenizer.vocab_size)]  # fmt: skip
        self._ends_line = np.array(ends)

    def __len__(self) -> int:
        return len(self._shard)

    def rows(self, tokens: int, count: int, length: int) -> torch.Tensor:
        """Return the `count` windows (count, length + 1) that follow once `tokens` are read."""
        first = tokens // length
        return torch.stack([self._window(first + number, length) for number in range(count)])

    def _window(self, number: int, length: int) -> torch.Tensor:
        slots, spare = divmod(len(self._shard) - 1, self.longest)
        pieces = self.longest // length
        group = min(_GROUP, slots)
        slots -= slots % group
        epoch, place = divmod(number, slots * pieces)
        order, offset = _order(self._seed, epoch, slots, spare)
        # Of a group of slots first all first pieces, then all second ones: those of one slot have
        # too much in common to stand in one update.
        block, inside = divmod(place, group * pieces)
        piece, member = divmod(inside, group)
        slot = int(order[block * group + member])
        start = offset + slot * self.longest + piece * length
        if (slot + piece) % 2 and (opened := self._paragraph(start, length)) is not None:
            rest = self._shard.window(opened, length + 1 - len(self._opening))
            if len(rest) == length + 1 - len(self._opening):
                return torch.cat((self._opening, rest))
        return self._shard.window(start, length + 1)

    def _paragraph(self, start: int, length: int) -> int | None:
        """Return where the first paragraph in the beginning of a window begins."""
        tokens = self._shard.window(start, length // _SEARCHED).numpy()
        ends = self._ends_line[np.minimum(tokens, len(self._ends_line) - 1)]
        begins = np.flatnonzero(ends[:-1] & ~ends[1:])
        return start + int(begins[0]) + 1 if len(begins) else None


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, slots: int, spare: int) -> tuple[torch.Tensor, int]:
    """Return the slots in the order of an epoch, and where the first slot begins."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % (1 << 63))
    offset = int(torch.randint(spare + 1, (1,), generator=generator))
    return torch.randperm(slots, generator=generator), offset


def held_out_windows(shard: TokenShard, length: int, count: int) -> torch.Tensor:
    """Return at most `count` windows (N, length + 1), spread evenly over a shard.

    Of a shard that is shorter, one shorter window.
    """
    length = min(length, len(shard) - 1)
    if length < 1:
        return torch.empty((0, 2), dtype=torch.long)
    slots = (len(shard) - 1) // length
    places = [slots * number // min(count, slots) for number in range(min(count, slots))]
    return torch.stack([shard.window(place * length, length + 1) for place in places])
