"""The curve of a training, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw_curve(events: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the loss of the log's `events` over the tokens read into a PNG at `path`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    read = [(each["tokens"] / 1e6, each["loss"]) for each in events if each.get("loss")]
    told = [each for each in events if "tokens" in each and each["held_out"]]
    checked = [(each["tokens"] / 1e6, each["held_out"]) for each in told]
    if read:
        axes.plot(*zip(*read, strict=True), color="0.75", linewidth=0.8, label="each update")
    if checked:
        places = zip(*checked, strict=True)
        axes.plot(*places, "o-", color="#b4552d", markersize=3, label="held-out text")
        lowest = min(loss for _, loss in checked)
        axes.set_ylim(lowest * 0.9, min(max(loss for _, loss in checked), lowest * 1.8))
    axes.set_xlabel("million tokens read")
    axes.set_ylabel("loss, nats a token")
    axes.grid(color="0.93")
    axes.spines[["top", "right"]].set_visible(False)
    if read or checked:
        axes.legend(frameon=False)
    FigureCanvasAgg(figure)
    figure.savefig(path)
