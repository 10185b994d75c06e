"""Copying a model into the writer's data folder: whole, or not at all."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed
from writer.shelf.model_files import model_files
from writer.shelf.sizes import in_words

OnProgress = Callable[[int, int], None]
"""Told the bytes that are copied, and those there are."""
_BLOCK = 1 << 20
_UNFINISHED = ".adding-"
_ABANDONED_S = 24 * 3600.0
"""Nobody copies for longer; what was begun before is what a crash has left."""


class Cancelled(Exception):
    """The model is not wanted any more; nothing of it was kept."""


@contextmanager
def copied(
    model: Path, into: Path, on_progress: OnProgress, cancelled: Callable[[], bool]
) -> Iterator[Path]:
    """Give a folder in `into` that holds a copy of `model`, to be renamed; else it goes again.

    Raises:
        WriterError: MODEL_NOT_ADDED.
        Cancelled: `cancelled` said so.
    """
    unfinished = into / f"{_UNFINISHED}{secrets.token_hex(8)}"
    try:
        files = [(path, path.stat().st_size) for path in model_files(model)]
        total = sum(size for _, size in files)
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_abandoned(into)
        _refuse_too_large(model, total, into)
        unfinished.mkdir()
        done = 0
        for path, _ in files:
            for size in _copy(path, unfinished / path.name):
                done += size
                on_progress(min(done, total), total)
                if cancelled():
                    raise Cancelled
        yield unfinished
    except OSError as error:
        raise not_added(model, error) from error
    except ValueError as error:
        raise WriterError(ErrorKind.MODEL_NOT_ADDED, path=model, reason=error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # after a rename there is none


def not_added(path: Path, error: OSError | WriterError) -> WriterError:
    """Return the MODEL_NOT_ADDED that words why `path` could not be."""
    failed = error if isinstance(error, WriterError) else save_failed(path, error)
    return WriterError(ErrorKind.MODEL_NOT_ADDED, path=path, reason=failed.fields["reason"])


def _copy(source: Path, target: Path) -> Iterator[int]:
    """Copy a file, on the disk at the end; yield the bytes of each block."""
    with source.open("rb") as read, target.open("xb") as written:
        while block := read.read(_BLOCK):
            written.write(block)
            yield len(block)
        written.flush()
        os.fsync(written.fileno())


def _refuse_too_large(model: Path, needed: int, into: Path) -> None:
    free = shutil.disk_usage(into).free
    if needed > free:
        reason = f"it takes {in_words(needed)}, and {in_words(free)} are free on the disk"
        raise WriterError(ErrorKind.MODEL_NOT_ADDED, path=model, reason=reason)


def _clear_abandoned(into: Path) -> None:
    """Let go of what a crash has left."""
    for folder in into.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)
