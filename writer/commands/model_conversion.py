"""From any GPT-2 that can be read to the folder that Hugging Face writes for one."""

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.folder import OnProgress, read_model, write_model
from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed
from writer.shelf.reading import READING
from writer.transformer.gpt import GPT

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
_PAPERS = ("README.md", "LICENSE*")


def convert(
    source: Path, out: Path, dtype: torch.dtype, on_progress: OnProgress = lambda share: None
) -> None:
    """Write the GPT-2 at `source` into the new or empty folder `out`, whole or not at all.

    The weights are kept in `dtype` from the moment they are read, and the model's card and licence
    go along; so does what was measured of them, where they stay the same.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED of the source, OUTPUT_UNWRITABLE.
    """
    out = Path(os.path.abspath(out))  # “.” has no name to be renamed to
    _refuse_taken(out)
    casting = _Casting(dtype)
    model = read_model(source, casting, on_progress)
    _refuse_infinite(model.network, out)
    unfinished = out.parent / f".writer-{secrets.token_hex(8)}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_model(unfinished, model.network, model.tokenizer, dtype)
        for paper in _papers(source, (*_PAPERS, *([] if casting.has_changed else [READING]))):
            shutil.copyfile(paper, unfinished / paper.name)
        if out.is_dir():
            out.rmdir()  # it is empty; Windows renames onto nothing that is there
        unfinished.rename(out)
    except WriterError as error:  # it names what is yet to become `out`
        raise _unwritable(out, error.fields["reason"]) from error
    except OSError as error:
        raise _unwritable(out, save_failed(out, error).fields["reason"]) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # after a rename there is none


class _Casting:
    """Puts a network's parts into another format, and notes whether any weight is another one."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self.has_changed = False

    def __call__(self, part: nn.Module) -> None:
        """Put `part` into the format."""
        for parameter in part.parameters():
            cast = parameter.to(self._dtype)
            self.has_changed |= not torch.equal(cast.to(parameter.dtype), parameter)
        part.to(self._dtype)


def _refuse_taken(out: Path) -> None:
    try:
        is_free = not out.exists() or not any(out.iterdir())
    except OSError as error:  # a file, for one
        raise _unwritable(out, save_failed(out, error).fields["reason"]) from error
    if not is_free:
        raise _unwritable(out, "there is something in it; choose a new folder")


def _refuse_infinite(network: GPT, out: Path) -> None:
    """Refuse weights that were finite, as all that are read are, and are too large for fp16."""
    for parameter in network.parameters():
        if not all(map(torch.isfinite, parameter.aminmax())):
            raise _unwritable(out, "some weights are too large for fp16; choose bf16")


def _papers(source: Path, patterns: Sequence[str]) -> list[Path]:
    """Return what stands beside the weights of a folder and is said of them."""
    files = ModelFiles(source)
    if files.is_single:
        return []
    try:
        return [path for pattern in patterns for path in files.matching(pattern)]
    except ValueError:  # it leads out of the folder
        return []


def _unwritable(out: Path, reason: object) -> WriterError:
    return WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=out, reason=reason)
