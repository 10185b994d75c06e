"""`python -m benchmarks.training_memory`: what the 124M shape takes in memory by length of context.

Training: each length in a process of its own, two updates of the real trainer on tokens of chance:
one of short windows, after which the optimizers know all that they ever know, then one of two
windows of the whole length, one at a time, so that gradients are there while activations are; the
mean of the last weights is kept, and a checkpoint written. Sampling: a model of n_ctx 4,096 with
weights of chance is loaded and answers at the end of a text. What counts is the most that the
process ever held, torch and Python included, beside the estimate that stands before it.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from benchmarks.stand_in import make_model, make_text, make_words
from writer.checkpoints.memory import gpt2_memory
from writer.engine.loading import load_engine
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request
from writer.training.memory import training_need
from writer.training.preparation import bf16_is_faster
from writer.training.recipe import Recipe
from writer.training.shard import TokenShard
from writer.training.trainer import Trainer
from writer.training.windows import Windows
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_TRAINING_GB = {1024: 3.5, 2048: 4.5, 4096: 6.5}
_SAMPLING_GB = {1024: 0.8, 1536: 0.85, 2048: 0.9, 4096: 1.1}
_SHORT = 64


class _Numbers:
    """A tokenizer of which nothing is asked but that no token ends a line."""

    vocab_size, end_id, opening = GPTConfig().vocab_size, None, (0,)

    def token_bytes(self, token: int) -> bytes:
        """Return what a token says."""
        return b"x"


def main() -> None:
    """Measure, and print peaks beside estimates and bounds."""
    parser = argparse.ArgumentParser("python -m benchmarks.training_memory", description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="*", default=[1024, 2048, 4096])
    parser.add_argument("--sampling", type=int, nargs="*", default=[])
    parser.add_argument("--precision", choices=["bf16", "fp32"], help="of training")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--engine", nargs="+", default=["int8"], help="precisions of sampling")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="a file for all figures")
    arguments = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for length in arguments.lengths:
        how = arguments.precision, arguments.checkpointing, arguments.threads
        found[f"training {length}"] = told = _apart(_train, length, *how)
        _say(f"training {length}", told, _TRAINING_GB.get(length))
    with tempfile.TemporaryDirectory() as work:
        longest = max(arguments.sampling, default=0)
        config = GPTConfig(n_ctx=max(4096, longest))
        folder = make_model(Path(work), config=config) if longest else Path(work)
        for precision in arguments.engine:
            for length in arguments.sampling:
                name = f"sampling {length} {precision}"
                found[name] = told = _apart(_sample, folder, precision, length, arguments.threads)
                _say(name, told, _SAMPLING_GB.get(length))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _say(name: str, told: dict[str, float], bound: float | None) -> None:
    of = f" ({told['peak GB'] / bound:.2f} of {bound} GB)" if bound else ""
    print(name, json.dumps(told), of, flush=True)


def _apart(measure, *arguments: object) -> dict[str, float]:  # type: ignore[no-untyped-def] # noqa: ANN001
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return dict(pool.submit(measure, *arguments).result())


def _train(
    length: int, precision: str | None, checkpointing: bool, threads: int
) -> dict[str, float]:
    torch.set_num_threads(threads)
    before = _peak_gb()
    low = precision == "bf16" if precision else bf16_is_faster(torch.device("cpu"))
    recipe = Recipe(
        tokens=4 * length, batch_tokens=2 * length, micro_tokens=length, short_length=_SHORT,
        short_share=0.5, average_share=0.5, bf16=low, checkpointing=checkpointing, checks=1,
    )  # fmt: skip
    chance = np.random.default_rng(1).integers(0, GPTConfig().vocab_size, 64 * length)
    shard = TokenShard(chance.astype(np.uint16))
    network = GPT(GPTConfig(n_ctx=length))
    need = training_need(network, recipe, length)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        windows = Windows(shard, _Numbers(), length, seed=1)  # type: ignore[arg-type]
        nothing = torch.empty((0, 2), dtype=torch.long)
        trainer = Trainer(recipe, network, windows, nothing, Path(folder))
        trainer.run(lambda progress: seconds.append(progress.seconds))
    return {
        "peak GB": _peak_gb(),
        "estimate GB": round(before + need.total / 1e9, 2),
        "before GB": before,
        "update s": round(seconds[-1] - seconds[-2], 1),
    }


def _sample(folder: Path, precision: str, length: int, threads: int) -> dict[str, float]:
    before = _peak_gb()
    engine = load_engine(folder, Precision(precision), threads)
    loaded = _peak_gb()
    text = make_text(make_words(length - 40))
    sampling = Sampling(candidates=5, length=24, context_length=length)
    started = time.perf_counter()
    for _ in engine.stream(Request(1, len(text), text, "", sampling, seed=1)):
        pass
    estimate = gpt2_memory(GPTConfig(n_ctx=4096), length=length)[precision]
    return {
        "peak GB": _peak_gb(),
        "estimate GB": round(before + estimate / 1e9, 2),
        "before GB": before,
        "loaded GB": loaded,
        "first answer s": round(time.perf_counter() - started, 2),
    }


def _peak_gb() -> float:
    """Return the most that this process ever held, in GB of 10^9 bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    kilobytes = int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    return round(kilobytes * 1024 / 1e9, 3)


if __name__ == "__main__":
    main()
