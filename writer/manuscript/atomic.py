"""Writing a file so that it holds either all of the old bytes or all of the new ones.

It knows bytes and folders only, nothing of texts.
"""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from writer.errors import ErrorKind, WriterError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EACCES: "the folder does not allow writing",
    errno.EPERM: "the folder does not allow writing",
    errno.EROFS: "the folder does not allow writing",
    errno.ENOENT: "the folder is gone",
    errno.ENOTDIR: "the folder is gone",
    errno.EEXIST: "a file is where its folder should be",
}


def write_atomically(path: Path, data: bytes) -> os.stat_result:
    """Replace the file at `path` by `data`, or leave it exactly as it was; return its new stat.

    The bytes are on the disk when this returns, under the old file's permission bits. Of a symbolic
    link the target is replaced. A file that is marked read-only is not replaced, though its folder
    would allow it.

    Raises:
        WriterError: SAVE_FAILED, with the reason in plain words.
    """
    try:
        target = Path(os.path.realpath(path))
        return _replace(target, data, _replaceable(target))
    except OSError as error:
        raise save_failed(path, error) from error


def save_failed(path: Path, error: OSError) -> WriterError:
    """Return the SAVE_FAILED that words what the system said about writing `path`."""
    reason = _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
    return WriterError(ErrorKind.SAVE_FAILED, path=path, reason=reason)


def _replaceable(target: Path) -> os.stat_result | None:
    """Return what stands at `target`, None if nothing does; raise OSError if it must stay."""
    try:
        old = target.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise OSError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(old.st_mode):  # a device, a pipe, or a link that leads in a circle
        raise OSError(errno.EINVAL, "it is not an ordinary file")
    if not os.access(target, os.W_OK):
        raise OSError(errno.ETXTBSY, "the file is marked read-only")
    return old


def _replace(target: Path, data: bytes, old: os.stat_result | None) -> os.stat_result:
    temporary = target.parent / f".writer-{secrets.token_hex(8)}.tmp"
    try:
        written = _write_new(temporary, data, old)
        os.replace(temporary, target)
    finally:  # whatever ended it, Ctrl+C too; after a replace there is nothing left to remove
        with contextlib.suppress(OSError):
            temporary.unlink()
    _sync_folder(target.parent)
    return written


def _write_new(path: Path, data: bytes, old: os.stat_result | None) -> os.stat_result:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    # Not mkstemp: a new file takes the bits that the writer's umask gives, not 0600.
    descriptor = os.open(path, flags, 0o666)
    try:
        if old is not None:
            _keep_owner_and_bits(path, old)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        return os.fstat(descriptor)  # a later look might see another program's file
    finally:
        os.close(descriptor)


def _keep_owner_and_bits(path: Path, old: os.stat_result) -> None:
    new = path.stat()
    if hasattr(os, "chown") and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with contextlib.suppress(OSError):  # only root may give a file away
            os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Ask that the new name survives a power cut.

    A refusal is no failure to save: after a cut the name leads to the whole old file or the whole
    new one, and some network folders cannot do it at all.
    """
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
