"""Weights that PyTorch itself wrote: a pickle, in a zip file since 1.6, bare before.

A pickle is a program. Before torch's weights-only unpickler runs one, it is gone through without
running it, and only what writes a dictionary of tensors may be in it: that unpickler also knows
how to make a `bytearray` or a `Tensor` of any size, and believes whatever size a storage is said
to have.
"""

import errno
import io
import os
import pickle
import pickletools
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any

import torch
from torch.serialization import MAGIC_NUMBER

_NAMES = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
        *(f"torch {kind}Storage" for kind in ("Double", "Float", "Half", "BFloat16")),
        *(f"torch {kind}Storage" for kind in ("Long", "Int", "Short", "Char", "Byte", "Bool")),
    }
)
"""All that weights are made of; integers are the masks that old GPT-2 files hold besides."""
_STEPS = frozenset(
    (
        *("PROTO", "FRAME", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
        *("EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "NONE", "NEWTRUE", "NEWFALSE"),
        *("BININT", "BININT1", "BININT2", "LONG1", "BINSTRING", "SHORT_BINSTRING"),
        *("BINUNICODE", "SHORT_BINUNICODE"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "MEMOIZE"),
    )
)
_PICKLE = "data.pkl"
_BARE_PARTS = 5
"""Pickles at the front of a bare file: two numbers, the system, the weights, the storages' keys."""
_MOST_STEPS = 200_000
_LARGEST_PICKLE = 16 << 20
"""Bytes; that of a thousand tensors has 150 KB."""
_DAMAGE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, EOFError),
    *(OverflowError, AssertionError, pickle.UnpicklingError, zipfile.BadZipFile),
)
"""What the readers of pickles and of zip files are known to raise on damaged ones."""
_FLOATING = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def read_pickled(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of floating numbers in a file that `torch.save` wrote.

    Those in a zip file stay on the disk until they are looked at.

    Raises:
        ValueError: It holds anything but named tensors, or is damaged.
        OSError: It cannot be read.
    """
    try:
        is_zip = zipfile.is_zipfile(path)
        _examine_zip(path) if is_zip else _examine_bare(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own word for storages is out of date
            found: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except _RefusedError as error:
        raise ValueError(f"{path.name} {error}") from error
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # a place before the file's beginning is damage, too
        if "mmap" in str(error):
            raise ValueError(f"{path.name} is larger than the memory") from error
        raise ValueError(f"{path.name} is damaged, or holds more than weights") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]  # what training programs keep has more around it
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} holds no named weights")
    tensors = {
        name: tensor.detach()
        for name, tensor in found.items()
        if isinstance(name, str) and isinstance(tensor, torch.Tensor) and tensor.dtype in _FLOATING
    }
    if any(each.nbytes > each.untyped_storage().nbytes() for each in tensors.values()):
        raise ValueError(f"{path.name} holds weights that are not stored plainly")
    # Twice, because an embedding may be the head, too.
    if sum(each.nbytes for each in tensors.values()) > 2 * path.stat().st_size:
        raise ValueError(f"{path.name} speaks of more than it holds")
    return tensors


class _RefusedError(Exception):
    """A reason, behind the file's name, not to load it."""


def _examine_zip(path: Path) -> None:
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _RefusedError("is compressed, which weights never are")
        if archive.start_dir != _directory_offset(path):
            raise _RefusedError("has two directories")  # of which torch might take the other
        if sum(entry.file_size for entry in entries) > size:
            raise _RefusedError("speaks of more than it holds")
        pickles = [entry for entry in entries if entry.filename.rpartition("/")[2] == _PICKLE]
        if len(pickles) != 1 or pickles[0].file_size > _LARGEST_PICKLE:
            raise _RefusedError("holds no named weights")
        with archive.open(pickles[0]) as file:
            _examine(file, size)


def _examine_bare(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        front = io.BytesIO(file.read(_LARGEST_PICKLE))
    for _ in range(_BARE_PARTS):
        _examine(front, size)


def _directory_offset(path: Path) -> int:
    """Return where a zip file says that its directory begins, in its last bytes."""
    with path.open("rb") as file:
        file.seek(-22, os.SEEK_END)
        end = file.read()
        if end[:4] != b"PK\5\6":
            raise _RefusedError("is no file of torch's")
        file.seek(max(-42, -path.stat().st_size), os.SEEK_END)
        locator = file.read(20)
        if locator[:4] == b"PK\6\7":  # that of large files stands elsewhere
            file.seek(int.from_bytes(locator[8:16], "little"))
            return int.from_bytes(file.read(56)[48:], "little")
        return int.from_bytes(end[16:20], "little")


def _examine(file: IO[bytes], size: int) -> None:
    """Go through a pickle, to its end, without running it."""
    for number, (step, argument, _) in enumerate(pickletools.genops(file)):
        if step.name not in _STEPS or number > _MOST_STEPS:
            raise _RefusedError("holds more than weights")
        if step.name == "GLOBAL" and argument not in _NAMES:
            raise _RefusedError(f"holds more than weights: {str(argument)!r:.60}")
        if isinstance(argument, int) and abs(argument) > size and argument != MAGIC_NUMBER:
            raise _RefusedError("speaks of more than it holds")
