"""File names made of titles, such as every system takes, and folders for new books."""

import os
import re
from pathlib import Path

_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST_BYTES = 120


def file_name_of(title: str, otherwise: str) -> str:
    """Return a title as the name of a file, without an ending.

    >>> file_name_of(" What? A/B: Rain. ", "Untitled"), file_name_of("...", "Untitled")
    ('What A B Rain', 'Untitled')
    """
    name = " ".join(_UNFIT.sub(" ", title).split()).strip(". ")
    name = name.encode("utf-8")[:_LONGEST_BYTES].decode("utf-8", "ignore").strip(". ")
    return otherwise if not name or _RESERVED.fullmatch(name) else name


def free_folder(beside: Path, name: str) -> Path:
    """Return a folder of this name in `beside` that is not there yet, numbered if need be."""
    folder, number = beside / name, 2
    while os.path.lexists(folder):
        folder, number = beside / f"{name} {number}", number + 1
    return folder
