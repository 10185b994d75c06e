"""The history of a book: what its files held at certain times, and under certain names.

It keeps the bytes of whatever files it is told; that some of them are scenes it does not know.
"""

import contextlib
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.manuscript.detection import decode
from writer.manuscript.history.objects import LIMIT_BYTES, Objects
from writer.manuscript.history.snapshot_file import (
    HistoryNotice,
    Snapshot,
    Stamp,
    Unfit,
    from_bytes,
    to_bytes,
)
from writer.manuscript.history.thinning import kept
from writer.manuscript.line_ends import split_line_ends
from writer.manuscript.notice import Notice

_SETTLED_NS = 2_500_000_000
"""Some disks tell time in steps of two seconds: a file written that recently is read again."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a source held when it was last looked at."""

    digest: str
    stamp: Stamp | None
    """None if it may change without its stamp changing."""


class History:
    """The snapshots in one folder. One thread writes; any may read.

    Damaged files are left out, said in `notices`, and stay as they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "snapshots"
        self._objects = Objects(folder / "objects")
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Stamp, Snapshot | None]] = {}
        self._notices: dict[Path, Notice] = {}
        self._last: Snapshot | None = None
        self._lost: set[str] = set()
        self._seen: dict[str, _Seen] | None = None
        self._is_swept = False

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was found damaged so far, each file once."""
        with self._lock:
            return tuple(self._notices.values())

    def take(
        self, sources: Mapping[str, Path], when: datetime, name: str = "", always: bool = False
    ) -> Snapshot | None:
        """Keep what the sources hold now, reading only those that look changed.

        Sources that are gone are left out. None if nothing has changed since the newest snapshot,
        unless it has a name or is to be taken `always`.

        Raises:
            WriterError: SAVE_FAILED; the history is as it was.
        """
        # After a clock was set back, the last one taken is not the newest.
        newest = (self._last and self._get(f"{self._last.id}.json")) or self._newest()
        seen = self._remembered()
        for key, path in sources.items():
            self._look(key, path)
        found = {key: seen[key] for key in sources if key in seen}
        entries = {key: seen.digest for key, seen in found.items()}
        if not (always or name) and entries == (newest.entries if newest else {}):
            return None
        when = when.astimezone(UTC)
        id = f"{when:%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"
        snapshot = Snapshot(id, when, name, MappingProxyType(entries))
        self._write(snapshot, {key: seen.stamp for key, seen in found.items() if seen.stamp})
        self._last = snapshot
        return snapshot

    def prepare(self, sources: Mapping[str, Path], seconds: float) -> bool:
        """Read and store what looks changed, for so long at most; tell whether that was all.

        The first snapshot of a large book takes a slow disk many seconds. Prepared bit by bit, it
        keeps nobody waiting.

        Raises:
            WriterError: SAVE_FAILED.
        """
        end = time.monotonic() + seconds
        self._remembered()
        for key, path in sources.items():
            if time.monotonic() > end:
                return False
            self._look(key, path)
        return True

    def snapshots(self) -> list[Snapshot]:
        """Return all that can be read, newest first."""
        return sorted(self._every()[0], key=lambda each: (each.when, each.id), reverse=True)

    def read(self, digest: str) -> bytes:
        """Return the bytes with a digest that some snapshot names.

        Raises:
            WriterError: PAST_UNREADABLE.
        """
        try:
            return self._objects.read(digest)
        except WriterError as error:
            kind = HistoryNotice.TEXT_DAMAGED
            self._tell(kind, self._objects.path(digest), error.fields["reason"])
            with self._lock:
                self._lost.add(digest)
            raise

    def text(self, snapshot: Snapshot, key: str) -> str:
        r"""Return the text that a file held, with \n line ends, as when it is opened.

        Raises:
            WriterError: PAST_UNREADABLE.
            KeyError: the snapshot has nothing of that key.
        """
        digest = snapshot.entries[key]
        decoded = decode(self.read(digest))
        if decoded is None:
            path = self._objects.path(digest)
            raise WriterError(ErrorKind.PAST_UNREADABLE, path=path, reason="it is no text")
        return split_line_ends(decoded.text)[0]

    def rename(self, id: str, name: str) -> Snapshot:
        """Give a snapshot another name, or none.

        Raises:
            WriterError: SAVE_FAILED.
            KeyError: there is no such snapshot that can be read.
        """
        name_of_file = f"{id}.json"
        found = self._load(name_of_file) if name_of_file in (self._names() or ()) else None
        if found is None:
            raise KeyError(id)
        snapshot = replace(found[0], name=name)
        self._write(snapshot, found[1])
        return snapshot

    def thin(self, now: datetime) -> int:
        """Remove the snapshots that need not stay, and the texts that none names; say how many.

        As long as a snapshot cannot be read, no text is removed: it may name any.
        """
        snapshots, _ = self._every()
        unnamed = {each.id: each.when for each in snapshots if not each.name}
        removed = 0
        for id in unnamed.keys() - kept(unnamed, now):
            with contextlib.suppress(OSError):  # next time, then
                (self._folder / f"{id}.json").unlink()
                removed += 1
                with self._lock:
                    self._known.pop(f"{id}.json", None)
        left, is_complete = self._every()
        # Where no snapshot is left, somebody took them away: then the texts are all there is.
        if left and is_complete and (removed or not self._is_swept):
            wanted = {digest for each in left for digest in each.entries.values()}
            # What was stored for a snapshot that could not be written yet stays for the next.
            self._objects.sweep(wanted | {seen.digest for seen in (self._seen or {}).values()})
            self._is_swept = True
        return removed

    def _remembered(self) -> dict[str, _Seen]:
        """Return what is known of the sources: from the last look, or from the newest snapshot."""
        if self._seen is None:
            newest = self._newest()
            loaded = self._load(f"{newest.id}.json") if newest else None
            snapshot, stamps = loaded or (None, {})
            self._seen = {
                key: _Seen(digest, stamps.get(key))
                for key, digest in (snapshot.entries.items() if snapshot else ())
                if self._objects.holds(digest)
            }
        with self._lock:
            lost, self._lost = self._lost, set()
        if lost:  # what is damaged in the store is stored again if a source still has it
            for key in [key for key, seen in self._seen.items() if seen.digest in lost]:
                del self._seen[key]
        return self._seen

    def _look(self, key: str, path: Path) -> None:
        """Remember what is in a source now, stored if it is new; forget it if it is gone."""
        seen = self._remembered()
        try:
            found = path.stat()
            before = seen.get(key)
            if before is not None and before.stamp == _stamp(found):
                return
            if not stat.S_ISREG(found.st_mode) or found.st_size > LIMIT_BYTES:
                raise FileNotFoundError
            now = time.time_ns()
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            seen.pop(key, None)
            return
        except OSError as error:  # a drive that is away for a while: what was there stays known
            reason = (error.strerror or str(error)).lower()
            self._tell(HistoryNotice.SOURCE_UNREADABLE, path, reason)
            return
        with self._lock:
            self._notices.pop(path, None)
        is_settled = found.st_mtime_ns < now - _SETTLED_NS and len(data) == found.st_size
        digest = hashlib.sha256(data).hexdigest()
        if before is None or before.digest != digest:
            self._objects.put(data)
        seen[key] = _Seen(digest, _stamp(found) if is_settled else None)

    def _write(self, snapshot: Snapshot, stamps: Mapping[str, Stamp]) -> None:
        path = self._folder / f"{snapshot.id}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise save_failed(path, error) from error
        found = write_atomically(path, to_bytes(snapshot, stamps))
        with self._lock:
            self._known[path.name] = (_stamp(found), snapshot)

    def _newest(self) -> Snapshot | None:
        """Return the newest that can be read; the names of the files tell the times."""
        found = map(self._get, sorted(self._names() or (), reverse=True))
        return next((snapshot for snapshot in found if snapshot), None)

    def _every(self) -> tuple[list[Snapshot], bool]:
        """Return all that can be read, and whether that is all there are."""
        names = self._names()
        snapshots = [snapshot for name in names or () if (snapshot := self._get(name))]
        return snapshots, names is not None and len(snapshots) == len(names)

    def _get(self, name: str) -> Snapshot | None:
        """Return a snapshot that is in memory or can be read."""
        with self._lock:
            stamp, snapshot = self._known.get(name, (None, None))
        if stamp is not None and stamp == self._stamp_of(name):
            return snapshot
        loaded = self._load(name)
        return loaded[0] if loaded else None

    def _names(self) -> list[str] | None:
        """Return the names of the snapshots' files; None if the folder cannot be looked into."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._tell(HistoryNotice.SNAPSHOT_DAMAGED, self._folder, reason)
            return None
        return [name for name in names if name.endswith(".json") and not name.startswith(".")]

    def _load(self, name: str) -> tuple[Snapshot, dict[str, Stamp]] | None:
        """Return a snapshot and its stamps; None, with a notice, if it cannot be read."""
        path = self._folder / name
        loaded, stamp = None, self._stamp_of(name)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unfit("it is not an ordinary file")
            loaded = from_bytes(path.stem, path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(HistoryNotice.SNAPSHOT_DAMAGED, path, (error.strerror or str(error)).lower())
            return None
        except Unfit as error:
            self._tell(HistoryNotice.SNAPSHOT_DAMAGED, path, error)
        with self._lock:
            if stamp is not None:
                self._known[name] = (stamp, loaded[0] if loaded else None)
        return loaded

    def _stamp_of(self, name: str) -> Stamp | None:
        try:
            return _stamp((self._folder / name).stat())
        except OSError:
            return None

    def _tell(self, kind: HistoryNotice, path: Path, reason: object) -> None:
        with self._lock:
            self._notices[path] = Notice(kind, {"path": path, "reason": str(reason)})


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)
