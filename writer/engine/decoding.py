"""Several continuations of one prefix, sampled together, of which the best go on to the end."""

from collections.abc import Iterator
from typing import Generic, NamedTuple

import torch

from writer.checkpoints.tokenizer import Tokenizer
from writer.engine.prompt import Prompt
from writer.engine.rows import Row, groups_of_equals
from writer.engine.sampling import draw, filtered, penalize_
from writer.suggestion.ranking import Begun, choose
from writer.suggestion.request import Request
from writer.suggestion.segments import sentence_ends
from writer.suggestion.trimming import is_closed
from writer.transformer.contract import Network, S

_RECENT = 128
"""Tokens before the cursor that the repetition penalty minds."""
_FIRST_ENTRIES = 256
"""Entries that room is made for beforehand; each step looks at all the room there is."""
_CHOICE_AFTER = 8
"""Tokens after which those that go on are chosen from those begun."""


_TORN = "\ufffd".encode()
"""What stands in texts where a character was lost; GPT-2 has read some, and has a token for it."""


class Vocabulary(NamedTuple):
    """What a model can say."""

    tokenizer: Tokenizer
    forbidden: torch.Tensor  # (F,): what it never says, padding and all marks but the end


class Decoding(Generic[S]):
    """The rows of one request, on their way."""

    def __init__(
        self,
        network: Network[S],
        vocabulary: Vocabulary,
        prompt: Prompt,
        request: Request,
        length: int,
    ) -> None:
        self._network = network
        self._tokenizer, self._forbidden = vocabulary
        self._prompt = prompt
        self._sampling = request.sampling
        self._length = length
        self._generator = torch.Generator().manual_seed(request.seed)
        self._device = network.device
        wanted = request.sampling.candidates
        begun = 1 if wanted == 1 else wanted + (wanted + 1) // 2
        self._rows = [Row(prompt.begun, prompt.tokens[-1], number) for number in range(begun)]
        self._chosen = wanted == begun

    @property
    def entries(self) -> int:
        """Return how many entries of the state the rows take, or the first of very long ones."""
        later = max(0, self._length - _CHOICE_AFTER)
        whole = len(self._rows) * (self._length - later) + self._sampling.candidates * later
        return min(whole, _FIRST_ENTRIES)

    def grow(self, logits: torch.Tensor, state: S) -> Iterator[tuple[list[Row], bool]]:
        """Let the rows grow from logits (V,) and a state of one row, a token at a time.

        Yields the rows that are offered, and whether they are done. Until it is known which ones
        go on, that is the first alone, which stays.
        """
        going = self._rows
        state = state.branch(len(going))
        logits = logits.expand(len(going), -1)  # (B, V)
        said = torch.tensor([self._prompt.tokens[-_RECENT:]], device=self._device)
        recent = said.expand(len(going), -1)  # (B, R)
        while True:
            tokens = self._next(going, logits, recent)
            self._choose()
            left = [i for i, row in enumerate(going) if not row.closed and row in self._rows]
            yield self._rows if self._chosen else self._rows[:1], not left
            if not left:
                return
            if len(left) < len(going):
                going = [going[index] for index in left]
                index = torch.tensor(left, device=self._device)
                tokens, recent, state = tokens[index], recent[index], state.select(index)
            recent = torch.cat((recent, tokens[:, None]), dim=1)[:, -_RECENT:]
            outputs, state = self._network(tokens[:, None], state)
            logits = outputs[:, -1].float()

    def _next(self, rows: list[Row], logits: torch.Tensor, recent: torch.Tensor) -> torch.Tensor:
        """Give each row its next token; return them (B,).

        Raises:
            FloatingPointError: The logits are no numbers.
        """
        sampling = self._sampling
        total = torch.logsumexp(logits, dim=1)
        if not torch.isfinite(total).all():
            raise FloatingPointError("the network gives no numbers")
        choice = filtered(self._allowed(rows, logits, recent), sampling)
        greedy = sampling.temperature == 0
        # Rows part in what follows the word that was begun, not over how it might have gone on.
        apart = not rows[0].begun
        tokens = draw(choice, groups_of_equals(rows), greedy, self._generator, apart)
        logprobs = logits.gather(1, tokens[:, None])[:, 0] - total
        for row, token, logprob in zip(rows, tokens.tolist(), logprobs.tolist(), strict=True):
            row.add(token, logprob, self._tokenizer)
            row.closed |= _is_enough(row, self._length)
        return tokens

    def _allowed(self, rows: list[Row], logits: torch.Tensor, recent: torch.Tensor) -> torch.Tensor:
        """Return logits (B, V) in which what must not be said has no chance."""
        never = float("-inf")
        allowed = penalize_(logits.clone(), recent, self._sampling.repetition_penalty)
        allowed.index_fill_(1, self._forbidden, never)
        if rows[0].begun:  # the rows have begun alike, so one mask serves them all
            others = torch.ones(allowed.shape[1], dtype=torch.bool)
            others[self._tokenizer.beginning_with(rows[0].begun)] = False
            allowed.masked_fill_(others.to(self._device), never)
        if self._tokenizer.end_id is not None:
            silent = [number for number, row in enumerate(rows) if not row.text.strip()]
            allowed[silent, self._tokenizer.end_id] = never  # something is to be said
        return allowed

    def _choose(self) -> None:
        rows = self._rows
        if self._chosen or not all(row.closed or len(row.tokens) >= _CHOICE_AFTER for row in rows):
            return
        self._chosen = True
        begun = [Begun(row.text, row.mean_logprob) for row in rows]
        self._rows = [rows[index] for index in choose(begun, self._sampling.candidates)]


def vocabulary_of(tokenizer: Tokenizer, vocab_size: int, device: torch.device) -> Vocabulary:
    """Return what a network with `vocab_size` outputs can say in the tokens of `tokenizer`."""
    marks = tokenizer.special_ids - {tokenizer.end_id}
    torn = (n for n in range(tokenizer.vocab_size) if _TORN in tokenizer.token_bytes(n))
    forbidden = sorted(marks.union(torn, range(tokenizer.vocab_size, vocab_size)))
    return Vocabulary(tokenizer, torch.tensor(forbidden, dtype=torch.long, device=device))


def _is_enough(row: Row, length: int) -> bool:
    """Return whether a row is long enough, or closes well where it is."""
    if len(row.tokens) >= length or is_closed(row.text):
        return True
    ends = sentence_ends(row.text)
    closes = bool(ends) and ends[-1] == len(row.text.rstrip()) < len(row.text)
    return closes and len(row.tokens) * 2 >= length
