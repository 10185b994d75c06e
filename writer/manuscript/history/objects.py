"""A store of bytes by what they are: equal ones once, each checked whenever it is read.

`objects/ab/cdef…` holds, compressed, the bytes whose SHA-256 is abcdef…. It knows nothing of texts.
"""

import contextlib
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically

LIMIT_BYTES = 200_000_000
"""More than any text that is opened; what claims to be larger is damaged."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LEVEL = 6


def is_digest(text: str) -> bool:
    """Tell whether `text` has the form of a digest."""
    return _DIGEST.fullmatch(text) is not None


class Objects:
    """The store in one folder, which need not be there before the first `put`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store `data`, if an intact copy is not there yet, and return its digest.

        Raises:
            WriterError: SAVE_FAILED.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if self._is_intact(digest):
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise save_failed(path, error) from error
        write_atomically(path, zlib.compress(data, _LEVEL))
        return digest

    def read(self, digest: str) -> bytes:
        """Return the bytes with this digest.

        Raises:
            WriterError: PAST_UNREADABLE: gone, damaged or not to be read.
            ValueError: no digest.
        """
        path = self.path(digest)
        try:
            packed = path.read_bytes()
        except FileNotFoundError as error:
            raise _unreadable(path, "it is gone") from error
        except OSError as error:
            raise _unreadable(path, (error.strerror or str(error)).lower()) from error
        unpacking = zlib.decompressobj()
        try:
            data = unpacking.decompress(packed, LIMIT_BYTES)
        except zlib.error as error:
            raise _unreadable(path, "it is damaged") from error
        if not unpacking.eof or hashlib.sha256(data).hexdigest() != digest:
            raise _unreadable(path, "it is damaged")
        return data

    def holds(self, digest: str) -> bool:
        """Tell whether there is a file for this digest, without reading it."""
        return self.path(digest).is_file()

    def path(self, digest: str) -> Path:
        """Return where the bytes with this digest are or would be.

        Raises:
            ValueError: no digest.
        """
        if not is_digest(digest):
            raise ValueError(f"not a digest: {digest!r}")
        return self._folder / digest[:2] / digest[2:]

    def sweep(self, wanted: set[str]) -> int:
        """Remove all but the `wanted` digests and what a crash left half-written; say how many.

        What cannot be removed now stays for the next time, and what is not this store's for ever.
        """
        removed = 0
        for path in self._files():
            is_object = is_digest(path.parent.name + path.name)
            is_leftover = path.name.startswith(".writer-") and path.suffix == ".tmp"
            if (is_object and path.parent.name + path.name not in wanted) or is_leftover:
                with contextlib.suppress(OSError):
                    path.unlink()
                    removed += 1
        return removed

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            for folder in list(self._folder.iterdir()):
                with contextlib.suppress(OSError):
                    yield from list(folder.iterdir())

    def _is_intact(self, digest: str) -> bool:
        try:
            self.read(digest)
        except WriterError:
            return False
        return True


def _unreadable(path: Path, reason: str) -> WriterError:
    return WriterError(ErrorKind.PAST_UNREADABLE, path=path, reason=reason)
