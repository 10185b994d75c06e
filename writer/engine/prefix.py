"""What the network has read of the text lately, kept from one request to the next.

Keys and values of a position depend on earlier tokens only, so after an edit everything before the
first different token is reused as it is. Several texts are kept, so that coming back to a place, or
to a scene, reads next to nothing again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import torch

from writer.transformer.contract import Network, S

_CHUNK = 192
"""Tokens read at once: fewer read slower, and of more, more is lost when reading is left."""
_TYPED = 64
"""A tail no longer than this is given up rather than kept as another text: reading it again costs
little, and whoever types and deletes would fill the memory with it."""
_ROOMY = 256
"""Entries of room that may be more than is needed."""
_TYPING = 32
"""Entries of room for what is typed next, so that not every key moves the whole text; more would
slow each step, which looks at all the room."""
_ALL_ROOM = 256
"""Entries of room beyond n_ctx in a buffer that serves every text."""
MEMORY_BYTES = 160 << 20
"""What all kept texts may take; one is kept in any case. 124M: four of 1,024 tokens in bf16."""


@dataclass(slots=True)
class _Text(Generic[S]):
    """One text as far as it has been read."""

    tokens: list[int]
    state: S
    logits: torch.Tensor | None = None  # (V,), of what follows, where that was worked out

    @property
    def is_begun(self) -> bool:
        """Return whether enough has been read to be worth keeping."""
        return len(self.tokens) >= _TYPED


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
        # Of a large network two buffers are never there at once, not even while one is moved.
        few = network.empty_state(dtype).fit(1)
        size = few.nbytes / max(1, few.room) * (network.n_ctx + _ALL_ROOM)
        self._has_one_buffer = size > memory_bytes

    def read(self, tokens: Sequence[int], room: int = 0) -> Iterator[None]:
        """Read `tokens`, one at least, reusing what they share with a text read before.

        Yields often, and may be left at any yield: what has been read by then is kept. The state
        will have room for so many further entries.
        """
        tokens = list(tokens)
        text = self._resume(tokens, room)
        device = self._network.device
        while text.logits is None:
            first = len(text.tokens)
            chunk = tokens[first : first + _CHUNK]
            batch = torch.tensor([chunk], device=device)
            output, text.state = yield from self._network.reading(batch, text.state)
            text.tokens += chunk
            if len(text.tokens) == len(tokens):
                text.logits = self._network.head(output).float()

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

    def _resume(self, tokens: list[int], room: int) -> _Text[S]:
        """Return the text to go on with, cut to what it shares with `tokens`."""
        # Of a text that was left at once, nothing is of use.
        self._texts = [text for text in self._texts if text.logits is not None or text.is_begun]
        text, known, is_fork = self._best(tokens)
        if known < len(text.tokens) or (known == len(tokens) and text.logits is None):
            known = min(known, len(tokens) - 1)  # the last token tells what follows it
            text.tokens, text.logits = text.tokens[:known], None
            text.state = text.state.truncate(known)
        if len(text.tokens) < len(tokens):
            text.logits = None
            room += len(tokens) - len(text.tokens)
        if self._has_one_buffer:
            if text.state.room < room:
                text.state = text.state.fit(max(room, self._network.n_ctx + _ALL_ROOM - known))
        elif is_fork or not room <= text.state.room <= room + _ROOMY:
            text.state = text.state.fit(room + _TYPING)
        self._texts.insert(0, text)
        self._forget()
        return text

    def _best(self, tokens: list[int]) -> tuple[_Text[S], int, bool]:
        """Return a text to begin with, how much of it is of use, and whether another keeps it."""
        shared = [_common_length(text.tokens, tokens) for text in self._texts]
        best = max(range(len(shared)), key=shared.__getitem__, default=0)
        known = shared[best] if shared else 0
        if self._texts and (known or self._has_one_buffer):
            found = self._texts[best]
            if self._has_one_buffer or len(found.tokens) - known <= _TYPED:
                return self._texts.pop(best), known, False
            return _Text(found.tokens[:known], found.state.truncate(known)), known, True
        return _Text([], self._network.empty_state(self._dtype)), 0, False

    def _forget(self) -> None:
        """Let the texts go that have not been read for longest, until the rest fits the memory."""
        while len(self._texts) > 1 and self.nbytes > self._memory_bytes:
            self._texts.pop()

    @property
    def nbytes(self) -> int:
        """Return what all states take."""
        return sum(text.state.nbytes for text in self._texts)


def _common_length(one: Sequence[int], other: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))
