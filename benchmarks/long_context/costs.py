"""What length costs each kind: time a token, memory, and what is kept; weights are of chance.

Times are medians of repeats in which all lengths take turns; memory is the most that a process of
its own ever held beyond the network.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.long_context.preparation import Say
from benchmarks.long_context.variants import VARIANTS, Size, Variant
from writer.training.objective import Objective
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT, GPTState
from writer.transformer.streams import Streams

_PIECE = 512
_STEPS = 8
_SPARE = _PIECE + _STEPS


def random_network(config: GPTConfig) -> GPT:
    """Return a network whose layers all say something: branches do not start at zero."""
    torch.manual_seed(0)
    network = GPT(config)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim >= 2:
                parameter.normal_(0, parameter[0].numel() ** -0.5)
    return network


def costs_of(
    variant: Variant, size: Size, lengths: Sequence[int], repeats: int, say: Say
) -> dict[str, Any]:
    """Return microseconds a token and bytes by length, as JSON has them.

    “training” is forward and backward of one text, “reading” the next piece after so many tokens,
    “step” one token more after them.
    """
    lengths = [each for each in lengths if each <= variant.longest_timed]
    network = random_network(_config(variant, size, max(lengths)))
    found: dict[str, dict[int, list[float]]] = {}

    def add(what: str, length: int, seconds: float) -> None:
        found.setdefault(what, {}).setdefault(length, []).append(seconds * 1e6)

    _training_seconds(network, min(lengths))  # it prepares kernels
    kept: dict[int, int] = {}
    for repeat in range(repeats):
        say(f"{variant.name}: times, {repeat + 1} of {repeats}")
        for length in lengths:
            add("training", length, _training_seconds(network, length) / length)
        for length, state in _states(network, lengths):
            reading, step = _onward_seconds(network, state)
            add("reading", length, reading / _PIECE)
            add("step", length, step)
            kept[length] = kept_bytes(state)
    return {
        **{what: {str(n): median(each) for n, each in by.items()} for what, by in found.items()},
        "kept": {str(n): value for n, value in kept.items()},
        "parameters": sum(each.numel() for each in network.parameters()),
        "peak": _peaks(variant, size, lengths, say),
    }


def kept_bytes(state: GPTState) -> int:
    """Return what is kept of a text, without the marks that editing goes back to."""
    if isinstance(state, Streams):
        return sum(layer.nbytes for layer in state.layers)
    return state.entries[:, :, :, : state.used].nbytes


def _config(variant: Variant, size: Size, longest: int) -> GPTConfig:
    return replace(variant.config(size), n_ctx=longest + _SPARE)


def _tokens(network: GPT, length: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(length)
    return torch.randint(network.vocab_size, (1, length), generator=generator)


def _training_seconds(network: GPT, length: int) -> float:
    network.train()
    objective, windows = Objective(network), _tokens(network, length + 1)
    started = time.perf_counter()
    plain, penalty = objective(windows)
    (plain if penalty is None else plain + penalty).backward()
    seconds = time.perf_counter() - started
    network.zero_grad(set_to_none=True)
    network.eval()
    return seconds


@torch.inference_mode()
def _states(network: GPT, lengths: Sequence[int]) -> list[tuple[int, GPTState]]:
    """Return the states after so many tokens, read piece by piece."""
    state, found = network.empty_state(), []
    tokens = _tokens(network, max(lengths))
    for piece in torch.split(tokens, _PIECE, dim=1):
        _, state = network.features(piece, state)  # type: ignore[assignment]
        if isinstance(state, Streams):
            state = state._replace(marks=())  # what editing goes back to is no part of reading
        if state.length in lengths:
            found.append((state.length, state))
    return found


@torch.inference_mode()
def _onward_seconds(network: GPT, state: GPTState) -> tuple[float, float]:
    """Return the seconds of reading one piece more, and of one token more."""
    state = state.fit(_SPARE)
    piece = _tokens(network, _PIECE)
    started = time.perf_counter()
    network.features(piece, state)
    reading = time.perf_counter() - started
    steps = []
    for _ in range(_STEPS):
        started = time.perf_counter()
        _, after = network(piece[:, :1], state)
        steps.append(time.perf_counter() - started)
        state = after
    return reading, median(steps)


def _peaks(
    variant: Variant, size: Size, lengths: Sequence[int], say: Say
) -> dict[str, dict[str, int]]:
    if not Path("/proc/self/status").exists():
        say("peaks of memory are told on Linux alone")
        return {}
    ends = sorted({min(lengths), max(lengths)})
    found: dict[str, dict[str, int]] = {}
    for what in _WORKS:
        say(f"{variant.name}: memory of {what}")
        for length in ends:
            arguments = (variant.name, size, length, what, torch.get_num_threads())
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                peak = pool.submit(_peak_bytes, *arguments).result()
            found.setdefault(what, {})[str(length)] = peak
    return found


def _peak_bytes(name: str, size: Size, length: int, what: str, threads: int) -> int:
    torch.set_num_threads(threads)
    network = random_network(_config(VARIANTS[name], size, length))
    work = _WORKS[what]
    work(network, 64)  # kernels and their buffers
    before = _high_water()
    work(network, length)
    return _high_water() - before


_WORKS: dict[str, Callable[[GPT, int], object]] = {
    "training": _training_seconds,
    "reading": lambda network, length: _states(network, [length])[-1:],
}


def _high_water() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
