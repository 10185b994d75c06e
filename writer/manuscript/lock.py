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
        while self._descriptor is None:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if not lock_descriptor(descriptor):
                    os.close(descriptor)
                    return False
            except OSError:
                self._descriptor = descriptor
                return True
            # The owner before may have removed the file after it was opened here: what is locked
            # then is nobody's any more, and a third one might lock the file that is there now.
            if stands_at(descriptor, self.path):
                self._descriptor = descriptor
            else:
                os.close(descriptor)
        return True

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # an open file cannot be removed on Windows
            if stands_at(self._descriptor, self.path):
                self.path.unlink()  # while it is held, so that nobody else's file goes
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):  # the system closes it all the same
            os.close(descriptor)  # which unlocks


def stands_at(descriptor: int, path: Path) -> bool:
    """Tell whether `path` still leads to the file that is open as `descriptor`."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def lock_descriptor(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another one, in any process, has it.

    Raises:
        OSError: the folder cannot lock.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


if sys.platform == "win32":
    import msvcrt

    _FAR = 0x7FFF_FFF0
    """What is locked cannot be read by others on Windows; no file of ours is as long as this."""

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # flock, not lockf: it also keeps apart two owners in one process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
