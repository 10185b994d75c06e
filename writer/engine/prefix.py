"""What the network has read of the text lately, kept from one request to the next.

Keys and values of a position depend on earlier tokens only, so after an edit what stands before the
first different token is reused as it is, block by block (see `blocks`). Several texts are kept, so
that coming back to a place, or to a scene, reads next to nothing again.

What comes of it never depends on what was read before, to the last bit: the blocks are those of the
text alone, and so is the room in which they are read, as products over more room may be summed in
another order; and what another number of threads has read is forgotten.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple

import torch

from writer.engine.blocks import FEW, WHOLE, common_length, ends, most_shared, whole
from writer.engine.tails import Tail, cut_off, put_back
from writer.transformer.contract import Network, S

_BEGUN = 64
"""A text of which fewer tokens have been read is not kept when reading is left."""
_GIVEN_UP = 2 * WHOLE
"""An end no longer than this makes way for another one, kept as a tail at most; of a longer one
another text is made."""
_TAILS = 3
"""Ends kept of each text: those of the two places that are looked at ahead, and of the last one."""
_ROOM = 64
"""Entries of room for what is sampled come in multiples of it, so that few settings change it."""
_ALL_ROOM = 256
"""Entries of room beyond n_ctx in a buffer that serves every text."""
MEMORY_BYTES = 160 << 20
"""What all kept texts may take; one is kept in any case. 124M: three of 1,000 tokens in bf16."""


@dataclass(slots=True)
class _Text(Generic[S]):
    """One text as far as it has been read."""

    tokens: list[int]
    state: S
    capacity: int = 0
    """Entries that its buffer was made for: a function of the text it was read for."""
    logits: torch.Tensor | None = None  # (V,), of what follows, where that was worked out
    tails: list[Tail[S]] = field(default_factory=list)
    """Other ends that it had, the last one in front."""

    @property
    def is_begun(self) -> bool:
        """Return whether enough has been read to be worth keeping."""
        return len(self.tokens) >= _BEGUN

    @property
    def nbytes(self) -> int:
        """Return what it takes."""
        return self.state.nbytes + sum(tail.read.nbytes for tail in self.tails)


class _Found(NamedTuple, Generic[S]):
    """What there is to begin with."""

    known: int
    """Tokens that need not be read again."""
    common: int
    """Tokens that are the same from the beginning."""
    text: _Text[S]
    tail: Tail[S] | None = None
    """The end that the text is to have again first."""


class Prefixes(Generic[S]):
    """The texts read last, the one read most lately in front."""

    def __init__(
        self,
        network: Network[S],
        dtype: torch.dtype | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._network = network
        self._dtype = dtype
        self._memory_bytes = memory_bytes
        self._texts: list[_Text[S]] = []
        self._threads = 0
        # Of a large network two buffers are never there at once, not even while one is moved.
        few = network.empty_state(dtype).fit(1)
        size = few.nbytes / max(1, few.room) * (network.n_ctx + _ALL_ROOM)
        self._has_one_buffer = size > memory_bytes

    def read(self, tokens: Sequence[int], room: int = 0) -> Iterator[float]:
        """Read `tokens`, one at least, reusing what they share with a text read before.

        Yields the share that has been read, often, and may be left at any yield: what has been read
        by then is kept. The state will have room for so many further entries.
        """
        if self._threads != torch.get_num_threads():  # work shared out otherwise rounds otherwise
            self._threads = torch.get_num_threads()
            self.forget()
        tokens = list(tokens)
        text = self._resume(tokens, self._capacity(len(tokens), room))
        device = self._network.device
        for end in ends(len(tokens)):
            first = len(text.tokens)
            if end <= first:
                continue
            batch = torch.tensor([tokens[first:end]], device=device)
            steps = self._network.reading(batch, text.state)
            output, text.state = yield from _telling(first / len(tokens), steps)
            text.tokens += tokens[first:end]
            if end == len(tokens):
                text.logits = self._network.head(output).float()

    def forget(self) -> None:
        """Forget all that was read."""
        self._texts.clear()

    @property
    def state(self) -> S:
        """Return the state of one row after the tokens read last; good until the next `read`."""
        return self._texts[0].state

    @property
    def logits(self) -> torch.Tensor:
        """Return the logits (V,) of the token that comes next.

        Raises:
            ValueError: The last `read` was left early.
        """
        if not self._texts or self._texts[0].logits is None:
            raise ValueError("the text has not been read to its end")
        return self._texts[0].logits

    def _capacity(self, length: int, room: int) -> int:
        """Return the size of the buffer in which a text of so many tokens is read.

        The same for all that end in one whole block, so that typing seldom moves the text; more
        would slow each step, which looks at all the room.
        """
        if self._has_one_buffer:
            return self._network.n_ctx + _ALL_ROOM
        return whole(length + WHOLE - 1) + -(-room // _ROOM) * _ROOM

    def _resume(self, tokens: list[int], capacity: int) -> _Text[S]:
        """Return the text to go on with, cut to what it shares with `tokens`."""
        # Of a text that was left at once, nothing is of use.
        self._texts = [text for text in self._texts if text.logits is not None or text.is_begun]
        found = self._best(tokens, capacity)
        if found is None:
            text = self._fitted(_Text([], self._network.empty_state(self._dtype)), capacity)
        elif found.tail is None:
            text = self._fitted(self._cut(found, found.known), capacity)
        else:
            text = self._with_tail(found, found.tail, capacity)
        if len(text.tokens) < len(tokens):
            text.logits = None
        self._texts.insert(0, text)
        self._forget()
        return text

    def _best(self, tokens: list[int], capacity: int) -> _Found[S] | None:
        """Return what to begin with, if there is anything."""
        found: list[_Found[S]] = []
        for text in self._texts:
            common = common_length(text.tokens, tokens)
            known = _reusable(text, len(text.tokens), tokens, common, capacity)
            found.append(_Found(known, common, text))
            for tail in text.tails:
                if tail.start <= common:
                    shared = tail.start + common_length(tail.tokens, tokens[tail.start :])
                    length = tail.start + len(tail.tokens)
                    known = _reusable(tail, length, tokens, shared, capacity)
                    if known > tail.start:
                        found.append(_Found(known, shared, text, tail))
        best = max(found, key=lambda each: (each.known, each.common), default=None)
        if best is None or best.known or self._has_one_buffer:
            return best
        # Hardly another text, though all of it has to be read again.
        is_same = len(best.text.tokens) <= min(_GIVEN_UP, best.common + _BEGUN)
        return best._replace(tail=None) if is_same else None

    def _cut(self, found: _Found[S], length: int) -> _Text[S]:
        """Return the text cut to `length`; its end is kept as a tail, or in a text of its own."""
        text = found.text
        lost = len(text.tokens) - length
        if lost > _GIVEN_UP and not self._has_one_buffer:
            return _Text(text.tokens[:length], text.state.truncate(length))
        self._texts.remove(text)
        if not lost:
            return text
        tails = [tail for tail in text.tails if tail.start <= length and tail is not found.tail]
        if FEW <= lost <= _GIVEN_UP and length == whole(length):  # fewer are soon read again
            kept = cut_off(text.state, length)
            tail = Tail(length, text.tokens[length:], kept, text.capacity, text.logits)
            if tail.is_part or not self._has_one_buffer:
                tails.insert(0, tail)
        text.tails = tails[:_TAILS]
        text.tokens, text.logits = text.tokens[:length], None
        text.state = text.state.truncate(length)
        return text

    def _with_tail(self, found: _Found[S], tail: Tail[S], capacity: int) -> _Text[S]:
        """Return the text cut to where `tail` begins, with as much of that as is known."""
        text = self._cut(found, tail.start)
        read = tail.tokens[: found.known - tail.start]
        if tail.is_part:
            text = self._fitted(text, capacity)
            text.state = put_back(text.state, tail.read, found.known)
        else:
            text.state, text.capacity = tail.read.truncate(found.known), tail.capacity
        text.tokens = text.tokens + read
        text.logits = tail.logits if len(read) == len(tail.tokens) else None
        return text if tail.is_part else self._fitted(text, capacity)

    def _fitted(self, text: _Text[S], capacity: int) -> _Text[S]:
        """Return the text in a buffer that was made for `capacity` entries."""
        room = capacity - len(text.tokens)
        if text.capacity != capacity or text.state.room < room:
            text.state, text.capacity = text.state.fit(room), capacity
        return text

    def _forget(self) -> None:
        """Let the texts go that have not been read for longest, until the rest fits the memory."""
        while len(self._texts) > 1 and self.nbytes > self._memory_bytes:
            self._texts.pop()

    @property
    def nbytes(self) -> int:
        """Return what all states take."""
        return sum(text.nbytes for text in self._texts)


def _telling(
    share: float, steps: Generator[None, None, tuple[torch.Tensor, S]]
) -> Generator[float, None, tuple[torch.Tensor, S]]:
    """Return what `steps` return; yield `share` as often as they yield."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: tuple[torch.Tensor, S] = end.value
            return result
        yield share


def _reusable(
    read: _Text[S] | Tail[S], length: int, tokens: list[int], common: int, capacity: int
) -> int:
    """Return how many of `tokens` need not be read again.

    Args:
        read: What was read before.
        length: Its tokens, all from the beginning of the text.
        tokens: What is to be read.
        common: How many tokens both begin with.
        capacity: Of the buffer in which they are to be read.
    """
    if read.capacity != capacity:
        # Only whole blocks do not look at the room.
        common = whole(common)
    elif common == length == len(tokens) and read.logits is not None:
        return common
    # The last block tells what follows it. Whatever is out of reach is read again.
    shared = most_shared(length, len(tokens), min(common, len(tokens) - 1))
    if isinstance(read, Tail):
        start = read.start if read.is_part else 0
        return start + read.read.reaches(max(0, shared - start))
    return read.state.reaches(shared)
