"""From losses of single tokens to means of groups of them, and how sure their differences are.

Groups are positions in a stretch, and names said before. Pure numbers; knows no network.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.long_context.names import Mention

POSITIONS = {"0-1K": (0, 1024), "1-4K": (1024, 4096), "4-16K": (4096, 16_384)}
DISTANCES = {"< 1K": (0, 1024), "1-4K": (1024, 4096), "> 4K": (4096, 1 << 40)}
FAR, _FAR_TOKENS = ", last said 1K back or more", 1024
_SAMPLES = 2000

Marks = np.ndarray
"""(stretches, tokens), bool: which tokens belong to a group."""
Numbers = np.ndarray


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean loss of a group of tokens."""

    tokens: int
    loss: float
    """Natural log; not a number where there is no token."""
    difference: float | None = None
    """From the baseline's, on the same tokens."""
    error: float | None = None
    """The standard error of the difference: stretches are drawn again, with both of their losses
    (paired bootstrap)."""

    @property
    def perplexity(self) -> float:
        """Return among how many tokens, each as likely, one might as well guess."""
        return float(np.exp(self.loss))


def position_marks(shape: tuple[int, int], bins: Mapping[str, tuple[int, int]]) -> dict[str, Marks]:
    """Return the groups of tokens by position: how many tokens stand before in the stretch."""
    places = np.broadcast_to(np.arange(shape[1]), shape)
    return {name: (places >= low) & (places < high) for name, (low, high) in bins.items()}


def name_marks(
    found: Sequence[Sequence[Mention]], shape: tuple[int, int], counts: Counter[str], rare: int
) -> dict[str, Marks]:
    """Return the groups of tokens of names said before, by distance and by rarity.

    Args:
        found: The mentions of each stretch.
        shape: (stretches, tokens).
        counts: How often names stand in the training texts.
        rare: Names are, that stand there less often.
    """
    groups = [f"names, {distance}" for distance in DISTANCES]
    groups += [f"{kind} names{end}" for kind in ("rare", "common") for end in ("", FAR)]
    marks = {group: np.zeros(shape, dtype=bool) for group in groups}
    for row, mentioned in enumerate(found):
        for each in mentioned:
            kind = "rare names" if counts[each.name] < rare else "common names"
            distance = next(
                name for name, (low, high) in DISTANCES.items() if low <= each.distance < high
            )
            in_groups = [f"names, {distance}", kind]
            in_groups += [kind + FAR] if each.distance >= _FAR_TOKENS else []
            for group in in_groups:
                marks[group][row, each.first : each.end] = True
    return marks


def mean_loss(losses: Numbers, marks: Marks, baseline: Numbers | None = None) -> Mean:
    """Return the mean of the marked losses (stretches, tokens), and how it differs.

    Only the stretches count that all have: the first ones.
    """
    rows = len(losses) if baseline is None else min(len(losses), len(baseline))
    marked = marks[:rows]
    counts = marked.sum(axis=1)
    if not counts.sum():
        return Mean(0, float("nan"))
    sums = np.where(marked, losses[:rows], 0.0).sum(axis=1, dtype=np.float64)
    mean = float(sums.sum() / counts.sum())
    if baseline is None:
        return Mean(int(counts.sum()), mean)
    others = np.where(marked, baseline[:rows], 0.0).sum(axis=1, dtype=np.float64)
    differences = sums - others
    drawn = np.random.default_rng(0).integers(rows, size=(_SAMPLES, rows))
    total = counts[drawn].sum(axis=1)
    samples = differences[drawn].sum(axis=1)[total > 0] / total[total > 0]
    difference = float(differences.sum() / counts.sum())
    return Mean(int(counts.sum()), mean, difference, float(samples.std()))
