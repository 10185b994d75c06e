"""The engine: a request in, a stream of answers out; any step may be the last one wanted."""

from collections.abc import Generator, Iterator
from pathlib import Path

import torch

from writer.checkpoints.folder import Model, read_model
from writer.checkpoints.tokenizer import BPETokenizer
from writer.engine.prefix import Prefix
from writer.engine.prompt import Prompt, make_prompt
from writer.engine.rows import Row, groups_of_equals
from writer.engine.sampling import draw, filtered, penalize
from writer.settings import Sampling
from writer.suggestion.candidate import Candidate
from writer.suggestion.request import Answer, Request
from writer.suggestion.segments import sentence_ends
from writer.suggestion.trimming import is_closed, trimmed

_RECENT = 128
"""Tokens before the cursor that the repetition penalty minds."""


class Engine:
    """One model at work. Not for several threads at once."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.n_ctx = model.network.config.n_ctx
        self._network = model.network
        self._tokenizer = model.tokenizer
        self._prefix = Prefix(model.network)
        self._forbidden = _forbidden(model.tokenizer, model.network.config.vocab_size)

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next request on."""
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    @torch.inference_mode()
    def stream(self, request: Request) -> Generator[Answer]:
        """Yield answers to `request` that grow token by token; the last one is done.

        The first ones, while the text is being read, have no candidates. Closing the generator
        between any two of them stops the work; what has been read stays read.
        """
        sampling = request.sampling
        length = min(sampling.length, self.n_ctx // 2)
        limit = max(1, min(sampling.context_length, self.n_ctx - length - 1))
        prompt = make_prompt(request.before, self._tokenizer, limit)
        for _ in self._prefix.read(prompt.tokens):
            yield Answer(request, (), False, len(prompt.tokens), prompt.characters)
        rows = [Row(prompt.begun) for _ in range(sampling.candidates)]
        for done in self._sample(rows, prompt, sampling, request.seed, length):
            candidates = _candidates(rows, request, done)
            yield Answer(request, candidates, done, len(prompt.tokens), prompt.characters)

    def _sample(
        self, rows: list[Row], prompt: Prompt, sampling: Sampling, seed: int, length: int
    ) -> Iterator[bool]:
        """Let the rows grow by a token at a time; yield whether they are done."""
        generator = torch.Generator().manual_seed(seed)
        state = self._prefix.state.branch(len(rows))
        logits = self._prefix.logits.expand(len(rows), -1)  # (B, V)
        recent = torch.tensor([prompt.tokens[-_RECENT:]]).expand(len(rows), -1)  # (B, R)
        while True:
            probabilities = self._probabilities(logits, recent, rows, sampling)
            chosen = draw(
                probabilities, groups_of_equals(rows), sampling.temperature == 0, generator
            )
            logprobs = torch.log_softmax(logits, dim=1).gather(1, chosen[:, None])[:, 0]
            for row, token, logprob in zip(rows, chosen.tolist(), logprobs.tolist(), strict=True):
                if not row.closed:
                    row.add(token, logprob, self._tokenizer)
                    row.closed |= _is_enough(row, length)
            done = all(row.closed for row in rows)
            yield done
            if done:
                return
            recent = torch.cat((recent, chosen[:, None]), dim=1)[:, -_RECENT:]
            logits, state = self._network(chosen[:, None], state)
            logits = logits[:, -1]

    def _probabilities(
        self, logits: torch.Tensor, recent: torch.Tensor, rows: list[Row], sampling: Sampling
    ) -> torch.Tensor:
        penalized = penalize(logits, recent, sampling.repetition_penalty)
        allowed = penalized.masked_fill(self._forbidden, float("-inf"))
        if rows[0].begun:  # the rows have begun alike, so one mask serves them all
            others = torch.ones_like(self._forbidden)
            others[self._tokenizer.beginning_with(rows[0].begun)] = False
            allowed = allowed.masked_fill(others, float("-inf"))
        if self._tokenizer.end_id is not None:
            silent = [number for number, row in enumerate(rows) if not row.text.strip()]
            allowed[silent, self._tokenizer.end_id] = float("-inf")  # something is to be said
        return filtered(allowed, sampling)


def load_engine(folder: Path) -> Engine:
    """Read the model in `folder`.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED.
    """
    return Engine(read_model(folder))


def _forbidden(tokenizer: BPETokenizer, vocab_size: int) -> torch.Tensor:
    """Return a mask (V,) of what is never sampled: padding and all marks but the end."""
    mask = torch.zeros(vocab_size, dtype=torch.bool)
    mask[tokenizer.vocab_size :] = True
    mask[[token for token in tokenizer.special_ids if token != tokenizer.end_id]] = True
    return mask


def _is_enough(row: Row, length: int) -> bool:
    """Return whether a row is long enough, or closes well where it is."""
    if len(row.tokens) >= length or is_closed(row.text):
        return True
    ends = sentence_ends(row.text)
    closes = bool(ends) and ends[-1] == len(row.text.rstrip()) < len(row.text)
    return closes and len(row.tokens) * 2 >= length


def _candidates(rows: list[Row], request: Request, done: bool) -> tuple[Candidate, ...]:
    """Return what the rows offer, without doubles, in their order.

    Nothing is offered before the first row has something: it is the one that the ghost shows, and
    another in its place would have to make way for it a moment later.
    """
    texts = [trimmed(row.text, request.before, request.after, done or row.closed) for row in rows]
    if not (done or rows[0].closed or texts[0]):
        return ()
    found: dict[str, Candidate] = {}
    for number, (row, text) in enumerate(zip(rows, texts, strict=True)):
        if text and text.strip() not in found:
            found[text.strip()] = Candidate(request.serial, text, row.mean_logprob, number)
    return tuple(found.values())
