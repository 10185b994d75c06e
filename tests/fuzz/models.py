"""`python -m tests.fuzz.models`: damaged model folders; each must work or be refused, quickly.

A folder passes if it ends in a few words written by the model or in one clear `WriterError`. It
fails by any other exception, a crash, more than two seconds, or more memory than its size explains.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

from tests.fuzz.bases import Files, bases
from tests.fuzz.mutations import FOLDER, LINK, mutate
from writer.engine.loading import load_engine
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request

os.environ["RUST_BACKTRACE"] = "0"  # should a library ask for one, it takes 50 MB

SECONDS = 2.0
"""Of work by the processor: a busy machine is no hang."""
_SPARE_BYTES = 48 << 20
_TIMES_SIZE = 20
_TEXT = "The rain had not stopped. 雨停了"
_REFUSALS = {ErrorKind.MODEL_MISSING, ErrorKind.MODEL_DAMAGED, ErrorKind.MODEL_TOO_LARGE}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damaged folder."""

    kind: str
    damage: str
    works: bool
    wrong: str = ""
    """What must not have happened, empty if it did not."""
    seconds: float = 0.0
    grown_bytes: int = 0


def run(seed: int) -> Outcome:
    """Damage a model by the chance of `seed`, and read it."""
    chance = random.Random(seed)
    kind = chance.choice(sorted(bases()))
    files = dict(bases()[kind])
    damage = "; ".join(mutate(files, chance))
    with tempfile.TemporaryDirectory() as root:
        path = written(files, Path(root))
        size = sum(map(len, files.values()))
        before, started = _begin_measuring(), time.process_time()
        works, wrong = read(path)
        seconds, grown = time.process_time() - started, max(0, _peak_bytes() - before)
    if not wrong and seconds > SECONDS:
        wrong = f"took {seconds:.1f} s"
    if not wrong and grown > _SPARE_BYTES + _TIMES_SIZE * size:
        wrong = f"took {grown >> 20} MB for {size >> 10} KB"
    return Outcome(kind, damage, works, wrong, seconds, grown)


def written(files: Files, root: Path) -> Path:
    folder = root / "a model"
    folder.mkdir()
    (root / "elsewhere").write_bytes(b"{}")
    for name, data in files.items():
        if data == FOLDER:
            (folder / name).mkdir()
        elif data == LINK:
            (folder / name).symlink_to(root / "elsewhere")
        else:
            (folder / name).write_bytes(data)
    return folder / next(iter(files)) if next(iter(files)).endswith(".gguf") else folder


def read(path: Path) -> tuple[bool, str]:
    """Return whether the model at `path` works, and what is wrong with how it does not."""
    try:
        engine = load_engine(path, Precision.FP32, threads=1)
        sampling = Sampling(candidates=2, length=4, context_length=16)
        *_, answer = engine.stream(Request(1, len(_TEXT), _TEXT, "", sampling, seed=1))
        return answer.done, "" if answer.done else "was not done"
    except WriterError as error:
        words = str(error)
        if error.kind not in _REFUSALS or "\n" in words or not 10 < len(words) < 500:
            return False, f"said {words!r}"
        return False, ""
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return False, f"raised {type(error).__name__}: {error}"


def _begin_measuring() -> int:
    """Return the bytes in use, and forget the most that were, where the system can."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return _peak_bytes()


def _peak_bytes() -> int:
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _prepare() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process lives
    bases()
    for kind in sorted(bases()):  # what is imported and kept once is nobody's damage
        with tempfile.TemporaryDirectory() as root:
            read(written(bases()[kind], Path(root)))


def main() -> int:
    """Run many seeds in processes of their own, and count."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.models", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    arguments = parser.parse_args()
    works, refused, failed = Counter[str](), Counter[str](), 0
    slowest = largest = 0.0
    seeds = iter(range(arguments.first, arguments.first + arguments.count))
    for seed, outcome in _outcomes(seeds, arguments.processes):
        (works if outcome.works else refused)[outcome.kind] += 1
        slowest = max(slowest, outcome.seconds)
        largest = max(largest, outcome.grown_bytes)
        if outcome.wrong:
            failed += 1
            print(f"seed {seed}, {outcome.kind}, {outcome.damage}: {outcome.wrong}", flush=True)
    for kind in sorted(works | refused):
        print(f"{kind:24} {works[kind]:6} work {refused[kind]:6} are refused")
    print(f"{sum((works + refused).values())} folders, {failed} wrong; ", end="")
    print(f"slowest {slowest:.2f} s, most memory {largest / 2**20:.0f} MB")
    return 1 if failed else 0


def _outcomes(seeds, processes):
    """Yield each seed and its outcome; a crash is an outcome, and a new process goes on."""
    left = list(seeds)
    while left:
        context = get_context("spawn")
        with ProcessPoolExecutor(processes, context, initializer=_prepare) as pool:
            running = {seed: pool.submit(run, seed) for seed in left[:2000]}
            for seed, future in running.items():
                try:
                    yield seed, future.result(timeout=60)
                except BrokenProcessPool:
                    yield from _alone(seed)
                    left.remove(seed)
                    break
                left.remove(seed)


def _alone(seed):
    """Run a seed by itself, to know whether it was the one that crashed."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_prepare) as pool:
        try:
            yield seed, pool.submit(run, seed).result(timeout=60)
        except BrokenProcessPool:
            yield seed, Outcome("?", "?", False, "crashed")


if __name__ == "__main__":
    sys.exit(main())
