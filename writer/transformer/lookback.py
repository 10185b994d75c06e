"""What heads that look back by a layout keep of a text, and how they read on.

Stretches are cut where a layout's view changes, so that a step touches what it may see and hardly
more. Rows of a branched text share all that was read before; their own tokens stand apart.
"""

from typing import NamedTuple

import torch

from writer.transformer.patterns import Aligned, Layout, Sliding
from writer.transformer.window import Window, empty_window, look_at

STEP = 256
"""Tokens that are read on at once, at most: what they look at is then little more than a window."""


class Recent(NamedTuple):
    """The entries within reach, and apart from them what stays: the first ones, and summaries."""

    window: Window
    prefix: torch.Tensor  # (2, h, g, D)
    summaries: torch.Tensor  # (2, h, n, D)

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return self.window.nbytes + self.prefix.nbytes + self.summaries.nbytes

    def branch(self, rows: int) -> "Recent":
        """Return it for `rows` continuations of the one row that there is."""
        return self._replace(window=self.window.branch(rows))

    def select(self, rows: torch.Tensor) -> "Recent":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return self._replace(window=self.window.select(rows))


class Kept(NamedTuple):
    """All entries, in chunks that are not copied when a text goes on."""

    chunks: tuple[torch.Tensor, ...]  # (2, h, n, D) each
    own: torch.Tensor  # (2, R, h, N, D)

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return sum(chunk.nbytes for chunk in self.chunks) + self.own.nbytes

    def branch(self, rows: int) -> "Kept":
        """Return it for `rows` continuations of the one row that there is."""
        return self._replace(own=self.own.expand(-1, rows, -1, -1, -1))

    def select(self, rows: torch.Tensor) -> "Kept":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return self._replace(own=self.own[:, rows])

    def extended(self, new: torch.Tensor, branched: bool, block: int | None) -> "Kept":
        """Return it with further entries (2, R, h, T, D); each chunk fills up to `block`, if any.

        Without blocks chunks of like size are joined, so that there are few of them and each
        entry is copied few times.
        """
        if branched:
            return self._replace(own=torch.cat((self.own, new), dim=3))
        chunks, entries = list(self.chunks), new[:, 0]
        while chunks and (
            chunks[-1].shape[2] % block if block else chunks[-1].shape[2] <= entries.shape[2]
        ):
            entries = torch.cat((chunks.pop(), entries), dim=2)
        if len(chunks) == len(self.chunks):
            entries = entries.clone(memory_format=torch.contiguous_format)  # of a larger tensor
        return self._replace(chunks=(*chunks, entries))


class Looked(NamedTuple):
    """What one layer has read: of each group of heads what it needs. Nobody changes it."""

    groups: tuple[Recent | Kept, ...]

    @property
    def nbytes(self) -> int:
        """Return the memory that it takes."""
        return sum(group.nbytes for group in self.groups)

    def branch(self, rows: int) -> "Looked":
        """Return it for `rows` continuations of the one row that there is."""
        return Looked(tuple(group.branch(rows) for group in self.groups))

    def select(self, rows: torch.Tensor) -> "Looked":
        """Return what the rows whose indices (n,) are given have read, in that order."""
        return Looked(tuple(group.select(rows) for group in self.groups))


def begun(layout: Layout, width: int, like: torch.Tensor) -> Recent | Kept:
    """Return what heads of a width have read before the first token, in the dtype of `like`."""
    window = empty_window(layout.heads, width, like)
    if _keeps_all(layout):
        return Kept((), window.own)
    return Recent(window, window.shared, window.shared)


def looked_on(
    layout: Layout,
    read: Recent | Kept,
    new: torch.Tensor,
    place: tuple[int, bool],
    scale: float,
) -> tuple[torch.Tensor, Recent | Kept]:
    """Return what further tokens read, (R, h, T, D), and all that has been read.

    Args:
        layout: Of these heads.
        read: What they have read.
        new: Queries, keys and values of the tokens, (3, R, h, T, D).
        place: The position of the first of them, and whether each row has its own.
        scale: Of the scores.

    Raises:
        ValueError: Tokens that rows have of their own would have to be summed up.
    """
    first, branched = place
    outs = []
    for part in torch.split(new, _steps(layout, first, new.shape[3]), dim=3):
        if isinstance(read, Kept):
            out, read = _on_all(layout, read, part, (first, branched), scale)
        elif isinstance(layout, Sliding):
            out, read = _on_sliding(layout, read, part, (first, branched), scale)
        else:
            out, read = _on_segments(layout, read, part, (first, branched), scale)
        outs.append(out)
        first += part.shape[3]
    if isinstance(read, Recent) and isinstance(layout, Sliding) and new.shape[3] > 1:
        read = read if branched else read._replace(window=read.window.trimmed(layout.back))
    return torch.cat(outs, dim=2) if len(outs) > 1 else outs[0], read


def _keeps_all(layout: Layout) -> bool:
    return not layout.summary if isinstance(layout, Aligned) else layout.reach is None


def _steps(layout: Layout, first: int, length: int) -> list[int]:
    """Return how many tokens are read at once, one time after the other."""
    steps: list[int] = []
    while length:
        step = min(STEP, length)
        if isinstance(layout, Aligned):
            step = min(step, layout.block - first % layout.block)
        steps.append(step)
        first, length = first + step, length - step
    return steps


def _on_all(
    layout: Layout, read: Kept, new: torch.Tensor, place: tuple[int, bool], scale: float
) -> tuple[torch.Tensor, Kept]:
    first, branched = place
    query, entries = new[0], new[1:].to(read.own.dtype)
    block = layout.block if isinstance(layout, Aligned) else None
    read = read.extended(entries, branched, block)
    end = first + query.shape[2]
    shared, length = read.chunks, end - read.own.shape[3]
    device = query.device
    places = torch.arange(first, end, device=device)
    if isinstance(layout, Aligned):
        numbers = [n for n in layout.blocks_seen(first // layout.block) if n < len(shared)]
        shared = tuple(shared[number] for number in numbers)
        start = torch.tensor(numbers, dtype=torch.long, device=device)[:, None] * layout.block
        # Only the text's last block may be short.
        keys = (start + torch.arange(layout.block, device=device)).flatten()
        keys = keys[: sum(part.shape[2] for part in shared)]
    else:
        keys = torch.arange(length, device=device)
    seen = keys <= places[:, None]
    if branched:
        own = torch.arange(length, end, device=device)
        seen = torch.cat((seen, layout.visible(places, own)), dim=1)
    return look_at(query, (shared, read.own), _bias(seen, query), scale), read


def _on_sliding(
    layout: Sliding, read: Recent, new: torch.Tensor, place: tuple[int, bool], scale: float
) -> tuple[torch.Tensor, Recent]:
    first, branched = place
    query, key, value = new
    window = read.window.extended(key, value, branched, keep=layout.back)
    prefix, device = read.prefix, query.device
    if not branched and first < layout.prefix:
        start = new[1:, 0, :, : layout.prefix - first].to(prefix.dtype)
        prefix = torch.cat((prefix, start), dim=2)
    apart = prefix.shape[2]
    own_first = window.first + window.shared.shape[2]
    # Tokens equally far apart look at the same others, so that none are touched that no one sees.
    rows = layout.dilation if own_first >= layout.prefix or not branched else 1
    outs = query.new_empty(query.shape)
    for row in range(min(rows, query.shape[2])):
        skip, own_skip = ((first + row - start) % rows for start in (window.first, own_first))
        places = torch.arange(first + row, first + query.shape[2], rows, device=device)
        keys = torch.arange(window.first, own_first, device=device)[skip::rows]
        own = torch.arange(own_first, window.end, device=device)[own_skip::rows]
        near = layout.near(places, keys) & (keys >= apart)
        always = torch.arange(apart, device=device) <= places[:, None]
        seen = torch.cat((always, near, layout.visible(places, own)), dim=1)
        shared = (prefix, window.shared[:, :, skip::rows])
        entries = (shared, window.own[:, :, :, own_skip::rows])
        bias = _bias(seen, query)
        outs[:, :, row::rows] = look_at(query[:, :, row::rows], entries, bias, scale)
    return outs, read._replace(window=window, prefix=prefix)


def _on_segments(
    layout: Aligned, read: Recent, new: torch.Tensor, place: tuple[int, bool], scale: float
) -> tuple[torch.Tensor, Recent]:
    first, branched = place
    query, key, value = new
    read = _summed(layout, read, first)
    window = read.window.extended(key, value, branched)
    places = torch.arange(first, first + query.shape[2], device=query.device)
    near = layout.near(places, window.positions())
    # Exactly those groups have been summed up that all of this segment see.
    passed = near.new_ones(len(places), read.summaries.shape[2])
    bias = _bias(torch.cat((passed, near), dim=1), query)
    entries = ((read.summaries, window.shared), window.own)
    return look_at(query, entries, bias, scale), read._replace(window=window)


def _summed(layout: Aligned, read: Recent, first: int) -> Recent:
    """Return it with summaries for what a token at `first` no longer sees as it is."""
    window, target = read.window, layout.start(first)
    passed = target - window.first
    if passed <= 0:
        return read
    if passed > window.shared.shape[2]:
        own = first - window.first - window.shared.shape[2]
        raise ValueError(
            f"rows have {own} tokens of their own; segments of {layout.block} of them cannot be "
            "summed up"
        )
    old = torch.unflatten(window.shared[:, :, :passed], 2, (-1, layout.summary))
    wide = old.float() if old.dtype in (torch.bfloat16, torch.float16) else old
    summaries = torch.cat((read.summaries, wide.mean(dim=3).to(old.dtype)), dim=2)
    # A copy: a view would keep the whole alive.
    shared = window.shared[:, :, passed:].clone()
    return read._replace(window=window._replace(shared=shared, first=target), summaries=summaries)


def _bias(seen: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return what scores are to be added, minus infinity where nothing is `seen`."""
    return torch.zeros_like(seen, dtype=like.dtype).masked_fill_(~seen, float("-inf"))
