"""`reading.json`: the loss by position that stands beside a model's card, as it is read."""

import json
from pathlib import Path
from typing import Any

from writer.checkpoints.files import ModelFiles
from writer.shelf.reading import LARGEST_BYTES, READING, Reading, of_json


def read_reading(files: ModelFiles, n_ctx: int) -> Reading | None:
    """Return the loss by position of a model folder, None where none is said soundly."""
    if files.is_single:  # it would be that of the folder's other models as well
        return None
    try:
        path = files.find(READING)
        if path is None or path.stat().st_size > LARGEST_BYTES:
            return None
        found: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return of_json(found, n_ctx)


def forget_reading(folder: Path) -> None:
    """Take away what was measured of weights that stood in `folder` before."""
    (folder / READING).unlink(missing_ok=True)
