"""`python -m tests.crash --kills 500`: kill writing sessions at random moments, and count."""

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.crash.harness import Result, World


def run_world(folder: Path, kills: int, seed: int, session: str) -> tuple[list[Result], int]:
    """Kill that many sessions in one folder, one after the other."""
    world = World(folder, seed, session)
    results = []
    for number in range(kills):
        results.append(world.kill_one())
        for what in results[-1].wrong:
            print(f"{folder.name}, kill {number}: {what}", flush=True)
        if number % 50 == 49:
            print(f"{folder.name}: {number + 1} kills", file=sys.stderr, flush=True)
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
    session = "tests.crash.window_session" if arguments.window else "tests.crash.session"
    begun = time.monotonic()
    results: list[Result] = []
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
                run_world, Path(root) / f"world {number}", share, arguments.seed + number, session
            )
            for number, share in enumerate(shares)
        ]
        for world in as_completed(worlds):
            more, temporary = world.result()
            results += more
            left += temporary
    _print(results, left, time.monotonic() - begun)
    return 1 if any(result.wrong for result in results) else 0


def _print(results: list[Result], left: int, seconds: float) -> None:
    missing = sorted(result.missing_ms for result in results)
    typed = [result.missing_ms for result in results if result.missing_ms]
    print(f"{len(results)} kills in {seconds:.0f} s; ", end="")
    print(f"{sum(bool(result.wrong) for result in results)} with something wrong")
    print(f"{sum(result.edits for result in results)} edits, ", end="")
    print(f"{sum(result.saves for result in results)} saves; ", end="")
    print(f"{sum(result.offered for result in results)} texts and papers offered, ", end="")
    print(f"{sum(result.renewed for result in results)} journals renewed, ", end="")
    print(f"{sum(result.is_between for result in results)} kills between two journals")
    print(f"typing missing: median {statistics.median(missing):.1f} ms, ", end="")
    print(f"most {missing[-1]:.1f} ms; in {len(typed)} kills any at all")
    print(f"{left} temporary files of saves left")


if __name__ == "__main__":
    sys.exit(main())
