"""What each reading loses on every token of the same stretches of validation novels; kept.

The losses stand in one file a reading, a row a stretch; what is made of them is `comparison`'s.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from benchmarks.long_context.kept import kept
from benchmarks.long_context.preparation import Say, Stretch
from benchmarks.long_context.reading import reading_with, token_losses
from benchmarks.long_context.training import result_of
from benchmarks.long_context.variants import Reading, Variant
from writer.checkpoints.folder import Model, read_model
from writer.checkpoints.tokenizer import Tokenizer
from writer.errors import ErrorKind, WriterError
from writer.training.gaps import GapLoss, gap_losses

Losses = np.ndarray
"""(stretches, tokens), natural log."""
_GAP_WINDOW = 512
_GAPS_A_STRETCH = 8


def evaluate(variant: Variant, stretches: list[Stretch], stride: int, work: Path, say: Say) -> None:
    """Keep the losses of all readings of a trained variant, unless they are kept.

    Raises:
        WriterError: The model in work/NAME cannot be read.
    """
    for reading in variant.readings:
        path = work / "losses" / f"{reading.name}.npy"
        origin = {
            "weights": _state(work / variant.name / "model.safetensors"),
            "keys": dict(reading.keys),
            "stretches": len(stretches),
            "tokens": len(stretches[0].tokens),
            "stride": stride,
        }

        def measure(reading: Reading = reading, path: Path = path) -> str:
            model = read_model(work / variant.name)
            network = reading_with(model.network, reading.keys)
            rows = []
            for number, stretch in enumerate(stretches, 1):
                rows.append(token_losses(network, stretch.tokens, stride).numpy())
                say(f"{reading.name}: {number} of {len(stretches)} stretches")
            _write(path, np.stack(rows))
            return reading.name

        kept(path.with_suffix(".json"), origin, measure)


def losses_of(work: Path, reading: str) -> Losses | None:
    """Return the losses that a reading has been found to have; None where it has not been read."""
    path = work / "losses" / f"{reading}.npy"
    return np.load(path) if path.exists() else None


def gaps(variant: Variant, stretches: list[Stretch], work: Path, say: Say) -> None:
    """Keep what a trained variant loses on gaps in the middle of windows, unless it is kept."""
    windows = torch.stack(
        [
            stretch.tokens[1:][first : first + _GAP_WINDOW]
            for stretch in stretches
            for first in _starts(len(stretch.tokens) - 1)
        ]
    )

    def measure() -> list[dict[str, float | None]]:
        say(f"{variant.name}: filling gaps")
        found: list[GapLoss] = gap_losses(read_model(work / variant.name).network, windows)
        return [asdict(each) for each in found]

    weights = _state(work / variant.name / "model.safetensors")
    origin = {"weights": weights, "windows": list(windows.shape)}
    kept(work / "gaps" / f"{variant.name}.json", origin, measure)


def is_trained(work: Path, variant: Variant) -> bool:
    """Return whether the variant's training is finished."""
    return result_of(work, variant.name) is not None


def refuse_other_vocabulary(models: dict[str, Model]) -> None:
    """Refuse models whose tokens differ: their losses would not compare.

    Raises:
        WriterError: SETTING_INVALID.
    """
    first, *others = models
    for other in others:
        if _vocabulary(models[other].tokenizer) != _vocabulary(models[first].tokenizer):
            raise WriterError(
                ErrorKind.SETTING_INVALID, name="model", value=other,
                accepts=f"models with one vocabulary, here that of {first}",
            )  # fmt: skip


def _vocabulary(tokenizer: Tokenizer) -> list[bytes]:
    return [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]


def _starts(length: int) -> range:
    step = max(_GAP_WINDOW, length // _GAPS_A_STRETCH)
    return range(0, max(1, length - _GAP_WINDOW + 1), step)


def _write(path: Path, rows: Losses) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as out:
            np.save(out, rows.astype(np.float32))
        unfinished.replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=path, reason=reason) from error


def _state(path: Path) -> list[int]:
    """Return what tells one file from another at the same place."""
    try:
        state = path.stat()
    except OSError as error:
        raise WriterError(
            ErrorKind.MODEL_MISSING, path=path.parent, reason="it has not been trained"
        ) from error
    return [state.st_size, state.st_mtime_ns]
