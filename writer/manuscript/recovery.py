"""Recovery copies: text that has no file yet, or whose file cannot be written.

Each copy is a plain `ID.txt` in UTF-8 that people can read without this program, beside a small
`ID.json` with its name and time, and an `ID.lock` held while a window works on it.
"""

import contextlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.manuscript.encoding import storable
from writer.manuscript.lock import FileLock

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PREVIEW = 80


@dataclass(frozen=True, slots=True)
class RecoveredText:
    """A copy that no living window works on."""

    id: str
    name: str
    """What the text was called; empty if that was lost."""
    when: datetime
    """When it was last kept, with its zone."""
    text: str

    @property
    def preview(self) -> str:
        """The first line with words, cut short."""
        first = next((line for line in self.text.splitlines() if line.strip()), "").strip()
        return first if len(first) <= _PREVIEW else first[: _PREVIEW - 1] + "…"


class Recovery:
    """The copies in one folder, as one process sees them.

    What `keep` wrote or `pending` offered belongs to this process until it is discarded or
    `close` is called; other processes, and other Recoveries, are not offered it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[str, FileLock] = {}
        self._kept: set[str] = set()

    @staticmethod
    def new_id() -> str:
        """Return an id that no other text has."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"

    def keep(self, id: str, text: str, name: str) -> None:
        """Store the newest state of a text, all of it or, on failure, the one before.

        Raises:
            WriterError: SAVE_FAILED.
            ValueError: an id that is no plain file name.
        """
        path = self._path(id, "txt")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            claimed = self._claim(id)
        except OSError as error:
            raise save_failed(path, error) from error
        if not claimed:
            reason = "another window is working on it"
            raise WriterError(ErrorKind.SAVE_FAILED, path=path, reason=reason)
        write_atomically(path, storable(text).encode("utf-8"))
        about = {"name": name, "when": datetime.now(UTC).isoformat()}
        write_atomically(self._path(id, "json"), json.dumps(about).encode("ascii"))
        self._kept.add(id)

    def pending(self) -> list[RecoveredText]:
        """Return the copies left by windows that are gone, newest first, and lay claim to them.

        A damaged copy is left out but stays in the folder, as does one that cannot be read.
        """
        found = []
        for path in self._folder.glob("*.txt"):
            if path.stem in self._kept or not _ID.fullmatch(path.stem):
                continue
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if self._claim(path.stem):
                    found.append(self._recovered(path))
        return sorted(found, key=_when, reverse=True)

    def discard(self, id: str) -> None:
        """Remove a copy whose text is safe elsewhere or unwanted; an unknown one is no error.

        Raises:
            WriterError: SAVE_FAILED, if the folder does not allow it; it will be offered again.
        """
        path = self._path(id, "txt")
        try:
            for suffix in ("txt", "json"):
                self._path(id, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise save_failed(path, error) from error
        self._kept.discard(id)
        if id in self._locks:
            self._locks.pop(id).release()

    def close(self) -> None:
        """Leave all copies to the next start."""
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()
        self._kept.clear()

    def _claim(self, id: str) -> bool:
        lock = self._locks.get(id) or FileLock(self._path(id, "lock"))
        if not lock.acquire():
            return False
        self._locks[id] = lock
        return True

    def _path(self, id: str, suffix: str) -> Path:
        if not _ID.fullmatch(id):
            raise ValueError(f"not an id of a recovery copy: {id!r}")
        return self._folder / f"{id}.{suffix}"

    def _recovered(self, path: Path) -> RecoveredText:
        text = path.read_bytes().decode("utf-8")
        if text and not text.strip("\0"):
            raise OSError("a power cut left nothing but NULs")
        name, when = "", datetime.fromtimestamp(path.stat().st_mtime, UTC)
        # Whatever is wrong with the sidecar, the text is what counts.
        with contextlib.suppress(
            OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError
        ):
            about = json.loads(path.with_suffix(".json").read_bytes())
            name, when = str(about["name"]), datetime.fromisoformat(about["when"]).astimezone(UTC)
        return RecoveredText(path.stem, name, when, text)


def _when(recovered: RecoveredText) -> datetime:
    return recovered.when
