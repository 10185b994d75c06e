"""Holding a book: one window may write it, and leaves a note of who it is for the others."""

import contextlib
import errno
import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from writer.errors import WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.manuscript.book.scene_files import HIDDEN
from writer.manuscript.lock import FileLock

_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Owner:
    """A window on some machine."""

    host: str
    pid: int
    since: datetime
    """With its zone."""

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a window on this machine."""
        return self.host == platform.node()

    def __str__(self) -> str:
        local = self.since.astimezone()
        day = "" if local.date() == datetime.now().astimezone().date() else f"{local:%d %B} "
        where = "another window" if self.is_here else f"a window on “{self.host}”"
        return f"{where}, process {self.pid}, since {day}{local:%H:%M}"


@dataclass(slots=True)
class Holding:
    """Whether this window holds a book, and else why not."""

    held: bool
    owner: Owner | None = None
    """Who it is that holds it, if that is known: this window or another."""
    refusal: str = ""
    """Why nobody can hold it, such as “the folder does not allow writing”."""
    left_by: Owner | None = None
    """Who held it before on another machine and did not say that it was closed."""
    _lock: FileLock | None = None

    def release(self) -> None:
        """Let the book go for good; without effect if it is not held."""
        if self._lock is None:
            return
        path = self._lock.path.parent / _NOTE
        if _read_note(path) == self.owner:
            with contextlib.suppress(OSError):
                path.unlink()
        self._lock.release()
        self.held, self._lock, self.refusal = False, None, "it was closed"


_NOTE = "owner.json"


def hold(folder: Path) -> Holding:
    """Hold the book in `folder` for this window, unless another one does."""
    lock = FileLock(folder / HIDDEN / "lock")
    note = folder / HIDDEN / _NOTE
    try:
        (folder / HIDDEN).mkdir(exist_ok=True)
        if not lock.acquire():
            return Holding(False, _read_note(note))
    except OSError as error:
        return Holding(False, refusal=str(save_failed(folder, error).fields["reason"]))
    before = _read_note(note)
    now = Owner(platform.node(), os.getpid(), datetime.now(UTC).replace(microsecond=0))
    about = {"host": now.host, "pid": now.pid, "since": now.since.isoformat()}
    try:
        write_atomically(note, json.dumps(about).encode("ascii"))
    except WriterError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in _NOT_ALLOWED:
            lock.release()
            return Holding(False, refusal=str(error.fields["reason"]))
        # A full disk is no reason not to open: what is typed waits until there is room.
    left_by = None if before is None or before.is_here else before
    return Holding(True, now, left_by=left_by, _lock=lock)


def _read_note(path: Path) -> Owner | None:
    try:
        with open(path, "rb") as file:
            about = json.loads(file.read(10_000))
        since = datetime.fromisoformat(about["since"])
        return Owner(str(about["host"])[:80], int(about["pid"]), since.astimezone(UTC))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
