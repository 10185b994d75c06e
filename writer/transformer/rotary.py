"""Rotary positions: queries and keys turned by where they stand (Su et al., 2104.09864)."""

import torch
from torch import nn


class Rotary(nn.Module):
    """Turns pairs of numbers, the first half of a head's width with the second, by angles.

    Angles are worked out anew each time, in fp64, whatever the network works in: the sine of a
    large position in bf16 would be noise. It has no parameters.
    """

    def __init__(self, width: int, base: float) -> None:
        super().__init__()
        self._width = width
        self._base = base

    def forward(self, x: torch.Tensor, first: int) -> torch.Tensor:
        """Return x (..., T, D) turned for the positions from `first` on."""
        half = self._width // 2
        steps = torch.arange(half, dtype=torch.float64, device=x.device) / half
        places = torch.arange(first, first + x.shape[-2], dtype=torch.float64, device=x.device)
        angles = places[:, None] * self._base**-steps  # (T, D / 2)
        cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        one, two = x.chunk(2, dim=-1)
        return torch.cat((one * cosine - two * sine, two * cosine + one * sine), dim=-1)
