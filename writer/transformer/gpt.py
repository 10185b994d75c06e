"""GPT-2: pre-norm blocks, learned positions, tied embeddings (Radford et al. 2019).

One contract for every network of this room: `forward(tokens, state) -> (logits, state)`. The state
is a value that the caller keeps; modules hold parameters only.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from writer.transformer.activations import ACTIVATIONS
from writer.transformer.config import GPTConfig
from writer.transformer.state import State, empty_state, visibility

_Result = TypeVar("_Result")


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


class Onward(NamedTuple):
    """What one layer's attention needs to go on from a state; N tokens are new, M of them look."""

    entries: torch.Tensor  # (2, H, S, D): what is looked at, with room for what is new
    bias: torch.Tensor  # (M, S), see `visibility`
    start: int
    """Where the new entries are written."""


class Attention(nn.Module):
    """Causal multi-head attention, over a whole text or onward from a state."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.heads = config.n_head
        self.scale = config.attention_scale(layer)
        self.qkv = QueryKeyValue(config.n_embd)
        self.out = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x: torch.Tensor, onward: Onward | None) -> torch.Tensor:
        """Return what x reads: whole texts (B, T, E), or (N, E) of which the last M look onward."""
        return self._whole(x) if onward is None else self._onward(x, onward)

    def _whole(self, x: torch.Tensor) -> torch.Tensor:
        rows, length, _ = x.shape
        parts = self.qkv(x).view(rows, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        read = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=self.scale)
        out: torch.Tensor = self.out(read.transpose(1, 2).flatten(2))
        return out

    def _onward(self, x: torch.Tensor, onward: Onward) -> torch.Tensor:
        entries, bias, start = onward
        new, width = x.shape
        looking = bias.shape[0]
        parts = self.qkv(x).view(new, 3, self.heads, -1).permute(1, 2, 0, 3)  # (3, H, N, D)
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


class Block(nn.Module):
    """Attention, then a feed-forward, each after a norm and beside the residual stream."""

    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attention = Attention(config, layer)
        self.mlp_norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.up = nn.Linear(config.n_embd, config.inner)
        self.down = nn.Linear(config.inner, config.n_embd)
        self.activation = ACTIVATIONS[config.activation_function]
        self.dropout = 0.0

    def forward(self, x: torch.Tensor, onward: Onward | None) -> torch.Tensor:
        """Return x further on, (B, T, E), or onward from a state (M, E) of (N, E)."""
        read = self.attention(self.attention_norm(x), onward)
        x = x[x.shape[0] - read.shape[0] :] + self._dropped(read)
        return x + self._dropped(self.down(self.activation(self.up(self.mlp_norm(x)))))

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(x, self.dropout) if self.training and self.dropout else x


class GPT(nn.Module):
    """The network. Parameters start as GPT-2's, but with residual branches at zero.

    Args:
        config: Its shape.
        initialized: Whether they start at all; without, they are yet to be given their values.
    """

    def __init__(self, config: GPTConfig, initialized: bool = True) -> None:
        super().__init__()
        self.config = config
        self.dropout = 0.0
        self.checkpointing = False
        """Whether training computes activations again on the way back instead of keeping them."""
        self.tokens = _embedding(config.vocab_size, config.n_embd)
        self.positions = _embedding(config.n_ctx, config.n_embd)
        blocks = [Block(config, layer) for layer in range(config.n_layer)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.head.weight = self.tokens.weight
        if initialized:
            self.apply(_initialize)
            for block in blocks:
                # Branches that start silent train faster under Muon (modded-nanogpt).
                nn.init.zeros_(block.attention.out.weight)
                nn.init.zeros_(block.down.weight)

    @property
    def n_ctx(self) -> int:
        """Return the longest text read at once, in tokens."""
        return self.config.n_ctx

    @property
    def vocab_size(self) -> int:
        """Return how many logits each token has."""
        return self.config.vocab_size

    @property
    def device(self) -> torch.device:
        """Return where it works."""
        return self.norm.weight.device

    def set_dropout(self, share: float) -> None:
        """Drop this share of what comes into the residual stream, while training.

        What attention looks at is not dropped: on a processor no fused kernel does that.
        """
        self.dropout = share
        for block in self.blocks:
            assert isinstance(block, Block)
            block.dropout = share

    def empty_state(self, dtype: torch.dtype | None = None) -> State:
        """Return the state of a text of which nothing has been read, kept in `dtype`."""
        like = self.norm.weight
        return empty_state(self.config, like if dtype is None else like.to(dtype))

    def features(
        self, tokens: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, State | None]:
        """Read tokens (B, T) after what `state` has read; without one, whole texts.

        Returns:
            The last layer's normed output (B, T, E), and the state with the tokens read; without
            a state none is kept.

        Raises:
            ValueError: More positions than n_ctx would be needed, or other rows than the state's.
        """
        if state is not None:
            x, state = _finished(self._onward(tokens, state, tokens.numel()))
            return self.norm(x).view(*tokens.shape, -1), state
        x = self._embedded(tokens, 0)
        for block in self.blocks:
            if self.checkpointing and self.training:
                x = checkpoint(block, x, None, use_reentrant=False)
            else:
                x = block(x, None)
        return self.norm(x), None

    def reading(
        self, tokens: torch.Tensor, state: State
    ) -> Generator[None, None, tuple[torch.Tensor, State]]:
        """Read tokens (1, T) for the sake of what follows them, a layer at a time.

        Yields after each layer, so that whoever iterates may leave; `state` then stays as it was.
        The last layer is asked for nothing but the keys and values of all but the last token.

        Returns:
            The normed output (E,) of the last token, and the state.
        """
        x, state = yield from self._onward(tokens, state, 1)
        return self.norm(x)[0], state

    def _embedded(self, tokens: torch.Tensor, first: int) -> torch.Tensor:
        end = first + tokens.shape[1]
        if end > self.config.n_ctx:
            raise ValueError(f"{end} tokens do not fit in n_ctx {self.config.n_ctx}")
        positions = torch.arange(first, end, device=tokens.device)
        x: torch.Tensor = self.tokens(tokens) + self.positions(positions)  # (B, T, E)
        return F.dropout(x, self.dropout) if self.training and self.dropout else x

    def _onward(
        self, tokens: torch.Tensor, state: State, wanted: int
    ) -> Generator[None, None, tuple[torch.Tensor, State]]:
        """Return the last layer's output (wanted, E) of the last so many of tokens (B, T)."""
        if tokens.shape[0] != state.rows:
            raise ValueError(f"{tokens.shape[0]} rows of tokens for a state of {state.rows}")
        x = self._embedded(tokens, state.length).flatten(0, 1)  # (B * T, E)
        before, state = state, state.extend(tokens.shape[1])
        bias = visibility(before, state)
        span = bias.shape[1]
        for layer, block in enumerate(self.blocks):
            if layer == len(self.blocks) - 1:
                bias = bias[-wanted:]
            x = block(x, Onward(state.entries[layer, :, :, :span], bias, before.used))
            yield
        return x, state

    def forward(
        self, tokens: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, State | None]:
        """Return logits (B, T, V) of tokens (B, T) after `state`, and the state with them read."""
        features, state = self.features(tokens, state)
        logits: torch.Tensor = self.head(features)
        return logits, state


def _finished(steps: Generator[None, None, _Result]) -> _Result:
    """Return what a generator returns, once it has gone all its steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result


def _embedding(count: int, width: int) -> nn.Embedding:
    # nn.Embedding by itself draws numbers, and on the meta device that imports torch's compiler:
    # 80 MB and most of a second.
    return nn.Embedding(count, width, _weight=torch.empty(count, width))


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
