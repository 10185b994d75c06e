"""The files opened last, and where in each the writer was."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from writer.manuscript.atomic import save_failed, write_atomically

LIMIT = 10


@dataclass(frozen=True, slots=True)
class RecentFile:
    """One entry of the list."""

    path: Path
    """Absolute."""
    cursor: int = 0
    """In code points of the text; it may lie beyond the end of a file that was shortened."""

    @property
    def exists(self) -> bool:
        """Whether the file is there now; one on a stick may come back."""
        return self.path.is_file()


class RecentFiles:
    """The list kept in the JSON file `store`, read anew each time, for other windows write it too.

    A broken or missing store is an empty list. The methods that write raise WriterError
    SAVE_FAILED, and the list is as it was.
    """

    def __init__(self, store: Path) -> None:
        self._store = store

    def entries(self) -> list[RecentFile]:
        """Return the files, most recent first, missing ones too."""
        try:
            stored = json.loads(self._store.read_bytes())
            found = [_entry(item) for item in stored["files"]]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return []
        return found[:LIMIT]

    def cursor(self, path: Path) -> int:
        """Return where the writer last was in a file; 0 if that is not known."""
        known = {entry.path: entry.cursor for entry in self.entries()}
        return known.get(_absolute(path), 0)

    def add(self, path: Path) -> None:
        """Put a file first; its cursor is kept if it was in the list."""
        entry = RecentFile(_absolute(path), self.cursor(path))
        others = [other for other in self.entries() if other.path != entry.path]
        self._write([entry, *others])

    def set_cursor(self, path: Path, cursor: int) -> None:
        """Remember where the writer is in a file of the list; its place in the list stays."""
        target = _absolute(path)
        entries = self.entries()
        moved = [replace(e, cursor=cursor) if e.path == target else e for e in entries]
        if moved != entries:
            self._write(moved)

    def remove(self, path: Path) -> None:
        """Take a file out of the list."""
        self._write([entry for entry in self.entries() if entry.path != _absolute(path)])

    def _write(self, entries: list[RecentFile]) -> None:
        files = [{"path": str(entry.path), "cursor": entry.cursor} for entry in entries[:LIMIT]]
        # ASCII only, for a file name on Linux may be no Unicode.
        data = json.dumps({"version": 1, "files": files}, indent=1).encode("ascii")
        try:
            self._store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise save_failed(self._store, error) from error
        write_atomically(self._store, data)


def _entry(item: dict[str, object]) -> RecentFile:
    path, cursor = item["path"], item.get("cursor")
    if not isinstance(path, str) or "\0" in path:
        raise TypeError("a path is text")
    known = isinstance(cursor, int) and not isinstance(cursor, bool) and cursor >= 0
    return RecentFile(Path(path), int(str(cursor)) if known else 0)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))
