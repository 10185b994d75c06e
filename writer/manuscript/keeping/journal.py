"""One journal: a file that only grows, locked by its owner as long as that lives.

It knows records and one file; what they mean is not its business.
"""

import contextlib
import errno
import os
import re
import secrets
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from writer.manuscript.keeping.records import VERSION, Spelling, Tag
from writer.manuscript.lock import lock_descriptor

NAME = re.compile(r"(?P<session>\d{8}-\d{6}-[0-9a-f]{8})-(?P<number>\d{4,})\.journal")
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def new_session() -> str:
    """Return the name that all journals of one keeper begin with."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


class Journal:
    """A new file in `folder`, which is made if need be.

    All methods but `remove` and `close` raise OSError. After the first one the file is not to be
    written any more: what the system still has of it is not known.
    """

    def __init__(self, folder: Path, session: str, number: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{session}-{number:04d}.journal"
        self.size = 0
        """In bytes."""
        self._spelling = Spelling(self.path.stem)
        self._has_synced = False
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _FLAGS
        self._descriptor = os.open(self.path, flags, 0o600)
        try:
            with contextlib.suppress(OSError):  # a folder that cannot lock; the header helps then
                lock_descriptor(self._descriptor)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self.append([[Tag.HEADER, VERSION, now, socket.gethostname(), os.getpid()]])
        except OSError:
            self.remove()
            raise

    def append(self, records: Iterable[Sequence[object]]) -> None:
        """Hand records to the system; they survive the end of the process, not a power cut."""
        rest = memoryview(self._spelling.lines(records))
        while rest:
            written = os.write(self._descriptor, rest)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.size += written
            rest = rest[written:]

    def sync(self) -> None:
        """See to it that everything appended so far survives a power cut."""
        os.fsync(self._descriptor)
        if not self._has_synced:
            _sync_folder(self.path.parent)
            self._has_synced = True

    def remove(self) -> bool:
        """Close the file and take it away; return whether it is gone."""
        # While it is locked, so that nobody takes it for one that was left behind.
        gone = _unlink(self.path)
        self.close()
        return gone or _unlink(self.path)  # an open file cannot be removed on Windows

    def close(self) -> None:
        """Leave the file to whoever looks for journals."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


def _unlink(path: Path) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Ask that the name of a new file survives a power cut; some folders cannot do it."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
