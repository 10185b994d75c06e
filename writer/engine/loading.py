"""From a model on the disk to an engine at work, if the machine's memory has room for it."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch

from writer.checkpoints.files import ModelFiles, gguf_file
from writer.checkpoints.folder import (
    OnProgress,
    model_kind,
    read_model,
    read_shape,
    refuse_gap_filler,
    refusing,
)
from writer.checkpoints.memory import gpt2_memory, held_while_reading
from writer.engine.engine import Engine
from writer.engine.fingerprint import fingerprint
from writer.engine.memory import returned
from writer.engine.precision import adapt, best_device, fastest, precisions
from writer.errors import ErrorKind, WriterError
from writer.hardware import free_memory_bytes
from writer.settings import Precision
from writer.shelf.card import GPT2
from writer.shelf.sizes import in_words

_LARGE_BYTES = 1_000_000_000


def load_engine(
    path: Path,
    precision: Precision = Precision.AUTO,
    threads: int | None = None,
    memory: Path | None = None,
    on_progress: OnProgress = lambda share: None,
) -> Engine:
    """Read the model at `path` into the precision that is asked for, or the fastest that fits here.

    Args:
        path: The model's folder, or its GGUF file.
        precision: What the network works in.
        threads: How many; from the first moment on, as torch prepares them at its first work.
        memory: A file that keeps which precision is fastest; None measures it anew.
        on_progress: Told what share has been read; whatever it raises ends the loading.

    Raises:
        WriterError: MODEL_MISSING, MODEL_DAMAGED, MODEL_READS_BOTH_SIDES, MODEL_TOO_LARGE or
            PRECISION_UNAVAILABLE.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    device = torch.device("cpu") if precision == Precision.INT8 else best_device()
    if precision not in (Precision.AUTO, *precisions(device)):
        raise WriterError(ErrorKind.PRECISION_UNAVAILABLE, precision=precision.value)
    is_foreign = model_kind(path) != GPT2
    if not is_foreign:
        refuse_gap_filler(path, read_shape(path))
    wanted = precision
    if wanted == Precision.AUTO and not is_foreign:
        wanted = fastest(read_shape(path), device, memory)
    is_bound = precision != Precision.AUTO or device.type != "cpu"
    needed = _needed(path)
    precision = _fitting(path, needed, wanted, () if is_bound else precisions(device))
    # Each piece mapped anew takes a second more of 124M, and there is room for what it spares.
    is_large = needed.get(precision.value, max(needed.values())) > _LARGE_BYTES
    with returned() if is_large else nullcontext():
        if is_foreign:
            from writer.engine.foreign import load_foreign

            return load_foreign(path, precision, device, on_progress, memory)
        change = partial(adapt, precision=precision, device=device)
        return Engine(read_model(path, change, on_progress), precision, fingerprint(path))


def _fitting(
    path: Path, needed: dict[str, int], wanted: Precision, others: tuple[Precision, ...]
) -> Precision:
    """Return `wanted`, or the first of the others that the free memory has room for.

    Raises:
        WriterError: MODEL_TOO_LARGE; with the least that would be needed and what is free.
    """
    free = free_memory_bytes()
    most = max(needed.values())  # what AUTO may come to
    for each in (wanted, *others):
        if needed.get(each.value, most) <= free:
            return each
    least = min(needed.get(each.value, most) for each in (wanted, *others))
    raise WriterError(
        ErrorKind.MODEL_TOO_LARGE, path=path, needed=in_words(least), free=in_words(free)
    )


def _needed(path: Path) -> dict[str, int]:
    """Return the bytes that a model takes at work, by `Precision` value."""
    if model_kind(path) != GPT2:
        from writer.checkpoints.card import describe  # which imports more than a GPT-2 needs

        return describe(path).memory_bytes
    shape = read_shape(path)
    with refusing(path):
        files = ModelFiles(path)
        is_packed = gguf_file(files) is not None
        beside = 0 if is_packed else held_while_reading(files)
    sizes = gpt2_memory(shape, is_packed)
    return {precision: size + beside for precision, size in sizes.items()}
