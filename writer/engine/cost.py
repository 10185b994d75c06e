"""What a context costs a model here, by its length: seconds to read it, and for one step more."""

import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice
from statistics import median

import torch

from writer.engine.engine import Engine
from writer.engine.measure import standard_text
from writer.engine.precision import cache_dtype
from writer.engine.prefix import Prefixes
from writer.shelf.reading import lengths
from writer.shelf.speeds import LengthTime

_ROWS = 5
"""Continuations that a step grows, each by one token."""
_STEPS = 8
_RUNS = 3
_ENOUGH_S = 2.0
"""After so many seconds of reading one length it is not read again."""
_LONGEST_S = 120.0
"""A length that may take longer is left out, and with it all longer ones."""
_GROWTH = 4
"""Times as long as the length before, at most: reading grows with the square of the length."""


def times_by_length(
    engine: Engine, on_progress: Callable[[float], None] = lambda share: None
) -> list[LengthTime]:
    """Return the seconds that contexts take: 128 tokens, 256, and so on, up to n_ctx.

    Each is read from its beginning on, up to three times, the median counts; then five
    continuations grow by eight tokens, which the longest context leaves room for. Lengths that
    would take longer than two minutes are left out.

    Args:
        engine: It must be doing nothing else.
        on_progress: Told the share that is done, between two parts; what it raises ends all.
    """
    wanted = lengths(engine.n_ctx)
    total = sum(wanted)
    found: list[LengthTime] = []
    _once(engine, min(wanted[0], 64), lambda share: None)  # it prepares kernels
    for place, length in enumerate(wanted):
        if found and found[-1].reading_s * _GROWTH > _LONGEST_S:
            break
        before = sum(wanted[:place])

        def tell(share: float, before: int = before, length: int = length) -> None:
            on_progress((before + share * length) / total)

        found.append(_measured(engine, length, tell))
    on_progress(1.0)
    return found


def _measured(engine: Engine, length: int, tell: Callable[[float], None]) -> LengthTime:
    readings: list[float] = []
    steps: list[float] = []
    while len(readings) < _RUNS and sum(readings) < _ENOUGH_S:
        reading, step = _once(engine, length, tell)
        readings.append(reading)
        steps.append(step)
    return LengthTime(length, median(readings), median(steps))


@torch.inference_mode()
def _once(engine: Engine, length: int, tell: Callable[[float], None]) -> tuple[float, float]:
    """Return the seconds to read `length` tokens, and for a step of five continuations."""
    network = engine.network
    tokens = list(islice(_endless(engine), max(1, min(length, engine.n_ctx - _STEPS))))
    prefixes = Prefixes(network, cache_dtype(engine.precision))
    started = time.perf_counter()
    for part, _ in enumerate(prefixes.read(tokens, room=_ROWS * _STEPS)):
        tell(1 - 1 / (1 + part / 16))  # how many parts there are is the network's own matter
    seconds = time.perf_counter() - started
    state = prefixes.state.branch(_ROWS)
    said = torch.tensor([[tokens[0]]] * _ROWS, device=network.device)
    took = []
    for _ in range(max(1, min(_STEPS, engine.n_ctx - len(tokens), network.longest_branch))):
        started = time.perf_counter()
        _, state = network(said, state)
        took.append(time.perf_counter() - started)
    tell(1.0)
    return seconds, median(took)


def _endless(engine: Engine) -> Iterator[int]:
    tokenizer = engine.tokenizer
    text = tokenizer.encode(standard_text(tokenizer)) or [tokenizer.opening[0]]
    return chain(tokenizer.opening, cycle(text))
