"""The models that stay where they are: their names and paths, in one JSON file.

What of a damaged file, or a newer Writer's, can be read is used, and the file is kept beside it
before it is written anew. Several processes may change it at once.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.manuscript.lock import FileLock
from writer.shelf.names import safe_name

_VERSION = 1
_LARGEST = 4 << 20
"""Bytes; some ten thousand models."""
_PATIENCE_S, _PAUSE_S = 10.0, 0.01
_ENTRY = re.compile(r"\{[^{}]*\}")
"""One of the list's, in a file that is no JSON any more."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A model that is not in the writer's data folder."""

    name: str
    path: Path
    """Absolute."""


class References:
    """The list kept in the file `store`, read anew each time, for other processes write it too."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def read(self) -> list[Reference]:
        """Return the references, as far as they can be read, in the order they were made."""
        try:
            return _understood(self._bytes())[0]
        except OSError:
            return []

    @contextmanager
    def changing(self) -> Iterator[list[Reference]]:
        """Give the list to be changed, and keep what it has become; nobody else changes it then.

        Raises:
            WriterError: SAVE_FAILED; the file is as it was.
        """
        with self.locked():
            try:
                data = self._bytes()
            except OSError as error:
                raise save_failed(self._store, error) from error
            references, is_sound = _understood(data)
            before = list(references)
            yield references
            if references != before:
                if not is_sound:
                    self._back_up(data)
                write_atomically(self._store, _stored(references))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the list, and from taking names.

        Raises:
            WriterError: SAVE_FAILED.
        """
        try:
            self._store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _StandingLock(self._store.with_name(self._store.name + ".lock"))
            deadline = time.monotonic() + _PATIENCE_S
            while not lock.acquire():
                if time.monotonic() > deadline:
                    reason = "another program is changing the list of models"
                    raise WriterError(ErrorKind.SAVE_FAILED, path=self._store, reason=reason)
                time.sleep(_PAUSE_S)
        except OSError as error:
            raise save_failed(self._store, error) from error
        try:
            yield
        finally:
            lock.release()

    def _bytes(self) -> bytes:
        try:
            with self._store.open("rb") as file:
                return file.read(_LARGEST)
        except FileNotFoundError:
            return b""

    def _back_up(self, data: bytes) -> None:
        """Keep the file as it is, beside what was kept of earlier ones."""
        for number in count(1):
            kept = f"{self._store.name}.bak{number if number > 1 else ''}"
            path = self._store.with_name(kept)
            if not path.exists():
                write_atomically(path, data)
            if path.read_bytes() == data:
                return


class _StandingLock(FileLock):
    """A lock whose file stays, so that all who wait for it wait for the same one."""

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _stored(references: list[Reference]) -> bytes:
    models = [{"name": each.name, "path": str(each.path)} for each in references]
    # ASCII only, for a file name on Linux may be no Unicode.
    return json.dumps({"version": _VERSION, "models": models}, indent=1).encode("ascii")


def _understood(data: bytes) -> tuple[list[Reference], bool]:
    """Return the references in a file's content, and whether nothing else is in it."""
    if not data:
        return [], True
    try:
        found: Any = json.loads(data)
        items, version = found["models"], found["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        items, version = _salvaged(data.decode("utf-8", "replace")), None
    if not isinstance(items, list):
        items, version = [], None
    references = [each for item in items if (each := _reference(item))]
    return references, version == _VERSION and len(references) == len(items)


def _salvaged(text: str) -> list[Any]:
    """Return what still looks like an entry of the list."""
    found = []
    for match in _ENTRY.finditer(text):
        try:
            found.append(json.loads(match[0]))
        except ValueError:
            continue
    return found


def _reference(item: object) -> Reference | None:
    """Return what an entry of the list says; None where it says nothing."""
    if not isinstance(item, dict):
        return None
    name, path = item.get("name"), item.get("path")
    if not isinstance(name, str) or not isinstance(path, str):
        return None
    is_path = os.path.isabs(path) and "\0" not in path
    return Reference(safe_name(name), Path(path)) if is_path else None
