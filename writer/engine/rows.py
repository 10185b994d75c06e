"""The continuations of one request while they are being sampled."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field

from writer.checkpoints.tokenizer import Tokenizer


@dataclass(slots=True)
class Row:
    """One continuation: its tokens, its bytes decoded as far as they are whole characters."""

    begun: bytes
    """What it must begin with before anything new is said."""
    behind: int | None = None
    """The token that it follows."""
    number: int = 0
    """Which of its request's it is."""
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    logprob: float = 0.0
    """The sum over its tokens, natural log, of the unfiltered distribution."""
    closed: bool = False
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )

    def add(self, token: int, logprob: float, tokenizer: Tokenizer) -> None:
        """Append a token; the end token, or bytes that are no text, close the row."""
        before = self.tokens[-1] if self.tokens else self.behind
        self.tokens.append(token)
        self.logprob += logprob
        if token in tokenizer.special_ids:
            self.closed = True
            return
        said = tokenizer.token_bytes(token, None if self.begun else before)
        if self.begun:
            # What was begun is in the text already, with whatever parts it from the word before.
            # Either the token completes it or it is the first to do so.
            said, self.begun = said[len(self.begun) :], self.begun[len(said) :]
        try:
            self.text += self._decoder.decode(said)
        except UnicodeDecodeError:
            self.closed = True

    @property
    def mean_logprob(self) -> float:
        """Return the mean over its tokens, natural log."""
        return self.logprob / max(1, len(self.tokens))


def groups_of_equals(rows: Iterable[Row]) -> list[list[int]]:
    """Return the indices of rows that have said the same so far, group by group."""
    by_tokens: dict[tuple[int, ...], list[int]] = {}
    for index, row in enumerate(rows):
        by_tokens.setdefault(tuple(row.tokens), []).append(index)
    return list(by_tokens.values())
