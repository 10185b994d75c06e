"""GPT-2: pre-norm blocks, learned positions, tied embeddings (Radford et al. 2019).

One contract for every network of this room: `forward(tokens, state) -> (logits, state)`. The state
is a value that the caller keeps; modules hold parameters only.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from writer.transformer.config import GPTConfig
from writer.transformer.state import State, empty_state


def _tanh_gelu(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x, approximate="tanh")


_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu_new": _tanh_gelu,
    "gelu_pytorch_tanh": _tanh_gelu,
    "gelu": F.gelu,
    "relu": F.relu,
    "silu": F.silu,
    "swish": F.silu,
    "tanh": torch.tanh,
}


class Attention(nn.Module):
    """Causal multi-head attention over what is shared, what is a row's own, and what is new."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.heads = config.n_head
        self.scale = config.attention_scale(layer)
        self.dropout = config.dropout
        # Three matrices, not one: Muon orthogonalizes each by itself.
        self.query = nn.Linear(config.n_embd, config.n_embd)
        self.key = nn.Linear(config.n_embd, config.n_embd)
        self.value = nn.Linear(config.n_embd, config.n_embd)
        self.out = nn.Linear(config.n_embd, config.n_embd)

    def forward(
        self, x: torch.Tensor, state: State, layer: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return what x (B, T, E) reads, and its row's keys and values (B, H, T', D)."""
        query, new_keys, new_values = (
            self._heads(projection(x)) for projection in (self.query, self.key, self.value)
        )
        past_keys, past_values = state.own_keys[layer], state.own_values[layer]
        keys, values = new_keys, new_values
        if past_keys.shape[2]:
            keys = torch.cat((past_keys, new_keys), dim=2)
            values = torch.cat((past_values, new_values), dim=2)
        if state.shared_keys.shape[2]:
            shared = state.shared_keys[layer], state.shared_values[layer]
            read = self._read_branched(query, keys, values, shared)
        else:
            read = self._read(query, keys, values)
        return self.out(read.transpose(1, 2).flatten(2)), keys, values

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        rows, length, _ = x.shape
        return x.view(rows, length, self.heads, -1).transpose(1, 2)  # (B, H, T, D)

    def _read(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        new, total = query.shape[2], keys.shape[2]
        mask = None if new == total or new == 1 else _causal(new, total, query.device)
        return F.scaled_dot_product_attention(
            query,
            keys,
            values,
            attn_mask=mask,
            is_causal=new == total,
            scale=self.scale,
            dropout_p=self.dropout if self.training else 0.0,
        )

    def _read_branched(
        self,
        query: torch.Tensor,  # (B, H, T, D)
        keys: torch.Tensor,  # (B, H, T', D)
        values: torch.Tensor,
        shared: tuple[torch.Tensor, torch.Tensor],  # (H, S, D) each
    ) -> torch.Tensor:
        rows, heads, new, width = query.shape
        shared_keys, shared_values = shared
        # Rows become queries of one matrix product over the common keys, which are read once.
        together = query.transpose(0, 1).reshape(heads, rows * new, width)
        common = (together @ shared_keys.transpose(1, 2)).view(heads, rows, new, -1).transpose(0, 1)
        own = query @ keys.transpose(2, 3)  # (B, H, T, T')
        own = own.masked_fill(~_causal(new, keys.shape[2], query.device), float("-inf"))
        weights = torch.softmax(torch.cat((common, own), dim=-1) * self.scale, dim=-1)
        span = shared_keys.shape[1]
        of_common = weights[..., :span].transpose(0, 1).reshape(heads, rows * new, span)
        read = (of_common @ shared_values).view(heads, rows, new, width).transpose(0, 1)
        out: torch.Tensor = read + weights[..., span:] @ values
        return out


def _causal(new: int, total: int, device: torch.device) -> torch.Tensor:
    """Return a mask (new, total): the new tokens are the last ones, and see no later one."""
    positions = torch.arange(total, device=device)
    return positions[None, :] <= positions[total - new :, None]


class Block(nn.Module):
    """Attention, then a feed-forward, each after a norm and beside the residual stream."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attention = Attention(config, layer)
        self.mlp_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.up = nn.Linear(config.n_embd, config.inner)
        self.down = nn.Linear(config.inner, config.n_embd)
        self.activation = _ACTIVATIONS[config.activation_function]
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: torch.Tensor, state: State, layer: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return x (B, T, E) further on, and the row's keys and values (B, H, T', D)."""
        read, keys, values = self.attention(self.attention_norm(x), state, layer)
        x = x + self.dropout(read)
        x = x + self.dropout(self.down(self.activation(self.up(self.mlp_norm(x)))))
        return x, keys, values


class GPT(nn.Module):
    """The network. Parameters start as GPT-2's, but with residual branches at zero."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.n_ctx, config.n_embd)
        blocks = [Block(config, layer) for layer in range(config.n_layer)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.head.weight = self.tokens.weight
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_initialize)
        for block in blocks:
            # Branches that start silent train faster under Muon (modded-nanogpt).
            nn.init.zeros_(block.attention.out.weight)
            nn.init.zeros_(block.down.weight)

    def empty_state(self) -> State:
        """Return the state of a text of which nothing has been read."""
        return empty_state(self.config, self.norm.weight)

    def features(
        self, tokens: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, State]:
        """Read tokens (B, T) after what `state` has read.

        Returns:
            The last layer's normed output (B, T, E), and the state with the tokens read.

        Raises:
            ValueError: More positions than n_ctx would be needed.
        """
        state = self.empty_state() if state is None else state
        first, new = state.length, tokens.shape[1]
        if first + new > self.config.n_ctx:
            raise ValueError(f"{first + new} tokens do not fit in n_ctx {self.config.n_ctx}")
        positions = torch.arange(first, first + new, device=tokens.device)
        x = self.dropout(self.tokens(tokens) + self.positions(positions))  # (B, T, E)
        keys, values = [], []
        for layer, block in enumerate(self.blocks):
            x, layer_keys, layer_values = block(x, state, layer)
            keys.append(layer_keys)
            values.append(layer_values)
        # Training asks for no state: stacking would keep every layer's keys twice.
        if not self.training:
            state = state._replace(own_keys=torch.stack(keys), own_values=torch.stack(values))
        return self.norm(x), state

    def forward(
        self, tokens: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, State]:
        """Return logits (B, T, V) of tokens (B, T) after `state`, and the state with them read."""
        features, state = self.features(tokens, state)
        logits: torch.Tensor = self.head(features)
        return logits, state


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
