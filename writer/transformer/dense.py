"""Dense causal attention: every token looks at all before it."""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from writer.transformer.attention import Attention


class Onward(NamedTuple):
    """What one layer's attention needs to go on from a state; N tokens are new, M of them look."""

    entries: torch.Tensor  # (2, H, S, D): what is looked at, with room for what is new
    bias: torch.Tensor  # (M, S), see `state.visibility`
    start: int
    """Where the new entries are written."""
    first: int
    """The position of the first new token of each row."""
    rows: int


class DenseAttention(Attention):
    """Over a whole text, or onward from a buffer of entries that many rows share; see `state`."""

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """See `Attention`."""
        query, key, value = self.projected(x, 0)
        read = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=self.scale)
        return self.joined(read)

    def among(self, x: torch.Tensor, onward: Onward) -> torch.Tensor:
        """Return what the last M of x (N, E) read of the entries, (M, E)."""
        entries, bias, start = onward.entries, onward.bias, onward.start
        new, width = x.shape
        looking = bias.shape[0]
        parts = self.qkv(x).view(new, 3, self.heads, -1).permute(1, 2, 0, 3)  # (3, H, N, D)
        if self.rotary is not None:
            parts = self._turned(parts, onward)
        entries[:, :, start : start + new] = parts[1:]
        # The products take contiguous matrices as they are; of others they make slow copies.
        keys, values = entries.contiguous()
        # All rows are queries of one product over the common keys, which so are read once. Two
        # products beat the fused kernel: 2.4 against 4.6 ms a step (5 rows, 1,152 entries, bf16).
        query = parts[0, :, new - looking :].to(keys.dtype)
        scores = torch.baddbmm(bias[None], query, keys.transpose(1, 2), alpha=self.scale)
        read = torch.bmm(torch.softmax(scores, dim=-1), values).transpose(0, 1)  # (M, H, D)
        read = read.to(x.dtype, memory_format=torch.contiguous_format).reshape(looking, width)
        out: torch.Tensor = self.out(read)
        return out

    def _turned(self, parts: torch.Tensor, onward: Onward) -> torch.Tensor:
        """Return queries, keys and values (3, H, N, D), the first two turned where they stand."""
        assert self.rotary is not None
        pairs = parts[:2].reshape(
            2, self.heads, onward.rows, -1, parts.shape[-1]
        )  # (2, H, R, T, D)
        return torch.cat((self.rotary(pairs, onward.first).flatten(2, 3), parts[2:]))
