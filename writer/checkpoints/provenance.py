"""What a model's own papers say of it: its language and its licence. Nothing is guessed."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.gguf_file import GGUFFile

_LONGEST_FRONT = 64 << 10
_LONGEST_LICENCE = 4 << 10
"""Bytes."""
_LONGEST_SHOWN = 80


class Provenance(NamedTuple):
    """Each is empty where nothing tells it."""

    language: str
    """A code such as “en”; several with commas."""
    licence: str


def folder_provenance(files: ModelFiles) -> Provenance:
    """Return what the README.md of a model folder says in front, or its LICENSE file.

    Raises:
        ValueError: One of them is a link that leads out of the folder.
        OSError: One of them cannot be read.
    """
    readme = files.find("README.md")
    front = _front_matter(_beginning(readme, _LONGEST_FRONT)) if readme else {}
    licence = _words(front.get("license"))
    if licence in ("", "other"):
        licence = _words(front.get("license_name")) or licence
    for path in [] if licence else files.matching("LICENSE*"):
        licence = licence or _first_line(_beginning(path, _LONGEST_LICENCE))
    return Provenance(_words(front.get("language")), licence)


def file_provenance(file: GGUFFile) -> Provenance:
    """Return what the header of a GGUF file says."""
    fields = file.fields
    return Provenance(
        _words(fields.get("general.languages")), _words(fields.get("general.license"))
    )


def _beginning(path: Path, length: int) -> str:
    with path.open("rb") as file:
        return file.read(length).decode("utf-8-sig", "replace")


def _front_matter(text: str) -> dict[str, Any]:
    """Return what stands as YAML in front of a model card, between two lines of “---”."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        return {}
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    try:
        # Words alone: no dates, no merges, and the code of Norwegian is not False.
        found: Any = yaml.load("\n".join(lines[1:end]), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _words(value: object) -> str:
    """Return a word, or a list of such with commas; empty of anything else."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_words(each) for each in value if not _is_list(each))))
    found = " ".join(value.split()) if isinstance(value, str) else ""
    return found[:_LONGEST_SHOWN] if found.isprintable() and found not in ("null", "~") else ""


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _first_line(text: str) -> str:
    return _words(next((line for line in text.splitlines() if line.strip()), ""))
