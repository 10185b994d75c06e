"""The decoder: GPT-2 (Radford et al. 2019), and the long-context family that `variants` names.

One contract for every network of this room: `forward(tokens, state) -> (logits, state)`. The state
is a value that the caller keeps; modules hold parameters only.
"""

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from writer.transformer.block import Block
from writer.transformer.config import GPTConfig
from writer.transformer.dense import Onward
from writer.transformer.positions import (
    InterpolatedPositions,
    TwoLevelPositions,
    positions_of,
    table,
)
from writer.transformer.state import State, empty_state, visibility
from writer.transformer.streams import Streams
from writer.transformer.variants import is_buffered

if TYPE_CHECKING:  # what a plain GPT-2 does not need is not imported for it
    from writer.transformer.recurrent import RelativeAttention
    from writer.transformer.two_sided import TwoSided

_Result = TypeVar("_Result")
GPTState = State | Streams
"""The first where all that is read stays in a buffer, the second where its reach is bounded."""


class Whole(NamedTuple):
    """What comes of whole texts."""

    features: torch.Tensor  # (B, T, E), normed: what the head takes
    penalty: torch.Tensor | None
    """What the loss is to have added in training, already weighted: of memories, of experts."""


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
        self.tokens = table(config.vocab_size, config.n_embd)
        self.positions = positions_of(config)
        blocks = [Block(config, layer) for layer in range(config.n_layer)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.head.weight = self.tokens.weight
        self.two_sided = _two_sided(config)
        if initialized:
            self.apply(_initialize)
            if self.two_sided is not None:
                self.two_sided.start()
            for block in blocks:
                block.silence()

    @property
    def n_ctx(self) -> int:
        """Return the longest text read at once, in tokens."""
        return self.config.n_ctx

    @property
    def longest_branch(self) -> int:
        """Return how many tokens the rows of a branched state may read, each for itself.

        What rows read is not compressed or summed up, so it must stay within reach as it is.
        """
        config = self.config
        if config.memory == "compressive" and config.compressed_length:
            return config.size("memory_length")
        if config.attention == "hierarchical":
            return config.size("segment_length")
        return config.n_ctx

    @property
    def vocab_size(self) -> int:
        """Return how many logits each token has."""
        return self.config.vocab_size

    @property
    def device(self) -> torch.device:
        """Return where it works."""
        return self.norm.weight.device

    def layers(self) -> list[Block]:
        """Return the blocks, the first one in front."""
        return [cast(Block, block) for block in self.blocks]

    def set_dropout(self, share: float) -> None:
        """Drop this share of what comes into the residual stream, while training.

        What attention looks at is not dropped: on a processor no fused kernel does that.
        """
        self.dropout = share
        for block in self.layers():
            block.dropout = share

    def redraw(self, number: int) -> None:
        """Let every layer draw its random features anew, as the `number`-th, where it has some."""
        for block in self.layers():
            block.attention.redraw(number)

    def empty_state(self, dtype: torch.dtype | None = None) -> GPTState:
        """Return the state of a text of which nothing has been read, kept in `dtype`.

        Raises:
            ValueError: The network fills gaps, and does not go on with texts.
        """
        self._goes_on()
        like = self.norm.weight if dtype is None else self.norm.weight.to(dtype)
        if is_buffered(self.config):
            return empty_state(self.config, like)
        layers = tuple(block.attention.begin(like) for block in self.layers())
        return Streams(layers, length=0, rows=1, branched=False, marks=())

    def whole(self, tokens: torch.Tensor) -> Whole:
        """Read whole texts (B, T), as training does.

        Raises:
            ValueError: More positions than n_ctx would be needed; or the network fills gaps, see
                `two_sided`.
        """
        self._goes_on()
        if self.config.position_embedding == "relative":
            return self._segments(tokens)
        return self.through(self._embedded(tokens, 0))

    def through(self, x: torch.Tensor) -> Whole:
        """Read whole texts that are vectors x (B, T, E) already, positions and all."""
        if self.config.blocks == "reversible":
            from writer.transformer.reversible import reversible

            return Whole(self.norm(reversible(self.layers(), x)), None)
        penalties = []
        for block in self.layers():
            x, penalty = self._again(block.whole, x)
            penalties.append(penalty)
        return Whole(self.norm(x), _total(penalties))

    def _goes_on(self) -> None:
        """Refuse what would let a network that fills gaps see the tokens it is asked for."""
        if self.config.objective != "causal":
            raise ValueError(f"objective {self.config.objective} does not go on with texts")

    def _segments(self, tokens: torch.Tensor) -> Whole:
        """Read whole texts segment by segment, each with what the ones before have left."""
        length = self.config.segment_length or tokens.shape[1]
        carried = None
        features, penalties = [], []
        for first in range(0, tokens.shape[1], length):
            x = self._embedded(tokens[:, first : first + length], first)
            if carried is None:
                carried = [cast("RelativeAttention", each.attention).start(x)
                           for each in self.layers()]  # fmt: skip
            for layer, block in enumerate(self.layers()):
                x, carried[layer], penalty = self._again(block.segment, x, carried[layer], first)
                if penalty is not None:  # a mean over the text, however many segments it has
                    penalties.append(penalty * (x.shape[1] / tokens.shape[1]))
            features.append(self.norm(x))
        return Whole(torch.cat(features, dim=1), _total(penalties))

    def _again(self, step: Callable[..., Any], *inputs: Any) -> Any:  # noqa: ANN401
        """Return what `step` makes of the inputs, to be worked out again on the way back if so."""
        if self.checkpointing and self.training:
            return checkpoint(step, *inputs, use_reentrant=False)
        return step(*inputs)

    def features(
        self, tokens: torch.Tensor, state: GPTState | None = None
    ) -> tuple[torch.Tensor, GPTState | None]:
        """Read tokens (B, T) after what `state` has read; without one, whole texts.

        Returns:
            The last layer's normed output (B, T, E), and the state with the tokens read; without
            a state none is kept.

        Raises:
            ValueError: More positions than n_ctx would be needed, or other rows than the state's.
        """
        if state is None:
            return self.whole(tokens).features, None
        x, after = _finished(self._onward(tokens, state, tokens.numel()))
        return self.norm(x).view(*tokens.shape, -1), after

    def reading(
        self, tokens: torch.Tensor, state: GPTState
    ) -> Generator[None, None, tuple[torch.Tensor, GPTState]]:
        """Read tokens (1, T) for the sake of what follows them, a layer at a time.

        Yields after each layer, so that whoever iterates may leave; `state` then stays as it was.
        The last layer of a buffer is asked for nothing but the keys and values of all but the last
        token.

        Returns:
            The normed output (E,) of the last token, and the state.
        """
        x, after = yield from self._onward(tokens, state, 1)
        return self.norm(x[-1]), after

    def _embedded(self, tokens: torch.Tensor, first: int) -> torch.Tensor:
        end = first + tokens.shape[1]
        if end > self.config.n_ctx:
            raise ValueError(f"{end} tokens do not fit in n_ctx {self.config.n_ctx}")
        x: torch.Tensor = self.tokens(tokens)  # (B, T, E)
        if self.positions is not None:
            x = x + self.positions(torch.arange(first, end, device=tokens.device))
        return F.dropout(x, self.dropout) if self.training and self.dropout else x

    def _onward(
        self, tokens: torch.Tensor, state: GPTState, wanted: int
    ) -> Generator[None, None, tuple[torch.Tensor, GPTState]]:
        """Return the last layer's output (wanted or more, E) of tokens (B, T), flat."""
        if tokens.shape[0] != state.rows:
            raise ValueError(f"{tokens.shape[0]} rows of tokens for a state of {state.rows}")
        if isinstance(state, State):
            return (yield from self._in_buffer(tokens, state, wanted))
        return (yield from self._in_streams(tokens, state))

    def _in_buffer(
        self, tokens: torch.Tensor, state: State, wanted: int
    ) -> Generator[None, None, tuple[torch.Tensor, State]]:
        first, rows = state.length, state.rows
        x = self._embedded(tokens, first).flatten(0, 1)  # (B * T, E)
        before, state = state, state.extend(tokens.shape[1])
        bias = visibility(before, state)
        span = bias.shape[1]
        for layer, block in enumerate(self.layers()):
            if layer == len(self.blocks) - 1:
                bias = bias[-wanted:]
            entries = state.entries[layer, :, :, :span]
            x = block.among(x, Onward(entries, bias, before.used, first, rows))
            yield
        return x, state

    def _in_streams(
        self, tokens: torch.Tensor, state: Streams
    ) -> Generator[None, None, tuple[torch.Tensor, Streams]]:
        x = self._embedded(tokens, state.length)  # (R, T, E)
        is_reversible = self.config.blocks == "reversible"
        if is_reversible:
            x = torch.stack((x, x))
        layers = []
        for block, read in zip(self.layers(), state.layers, strict=True):
            x, after = block.onward(x, read, state.length, state.branched)
            layers.append(after)
            yield
        x = x.mean(dim=0) if is_reversible else x
        return x.flatten(0, 1), state.read(tuple(layers), tokens.shape[1])

    def forward(
        self, tokens: torch.Tensor, state: GPTState | None = None
    ) -> tuple[torch.Tensor, GPTState | None]:
        """Return logits (B, T, V) of tokens (B, T) after `state`, and the state with them read."""
        features, state = self.features(tokens, state)
        logits: torch.Tensor = self.head(features)
        return logits, state


def _two_sided(config: GPTConfig) -> "TwoSided | None":
    if config.objective == "causal":
        return None
    from writer.transformer.two_sided import TwoSided

    return TwoSided(config)


def _finished(steps: Generator[None, None, _Result]) -> _Result:
    """Return what a generator returns, once it has gone all its steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result


def _total(penalties: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    known = [each for each in penalties if each is not None]
    return torch.stack(known).sum() if known else None


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
    if isinstance(module, InterpolatedPositions):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, TwoLevelPositions):  # after its tables, which are its children
        nn.init.zeros_(module.segment.weight)
