"""The files of a model: which of those in its folder are its own, and where they really are.

A folder may come from anywhere. What is a link leads to a file of the same folder, or into the
`blobs` of the Hugging Face cache whose snapshot the folder is; any other is refused.
"""

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from writer.shelf.reading import READING

CONFIG, GGUF = "config.json", ".gguf"
_SNAPSHOTS, _BLOBS = "snapshots", "blobs"
"""A cache lays its folders out as models--NAME/{blobs,snapshots/REVISION}."""
_SAFETENSORS = ("*.safetensors", "*.safetensors.index.json")
_MAIN = ("model.safetensors", "model.safetensors.index.json")
"""Where one of these is, PyTorch's own files are not looked at."""
_PICKLED = ("pytorch_model*.bin", "pytorch_model*.bin.index.json")
_BESIDE = (
    CONFIG, "tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    "vocab*.txt", "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json",
    "tokenizer_config.json", "generation_config.json", "README.md", "LICENSE*",
    READING,
)  # fmt: skip
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", f"*{GGUF}")
_ALL = (*_SAFETENSORS, *_PICKLED, *_BESIDE, f"*{GGUF}")


def model_at(path: Path) -> Path:
    """Return the model that `path` means: a folder or a GGUF file, whether it is there or not.

    A file of a model folder means the folder; a folder that holds a single GGUF file and no
    `config.json` means that file; a repository in the Hugging Face cache means its snapshot.
    """
    if os.path.isfile(path):
        is_within = not is_gguf(path) and is_model_file(path.name)
        return path.parent if is_within else path
    path = _snapshot(path)
    ggufs = gguf_files(path)
    is_folder = len(ggufs) != 1 or os.path.isfile(path / CONFIG)
    return path if is_folder else ggufs[0]


def is_gguf(path: Path) -> bool:
    """Return whether a file is called as GGUF files are."""
    return path.suffix.lower() == GGUF


def is_model_file(name: str) -> bool:
    """Return whether a file of this name belongs to a model in whose folder it stands."""
    return _matches(name, _ALL)


def is_weights(name: str) -> bool:
    """Return whether a file of this name holds weights."""
    return _matches(name, _WEIGHTS)


def gguf_files(folder: Path) -> list[Path]:
    """Return the GGUF files that stand in `folder`, by name; none where it cannot be read."""
    return [path for path in _files_in(folder) if is_gguf(path)]


def model_files(model: Path) -> list[Path]:
    """Return the files that a model needs: a GGUF file itself, or those of its folder, by name.

    Of the same weights in several formats, those that are read.

    Raises:
        ValueError: One is a link that leads out of the folder.
    """
    if is_gguf(model):
        return [model]
    present = list(_files_in(model))
    is_safe = any(path.name in _MAIN for path in present)
    others = () if is_safe else _PICKLED
    found = [path for path in present if _matches(path.name, (*_SAFETENSORS, *others, *_BESIDE))]
    for path in found:
        if not is_inside(path, model):
            raise ValueError(f"{path.name} leads out of the folder")
    return found


def size_of(model: Path) -> int:
    """Return the bytes that a model takes on the disk.

    Raises:
        ValueError: One of its files is a link that leads out of the folder.
        OSError: One of them is gone.
    """
    return sum(path.stat().st_size for path in model_files(model))


def _names_in(folder: Path) -> list[str]:
    """Return the names of what is in `folder`, in order; none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):  # it has a NUL in it
        return []


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield the ordinary files in `folder`, and links to such, by name."""
    for name in _names_in(folder):
        path = folder / name
        try:
            if stat.S_ISREG(path.stat().st_mode):
                yield path
        except OSError:
            continue  # a link to nothing, or gone meanwhile


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a file of `folder` is really there, or where a cache keeps it."""
    # os.path, because pathlib raises for links that lead round in a circle.
    real = Path(os.path.realpath(folder))
    allowed = {real, real.parent.parent / _BLOBS} if real.parent.name == _SNAPSHOTS else {real}
    return Path(os.path.realpath(path)).parent in allowed


def repository_of(folder: Path) -> str:
    """Return the name of the repository whose cached snapshot `folder` is, empty if it is none."""
    real = Path(os.path.realpath(folder))
    if real.parent.name != _SNAPSHOTS:
        return ""
    return real.parent.parent.name.removeprefix("models--").replace("--", "/")


def _snapshot(folder: Path) -> Path:
    """Return the snapshot that a repository in the Hugging Face cache means, else `folder`."""
    names = _names_in(folder / _SNAPSHOTS)
    if not names or os.path.isfile(folder / CONFIG):
        return folder
    try:
        current = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        current = names[0] if len(names) == 1 else ""
    return folder / _SNAPSHOTS / current if current in names else folder


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
