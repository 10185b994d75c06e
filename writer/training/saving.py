"""Where a training stands, on the disk: whole or not at all, and the log beside it."""

import contextlib
import json
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from writer.errors import ErrorKind, WriterError

_CHECKPOINT, _LOG = "checkpoint.pt", "log.jsonl"
_VERSION = 1


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return what `write_checkpoint` kept in `folder`, None where nothing was.

    Raises:
        WriterError: FILE_UNREADABLE, also of a checkpoint that another version has kept.
    """
    path = folder / _CHECKPOINT
    if not path.exists():
        return None
    try:
        found = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=path, reason="it is damaged") from error
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        raise WriterError(
            ErrorKind.FILE_UNREADABLE, path=path, reason="another version of Writer has kept it"
        )
    return found


def write_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Keep `state`, on the disk when this returns; what was kept before stands until then.

    Raises:
        WriterError: CHECKPOINT_FAILED.
    """
    path = folder / _CHECKPOINT
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("wb") as out:
            torch.save({**state, "version": _VERSION}, out)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:  # RuntimeError is how torch says that a disk is full
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise _failed(folder, error) from error


def append_to_log(folder: Path, event: dict[str, Any]) -> None:
    """Add a line of JSON to the log.

    Raises:
        WriterError: CHECKPOINT_FAILED.
    """
    try:
        with (folder / _LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(event) + "\n")
    except OSError as error:
        raise _failed(folder, error) from error


def cut_log(folder: Path, step: int) -> None:
    """Forget the events after `step`: a training goes on from there, and will tell them anew.

    Raises:
        WriterError: CHECKPOINT_FAILED.
    """
    kept = [event for event in read_log(folder) if event.get("step", step + 1) <= step]
    try:
        text = "".join(json.dumps(event) + "\n" for event in kept)
        (folder / _LOG).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _failed(folder, error) from error


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return the events of the log; a line that a crash has cut short is passed over."""
    path = folder / _LOG
    events = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))
    return events


def _failed(folder: Path, error: Exception) -> WriterError:
    reason = getattr(error, "strerror", None) or "the disk may be full"
    return WriterError(ErrorKind.CHECKPOINT_FAILED, path=folder, reason=reason.lower())
