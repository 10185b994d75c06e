"""Backups of a book: each one zip file, which any program can unpack, the newest few kept.

In it is everything in the book's folder but the history (it would be in every backup again, at many
times the size of the texts), the lock (of the window at work) and caches.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed

Progress = Callable[[int, int], object]
"""Called with the bytes done and all bytes, now and then; what it raises ends the work."""

_COMMENT = "Backup of the Writer book {}"
_NAME = re.compile(r".+ (\d{4}-\d\d-\d\d \d\d\.\d\d)(?: \((\d{1,4})\))?\.zip", re.DOTALL)
_TIME = "%Y-%m-%d %H.%M"
_LEFT_OUT = {".writer/history", ".writer/lock", ".writer/counts.json"}
_CHUNK = 1 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, struct.error)
"""What zipfile raises of files that are no zips, or no whole ones."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is there."""

    path: Path
    when: datetime
    """As its name says it, on the clock of the wall."""


def back_up(
    book: Path,
    target: Path,
    keep: int,
    when: datetime,
    *,
    book_id: str,
    progress: Progress = lambda done, all: None,
) -> Path:
    """Put a backup of the folder `book` into `target`, and keep only the `keep` newest of it.

    It is complete, checked and on the disk before an older one goes. Only backups of this very
    book go, by `book_id`; other files are never touched.

    Raises:
        WriterError: BACKUP_FAILED; or whatever `progress` raises. Nothing is left behind.
        ValueError: fewer than one to keep.
    """
    if keep < 1:
        raise ValueError("the newest backup always stays")
    try:
        _check_places(book, target)
        temporary = target / f".writer-{secrets.token_hex(8)}.tmp"
        try:
            _pack(book, temporary, _COMMENT.format(book_id), progress)
            path = _free_name(target, f"{book.resolve().name} {when:{_TIME}}")
            os.replace(temporary, path)
        finally:  # whatever ended it; after a replace there is nothing left to remove
            with contextlib.suppress(OSError):
                temporary.unlink()
    except _Failed as error:
        raise WriterError(ErrorKind.BACKUP_FAILED, path=target, reason=str(error)) from error
    except OSError as error:
        reason = _reason(target, error)
        raise WriterError(ErrorKind.BACKUP_FAILED, path=target, reason=reason) from error
    _sync(target)
    for old in backups(target, book_id)[keep:]:
        if old.path != path:
            with contextlib.suppress(OSError):  # it goes next time
                old.path.unlink()
    return path


def backups(target: Path, book_id: str) -> list[Backup]:
    """Return the backups of one book in a folder, newest first; none where it is gone."""
    found = []
    with contextlib.suppress(OSError):
        for path in list(target.iterdir()):
            named = _NAME.fullmatch(path.name)
            with contextlib.suppress(ValueError):
                if named and path.is_file() and _comment(path) == _COMMENT.format(book_id):
                    when = datetime.strptime(named[1], _TIME)
                    found.append((when, int(named[2] or 1), path))
    return [Backup(path, when) for when, _, path in sorted(found, reverse=True)]


def restore_backup(backup: Path, folder: Path, progress: Progress = lambda done, all: None) -> None:
    """Unpack a backup as the book in `folder`, which must be new or empty.

    Raises:
        WriterError: BACKUP_DAMAGED; or whatever `progress` raises. `folder` is as it was.
    """
    unpacked = folder.parent / f".writer-{secrets.token_hex(8)}.tmp"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise _Failed(f"“{folder}” is not an empty folder")
        _unpack(backup, unpacked, progress)
        if os.name == "nt" and folder.exists():  # elsewhere an empty one is replaced
            folder.rmdir()
        os.replace(unpacked, folder)
    except _Failed as error:
        raise WriterError(ErrorKind.BACKUP_DAMAGED, path=backup, reason=str(error)) from error
    except OSError as error:
        reason = _reason(folder, error)
        raise WriterError(ErrorKind.BACKUP_DAMAGED, path=backup, reason=reason) from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    _sync(folder.parent)


class _Failed(Exception):
    """Says why in plain words."""


def _reason(path: Path, error: OSError) -> object:
    return save_failed(path, error).fields["reason"]


def _check_places(book: Path, target: Path) -> None:
    if not target.is_dir():
        raise _Failed("the folder is gone")
    if not book.is_dir():
        raise _Failed("the book's folder is gone")
    if target.resolve().is_relative_to(book.resolve()):
        raise _Failed("it lies inside the book's own folder")


def _free_name(target: Path, stem: str) -> Path:
    """Return a name that is not taken, after all others of the same minute."""
    name = re.compile(re.escape(stem) + r"(?: \((\d{1,4})\))?\.zip")
    found = (name.fullmatch(path.name) for path in target.iterdir())
    last = max((int(each[1] or 1) for each in found if each), default=0)
    return target / (f"{stem} ({last + 1}).zip" if last else f"{stem}.zip")


def _pack(book: Path, temporary: Path, comment: str, progress: Progress) -> None:
    """Write the zip, wait until it is on the disk, and read all of it again."""
    sources = list(_sources(book))
    done, all_bytes = 0, 2 * sum(size for _, _, size in sources)
    with temporary.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            archive.comment = comment.encode("utf-8")
            for path, name, _ in sources:
                for size in _added(archive, path, name):
                    done += size
                    progress(done, all_bytes)
        file.flush()
        os.fsync(file.fileno())
    with _opened(temporary) as archive:
        for info in archive.infolist():
            for chunk in _chunks(archive, info):
                done += len(chunk)
                progress(done, all_bytes)


def _sources(book: Path) -> Iterator[tuple[Path, str, int]]:
    """Yield each file that belongs in, its name in the zip and its size."""
    top = book.resolve()
    for folder, inner, files in os.walk(top, onerror=_refuse):
        relative = Path(folder).relative_to(top)
        inner[:] = sorted(each for each in inner if (relative / each).as_posix() not in _LEFT_OUT)
        for name in sorted(files):
            path, inside = Path(folder, name), (relative / name).as_posix()
            is_temporary = name.startswith(".writer-") and name.endswith(".tmp")
            if inside not in _LEFT_OUT and not is_temporary and path.is_file():
                # A zip holds Unicode; a name that is none gets a replacement character.
                named = os.fsencode(f"{top.name}/{inside}").decode("utf-8", "replace")
                yield path, named, path.stat().st_size


def _refuse(error: OSError) -> None:
    raise error


def _added(archive: zipfile.ZipFile, path: Path, name: str) -> Iterator[int]:
    """Put a file into the zip, yielding how many bytes went in."""
    try:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        source = path.open("rb")
    except OSError as error:
        raise _Failed(f"“{path}” cannot be read") from error
    info.compress_type = zipfile.ZIP_DEFLATED
    with source, archive.open(info, "w") as packed:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except OSError as error:
                raise _Failed(f"“{path}” cannot be read") from error
            if not chunk:
                return
            packed.write(chunk)
            yield len(chunk)


def _unpack(backup: Path, folder: Path, progress: Progress) -> None:
    with _opened(backup) as archive:
        places = _places(archive)
        done, all_bytes = 0, sum(info.file_size for info in places.values())
        if all_bytes > shutil.disk_usage(folder.parent).free:
            raise _Failed("the disk is full")
        for name, info in places.items():
            path = folder.joinpath(*name.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                for chunk in _chunks(archive, info):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, all_bytes)
                file.flush()
                os.fsync(file.fileno())


def _places(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the book by their names in its folder, all of them safe."""
    tops = [name for name in archive.namelist() if PurePosixPath(name).name == "book.toml"]
    top = min(tops, key=len, default="").removesuffix("book.toml")
    places = {}
    for info in archive.infolist():
        name = info.filename.removeprefix(top)
        if info.is_dir() or not info.filename.startswith(top):
            continue
        if not _is_safe(name, info) or name in places:
            raise _Failed(f"it would write to “{info.filename}”")
        places[name] = info
    if "book.toml" not in places:
        raise _Failed("there is no book in it")
    return places


def _is_safe(name: str, info: zipfile.ZipInfo) -> bool:
    """Tell whether a file of this name lies in the book's folder on every system."""
    parts = name.split("/")
    is_plain = not any(part in ("", ".", "..") or part.strip(". ") == "" for part in parts)
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return is_plain and not is_link and not re.search(r"[\\:\0]", name)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise _Failed("it is gone") from error
    except _DAMAGE as error:
        raise _Failed("it is damaged") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the beginning
            raise _Failed("it is damaged") from error
        raise
    with archive:
        yield archive


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of a file in the zip; raise if they are not those that went in."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _Failed("it is packed in an unknown way")
    if info.flag_bits & 1:
        raise _Failed("it is locked by a password")
    try:
        with archive.open(info) as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except _DAMAGE as error:
        raise _Failed("it is damaged") from error


def _comment(path: Path) -> str:
    try:
        with _opened(path) as archive:
            return archive.comment.decode("utf-8")
    except (_Failed, UnicodeDecodeError, OSError):
        return ""


def _sync(folder: Path) -> None:
    """Ask that the new name survives a power cut; some network folders cannot, and need not."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
