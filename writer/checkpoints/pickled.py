"""Weights that PyTorch itself wrote: a pickle, in a zip file since 1.6, bare before.

A pickle is a program. Before torch's weights-only unpickler runs one, it is gone through without
running it, and only what writes a dictionary of tensors may be in it: that unpickler also knows
how to make a `bytearray` or a `Tensor` of any size, and believes whatever size a storage is said
to have.
"""

import errno
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
_MOST_STEPS = 2_000_000
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
        raise ValueError(f"{path.name} is damaged, or holds more than weights") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} holds no named weights")
    tensors = {
        name: tensor.detach()
        for name, tensor in found.items()
        if isinstance(name, str) and isinstance(tensor, torch.Tensor) and tensor.dtype in _FLOATING
    }
    if any(each.layout != torch.strided or each.is_meta for each in tensors.values()):
        raise ValueError(f"{path.name} holds weights that are not stored plainly")
    return tensors


class _RefusedError(Exception):
    """A reason, behind the file's name, not to load it."""


def _examine_zip(path: Path) -> None:
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _RefusedError("is compressed, which weights never are")
        if sum(entry.file_size for entry in entries) > size:
            raise _RefusedError("speaks of more than it holds")
        pickles = [entry for entry in entries if entry.filename.rpartition("/")[2] == _PICKLE]
        if len(pickles) != 1:
            raise _RefusedError("holds no named weights")
        with archive.open(pickles[0]) as file:
            _examine(file, size)


def _examine_bare(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        for _ in range(_BARE_PARTS):
            _examine(file, size)


def _examine(file: IO[bytes], size: int) -> None:
    """Go through a pickle, to its end, without running it."""
    for number, (step, argument, _) in enumerate(pickletools.genops(file)):
        if step.name not in _STEPS or number > _MOST_STEPS:
            raise _RefusedError("holds more than weights")
        if step.name == "GLOBAL" and argument not in _NAMES:
            raise _RefusedError(f"holds more than weights: {str(argument)!r:.60}")
        if isinstance(argument, int) and abs(argument) > size and argument != MAGIC_NUMBER:
            raise _RefusedError("speaks of more than it holds")
