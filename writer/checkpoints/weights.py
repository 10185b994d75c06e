"""The weights of a model as its files hold them: shapes first, each tensor when it is asked for.

Under Hugging Face's names, from `safetensors` files, one or many, from PyTorch's own, or a GGUF.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.pickled import read_pickled
from writer.errors import ErrorKind, WriterError

SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"
_INDEX = ".index.json"
_MOST_FILES = 1000
_FLOATING = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""The number formats that weights may have, and their bytes; others mean something by a scale."""


class Weights(Protocol):
    """Tensors by name."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of each tensor that is there, known without reading it."""

    def read(self, name: str) -> torch.Tensor:
        """Return a tensor of `shapes`.

        Raises:
            ValueError: It is no tensor of floating numbers.
        """


class SafetensorsWeights:
    """The tensors of some `safetensors` files, each on the disk until it is read.

    A file is opened anew for each of them: what is mapped to memory goes when it is closed, so
    that reading a model never holds its file as well. That takes 0.3 ms a tensor.
    """

    def __init__(self, paths: list[Path]) -> None:
        self._path_of: dict[str, Path] = {}
        self._format_of: dict[str, str] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        for path in paths:
            with _opened(path) as file:
                for name in file.keys():  # noqa: SIM118 - no mapping
                    stored = file.get_slice(name)
                    if name in self.shapes:
                        raise ValueError(f"two files hold the weight {name:.60}")
                    self._path_of[name] = path
                    self._format_of[name] = str(stored.get_dtype())
                    self.shapes[name] = tuple(stored.get_shape())

    def read(self, name: str) -> torch.Tensor:
        """See `Weights`."""
        if self._format_of[name] not in _FLOATING:
            raise ValueError(f"{name:.60} is stored as {self._format_of[name]}")
        with _opened(self._path_of[name]) as file:
            tensor: torch.Tensor = file.get_tensor(name)
        return tensor


class PickledWeights:
    """The tensors of some files that PyTorch wrote."""

    def __init__(self, paths: list[Path]) -> None:
        self._tensors: dict[str, torch.Tensor] = {}
        for path in paths:
            for name, tensor in read_pickled(path).items():
                if name in self._tensors:
                    raise ValueError(f"two files hold the weight {name:.60}")
                self._tensors[name] = tensor

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Weights`."""
        return {name: tuple(tensor.shape) for name, tensor in self._tensors.items()}

    def read(self, name: str) -> torch.Tensor:
        """See `Weights`."""
        return self._tensors[name]


def weight_files(files: ModelFiles) -> tuple[Callable[[list[Path]], Weights], list[Path]]:
    """Return what reads the weights of a folder, and which files it reads.

    Raises:
        WriterError: MODEL_MISSING; there are none, or not all.
        ValueError: The list of files is damaged, or leads out of the folder.
    """
    readers: dict[str, Callable[[list[Path]], Weights]] = {
        SAFETENSORS: SafetensorsWeights,
        PICKLED: PickledWeights,
    }
    for name, reader in readers.items():
        if path := files.find(name):
            return reader, [path]
        if index := files.json(name + _INDEX):
            return reader, _listed(files, index, name + _INDEX)
    reason = f"{SAFETENSORS} is missing"
    raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)


def _listed(files: ModelFiles, index: dict[str, Any], name: str) -> list[Path]:
    """Return the files that an index shares the weights out to, in order."""
    shares = index.get("weight_map")
    if not isinstance(shares, dict) or not all(isinstance(each, str) for each in shares.values()):
        raise ValueError(f"{name} does not say which file holds what")
    names = sorted(set(shares.values()))
    if not 0 < len(names) <= _MOST_FILES:
        raise ValueError(f"{name} speaks of {len(names)} files")
    found = []
    for each in names:
        path = files.find(each)
        if path is None:
            reason = f"{each:.80} is missing"
            raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)
        found.append(path)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:  # safetensors has no types
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except SafetensorError as error:
        raise ValueError(f"{path.name:.80} is damaged: {error}") from error
