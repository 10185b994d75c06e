"""`python -m benchmarks.memory`: what a model takes in memory, from its first byte to an answer.

Each model and precision works in a process of its own: it reads the folder, answers at the end of a
text of 950 tokens, then goes on typing, then answers in another text. What counts is the most that
the process ever held (the system's high-water mark), torch and Python included. The largest GPT-2,
of 1.5 billion weights, is made on the spot in half precision: 3 GB on the disk, 8 GB of memory.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from benchmarks.stand_in import XL, make_model, make_text, make_words
from writer.engine.loading import load_engine
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request

_BOUND_MB = 2500
"""What the largest GPT-2 may take in 8 bits."""


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["int8", "bf16", "fp32"])
    parser.add_argument("--model", type=Path, help="a folder instead of those made on the spot")
    parser.add_argument("--small", action="store_true", help="leave the largest out")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    arguments = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as work:
        for name, folder in _models(Path(work), arguments):
            # The largest is only asked to fit in 8 bits.
            precisions = ["int8"] if name == "1.5B" else arguments.precisions
            for precision in precisions:
                found[f"{name} {precision}"] = _apart(folder, precision, arguments.threads)
                print(f"{name} {precision}", json.dumps(found[f"{name} {precision}"]), flush=True)
    if "1.5B int8" in found:
        print(f"1.5B in 8 bits: {found['1.5B int8']['peak MB'] / _BOUND_MB:.2f} of {_BOUND_MB} MB")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _models(work: Path, arguments: argparse.Namespace) -> "list[tuple[str, Path]]":
    if arguments.model:
        return [(arguments.model.name, arguments.model)]
    models = [("124M", make_model(work / "small"))]
    if not arguments.small:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # gives its memory back
            models.append(("1.5B", pool.submit(_make_largest, work / "largest").result()))
    return models


def _make_largest(folder: Path) -> Path:
    return make_model(folder, config=XL, dtype=torch.float16)


def _apart(folder: Path, precision: str, threads: int) -> dict[str, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measure, folder, precision, threads).result()


def _measure(folder: Path, precision: str, threads: int) -> dict[str, float]:
    before, size = _peak_mb(), sum(path.stat().st_size for path in folder.iterdir())
    started = time.perf_counter()
    engine = load_engine(folder, Precision(precision), threads)
    loaded, loading_s = _peak_mb(), time.perf_counter() - started
    words = make_words(950)
    answers = []
    for text in (
        make_text(words),
        make_text([*words, *make_words(8, seed=2)]),
        make_text(make_words(990, seed=3)),
    ):
        request = Request(1, len(text), text, "", Sampling(candidates=5, length=24), seed=1)
        started = time.perf_counter()
        for _ in engine.stream(request):
            pass
        answers.append(time.perf_counter() - started)
    return {
        "file MB": round(size / 1e6),
        "before MB": before,
        "loaded MB": loaded,
        "peak MB": _peak_mb(),
        "loading s": round(loading_s, 2),
        "first answer s": round(answers[0], 2),
        "typing on s": round(answers[1], 2),
    }


def _peak_mb() -> int:
    """Return the most that this process ever held, in MB of a million bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024 // 10**6


if __name__ == "__main__":
    main()
