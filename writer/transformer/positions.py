"""Where a token stands, as a vector added to its own: learned, learned and stretched, two-level."""

import torch
from torch import nn

from writer.transformer.config import GPTConfig


def table(count: int, width: int) -> nn.Embedding:
    """Return an embedding whose numbers are yet to be set.

    nn.Embedding by itself draws them, and on the meta device that imports torch's compiler: 80 MB
    and most of a second.
    """
    return nn.Embedding(count, width, _weight=torch.empty(count, width))


class InterpolatedPositions(nn.Module):
    """Fewer positions than n_ctx, read between where they were learned (after 2306.15595).

    The first and the last token of a full context stand at the first and the last of them.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        trained = config.size("trained_positions")
        self.weight = nn.Parameter(torch.empty(trained, config.n_embd))
        self._step = (trained - 1) / max(1, config.n_ctx - 1)

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the vectors (T, E) of positions (T,)."""
        places = positions.double() * self._step
        below = places.floor().long().clamp(max=self.weight.shape[0] - 1)
        above = (below + 1).clamp(max=self.weight.shape[0] - 1)
        share = (places - below).to(self.weight.dtype)[:, None]
        return torch.lerp(self.weight[below], self.weight[above], share)


class TwoLevelPositions(nn.Module):
    """A vector for the place in the segment and one for the segment; the latter start at zero."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self._length = config.size("segment_length")
        self.token = table(self._length, config.n_embd)
        self.segment = table(-(-config.n_ctx // self._length), config.n_embd)

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the vectors (T, E) of positions (T,)."""
        inside: torch.Tensor = self.token(positions % self._length)
        segment: torch.Tensor = self.segment(positions // self._length)
        return inside + segment


def positions_of(config: GPTConfig) -> nn.Module | None:
    """Return what turns positions (T,) into vectors (T, E); None where attention knows them."""
    if config.position_embedding == "learned":
        return table(config.n_ctx, config.n_embd)
    if config.position_embedding == "interpolated":
        return InterpolatedPositions(config)
    if config.position_embedding == "hierarchical":
        return TwoLevelPositions(config)
    return None
