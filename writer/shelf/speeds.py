"""How fast each model is on this machine, as measured: only a memory, which may be lost."""

import json
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from writer import places
from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.shelf.model_files import is_weights, model_files

_STORE = "speeds.json"


class Speed(NamedTuple):
    """What was measured last."""

    tokens_per_second: float
    precision: str
    """In which it was, a `Precision` value."""


class LengthTime(NamedTuple):
    """What a context of so many tokens costs."""

    length: int
    reading_s: float
    """Seconds to read it from its beginning on."""
    step_s: float
    """Seconds for one token more of five continuations."""


class LengthTimes(NamedTuple):
    """What was measured last, by length of context."""

    times: tuple[LengthTime, ...]
    precision: str


class Speeds:
    """Speeds by model and machine, in a JSON file; what cannot be read there is not known.

    Args:
        store: The file; by default in the cache folder.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = places.cache_folder() / _STORE if store is None else store

    def known(self, model: Path) -> Speed | None:
        """Return the speed of the model at `model`; None of one that has changed since."""
        kept = self._kept(model)
        speed, precision = kept.get("tokens_per_second"), kept.get("precision")
        if not _is_number(speed) or not isinstance(precision, str):
            return None
        return Speed(float(str(speed)), precision)

    def known_times(self, model: Path) -> LengthTimes | None:
        """Return what lengths of context cost there; None of one that has changed since."""
        return length_times(self._kept(model).get("by_length"))

    def remember(self, model: Path, speed: Speed) -> None:
        """Keep the speed of the model at `model`, if that can be."""
        self._keep(model, speed._asdict())

    def remember_times(self, model: Path, found: LengthTimes) -> None:
        """Keep what lengths of context cost the model at `model`, if that can be."""
        times = [list(each) for each in found.times]
        self._keep(model, {"by_length": {"times": times, "precision": found.precision}})

    def _kept(self, model: Path) -> dict[str, Any]:
        """Return what is kept of a model; nothing of one that has changed since."""
        found = self._read().get(_machine(), {})
        kept = found.get(_key(model)) if isinstance(found, dict) else None
        if not isinstance(kept, dict) or (weights := _weights(model)) is None:
            return {}
        return kept if kept.get("weights") == weights else {}

    def _keep(self, model: Path, more: dict[str, Any]) -> None:
        weights = _weights(model)
        if weights is None:
            return
        kept = {**self._kept(model), "weights": weights, **more}
        known = self._read()
        here = known.get(_machine())
        known[_machine()] = {**(here if isinstance(here, dict) else {}), _key(model): kept}
        with suppress(OSError, WriterError):  # measured again some day
            self._store.parent.mkdir(parents=True, exist_ok=True)
            # ASCII only, for a file name on Linux may be no Unicode.
            write_atomically(self._store, json.dumps(known, indent=1).encode("ascii"))

    def _read(self) -> dict[str, Any]:
        try:
            found: Any = json.loads(self._store.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def length_times(found: object) -> LengthTimes | None:
    """Return what JSON says of lengths of context; None if that is not sound."""
    if not isinstance(found, dict):
        return None
    times, precision = found.get("times"), found.get("precision")
    if not isinstance(times, list) or not times or not isinstance(precision, str):
        return None
    if not all(map(_is_time, times)):
        return None
    return LengthTimes(tuple(LengthTime(*each) for each in times), precision)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: object) -> bool:
    """Return whether this is a `LengthTime`, as it is written down."""
    if not isinstance(value, list) or len(value) != 3 or not all(map(_is_number, value)):
        return False
    length, *seconds = value
    return isinstance(length, int) and length > 0 and all(0 < each < 1e6 for each in seconds)


def _key(model: Path) -> str:
    return os.path.realpath(model)


def _weights(model: Path) -> list[int] | None:
    """Return by what it shows that weights are others: their bytes, and when they were written."""
    try:
        stats = [path.stat() for path in model_files(model) if is_weights(path.name)]
    except (OSError, ValueError):
        return None
    return [
        sum(each.st_size for each in stats),
        max((each.st_mtime_ns for each in stats), default=0),
    ]


def _machine() -> str:
    return f"{platform.node()}, {platform.machine()}, {os.cpu_count()} cores"
