"""The weights of a model as its files hold them: shapes first, each tensor when it is asked for.

Under Hugging Face's names, from `safetensors` files, one or many, from PyTorch's own, or a GGUF.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from writer.checkpoints.files import ModelFiles, parsed
from writer.checkpoints.pickled import read_pickled
from writer.errors import ErrorKind, WriterError

SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"
_INDEX = ".index.json"
_MOST_FILES, _MOST_TENSORS = 1000, 100_000
_FLOATING = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
"""The number formats that weights may have; others mean something by a scale."""
_LARGEST_HEADER = 16 << 20


class Weights(Protocol):
    """Tensors by name."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of each tensor that is there, known without reading it."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Return what else the files say, by name; nothing where their format has no place."""

    def read(self, name: str) -> torch.Tensor:
        """Return a tensor of `shapes`.

        Raises:
            ValueError: It is no tensor of floating numbers.
        """


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where and how a tensor is stored."""

    path: Path
    format: str
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int


class SafetensorsWeights:
    """The tensors of some `safetensors` files, each on the disk until it is read.

    The library verifies a file and reads none of it: it would map the whole to memory, which fails
    where the file is larger than that, though in 8 bits the model would fit.
    """

    def __init__(self, paths: list[Path]) -> None:
        self._stored: dict[str, _Stored] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.metadata: dict[str, str] = {}
        for path in paths:
            found, said = _verified(path)
            self.metadata |= said
            for name, (shape, stored) in found.items():
                if name in self.shapes:
                    raise ValueError(f"two files hold the weight {name:.60}")
                self.shapes[name], self._stored[name] = shape, stored

    def read(self, name: str) -> torch.Tensor:
        """See `Weights`."""
        stored = self._stored[name]
        if stored.format not in _FLOATING:
            raise ValueError(f"{name:.60} is stored as {stored.format}")
        data = np.fromfile(stored.path, np.uint8, stored.nbytes, offset=stored.offset)
        if data.nbytes != stored.nbytes:
            raise ValueError(f"{stored.path.name:.80} has been cut off")
        return torch.from_numpy(data).view(_FLOATING[stored.format]).view(self.shapes[name])


_Found = dict[str, tuple[tuple[int, ...], _Stored]]


def _verified(path: Path) -> tuple[_Found, dict[str, str]]:
    """Return the shape of each tensor of a `safetensors` file and where it is, and the metadata."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > _LARGEST_HEADER:
            raise ValueError(f"{path.name:.80} is damaged: its header is too large")
        header = file.read(size)
    try:
        with safe_open(path, framework="numpy") as verified:
            names = frozenset(verified.keys())
            metadata = dict(verified.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{path.name:.80} is incomplete or damaged ({error})") from error
    if len(names) > _MOST_TENSORS:
        raise ValueError(f"{path.name:.80} holds more weights than any model")
    found = {}
    for name, entry in parsed(header.decode("utf-8"), path.name).items():
        if name in names:
            first, last = entry["data_offsets"]
            stored = _Stored(path, entry["dtype"], 8 + size + first, last - first)
            found[name] = (tuple(entry["shape"]), stored)
    return found, metadata


class PickledWeights:
    """The tensors of some files that PyTorch wrote."""

    metadata: Mapping[str, str] = MappingProxyType({})

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
