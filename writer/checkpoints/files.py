"""The files of one model: found by name, never outside its folder, never larger than sensible.

A model folder may come from anywhere. What it names is looked for among its own files only; a link
may lead out of it in one case, into the `blobs` of the Hugging Face cache whose snapshot it is.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError
from writer.shelf.model_files import GGUF, is_gguf, is_inside, repository_of

_LARGEST = {"tokenizer.json": 64 << 20, "config.json": 1 << 20}
"""Bytes; the vocabularies of the largest models have half as many."""
_LARGEST_OTHER = 8 << 20


class ModelFiles:
    """A model's folder, or its one GGUF file.

    Args:
        path: The folder, or the GGUF file in it that is the model.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_single = is_gguf(path) and path.is_file()
        self.folder = path.parent if self.is_single else path

    @property
    def name(self) -> str:
        """Return what to call the model: a cache's snapshot is named after its repository."""
        if self.is_single:
            return self.path.stem
        real = Path(os.path.realpath(self.folder))
        own_name = real.name if self.folder.name in ("", "..") else self.folder.name
        return repository_of(self.folder) or own_name

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
        if not is_inside(path, self.folder):
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
        return None if text is None else parsed(text, name)


def parsed(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object in `text`, from the file `name`.

    Raises:
        ValueError: It is no JSON object, or says something twice.
    """
    try:
        found: Any = json.loads(text, object_pairs_hook=_once)
    except _TwiceError as error:
        raise ValueError(f"{name:.80} says {error.args[0]!r:.60} twice") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name:.80} is not JSON") from error
    if not isinstance(found, dict):
        raise ValueError(f"{name:.80} is no JSON object")
    return found


def read_text(path: Path) -> str:
    """Return the text of a model's file, with plain line ends.

    Raises:
        ValueError: It is not UTF-8, or larger than any of its kind.
        OSError: It cannot be read.
    """
    if path.stat().st_size > _LARGEST.get(path.name, _LARGEST_OTHER):
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
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found
