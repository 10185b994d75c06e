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


class Speeds:
    """Speeds by model and machine, in a JSON file; what cannot be read there is not known.

    Args:
        store: The file; by default in the cache folder.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = places.cache_folder() / _STORE if store is None else store

    def known(self, model: Path) -> Speed | None:
        """Return the speed of the model at `model`; None of one that has changed since."""
        found = self._read().get(_machine(), {})
        kept = found.get(_key(model)) if isinstance(found, dict) else None
        if not isinstance(kept, dict) or (weights := _weights(model)) is None:
            return None
        speed, precision = kept.get("tokens_per_second"), kept.get("precision")
        is_number = isinstance(speed, int | float) and not isinstance(speed, bool)
        if kept.get("weights") != weights or not is_number or not isinstance(precision, str):
            return None
        return Speed(float(str(speed)), precision)

    def remember(self, model: Path, speed: Speed) -> None:
        """Keep the speed of the model at `model`, if that can be."""
        weights = _weights(model)
        if weights is None:
            return
        known = self._read()
        here = known.get(_machine())
        kept = {"weights": weights, **speed._asdict()}
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
