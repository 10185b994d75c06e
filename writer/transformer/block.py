"""One layer of the network: attention and a feed-forward, whichever kinds they are."""

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from writer.transformer.activations import ACTIVATIONS
from writer.transformer.attention import Attention
from writer.transformer.config import GPTConfig
from writer.transformer.dense import DenseAttention, Onward
from writer.transformer.streams import LayerRead
from writer.transformer.variants import is_buffered

if TYPE_CHECKING:  # what a plain GPT-2 does not need is not imported for it
    from writer.transformer.recurrent import Carried, RelativeAttention
    from writer.transformer.switch import Switch

Pair = tuple[torch.Tensor, torch.Tensor | None]
"""Of a stretch, what comes of it, and what the loss is to have added for it."""


class Block(nn.Module):
    """Attention, then a feed-forward, each after a norm and beside the residual stream."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attention = attention_of(config, layer)
        self.mlp_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.is_reversible = config.blocks == "reversible"
        self.is_relative = config.position_embedding == "relative"
        self.switch: Switch | None = None
        if config.feed_forward == "switch":
            from writer.transformer import switch

            self.switch = switch.Switch(config)
        else:
            self.up = nn.Linear(config.n_embd, config.inner)
            self.down = nn.Linear(config.inner, config.n_embd)
        self.activation = ACTIVATIONS[config.activation_function]
        self.dropout = 0.0

    def silence(self) -> None:
        """Let both branches start at zero: so they train faster under Muon (modded-nanogpt)."""
        nn.init.zeros_(self.attention.out.weight)
        if self.switch is not None:
            self.switch.silence()
        else:
            nn.init.zeros_(self.down.weight)

    def looked(self, x: torch.Tensor) -> torch.Tensor:
        """Return what attention adds to whole texts x (B, T, E)."""
        return self._dropped(self.attention.whole(self.attention_norm(x)))

    def thought(self, x: torch.Tensor) -> Pair:
        """Return what the feed-forward adds to x (..., E), and its penalty in training."""
        normed = self.mlp_norm(x)
        if self.switch is not None:
            added, penalty = self.switch(normed)
            return self._dropped(added), penalty
        return self._dropped(self.down(self.activation(self.up(normed)))), None

    def whole(self, x: torch.Tensor) -> Pair:
        """Return whole texts x (B, T, E) further on."""
        x = x + self.looked(x)
        added, penalty = self.thought(x)
        return x + added, penalty

    def segment(
        self, x: torch.Tensor, carried: "Carried", first: int
    ) -> tuple[torch.Tensor, "Carried", torch.Tensor | None]:
        """Return a segment x (B, T, E) from `first` on further on, and what it leaves behind."""
        attention = cast("RelativeAttention", self.attention)
        read, carried, one = attention.segment(x, self.attention_norm, carried, first)
        x = x + self._dropped(read)
        added, other = self.thought(x)
        penalties = [each for each in (one, other) if each is not None]
        return x + added, carried, sum(penalties[1:], penalties[0]) if penalties else None

    def among(self, x: torch.Tensor, onward: Onward) -> torch.Tensor:
        """Return the last M of x (N, E) further on, (M, E), from a buffer of entries."""
        assert isinstance(self.attention, DenseAttention)
        read = self.attention.among(self.attention_norm(x), onward)
        x = x[x.shape[0] - read.shape[0] :] + read
        return x + self.thought(x)[0]

    def onward(
        self,
        x: torch.Tensor,
        read: Any,  # noqa: ANN401 - its own kind
        first: int,
        branched: bool,
    ) -> tuple[torch.Tensor, LayerRead]:
        """Return a stretch x (R, T, E) further on, and what has been read; see `Attention`.

        Reversible ones take and return both of their streams, (2, R, T, E).
        """
        after: LayerRead
        if self.is_reversible:
            seen, after = self.attention.onward(self.attention_norm(x[1]), read, first, branched)
            one = x[0] + seen
            return torch.stack((one, x[1] + self.thought(one)[0])), after
        if self.is_relative:
            attention = cast("RelativeAttention", self.attention)
            seen, after = attention.onward_raw(x, self.attention_norm, read, first, branched)
        else:
            seen, after = self.attention.onward(self.attention_norm(x), read, first, branched)
        x = x + seen
        return x + self.thought(x)[0], after

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(x, self.dropout) if self.training and self.dropout else x


def attention_of(config: GPTConfig, layer: int) -> Attention:
    """Return the attention that `config` names, for `layer` (from 0)."""
    if config.objective != "causal":
        from writer.transformer.two_sided import BidirectionalAttention, TwoStreamAttention

        is_masked = config.objective == "masked"
        return (BidirectionalAttention if is_masked else TwoStreamAttention)(config, layer)
    if is_buffered(config):
        return DenseAttention(config, layer)
    if config.memory == "compressive":
        from writer.transformer.compressive import CompressiveAttention

        return CompressiveAttention(config, layer)
    if config.position_embedding == "relative":
        from writer.transformer.recurrent import RelativeAttention

        return RelativeAttention(config, layer)
    if config.attention == "reformer":
        from writer.transformer.lsh import LSHAttention

        return LSHAttention(config, layer)
    if config.attention == "performer":
        from writer.transformer.favor import FavorAttention

        return FavorAttention(config, layer)
    from writer.transformer.sparse import SparseAttention

    return SparseAttention(config, layer)
