"""Two models on the same later tokens: one of a longer context against the one it came from."""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.long_context.comparison import mean_loss, position_marks
from benchmarks.long_context.evaluation import refuse_other_vocabulary
from benchmarks.long_context.kept import read, write
from benchmarks.long_context.preparation import Say, stretches
from benchmarks.long_context.reading import token_losses
from writer.checkpoints.folder import read_model
from writer.shelf.shelf import Shelf

_EACH = 4
"""Stretches of every novel."""


def compare(models: tuple[str, str], corpus: Path, stride: int, work: Path, say: Say) -> None:
    """Keep and say what two models lose by position, up to the longer context of both.

    Each reads on where its context has room, and else its last n_ctx tokens again and again.

    Raises:
        WriterError: A model is missing, or they do not have one vocabulary.
    """
    read_models = {each: read_model(Shelf().find(each)) for each in models}
    refuse_other_vocabulary(read_models)
    length = max(model.network.n_ctx for model in read_models.values())
    tokenizer = read_models[models[0]].tokenizer
    texts = stretches(corpus, tokenizer, _EACH, length)
    rows: dict[str, list[np.ndarray]] = {each: [] for each in models}
    for number, text in enumerate(texts):
        say(f"reading {number + 1} of {len(texts)}")
        for each, model in read_models.items():
            rows[each].append(token_losses(model.network, text.tokens, stride).numpy())
    one, two = (np.stack(rows[each]) for each in models)
    edges = [0, *(1024 << power for power in range(20) if 1024 << power < length), length]
    bins = {f"{low:,}-{high:,}": (low, high) for low, high in pairwise(edges)}
    found: dict[str, Any] = {"stride": stride, "models": [], "bins": {}}
    for each, model in read_models.items():
        found["models"].append({"name": Path(each).name, "n_ctx": model.network.n_ctx})
    for name, marks in position_marks(one.shape, bins).items():
        mean, other = mean_loss(one, marks, two), mean_loss(two, marks)
        found["bins"][name] = {**asdict(mean), "other": other.loss}
        say(f"{name}: {mean.loss:.4f} against {other.loss:.4f}, "
            f"{mean.difference:+.4f} ± {mean.error:.4f}")  # fmt: skip
    write(work / "extended" / f"{'-against-'.join(Path(each).name for each in models)}.json", found)


def comparisons(work: Path) -> list[dict[str, Any]]:
    """Return all that has been compared."""
    found = (read(path) for path in sorted((work / "extended").glob("*.json")))
    return [each for each in found if each is not None]
