"""Results as JSON files that are made once: whatever has been measured is not measured again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically

T = TypeVar("T")


def kept(path: Path, origin: dict[str, Any], make: Callable[[], T]) -> T:
    """Return what `make` once made of the same `origin`; its value is plain JSON.

    Raises:
        WriterError: OUTPUT_UNWRITABLE, or what `make` raises.
    """
    found = read(path)
    if found is not None and found.get("origin") == origin:
        value: T = found["value"]
        return value
    made = make()
    write(path, {"origin": origin, "value": made})
    return made


def read(path: Path) -> dict[str, Any] | None:
    """Return the object in the file at `path`; None where there is no sound one."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(path: Path, value: dict[str, Any]) -> None:
    """Write an object into the file at `path`, whole or not at all.

    Raises:
        WriterError: OUTPUT_UNWRITABLE.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(value, indent=1).encode("utf-8"))
    except (OSError, WriterError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=path, reason=reason) from error
