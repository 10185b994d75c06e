"""`python -m tests.crash --kills 500`: kill writing sessions at random moments, and count."""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.crash.harness import Result, World
from tests.crash.window_world import WindowResult, WindowWorld

Outcome = Result | WindowResult


def run_world(folder: Path, kills: int, seed: int, window: bool) -> tuple[list[Outcome], int]:
    """Kill that many sessions, or windows, in one folder, one after the other."""
    world = WindowWorld(folder, seed) if window else World(folder, seed)
    results: list[Outcome] = []
    for number in range(kills):
        results.append(world.kill_one())
        for what in results[-1].wrong:
            print(f"{folder.name}, kill {number}: {what}", flush=True)
        if number % 50 == 49:
            print(f"{folder.name}: {number + 1} kills", file=sys.stderr, flush=True)
    world.close()
    return results, world.temporary_files()


def main() -> int:
    """Run several worlds beside each other; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser("python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="on the disk to try (a temporary one)")
    parser.add_argument(
        "--window",
        action="store_true",
        help="kill the real window, driven by tests.crash.window_session",
    )
    arguments = parser.parse_args()
    begun = time.monotonic()
    results: list[Outcome] = []
    left = 0
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as root,
        ThreadPoolExecutor(arguments.processes) as pool,
    ):
        shares = [
            len(range(number, arguments.kills, arguments.processes))
            for number in range(arguments.processes)
        ]
        worlds = [
            pool.submit(
                run_world,
                Path(root) / f"world {number}",
                share,
                arguments.seed + number,
                arguments.window,
            )
            for number, share in enumerate(shares)
        ]
        for world in as_completed(worlds):
            more, temporary = world.result()
            results += more
            left += temporary
    _print(results, left, time.monotonic() - begun)
    return 1 if any(result.wrong for result in results) else 0


def _print(results: list[Outcome], left: int, seconds: float) -> None:
    missing = sorted(result.missing_ms for result in results)
    typed = [result.missing_ms for result in results if result.missing_ms]
    print(f"{len(results)} kills in {seconds:.0f} s; ", end="")
    print(f"{sum(bool(result.wrong) for result in results)} with something wrong")
    print(f"{sum(result.edits for result in results)} edits, ", end="")
    print(f"{sum(result.saves for result in results)} saves; ", end="")
    print(f"{sum(result.offered for result in results)} texts and papers offered")
    _print_kind(results)
    print(f"typing missing: median {statistics.median(missing):.1f} ms, ", end="")
    print(f"most {missing[-1]:.1f} ms; in {len(typed)} kills any at all, ", end="")
    print(f"of these median {statistics.median(typed or [0.0]):.1f} ms")
    print(f"{left} temporary files of saves left")


def _print_kind(results: list[Outcome]) -> None:
    """Print what is counted of sessions, or of windows, only."""
    sessions = [result for result in results if isinstance(result, Result)]
    windows = [result for result in results if isinstance(result, WindowResult)]
    if sessions:
        print(f"{sum(result.renewed for result in sessions)} journals renewed, ", end="")
        print(f"{sum(result.is_between for result in sessions)} kills between two journals")
    if windows:
        phases = Counter(result.phase for result in windows)
        print(", ".join(f"{count} {phase}" for phase, count in phases.most_common()))
        did = sum((result.did for result in windows), Counter[str]())
        print(", ".join(f"{count} {what}" for what, count in did.most_common()))


if __name__ == "__main__":
    sys.exit(main())
