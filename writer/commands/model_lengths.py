"""What a context costs a model on this machine, by its length: measured, and remembered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writer.commands.model_check import Tell
from writer.settings import Machine, Precision
from writer.shelf.speeds import LengthTimes, Speeds


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a model."""

    path: Path
    found: LengthTimes

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON takes it; `ok` says that it could be measured."""
        return {
            "ok": True,
            "path": str(self.path),
            "precision": self.found.precision,
            "by_length": [list(each) for each in self.found.times],
        }

    def in_words(self) -> str:
        """Return a line for each length."""
        lines = [f"{'tokens':>10} {'read in':>12} {'a step of 5':>14}"]
        for each in self.found.times:
            step = f"{each.step_s * 1000:,.1f} ms"
            lines.append(f"{each.length:>10,} {each.reading_s:>10,.2f} s {step:>14}")
        return "\n".join([*lines, f"\nin {self.found.precision}"])


def measure_lengths(
    path: Path,
    tell: Tell,
    precision: Precision = Precision.AUTO,
    threads: int = 0,
    speeds: Speeds | None = None,
) -> Measured:
    """Measure what contexts of all lengths cost the model at `path`, and remember it.

    Args:
        path: Its folder or file.
        tell: Told how far it is (“reading”, “lengths”); what it raises ends all.
        precision: In which it is to work.
        threads: How many; 0 leaves one core free.
        speeds: Where it is remembered; by default in the cache folder.

    Raises:
        WriterError: It cannot be used; the sentence says why.
    """
    from writer.__main__ import load_engine
    from writer.engine.cost import times_by_length

    tell("reading", 0.0)
    machine = Machine(threads=threads, precision=precision.value, model=str(path.absolute()))
    engine = load_engine(machine, lambda share: tell("reading", share))
    times = times_by_length(engine, lambda share: tell("lengths", share))
    found = LengthTimes(tuple(times), engine.precision.value)
    (Speeds() if speeds is None else speeds).remember_times(path, found)
    return Measured(path, found)
