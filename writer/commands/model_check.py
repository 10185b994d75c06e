"""Whether a model can be used: read whole, made to continue a text, and measured."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from writer.checkpoints.card import describe
from writer.commands.model_words import aligned, card_as_json, card_lines
from writer.errors import ErrorKind, WriterError
from writer.settings import Machine, Precision, Sampling
from writer.shelf.card import Card
from writer.shelf.speeds import Speed, Speeds
from writer.suggestion.request import Request

if TYPE_CHECKING:
    from writer.engine.engine import Engine

Tell = Callable[[str, float], None]
"""Told what is going on (“reading”, “writing”, “measuring”), and what share of it is done."""
_CANDIDATES, _LENGTH = 5, 24
"""Of the continuations of which one is shown: how many, and how many tokens at most."""
_SHOWN = 60
"""Characters of the text before it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of a model that can be used."""

    card: Card
    precision: str
    seconds_to_read: float
    before: str
    """The end of the text that was to be continued."""
    continuation: str
    tokens_per_second: float

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON takes it; `ok` says that it can be used."""
        return {
            "ok": True,
            "path": str(self.card.path),
            "precision": self.precision,
            "seconds_to_read": round(self.seconds_to_read, 2),
            "before": self.before,
            "continuation": self.continuation,
            "tokens_per_second": round(self.tokens_per_second, 1),
            "card": card_as_json(self.card),
        }

    def in_words(self) -> str:
        """Return all of it in plain words."""
        lines = card_lines(self.card)
        lines["read in"] = f"{self.seconds_to_read:.1f} s, for work in {self.precision}"
        lines["speed here"] = f"{self.tokens_per_second:,.0f} tokens a second, 5 continuations"
        lines["it writes"] = f"… {self.before} ▸ {self.continuation.strip()}"
        return aligned(lines)


def check_model(
    path: Path,
    tell: Tell,
    precision: Precision = Precision.AUTO,
    threads: int = 0,
    speeds: Speeds | None = None,
) -> Findings:
    """Read the model at `path` whole, let it continue a text, measure it, and remember its speed.

    Args:
        path: Its folder or file.
        tell: Told how far it is; what it raises ends the check.
        precision: In which it is to work.
        threads: How many; 0 leaves one core free.
        speeds: Where its speed is remembered; by default in the cache folder.

    Raises:
        WriterError: It cannot be used; the sentence says why.
    """
    from writer.__main__ import load_engine
    from writer.engine.measure import tokens_per_second

    tell("reading", 0.0)
    card = describe(path)
    machine = Machine(threads=threads, precision=precision.value, model=str(path.absolute()))
    started = time.perf_counter()
    engine = load_engine(machine, lambda share: tell("reading", share))
    seconds = time.perf_counter() - started
    tell("reading", 1.0)
    before, continuation = _continued(engine, lambda share: tell("writing", share))
    if not continuation:
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=path, reason="it writes nothing")
    speed = tokens_per_second(engine, lambda share: tell("measuring", share))
    found = Speed(speed, engine.precision.value)
    (Speeds() if speeds is None else speeds).remember(path, found)
    return Findings(card, found.precision, seconds, before, continuation, speed)


def _continued(engine: "Engine", on_progress: Callable[[float], None]) -> tuple[str, str]:
    """Return the end of the standard text, and how the model goes on with it at its best."""
    from writer.engine.measure import standard_text

    text = standard_text(engine.tokenizer)
    sampling = Sampling(candidates=_CANDIDATES, length=_LENGTH)
    said, answers = "", 0
    with closing(engine.stream(Request(0, len(text), text, "", sampling, seed=1))) as stream:
        for answer in stream:
            answers += 1
            on_progress(min(1.0, answers / _LENGTH))
            said = next((each.text for each in answer.candidates if each.text.strip()), "")
    on_progress(1.0)
    return text[-_SHOWN:].strip(), said


class Telling:
    """Tells how far a check is: as lines of JSON, on a terminal in place, or not at all."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._told = ("", -1)

    def __call__(self, phase: str, share: float) -> None:
        """Tell it, if it is another whole percent."""
        percent = int(share * 100)
        if (phase, percent) == self._told:
            return
        self._told = (phase, percent)
        if self._as_json:
            print(json.dumps({"phase": phase, "share": percent / 100}), flush=True)
        elif sys.stderr.isatty():
            print(f"\r\033[K{phase}: {percent}%", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if not self._as_json and sys.stderr.isatty() and self._told[0]:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
