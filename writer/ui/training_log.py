"""The log of a training, followed while it grows. No Qt.

`writer train` adds a line of JSON an update. The last line may be half written, and after a crash
some updates stand in it twice: the later ones count.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SMOOTHING = 0.9
_WORST = 20.0
"""A network of chance has 12 at most; what has gone astray shall still have a perplexity."""
_PLACES = 400
"""Of the curve: however long a training is, it costs no more than this to draw."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Two losses against the share of the budget that was spent, 0 to 1; natural logs."""

    read: tuple[tuple[float, float], ...] = ()
    """(share, loss) on what is learned from, smoothed."""
    held_out: tuple[tuple[float, float], ...] = ()
    """(share, loss) on the pages that are kept back."""


class TrainingLog:
    """What the log says so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._step = -1
        self._smooth = 0.0
        self._weight = 0.0
        self._read: list[tuple[int, float, float]] = []
        self._held_out: list[tuple[int, float, float]] = []
        self.has_begun = False
        """Whether the network has been looked at once."""
        self.share = 0.0
        """Of the budget that is spent, 0 to 1."""
        self.is_finished = False
        self.after: float | None = None
        """The loss on the pages kept back, at the very end."""

    @property
    def before(self) -> float | None:
        """The loss on the pages kept back before any learning; None where none were."""
        first = self._held_out[0] if self._held_out else None
        return first[2] if first and first[0] == 0 else None

    @property
    def curve(self) -> Curve:
        """Both losses so far."""
        return Curve(
            tuple((share, loss) for _, share, loss in self._read),
            tuple((share, loss) for _, share, loss in self._held_out),
        )

    def read_new(self) -> bool:
        """Take in what has been added; return whether that was anything."""
        try:
            with self._path.open("rb") as log:
                log.seek(self._offset)
                new = log.read()
        except OSError:  # not there yet
            return False
        whole = new.rfind(b"\n") + 1
        self._offset += whole
        for line in new[:whole].splitlines():
            self._take(line)
        return whole > 0

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:  # cut short by a crash
            return
        if not isinstance(event, dict):
            return
        if "chosen" in event:  # the last line: which of its weights the model was left with
            self.after = _number(event, "held_out")
            self.is_finished = True
            return
        step, share = _number(event, "step"), _number(event, "share")
        if step is None or share is None:
            return
        self._rewind(int(step))
        self.has_begun, self.is_finished = True, False
        self._step, self.share = int(step), min(1.0, max(0.0, share))
        self._add(_number(event, "loss"), _number(event, "held_out"))

    def _rewind(self, step: int) -> None:
        """Forget what was learned after the checkpoint that the training has gone on from."""
        if step > self._step:
            return
        self._read = [point for point in self._read if point[0] < step]
        self._held_out = [point for point in self._held_out if point[0] < step]

    def _add(self, loss: float | None, held_out: float | None) -> None:
        if held_out is not None:
            self._held_out.append((self._step, self.share, min(held_out, _WORST)))
        if loss is None:
            return
        self._smooth = _SMOOTHING * self._smooth + (1 - _SMOOTHING) * min(loss, _WORST)
        self._weight = _SMOOTHING * self._weight + (1 - _SMOOTHING)
        point = (self._step, self.share, self._smooth / self._weight)
        last = self._read[-1] if self._read else None
        if last and int(last[1] * _PLACES) == int(self.share * _PLACES):
            self._read[-1] = point
        else:
            self._read.append(point)


def _number(event: dict[str, Any], name: str) -> float | None:
    value = event.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
