"""What the network has read of the text, kept from one request to the next.

Keys and values of a position depend on earlier tokens only, so after an edit everything before the
first different token is reused as it is.
"""

from collections.abc import Iterator, Sequence

import torch

from writer.transformer.gpt import GPT
from writer.transformer.state import State

_CHUNK = 128
"""Tokens read between two looks at whether the answer is still wanted."""


class Prefix:
    """The state after the tokens read last."""

    def __init__(self, network: GPT) -> None:
        self._network = network
        self._tokens: list[int] = []
        self._state = network.empty_state()
        self._logits: torch.Tensor | None = None

    def read(self, tokens: Sequence[int]) -> Iterator[int]:
        """Read `tokens`, reusing what they share with those read before.

        Yields how many are read after each chunk, and may be left at any of them: what has been
        read by then is kept.
        """
        tokens = list(tokens)
        known = _common_length(tokens, self._tokens)
        if known == len(tokens) and (known < len(self._tokens) or self._logits is None):
            known -= 1  # the last token is read again for what follows it
        if known < len(self._tokens):
            self._cut(known)
        while known < len(tokens):
            chunk = tokens[known : known + _CHUNK]
            features, state = self._network.features(torch.tensor([chunk]), self._state)
            self._state, self._tokens = state, self._tokens + chunk
            known += len(chunk)
            last = known == len(tokens)
            self._logits = self._network.head(features[:, -1])[0] if last else None
            yield known

    def _cut(self, length: int) -> None:
        self._state = self._state.truncate(length)
        self._tokens = self._tokens[:length]
        self._logits = None

    @property
    def state(self) -> State:
        """Return the state of one row after the tokens read."""
        return self._state

    @property
    def logits(self) -> torch.Tensor:
        """Return the logits (V,) of the token that comes next.

        Raises:
            ValueError: The last `read` was left early.
        """
        if self._logits is None:
            raise ValueError("the text has not been read to its end")
        return self._logits


def _common_length(one: Sequence[int], other: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))
