"""The files of one model: found by name, never outside its folder, never larger than sensible.

A model folder may come from anywhere. What it names is looked for among its own files only; a link
may lead out of it in one case, into the `blobs` of the Hugging Face cache whose snapshot it is.
"""

import json
import re
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError

GGUF = ".gguf"
_LARGEST_TEXT = 64 << 20
"""Bytes; the vocabularies of the largest models have half as many."""
_SNAPSHOTS, _BLOBS = "snapshots", "blobs"


class ModelFiles:
    """A model's folder, or its one GGUF file.

    Args:
        path: The folder, or the GGUF file in it that is the model.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_single = path.suffix.lower() == GGUF and path.is_file()
        self.folder = path.parent if self.is_single else path
        self._real = self.folder.resolve()
        # A cache lays its folders out as models--NAME/{blobs,snapshots/REVISION}.
        is_snapshot = self._real.parent.name == _SNAPSHOTS
        self._blobs = self._real.parent.parent / _BLOBS if is_snapshot else None

    @property
    def name(self) -> str:
        """Return what to call the model: a cache's snapshot is named after its repository."""
        if self.is_single:
            return self.path.stem
        if self._blobs is not None:
            return self._real.parent.parent.name.removeprefix("models--").replace("--", "/")
        return self._real.name if self.folder.name in ("", "..") else self.folder.name

    def find(self, name: str) -> Path | None:
        """Return the file `name` of the folder, None where there is none.

        Raises:
            ValueError: It is a link that leads out of the folder, or no plain name.
        """
        if not name or name in (".", "..") or re.search(r"[/\\\0]", name):
            raise ValueError(f"{name!r:.60} is no name of a file in the folder")
        path = self.folder / name
        if not path.is_file():
            return None
        if path.resolve().parent not in (self._real, self._blobs):
            raise ValueError(f"{name} leads out of the folder")
        return path

    def matching(self, pattern: str) -> list[Path]:
        """Return the files of the folder whose names match, by name; see `find`."""
        names = sorted(path.name for path in self.folder.glob(pattern) if path.is_file())
        return [path for name in names if (path := self.find(name))]

    def text(self, name: str) -> str | None:
        """Return the text in the file `name`, with plain line ends, None where there is none.

        Raises:
            ValueError: It is not UTF-8, or larger than any of its kind.
        """
        path = self.find(name)
        return None if path is None else read_text(path)

    def json(self, name: str) -> dict[str, Any] | None:
        """Return the JSON object in the file `name`, None where there is no such file.

        Raises:
            ValueError: It is no JSON object, or says something twice.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            found: Any = json.loads(text, object_pairs_hook=_once)
        except _TwiceError as error:
            raise ValueError(f"{name} says {error.args[0]!r:.60} twice") from error
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{name} is not JSON") from error
        if not isinstance(found, dict):
            raise ValueError(f"{name} is no JSON object")
        return found


def read_text(path: Path) -> str:
    """Return the text of a model's file, with plain line ends.

    Raises:
        ValueError: It is not UTF-8, or larger than any of its kind.
        OSError: It cannot be read.
    """
    if path.stat().st_size > _LARGEST_TEXT:
        raise ValueError(f"{path.name} is larger than any of its kind")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text") from error
    return text.replace("\r\n", "\n")


def gguf_file(files: ModelFiles) -> Path | None:
    """Return the GGUF file that is the model: the one named, or the only one without a config.

    Raises:
        WriterError: MODEL_MISSING; there are several, and one has to be chosen.
        ValueError: It leads out of the folder.
    """
    if files.is_single:
        return files.find(files.path.name)
    found = [] if files.find("config.json") else files.matching(f"*{GGUF}")
    if len(found) > 1:
        reason = "it holds several GGUF files; choose one of them"
        raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)
    return found[0] if found else None


class _TwiceError(ValueError):
    """A JSON object has a key twice, which is its argument."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return found
