"""A GGUF file: one file that holds a model's shape, its tokenizer and its weights (llama.cpp's).

The `gguf` package knows the number formats and turns them into numbers. The header is gone through
here: the package's reader makes an object of every word of a vocabulary (1.1 s and 128 MB for
GPT-2's) and believes every count, so that a damaged one keeps it busy for ever.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gguf
import numpy as np
import torch

_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_SCALARS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
"""The letter that `struct` has for each kind of number."""
_STRING, _ARRAY = 8, 9
_MOST_STRINGS = 1 << 20
"""In all lists: more than any vocabulary has, merges included."""
_MOST_TENSORS = 100_000
_KINDS = frozenset(gguf.GGMLQuantizationType)
_SMALLEST = 24
_MOST_DIMENSIONS = 4
_ALIGNMENT = 32

_OUTER = {
    "wte.weight": "token_embd.weight",
    "wpe.weight": "position_embd.weight",
    "ln_f.weight": "output_norm.weight",
    "ln_f.bias": "output_norm.bias",
    "lm_head.weight": "output.weight",
}
_BLOCK = {
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where and how a tensor is stored."""

    shape: tuple[int, ...]
    """Rows first, as torch has it."""
    kind: gguf.GGMLQuantizationType
    offset: int
    """Bytes from the beginning of the file."""
    nbytes: int


class GGUFFile:
    """The header of a GGUF file; its tensors stay on the disk until they are read.

    Raises:
        ValueError: It is no GGUF file, or damaged.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = path.stat().st_size
        if self._size < _SMALLEST:
            raise ValueError("it is no GGUF file")
        try:
            with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                header = _Header(data)
                self.fields, tensors = header.read()
            self._tensors = dict(self._located(tensors, header.position))
        except (struct.error, IndexError, UnicodeDecodeError, OverflowError) as error:
            raise ValueError(f"{path.name:.80} is damaged") from error

    @property
    def kind(self) -> str:
        """Return the architecture that it names."""
        found = self.fields.get("general.architecture")
        if not isinstance(found, str) or not found.isprintable() or not 0 < len(found) < 40:
            raise ValueError(f"{self.path.name:.80} does not say what kind of model it is")
        return found

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor, rows first, under GGUF's own names."""
        return {name: each.shape for name, each in self._tensors.items()}

    @property
    def formats(self) -> set[str]:
        """Return the names of the number formats of all matrices."""
        return {each.kind.name for each in self._tensors.values() if len(each.shape) > 1}

    def read(self, name: str) -> torch.Tensor:
        """Return a tensor as numbers in fp32.

        Raises:
            ValueError: Its number format cannot be turned into numbers.
        """
        stored = self._tensors[name]
        packed = np.fromfile(self.path, np.uint8, stored.nbytes, offset=stored.offset)
        block = gguf.constants.GGML_QUANT_SIZES[stored.kind][1]
        row_bytes = stored.nbytes // max(1, int(np.prod(stored.shape[:-1], dtype=np.int64)))
        if packed.nbytes != stored.nbytes or row_bytes % block:
            raise ValueError(f"{name:.60} is cut off")
        try:
            rows = packed.reshape(*stored.shape[:-1], row_bytes)
            with np.errstate(all="ignore"):  # what is no number will be found
                numbers = gguf.quants.dequantize(rows, stored.kind)
        except (NotImplementedError, ValueError) as error:
            raise ValueError(f"{name:.60} is stored as {stored.kind.name}") from error
        return torch.from_numpy(np.ascontiguousarray(numbers, dtype=np.float32))

    def _located(
        self, tensors: list[tuple[str, tuple[int, ...], int, int]], end: int
    ) -> Iterator[tuple[str, _Stored]]:
        alignment = self.fields.get("general.alignment", _ALIGNMENT)
        if type(alignment) is not int or alignment not in {1 << power for power in range(3, 20)}:
            raise ValueError(f"{self.path.name:.80} is aligned to {alignment!r:.20}")
        start = -(-end // alignment) * alignment
        for name, shape, number, offset in tensors:
            if number not in _KINDS:
                raise ValueError(f"{name:.60} is stored in an unknown way, {number}")
            kind = gguf.GGMLQuantizationType(number)
            block, block_bytes = gguf.constants.GGML_QUANT_SIZES[kind]
            if not shape or shape[-1] % block or min(shape) < 1:
                raise ValueError(f"{name:.60} has the shape {shape}")
            count = 1
            for each in shape:
                count *= each
            nbytes = count // block * block_bytes
            if start + offset + nbytes > self._size:
                raise ValueError(f"{self.path.name:.80} is incomplete: it lacks {name:.60}")
            yield name, _Stored(shape, kind, start + offset, nbytes)


class GGUFWeights:
    """The weights of a GPT-2 in a GGUF file, under Hugging Face's names and in its layout."""

    metadata: Mapping[str, str] = MappingProxyType({})

    def __init__(self, file: GGUFFile) -> None:
        self._file = file
        theirs = file.shapes
        blocks = {name.split(".")[1] for name in theirs if name.startswith("blk.")}
        names = dict(_OUTER)
        for block in blocks:
            for ours, their in _BLOCK.items():
                for part in ("weight", "bias"):
                    names[f"h.{block}.{ours}.{part}"] = f"blk.{block}.{their}.{part}"
        self._name_of = {ours: their for ours, their in names.items() if their in theirs}
        self.shapes = {
            ours: theirs[their][:: -1 if _is_turned(ours) else 1]
            for ours, their in self._name_of.items()
        }

    def read(self, name: str) -> torch.Tensor:
        """See `weights.Weights`."""
        tensor = self._file.read(self._name_of[name])
        return tensor.T if _is_turned(name) else tensor


def _is_turned(name: str) -> bool:
    """Return whether Hugging Face stores the matrix [in, out] and GGUF [out, in]."""
    return name.startswith("h.") and name.endswith("weight") and ".ln_" not in name


class _Header:
    """Reads what stands before the tensors; no count is believed that the bytes do not hold."""

    def __init__(self, data: mmap) -> None:
        self._data = data
        self._strings = 0
        self.position = 0

    def read(self) -> tuple[dict[str, Any], list[tuple[str, tuple[int, ...], int, int]]]:
        """Return the fields, and of each tensor its name, shape, number format and offset.

        Lists are lists of strings, or arrays.
        """
        if self._data[:4] != _MAGIC:
            raise ValueError("it is no GGUF file")
        self.position = 4
        (version,) = self._take("I")
        if version not in _VERSIONS:
            raise ValueError(f"it is a GGUF file of version {version}")
        tensor_count, field_count = self._take("QQ")
        fields: dict[str, Any] = {}
        for _ in range(self._checked(field_count, 13)):
            name = self._string()
            if name in fields:
                raise ValueError(f"its header says {name!r:.60} twice")
            fields[name] = self._value(self._take("I")[0])
        if tensor_count > _MOST_TENSORS:
            raise ValueError("its header speaks of more weights than any model has")
        tensors = [self._tensor() for _ in range(self._checked(tensor_count, 24))]
        if len({name for name, *_ in tensors}) < len(tensors):
            raise ValueError("its header names a tensor twice")
        return fields, tensors

    def _take(self, pattern: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{pattern}", self._data, self.position)
        self.position += struct.calcsize(f"<{pattern}")
        return found

    def _checked(self, count: int, nbytes: int) -> int:
        """Return `count` of things that have so many bytes at least, if there are as many."""
        if count * nbytes > len(self._data) - self.position:
            raise ValueError("its header speaks of more than it holds")
        return count

    def _string(self) -> str:
        length = self._checked(self._take("Q")[0], 1)
        found = self._data[self.position : self.position + length]
        self.position += length
        return found.decode("utf-8")

    def _value(self, kind: int) -> Any:  # noqa: ANN401 - any kind of value
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            inner, count = self._take("IQ")
            if inner == _STRING:
                self._strings += count
            if inner == _STRING and self._strings <= _MOST_STRINGS:
                return [self._string() for _ in range(self._checked(count, 8))]
            if inner in _SCALARS:
                kept = np.dtype(_SCALARS[inner]).newbyteorder("<")
                self._checked(count, kept.itemsize)
                start, self.position = self.position, self.position + count * kept.itemsize
                return np.frombuffer(self._data[start : self.position], kept)
            raise ValueError(f"its header has a list of kind {inner}")
        if kind in _SCALARS:
            return self._take(_SCALARS[kind])[0]
        raise ValueError(f"its header has a value of kind {kind}")

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._string()
        (dimensions,) = self._take("I")
        if not 0 < dimensions <= _MOST_DIMENSIONS:
            raise ValueError(f"{name:.60} has {dimensions} dimensions")
        shape = self._take(f"{dimensions}Q")
        kind, offset = self._take("IQ")
        return name, tuple(reversed(shape)), kind, offset
