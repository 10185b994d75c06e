"""A text file: read so that saving it untouched gives the same bytes, whatever it is stored as.

Values only: a `TextFile` is what was on the disk when it was read or saved, and saving makes a new
one. Cursor positions elsewhere count the code points of `text`.
"""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.detection import decode
from writer.manuscript.encoding import UTF_8, Encoding, storable
from writer.manuscript.line_ends import UNIX, LineEnds, split_line_ends
from writer.manuscript.notice import Notice

_MB = 1_000_000
LIMIT_BYTES = 100 * _MB
"""Larger files are refused before they are read."""

_READ_REASONS = {
    errno.EACCES: "you are not allowed to read it",
    errno.EPERM: "you are not allowed to read it",
}


class NoticeKind(Enum):
    """What a writer is told about a file that opened; `{fields}` are filled by the `Notice`."""

    OTHER_ENCODING = "“{path}” is stored as {encoding} and is saved as that."
    DAMAGED = (
        "“{path}” is {encoding} with {count} unreadable places; they are saved as they were found."
    )


@dataclass(frozen=True, slots=True)
class DiskState:
    """What stood at a path once, to tell whether another program has written there since."""

    size: int
    mtime_ns: int
    inode: int
    digest: bytes
    """SHA-256 of all bytes."""

    def looks_like(self, found: os.stat_result) -> bool:
        """Tell whether size, time and inode agree, so that the bytes need not be read."""
        stamp = (found.st_size, found.st_mtime_ns, found.st_ino)
        return stamp == (self.size, self.mtime_ns, self.inode)


@dataclass(frozen=True, slots=True)
class TextFile:
    r"""A text and all that is needed to store it as it was.

    `text` has \n line ends only; an editor splits it at nothing else.
    """

    path: Path
    text: str = ""
    encoding: Encoding = UTF_8
    line_ends: LineEnds = UNIX
    on_disk: DiskState | None = None
    """None of a file that was never read or saved here."""

    @property
    def notice(self) -> Notice | None:
        """What to tell on opening; None of plain UTF-8."""
        fields: dict[str, object] = {"path": self.path, "encoding": self.encoding.name}
        damage = self.encoding.damage(self.text)
        if damage:
            return Notice(NoticeKind.DAMAGED, {**fields, "count": damage})
        if self.encoding.codec != "utf-8":
            return Notice(NoticeKind.OTHER_ENCODING, fields)
        return None

    def encode(self, text: str) -> bytes:
        """Return the bytes of `text`, an edit of this file's; of the same text, the same bytes.

        Raises:
            WriterError: UNENCODABLE, naming the first character that the encoding lacks.
        """
        return self._encoded(storable(text))[1]

    def save(
        self, text: str, *, overwrite: bool = False, encoding: str | None = None
    ) -> "TextFile":
        """Write `text` to the file and return what is there now.

        `encoding="utf-8"` is asked for when its own lacks a character; `overwrite`, when another
        program has changed the file and the writer wants it replaced. A file that was deleted
        meanwhile is made anew.

        Raises:
            WriterError: CHANGED_ON_DISK, UNENCODABLE or SAVE_FAILED; the file is as it was.
        """
        if encoding is not None:
            return self.with_encoding(encoding).save(text, overwrite=overwrite)
        if not overwrite and changed_on_disk(self):
            raise WriterError(ErrorKind.CHANGED_ON_DISK, path=self.path)
        text = storable(text)
        line_ends, data = self._encoded(text)
        on_disk = _disk_state(write_atomically(self.path, data), data)
        return replace(self, text=text, line_ends=line_ends, on_disk=on_disk)

    def with_encoding(self, encoding: str) -> "TextFile":
        """Return this file, to be saved in its own encoding or in UTF-8.

        Raises:
            ValueError: any other encoding.
        """
        if encoding.lower() not in ("utf-8", self.encoding.codec):
            raise ValueError(f"texts are converted to UTF-8 only, not to {encoding}")
        if encoding.lower() == self.encoding.codec:
            return self
        return replace(self, encoding=self.encoding.to_utf8())

    def _encoded(self, text: str) -> tuple[LineEnds, bytes]:
        line_ends = self.line_ends.after_edit(self.text, text)
        try:
            return line_ends, self.encoding.encode(line_ends.apply(text))
        except UnicodeEncodeError as error:
            raise WriterError(
                ErrorKind.UNENCODABLE,
                path=self.path,
                encoding=self.encoding.name,
                character=str(error.object)[error.start],
            ) from error


def new_text_file(path: Path) -> TextFile:
    r"""Return an empty UTF-8 file with \n line ends that is not on the disk yet.

    Saving it over a file that is there takes `overwrite=True`.
    """
    return TextFile(path)


def read_text_file(path: Path) -> TextFile:
    """Read a text in whatever encoding it is.

    Raises:
        WriterError: FILE_MISSING, FILE_IS_FOLDER, FILE_TOO_LARGE, FILE_UNREADABLE or FILE_BINARY.
    """
    data, found = read_bytes(path)
    decoded = decode(data)
    if decoded is None:
        raise WriterError(ErrorKind.FILE_BINARY, path=path)
    text, line_ends = split_line_ends(decoded.text)
    return TextFile(path, text, decoded.encoding, line_ends, _disk_state(found, data))


def changed_on_disk(file: TextFile) -> bool:
    """Tell whether saving would overwrite what another program wrote.

    A file that is gone is not changed: nothing is lost by writing it anew. One that was only
    touched is not changed either.
    """
    try:
        found = file.path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # what cannot be looked at must not be overwritten unasked
    if file.on_disk is None:
        return True
    if file.on_disk.looks_like(found):
        return False
    if found.st_size != file.on_disk.size:
        return True
    try:
        data, _ = read_bytes(file.path)
    except WriterError:
        return True
    return hashlib.sha256(data).digest() != file.on_disk.digest


def _disk_state(found: os.stat_result, data: bytes) -> DiskState:
    digest = hashlib.sha256(data).digest()
    return DiskState(len(data), found.st_mtime_ns, found.st_ino, digest)


def read_bytes(path: Path) -> tuple[bytes, os.stat_result]:
    """Read an ordinary file, never waiting for a pipe; return its stat too.

    Raises:
        WriterError: FILE_MISSING, FILE_IS_FOLDER, FILE_TOO_LARGE or FILE_UNREADABLE.
    """
    try:
        _check_ordinary(path, path.stat())
        # A pipe put there since the look above does not block: the flag sees to it.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            _check_ordinary(path, found)
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError as error:
        raise WriterError(ErrorKind.FILE_MISSING, path=path) from error
    except OSError as error:
        reason = _READ_REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason=reason) from error
    _check_size(path, len(data))
    return data, found


def _check_ordinary(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise WriterError(ErrorKind.FILE_IS_FOLDER, path=path)
    if not stat.S_ISREG(found.st_mode):
        reason = "it is not an ordinary file"
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason=reason)
    _check_size(path, found.st_size)


def _check_size(path: Path, size: int) -> None:
    if size > LIMIT_BYTES:
        raise WriterError(
            ErrorKind.FILE_TOO_LARGE,
            path=path,
            size_mb=-(-size // _MB),
            limit_mb=LIMIT_BYTES // _MB,
        )
