"""`python -m benchmarks.latency`: how long an answer takes, against other engines in the same run.

Nothing cached or prepared counts: each text that is timed ends in a word never seen before, the
engine has no answers to remember, and what the window samples beyond what it shows is sampled here.
Warm means that the text without its last word has been read; cold, that nothing has. Each engine
works in a process of its own, as idle threads of one would get in another's way, and all take
turns, round by round.
"""

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.ours import Ours
from benchmarks.peers import Peer, peers
from benchmarks.stand_in import make_model, make_text, make_words
from writer import places
from writer.checkpoints.bpe import BPETokenizer
from writer.checkpoints.folder import read_model, read_shape
from writer.engine.precision import adapt, cache_dtype
from writer.settings import Precision
from writer.training.evaluation import score

_LENGTH = 24
_SETTLE_S = 0.3
"""Before each turn: until the threads of the engine before it have gone to sleep."""
_PROSE = Path(__file__).with_name("prose.txt")

Times = dict[str, dict[str, float]]
"""Seconds by engine and figure; the figure “total” counts."""


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="of every engine (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="whose median counts (%(default)s)")
    parser.add_argument("--contexts", type=int, nargs="+", default=[64, 512, 950])
    parser.add_argument("--candidates", type=int, nargs="+", default=[1, 3, 5, 8])
    parser.add_argument("--precision", default="auto", choices=[each.value for each in Precision])
    parser.add_argument("--prose", type=Path, default=_PROSE, help="a text for bits per byte")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found["ratios"], indent=1))


def measure(work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all figures; print each as soon as it is known."""
    folder = make_model(work / "gpt2-124m")
    tokenizer = BPETokenizer.read(folder / "tokenizer.json")
    threads, runs = arguments.threads, arguments.runs
    ours = partial(Ours, folder, threads, Precision(arguments.precision))
    engines = [Process(make) for make in (ours, *peers(folder, work, threads))]
    print(f"{platform.machine()}, {threads} threads each: {', '.join(e.name for e in engines)}")

    def tokens(count: int, seed: int) -> list[int]:
        return tokenizer.encode(make_text(make_words(count, seed)))

    cases: dict[str, Times] = {}
    for context in arguments.contexts:
        for rows in arguments.candidates:
            texts = [tokens(context - 1, context) + tokens(1, run) for run in range(runs + 1)]
            work_of = partial(Process.answer, rows=rows, length=_LENGTH)
            name = f"{rows} x {_LENGTH} after {context}"
            cases[name] = _rounds(name, engines, work_of, texts)
    reading: dict[str, Times] = {}
    for context in arguments.contexts:
        # None may begin like one that was read before.
        texts = [tokens(context, 1000 * context + run) for run in range(runs + 1)]
        name = f"read {context}, cold"
        reading[name] = _rounds(name, engines, Process.read, texts)
    floor = _floor_seconds(folder)
    quality = _quality(arguments.prose)
    print(f"reading the weights once: {floor * 1e3:.2f} ms; bits per byte: {quality}")
    ratios = _ratios(cases, reading, floor, quality)
    return {"cases": cases, "reading": reading, "floor": floor, "ratios": ratios}


class Process:
    """One engine in a process of its own; what is timed is timed there."""

    def __init__(self, make: Callable[[], Peer]) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (make,))
        self.name = self._pool.submit(_name).result()

    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """Return seconds of `rows` continuations after the last token was typed."""
        self._pool.submit(_prepare, tokens).result()
        time.sleep(_SETTLE_S)
        return self._pool.submit(_answer, tokens, rows, length).result()

    def read(self, tokens: list[int]) -> dict[str, float]:
        """Return seconds of reading `tokens` from nothing."""
        time.sleep(_SETTLE_S)
        return self._pool.submit(_read, tokens).result()


_engine: Peer
"""The one of this process."""


def _begin(make: Callable[[], Peer]) -> None:
    global _engine
    _engine = make()


def _name() -> str:
    return _engine.name


def _prepare(tokens: list[int]) -> None:
    _engine.prepare(tokens)


def _answer(tokens: list[int], rows: int, length: int) -> dict[str, float]:
    return _timed(lambda: _engine.answer(tokens, rows, length))


def _read(tokens: list[int]) -> dict[str, float]:
    return _timed(lambda: _engine.read(tokens))


def _timed(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    started = time.perf_counter()
    figures = work()
    return {"total": time.perf_counter() - started, **figures}


def _rounds(
    name: str,
    engines: list[Process],
    work: Callable[[Process, list[int]], dict[str, float]],
    texts: list[list[int]],
) -> Times:
    """Return the medians over `texts`, each of which goes to all engines in turn; print them."""
    found: dict[str, dict[str, list[float]]] = {engine.name: {} for engine in engines}
    for number, text in enumerate(texts):
        for engine in engines:
            for figure, seconds in work(engine, text).items():
                if number:  # the first round warms up
                    found[engine.name].setdefault(figure, []).append(seconds)
    times = {
        engine: {figure: median(values) for figure, values in figures.items()}
        for engine, figures in found.items()
    }
    print(name)
    ours = next(iter(times.values()))["total"]
    for engine, figures in times.items():
        more = ", ".join(f"{n} {v * 1e3:.1f}" for n, v in figures.items() if n != "total")
        total = figures["total"]
        print(f"  {engine:20} {total * 1e3:9.1f} ms {total / ours:7.2f} x  {more}", flush=True)
    return times


def _floor_seconds(folder: Path) -> float:
    """Return how long it takes to read one byte for each weight of the matrices."""
    shape = read_shape(folder)
    size = shape.n_layer * shape.n_embd * (4 * shape.n_embd + 2 * shape.inner)
    size += shape.vocab_size * shape.n_embd
    weights = torch.randint(-128, 127, (size // 8 * 8,), dtype=torch.int8).view(torch.int64)
    times = []
    for _ in range(41):
        started = time.perf_counter()
        weights.sum()
        times.append(time.perf_counter() - started)
    return median(times)


def _quality(prose: Path) -> dict[str, float]:
    """Return bits per byte of the bundled model on real prose, by precision."""
    text = prose.read_text(encoding="utf-8")
    found = {}
    for precision in (Precision.INT8, Precision.BF16, Precision.FP32):
        change = partial(adapt, precision=precision, device=torch.device("cpu"))
        model = read_model(places.bundled_models() / "fiction-en", change)
        cache = cache_dtype(precision)
        bits = score(model.network, model.tokenizer, text, cache=cache).bits_per_byte
        found[precision.value] = round(bits, 4)
    return found


def _ratios(
    cases: dict[str, Times], reading: dict[str, Times], floor: float, quality: dict[str, float]
) -> dict[str, float]:
    """Return what counts."""
    found: dict[str, float] = {}
    for name, times in {**cases, **reading}.items():
        ours, *others = times.items()
        for engine, figures in others:
            found[f"{name}: {engine} / ours"] = figures["total"] / ours[1]["total"]
        for figure in ("first words", "longest wait"):
            if figure in ours[1]:
                found[f"{name}: {figure}, ms"] = ours[1][figure] * 1e3
        if "step" in ours[1]:
            found[f"{name}: step / reading the weights"] = ours[1]["step"] / floor
    for precision in ("int8", "bf16"):
        found[f"bits per byte, {precision} / fp32"] = quality[precision] / quality["fp32"]
    return {name: round(value, 4) for name, value in found.items()}


if __name__ == "__main__":
    main()
