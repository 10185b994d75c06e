"""An advisory lock that lives exactly as long as its owner, even one that crashes."""

import contextlib
import errno
import os
import sys
from pathlib import Path

_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FileLock:
    """Holds the lock file at `path`, from `acquire` until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting; False if another one, in any process, has it.

        Where the folder cannot lock (some network ones), it counts as taken: that two windows offer
        the same text is better than that none does.

        Raises:
            OSError: the lock file cannot be made.
        """
        if self._descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in _HELD:
                os.close(descriptor)
                return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # an open file cannot be removed on Windows
            self.path.unlink()
        os.close(self._descriptor)  # which unlocks
        self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # flock, not lockf: it also keeps apart two owners in one process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
