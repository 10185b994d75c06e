"""What reading both sides is worth: how well a network knows the tokens that fill a gap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from writer.transformer.gpt import GPT
from writer.transformer.two_sided import read_masked, read_permuted

LENGTHS = (1, 4, 16)
_ROWS = 8
"""Texts read at once."""


@dataclass(frozen=True, slots=True)
class GapLoss:
    """What gaps of one length cost a network. Losses are natural logs, for a token of a gap."""

    length: int
    """Tokens of each gap."""
    gaps: int
    in_turn: float
    """Filled left to right, each token known once it is filled: minus the logarithm of what the
    network gives to the gap's words as they are, so that it compares with any other network's. One
    that goes on with texts sees the left side alone, the others both."""
    at_once: float | None
    """Each token by itself, the others of the gap unknown: of masked networks only."""


@torch.inference_mode()
def gap_losses(
    network: GPT, windows: torch.Tensor, lengths: Sequence[int] = LENGTHS
) -> list[GapLoss]:
    """Return what gaps in the middle of windows (N, T) cost, one entry for each length.

    Of longer windows the first n_ctx tokens are read. All networks fill the same gaps.

    Raises:
        ValueError: There is no window, or a gap leaves none of its first or last tokens.
    """
    windows = windows[:, : network.n_ctx].to(network.device)
    count, size = windows.shape
    for length in lengths:
        if not count or not 1 <= length <= size - 2:
            raise ValueError(f"no gap of {length} tokens in {count} windows of {size}")
    was_training = network.training
    network.eval()
    try:
        return [_gap_loss(network, windows, length) for length in lengths]
    finally:
        network.train(was_training)


def _gap_loss(network: GPT, windows: torch.Tensor, length: int) -> GapLoss:
    start = (windows.shape[1] - length) // 2
    gap = slice(start, start + length)
    objective = network.config.objective
    in_turn = _mean(network, windows, gap, _IN_TURN[objective])
    at_once = _mean(network, windows, gap, _at_once) if objective == "masked" else None
    return GapLoss(length, len(windows), in_turn, at_once)


_Fill = Callable[[GPT, torch.Tensor, slice], torch.Tensor]
"""Returns the features (B, G, E) by which the tokens of a gap are told."""


def _mean(network: GPT, windows: torch.Tensor, gap: slice, fill: _Fill) -> float:
    nats = 0.0
    for rows in torch.split(windows, _ROWS):
        targets = rows[:, gap].flatten()
        logits = network.head(fill(network, rows, gap).flatten(0, 1))
        wide = logits if logits.dtype == torch.float64 else logits.float()
        nats += F.cross_entropy(wide, targets, reduction="sum").item()
    return nats / windows[:, gap].numel()


def _onward(network: GPT, tokens: torch.Tensor, gap: slice) -> torch.Tensor:
    return network.whole(tokens[:, : gap.stop - 1]).features[:, gap.start - 1 :]


def _at_once(network: GPT, tokens: torch.Tensor, gap: slice) -> torch.Tensor:
    hidden = torch.zeros_like(tokens, dtype=torch.bool)
    hidden[:, gap] = True
    return read_masked(network, tokens, hidden).features[:, gap]


def _one_by_one(network: GPT, tokens: torch.Tensor, gap: slice) -> torch.Tensor:
    """Return the features of each token of a gap once those before it are known."""
    steps = (slice(place, gap.stop) for place in range(gap.start, gap.stop))
    return torch.cat([_at_once(network, tokens, rest)[:, :1] for rest in steps], dim=1)


def _permuted(network: GPT, tokens: torch.Tensor, gap: slice) -> torch.Tensor:
    places = torch.arange(gap.start, gap.stop, device=tokens.device).expand(len(tokens), -1)
    ranks = torch.zeros_like(tokens)
    ranks[:, gap] = places - gap.start + 1
    return read_permuted(network, tokens, ranks, places)


_IN_TURN: dict[str, _Fill] = {
    "causal": _onward,
    "masked": _one_by_one,
    "permutation": _permuted,
}
