"""Whether a backup holds a book as it is now, told without unpacking it.

What says only where the writer was, or can be made again, does not count.
"""

import os
import zipfile
import zlib
from pathlib import Path

_CHUNK = 1 << 20
_HIDDEN = ".writer"
_COUNTED = "marks"
"""What of the hidden folder is the writer's: who wrote which words."""


def is_backed_up(book: Path, backup: Path) -> bool:
    """Return whether the newest backup of a book still is all that it is; False in doubt."""
    try:
        return _packed(backup) == _on_disk(book)
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError):
        return False


def _packed(backup: Path) -> dict[str, tuple[int, int]]:
    """Return size and checksum of each file that counts, by its name in the book."""
    with zipfile.ZipFile(backup) as archive:
        found = {}
        for info in archive.infolist():
            _top, _, name = info.filename.partition("/")
            if _counts(name) and not info.is_dir():
                found[name] = (info.file_size, info.CRC)
    return found


def _on_disk(book: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for folder, inner, files in os.walk(book):
        relative = Path(folder).relative_to(book)
        if relative == Path(_HIDDEN):
            inner[:] = [name for name in inner if name == _COUNTED]
        for file in files:
            name = (relative / file).as_posix()
            is_temporary = file.startswith(".writer-") and file.endswith(".tmp")
            path = Path(folder, file)
            if _counts(name) and not is_temporary and path.is_file():
                stored = os.fsencode(name).decode("utf-8", "replace")
                found[stored] = _checksum(path)
    return found


def _counts(name: str) -> bool:
    return not name.startswith(f"{_HIDDEN}/") or name.startswith(f"{_HIDDEN}/{_COUNTED}/")


def _checksum(path: Path) -> tuple[int, int]:
    size, checksum = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
    return size, checksum
