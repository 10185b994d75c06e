"""Deleting a model of the writer's own, and the training that led to it; never anything else."""

import shutil
from contextlib import suppress
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed
from writer.manuscript.lock import FileLock
from writer.shelf.model_files import CONFIG, is_model_file

_WORK, _LOCK = "work", "lock"
"""Where a training keeps what it needs, and what is held while one is running."""
_TRAINING_FILES = ("loss.png", "model.safetensors.part")


def remove_folder(name: str, folder: Path) -> None:
    """Delete the model in `folder`, which the writer calls `name`, and its training.

    The folder goes, too, unless there is something else in it. A link is removed as a link.

    Raises:
        WriterError: MODEL_NOT_REMOVED.
    """
    work = folder / _WORK
    lock = FileLock(work / _LOCK)
    has_training = work.is_dir() and not work.is_symlink() and not folder.is_symlink()
    try:
        if folder.is_symlink():
            folder.unlink()
        elif has_training and not lock.acquire():
            reason = "a training is writing into it"
            raise WriterError(ErrorKind.MODEL_NOT_REMOVED, name=name, reason=reason)
        else:
            _delete(folder, work if has_training else None)
    except OSError as error:
        said = save_failed(folder, error).fields["reason"]
        raise WriterError(ErrorKind.MODEL_NOT_REMOVED, name=name, reason=said) from error
    finally:
        lock.release()


def _delete(folder: Path, work: Path | None) -> None:
    # First what makes it a model, so that half of one is never offered.
    (folder / CONFIG).unlink(missing_ok=True)
    for path in folder.iterdir():
        is_ours = is_model_file(path.name) or path.name in _TRAINING_FILES
        if is_ours and (path.is_symlink() or path.is_file()):
            path.unlink()
    if work is not None:
        shutil.rmtree(work)
    with suppress(OSError):  # there is something else in it
        folder.rmdir()
