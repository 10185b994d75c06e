"""Two panels: perplexity by position of what was trained alike, time per token by length."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from benchmarks.long_context.variants import BASELINE, Reading, Variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EDGES = (0, 256, 512, 1024, 2048, 4096, 8192, 16_384)
_COLOURS = (
    "#222222",
    "#b4552d",
    "#2d6fb4",
    "#4a8f3c",
    "#8a5aa8",
    "#c99a1e",
    "#5aa8a0",
    "#999999",
    "#c23b6b",
)
_STYLES = ("o-", "s--", "^:")
_TIMED = ("dense", "banded", "longformer", "bigbird", "reformer", "performer", "hierarchical", "xl",
          "compressive")  # fmt: skip


class Curve(Protocol):
    """What is known of a reading."""

    @property
    def reading(self) -> Reading:
        """Return which one it is."""

    @property
    def losses(self) -> np.ndarray:
        """Return its losses, (stretches, tokens)."""


def draw(curves: Sequence[Curve], costs: Mapping[Variant, dict[str, Any]], path: Path) -> None:
    """Draw both panels into a PNG at `path`.

    Raises:
        OSError: It cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _perplexities(left, curves)
    _times(right, costs)
    for axes in (left, right):
        axes.grid(color="0.93")
        axes.spines[["top", "right"]].set_visible(False)
        if axes.lines:
            axes.legend(frameon=False, fontsize=8)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=100)


def _perplexities(axes: "Axes", curves: Sequence[Curve]) -> None:
    for number, curve in enumerate(curves):
        size = curve.losses.shape[1]
        edges = [each for each in _EDGES if each < size] + [size]
        spans = [(low, high) for low, high in pairwise(edges) if high > low]
        places = [(low + high) / 2 for low, high in spans]
        said = [float(np.exp(curve.losses[:, low:high].mean())) for low, high in spans]
        is_base = curve.reading.name == BASELINE
        style, colour = _STYLES[number % len(_STYLES)], _COLOURS[number % len(_COLOURS)]
        axes.plot(places, said, style, color=colour, markersize=4, linewidth=2 if is_base else 1.4,
                  label=curve.reading.label)  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("tokens read before it")
    axes.set_ylabel("perplexity of a token, validation novels")


def _times(axes: "Axes", costs: Mapping[Variant, dict[str, Any]]) -> None:
    timed = [variant for variant in costs if variant.name in _TIMED]
    for number, variant in enumerate(timed):
        found = costs[variant]["training"]
        axes.plot([int(each) for each in found], list(found.values()), _STYLES[number // 4 % 3],
                  color=_COLOURS[number % len(_COLOURS)], markersize=4, linewidth=1.4,
                  label=variant.label)  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("length of the text, tokens")
    axes.set_ylabel("microseconds a token, forward and backward")
