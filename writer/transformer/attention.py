"""What every kind of attention is: projections, a form for whole texts, and one that goes on."""

from typing import Any

import torch
from torch import nn

from writer.transformer.config import GPTConfig
from writer.transformer.rotary import Rotary
from writer.transformer.streams import LayerRead


class QueryKeyValue(nn.Module):
    """The three projections of attention. Three matrices: Muon orthogonalizes each by itself."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return queries, keys and values (..., 3E), side by side, of x (..., E)."""
        return torch.cat((self.query(x), self.key(x), self.value(x)), dim=-1)


class Attention(nn.Module):
    """Causal multi-head attention. Its parameters have the same names in every kind.

    `whole` and `onward` say the same of the same text: the first is how it is trained, the second
    reads stretch after stretch into a value that stays bounded.
    """

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.heads = config.n_head
        self.scale = config.attention_scale(layer)
        self.qkv = QueryKeyValue(config.n_embd)
        self.out = nn.Linear(config.n_embd, config.n_embd)
        base = config.rotary_base
        self.rotary = None if base is None else Rotary(config.head_width, base)

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """Return what x (B, T, E), whole texts, reads of itself, (B, T, E)."""
        raise NotImplementedError

    def redraw(self, number: int) -> None:
        """Draw anew what is drawn by chance, as the `number`-th; a training asks for it."""

    def begin(self, like: torch.Tensor) -> LayerRead:
        """Return what one row has read before its first token, in `like`'s dtype and device."""
        raise NotImplementedError

    def onward(
        self,
        x: torch.Tensor,
        read: Any,  # noqa: ANN401 - its own kind
        first: int,
        branched: bool,
    ) -> tuple[torch.Tensor, LayerRead]:
        """Return what x (R, T, E) reads at the positions from `first` on, and all that is read.

        While it is not `branched` there is one row, and what it reads serves all later ones.
        """
        raise NotImplementedError

    def projections(self, x: torch.Tensor, first: int) -> torch.Tensor:
        """Return queries, keys and values (B, T, 3E), side by side, of x (B, T, E) from `first`."""
        parts: torch.Tensor = self.qkv(x)
        return parts

    def projected(
        self, x: torch.Tensor, first: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries, keys and values (B, H, T, D) of x (B, T, E), turned where rotary."""
        rows, length, _ = x.shape
        parts = self.projections(x, first).view(rows, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if self.rotary is not None:
            query, key = self.rotary(query, first), self.rotary(key, first)
        return query, key, value

    def joined(self, read: torch.Tensor) -> torch.Tensor:
        """Return the output (B, T, E) for what the heads have read, (B, H, T, D)."""
        out: torch.Tensor = self.out(read.transpose(1, 2).flatten(2))
        return out
