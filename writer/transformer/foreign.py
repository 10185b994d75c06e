"""Any causal language model that `transformers` runs by attention, under the engine's contract.

Imports transformers, so it is imported only when such a model has been chosen. Every token read
leaves keys and values in each layer, all of them kept: a model whose windows slide is given a mask
for them, so that a state can be cut anywhere and is then what it was.
"""

import inspect
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers.cache_utils import (
    Cache,
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
)

_AT_ONCE = 32
"""Tokens read between two looks at whether something newer came."""
_SPARE = 64
"""Entries beyond those needed when a state must move, so that it does not at each step."""
_COPIED_BYTES = 512 << 20
"""Up to here each row has a copy of what all have read; beyond, it is put together at each step,
layer by layer, which takes longer and a layer's memory only."""

_CUTTABLE = {DynamicLayer, DynamicSlidingWindowLayer}
"""Layers of attention, all of whose entries can be kept."""
_NOT_CUTTABLE = "this kind of model cannot take back what it has read"
_PROBE = 12
"""Tokens with which a network is looked at before it is used."""
_LOOKS_AHEAD = 2e-4
"""How far what comes later may move logits: not at all, in any number format. The little is for
networks of many experts, each of which then takes other tokens at a time: 3e-6 was seen."""

Pair = tuple[torch.Tensor, torch.Tensor]
"""One layer's keys and values, (R, H, C, D) each; D may differ, and H from layer to layer."""


@dataclass(slots=True)
class _Buffer:
    """Where the entries of one or several states stand; those behind `used` are yet to be written.

    Whoever goes on from the last entry writes behind it. Whoever goes on from an earlier one, or
    from where another has gone on already, moves away: so no state ever changes.
    """

    pairs: tuple[Pair, ...]
    """One a layer; none before the first token, when their shapes are not known."""
    capacity: int
    used: int

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for pair in self.pairs for part in pair)


@dataclass(frozen=True, slots=True)
class ForeignState:
    """What each row has read; see `contract.Read`. Reading on leaves it as it was."""

    rows: int
    length: int
    """Tokens that each row has read: the position of the next one."""
    shared: tuple[Pair, ...]  # (1, H, S, D): entries that every row sees before its own, or none
    buffer: _Buffer

    @property
    def own(self) -> int:
        """Return how many entries the rows have of their own."""
        return self.length - (self.shared[0][0].shape[2] if self.shared else 0)

    @property
    def room(self) -> int:
        """Return how many more entries the buffer takes behind this state's."""
        return self.buffer.capacity - self.own if self.buffer.used == self.own else 0

    @property
    def nbytes(self) -> int:
        """Return the size of all buffers, room included."""
        return self.buffer.nbytes + sum(part.nbytes for pair in self.shared for part in pair)

    def branch(self, rows: int) -> "ForeignState":
        """Return a state in which `rows` continuations share all that this one row has read.

        Raises:
            ValueError: The state has several rows already.
        """
        if self.rows != 1:
            raise ValueError(f"a state of {self.rows} rows cannot be branched")
        if not self.length:
            return replace(self, rows=rows, buffer=_Buffer((), self.buffer.capacity, 0))
        own = self.own
        read = tuple((keys[:, :, :own], values[:, :, :own]) for keys, values in self.buffer.pairs)
        size = sum(part.nbytes for pair in read for part in pair)
        if rows * size > _COPIED_BYTES:
            return replace(self, rows=rows, shared=read, buffer=_Buffer((), _SPARE, 0))
        return replace(self, rows=rows, buffer=_moved(read, own, own + _SPARE, rows))

    def select(self, rows: torch.Tensor) -> "ForeignState":
        """Return the state of the rows whose indices (n,) are given, in that order."""
        chosen = tuple((keys[rows], values[rows]) for keys, values in self.buffer.pairs)
        buffer = _Buffer(chosen, self.buffer.capacity, self.own)
        return replace(self, rows=len(rows), buffer=buffer)

    def reaches(self, length: int) -> int:
        """Return `length`: the text can be cut anywhere."""
        return length

    def truncate(self, length: int) -> "ForeignState":
        """Return the state as it was after the first `length` tokens of a text of one row.

        Raises:
            ValueError: The state is branched, or has not read `length` tokens.
        """
        if self.rows != 1 or self.shared or not 0 <= length <= self.length:
            raise ValueError(f"cannot cut a state of {self.length} tokens to {length}")
        return replace(self, length=length)

    def fit(self, entries: int) -> "ForeignState":
        """Return the state in a buffer of its own, with room for so many entries."""
        buffer = _moved(self.buffer.pairs, self.own, self.own + entries, self.rows)
        return replace(self, buffer=buffer)

    def reserve(self, entries: int) -> "ForeignState":
        """Return the state with room for `entries` more behind its own."""
        return self if entries <= self.room else self.fit(entries + _SPARE)


def _moved(pairs: tuple[Pair, ...], used: int, capacity: int, rows: int) -> _Buffer:
    """Return the first `used` entries in a buffer of their own; one row becomes `rows` alike."""

    def move(part: torch.Tensor) -> torch.Tensor:
        _, heads, _, width = part.shape
        moved = part.new_empty((rows, heads, capacity, width))
        moved[:, :, :used] = part[:, :, :used]
        return moved

    return _Buffer(tuple((move(keys), move(values)) for keys, values in pairs), capacity, used)


class _Layer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's entries as transformers looks at them, for one forward pass."""

    def __init__(self, state: ForeignState, number: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._state = state
        self._shared = state.shared[number] if state.shared else None
        self.pair = state.buffer.pairs[number] if state.buffer.pairs else None
        self._length = state.length

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> Pair:
        """Write new entries (R, H, T, D) behind the others; return all of them."""
        state = self._state
        if self.pair is None:
            self.pair = _room_like(key_states, state), _room_like(value_states, state)
        end = state.own + key_states.shape[2]
        whole = []
        for number, new in enumerate((key_states, value_states)):
            entries = self.pair[number]
            entries[:, :, state.own : end] = new
            read = entries[:, :, :end]
            if self._shared is not None:
                before = self._shared[number].expand(state.rows, -1, -1, -1)
                read = torch.cat((before, read), dim=2)
            whole.append(read)
        self._length = state.length + key_states.shape[2]
        self.keys, self.values = whole
        self.is_initialized = True
        return whole[0], whole[1]

    def get_seq_length(self) -> int:
        """Return how many tokens have been read."""
        return self._length

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return how many entries a query of so many tokens looks at, and where they begin."""
        return self._length + query_length, 0


def _room_like(new: torch.Tensor, state: ForeignState) -> torch.Tensor:
    rows, heads, _, width = new.shape
    return new.new_empty((rows, heads, state.buffer.capacity, width))


class ForeignNetwork:
    """A causal language model of transformers'; see `contract.Network`.

    Args:
        model: The model, ready for use.
        n_ctx: The longest text that it is to read.

    Raises:
        ValueError: What it has read cannot be cut, or does not make it go on as it should.
    """

    def __init__(self, model: Any, n_ctx: int) -> None:  # noqa: ANN401 - no common type
        self._model = model
        self.n_ctx = self.longest_branch = n_ctx
        self.device: torch.device = model.device
        config = model.config.get_text_config()
        self.vocab_size: int = config.vocab_size
        takes = inspect.signature(model.forward).parameters
        # What it has read goes by its newer name since transformers 5.24.
        names = [name for name in ("cache", "past_key_values") if name in takes]
        if not names or "logits_to_keep" not in takes:
            raise ValueError(_NOT_CUTTABLE)
        self._cache_name = names[0]
        layers = DynamicCache(config=model.config).layers
        if not layers or not {type(layer) for layer in layers} <= _CUTTABLE:
            raise ValueError(_NOT_CUTTABLE)
        self._layers = len(layers)
        self._takes_positions = "position_ids" in takes

    @property
    def model(self) -> Any:  # noqa: ANN401 - no common type
        """Return the model itself, to be changed to another precision in place."""
        return self._model

    def empty_state(self, dtype: torch.dtype | None = None) -> ForeignState:
        """Return the state of a text of which nothing has been read.

        It is kept in what the network works in: attention takes keys of its queries' `dtype` only.
        """
        return ForeignState(1, 0, (), _Buffer((), 0, 0))

    def reading(
        self, tokens: torch.Tensor, state: ForeignState
    ) -> Generator[None, None, tuple[torch.Tensor, ForeignState]]:
        """Read tokens (1, T) for the sake of what follows them, some at a time.

        Yields after each piece, so that whoever iterates may leave; `state` then stays as it was.

        Returns:
            The logits (V,) of the token that follows, and the state.
        """
        logits = None
        state = state.reserve(tokens.shape[1])
        for piece in torch.split(tokens, _AT_ONCE, dim=1):
            logits, state = self._forward(piece, state, wanted=1)
            yield
        assert logits is not None  # a text has one token at least
        return logits[0, -1], state

    def head(self, output: torch.Tensor) -> torch.Tensor:
        """Return the logits (V,) of the token that follows, from what `reading` returned."""
        return output

    def __call__(
        self, tokens: torch.Tensor, state: ForeignState
    ) -> tuple[torch.Tensor, ForeignState]:
        """Return logits (B, T, V) of tokens (B, T) after `state`, and the state with them read."""
        return self._forward(tokens, state, wanted=0)

    def _forward(
        self, tokens: torch.Tensor, state: ForeignState, wanted: int
    ) -> tuple[torch.Tensor, ForeignState]:
        """Read tokens (B, T); return the logits of the last `wanted`, 0 for all, and the state.

        Raises:
            ValueError: More positions than n_ctx would be needed, or other rows than the state's.
        """
        rows, count = tokens.shape
        if rows != state.rows:
            raise ValueError(f"{rows} rows of tokens for a state of {state.rows}")
        end = state.length + count
        if end > self.n_ctx:
            raise ValueError(f"{end} tokens do not fit in n_ctx {self.n_ctx}")
        state = state.reserve(count)
        layers = [_Layer(state, number) for number in range(self._layers)]
        cache = Cache(layers=list(layers))
        more: dict[str, Any] = {self._cache_name: cache}
        if self._takes_positions:
            positions = torch.arange(state.length, end, device=tokens.device)
            more["position_ids"] = positions.expand(rows, -1)
        found = self._model(
            input_ids=tokens, use_cache=True, logits_to_keep=wanted, return_dict=True, **more
        )
        pairs = tuple(layer.pair for layer in layers if layer.pair is not None)
        if len(pairs) != self._layers or found.logits.shape[-1] != self.vocab_size:
            raise ValueError(_NOT_CUTTABLE)
        state.buffer.pairs = pairs
        state.buffer.used = state.own + count
        return found.logits, replace(state, length=end)


@torch.inference_mode()
def verify(network: ForeignNetwork, tolerance: float) -> None:
    """Refuse a network that looks ahead, or goes on from a state otherwise than from the text.

    Args:
        network: The network.
        tolerance: By how much logits may differ that are come by on two ways, as a share of how
            far they are apart.

    Raises:
        ValueError: It does, or its logits are no numbers.
    """
    count = min(_PROBE, network.n_ctx)
    half = count // 2
    if not half:
        return
    text = torch.arange(1, count + 1, device=network.device)[None] * 7 % network.vocab_size
    other = torch.cat((text[:, :half], (text[:, half:] + 1) % network.vocab_size), dim=1)
    whole, read = network(text, network.empty_state())
    if not torch.isfinite(whole).all():
        raise ValueError("it gives logits that are no numbers")
    begun, _ = network(other, network.empty_state())
    if _apart(begun[:, :half], whole[:, :half]) > _LOOKS_AHEAD:
        raise ValueError("this kind of model looks ahead, so that it cannot go on with a text")
    left, _ = network(text[:, half:].expand(2, -1), read.truncate(half).branch(2))
    if max(_apart(row, whole[0, half:]) for row in left) > tolerance:
        raise ValueError(_NOT_CUTTABLE)


def _apart(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return how far logits are from others, as a share of how far those are from each other."""
    found, wanted = found.float(), wanted.float()
    return float((found - wanted).square().mean().sqrt() / wanted.std(correction=0))
