"""Whether a folder is where the writer's files belong, or only what an unplugged drive left there.

One object is used by one thread, the one that writes files.
"""

import contextlib
import errno
import os
from pathlib import Path

from writer.manuscript.atomic import save_failed, write_atomically

_HIDDEN = ".writer"


class Places:
    """The folders that were written into, and the devices that they were on."""

    def __init__(self) -> None:
        self._devices: dict[Path, int] = {}

    def note(self, folder: Path) -> None:
        """Remember which device a folder is on now."""
        with contextlib.suppress(OSError):
            self._devices.setdefault(folder, folder.stat().st_dev)

    def check_file(self, path: Path, *, was_there: bool) -> None:
        """Raise the SAVE_FAILED of a missing folder if `path` must not be written.

        A folder that is on another device than before is the mount point of a drive that is away,
        if it lacks the file that `was_there`, or is empty.
        """
        try:
            self._check(path.parent, path if was_there else None)
        except OSError as error:
            raise save_failed(path, error) from error

    def write(self, path: Path, data: bytes) -> None:
        """Write a small file into a folder that is there, or into a book's hidden one.

        Raises:
            WriterError: SAVE_FAILED.
        """
        try:
            self._make_hidden_folders(path)
        except OSError as error:
            raise save_failed(path, error) from error
        write_atomically(path, data)

    def _check(self, folder: Path, expected: Path | None = None) -> None:
        device = folder.stat().st_dev
        if device != self._devices.get(folder, device):
            lacking = expected is not None and not expected.exists()
            if lacking or not os.listdir(folder):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._devices[folder] = device

    def _make_hidden_folders(self, path: Path) -> None:
        parts = path.parent.parts
        if _HIDDEN not in parts:
            self._check(path.parent)
            return
        # Level by level: the book's own folder is never made, for it is there or its drive is away.
        at = parts.index(_HIDDEN)
        folder = Path(*parts[:at])
        self._check(folder)
        for part in parts[at:]:
            folder /= part
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder)
