"""The engine: a request in, a stream of answers out; any step may be the last one wanted."""

from collections.abc import Generator
from typing import Any, Protocol

import torch

from writer.checkpoints.tokenizer import Tokenizer
from writer.engine.decoding import Decoding, vocabulary_of
from writer.engine.machine import machine_name
from writer.engine.memory import give_back
from writer.engine.precision import cache_dtype
from writer.engine.prefix import Prefixes
from writer.engine.prompt import make_prompt
from writer.engine.rows import Row
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision
from writer.suggestion.candidate import Candidate
from writer.suggestion.identity import Identity
from writer.suggestion.ranking import are_near
from writer.suggestion.request import Answer, Request
from writer.suggestion.trimming import trimmed
from writer.transformer.contract import Network


class Loaded(Protocol):
    """A model that has been read, a `checkpoints.folder.Model` for example."""

    @property
    def name(self) -> str:
        """What the writer calls it."""

    @property
    def network(self) -> Network[Any]:
        """What continues tokens."""

    @property
    def tokenizer(self) -> Tokenizer:
        """What makes them."""


class Engine:
    """One model at work. Not for several threads at once."""

    def __init__(
        self,
        model: Loaded,
        precision: Precision = Precision.FP32,
        fingerprint: str = "",
        libraries: tuple[str, ...] = (),
    ) -> None:
        """Begin to work with `model`.

        Args:
            model: The model, already in `precision`.
            precision: What its numbers are kept in.
            fingerprint: Of its files, see `engine.fingerprint`.
            libraries: What its network runs in beside torch, with versions.
        """
        self.name = model.name
        self.n_ctx = model.network.n_ctx
        self.tokenizer = model.tokenizer
        self.precision = precision
        self._fingerprint = fingerprint
        self._libraries = libraries
        self._network = model.network
        self._prefixes = Prefixes(model.network, cache_dtype(precision))
        self._vocabulary = vocabulary_of(
            model.tokenizer, model.network.vocab_size, model.network.device
        )

    @property
    def network(self) -> Network[Any]:
        """Return what continues tokens, to be measured; it keeps nothing of what it reads."""
        return self._network

    @property
    def identity(self) -> Identity:
        """Return what an answer depends on now, beside its request."""
        machine = machine_name(self._network.device, self._libraries)
        return Identity(self.name, self._fingerprint, self.precision.value, machine)

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next request on."""
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def rest(self) -> None:
        """Give back what is of no use while nothing is asked."""
        give_back()

    @torch.inference_mode()
    def stream(self, request: Request) -> Generator[Answer]:
        """Yield answers to `request` that grow token by token; the last one is done.

        They are a function of the request and of `identity` alone, to the last bit. The first
        ones, while the text is being read, have no candidates. Closing the generator between any
        two of them stops the work; what has been read stays read.

        Raises:
            WriterError: MODEL_DAMAGED; its weights are numbers, but what comes of them is none.
        """
        sampling = request.sampling
        length = min(sampling.length, self.n_ctx // 2, self._network.longest_branch)
        limit = max(1, min(sampling.context_length, self.n_ctx - length - 1))
        prompt = make_prompt(request.before, self.tokenizer, limit)
        decoding = Decoding(self._network, self._vocabulary, prompt, request, length)
        read = len(prompt.tokens), prompt.characters, self.identity
        for share in self._prefixes.read(prompt.tokens, room=decoding.entries):
            yield Answer(request, (), False, *read, share)
        try:
            for rows, done in decoding.grow(self._prefixes.logits, self._prefixes.state):
                candidates = _candidates(rows, request, done)
                yield Answer(request, candidates, done, *read)
        except FloatingPointError as error:
            self._prefixes.forget()  # one that is no number spoils all that are read beside it
            reason = "what it works out is not a number"
            raise WriterError(ErrorKind.MODEL_DAMAGED, path=self.name, reason=reason) from error


def _candidates(rows: list[Row], request: Request, done: bool) -> tuple[Candidate, ...]:
    """Return what the rows offer, without doubles, in their order.

    Nothing is offered before the first row has something: it is the one that the ghost shows, and
    another in its place would have to make way for it a moment later.
    """
    found: list[Candidate] = []
    for row in rows:
        text = trimmed(row.text, request.before, request.after, done or row.closed)
        if not text and row is rows[0] and not (done or row.closed):
            return ()
        is_known = done and any(are_near(text, other.text) for other in found)
        if text and not is_known and text.strip() not in {other.text.strip() for other in found}:
            found.append(Candidate(request.serial, text, row.mean_logprob, row.number))
    return tuple(found)
