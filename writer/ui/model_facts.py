"""ModelFacts: what has been found out about the models, and what is shown of it. No widget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from writer.shelf.card import Card
from writer.shelf.shelf import Entry
from writer.shelf.speeds import LengthTimes, Speeds
from writer.ui import model_words
from writer.ui.length_curves import LengthChart, loss_chart, memory_chart, time_chart
from writer.ui.model_check import Checked
from writer.ui.model_lengths import LOSS, MEMORY, TIME

_READ = (
    "language", "parameters", "reading", "vocabulary", "licence", "size", "memory", "speed",
)  # fmt: skip
_UNREAD = "…"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card shows of a model."""

    facts: dict[str, str]
    warning: str = ""
    is_error: bool = False
    sample: tuple[str, str] = ("", "")
    """The end of a text, and how the model went on with it."""


class ModelFacts:
    """Cards, faults, speeds and continuations, by the model's path."""

    def __init__(self, speeds: Speeds, free_bytes: Callable[[], int]) -> None:
        self.free_bytes = free_bytes
        self._speeds = speeds
        self._cards: dict[Path, Card] = {}
        self._faults: dict[Path, str] = {}
        self._samples: dict[Path, tuple[str, str]] = {}
        self._measured: dict[Path, tuple[float | None, str]] = {}
        """Tokens a second, and the precision."""
        self._times: dict[Path, LengthTimes] = {}

    def keep_card(self, card: Card) -> None:
        """Keep what a model is."""
        self._cards[card.path] = card
        self._faults.pop(card.path, None)

    def keep_fault(self, path: Path, words: str) -> None:
        """Keep why a model cannot be used."""
        self._faults[path] = words
        self._cards.pop(path, None)

    def keep_checked(self, checked: Checked) -> None:
        """Keep how a model went on with a text, and how fast."""
        self._samples[checked.path] = (checked.before, checked.continuation)
        self._measured[checked.path] = (checked.tokens_per_second, checked.precision)

    def keep_times(self, checked: Checked) -> None:
        """Keep what contexts of all lengths take a model."""
        if checked.times is not None:
            self._times[checked.path] = checked.times

    def carry_over(self, one: Path, other: Path) -> None:
        """Know of the model at `other`, a copy, what is known of the one at `one`."""
        if one in self._samples:
            self._samples[other] = self._samples[one]
            self._measured[other] = self._measured[one]
        speed, times = self._speeds.known(one), self._speeds.known_times(one)
        if speed is not None and one != other:
            self._speeds.remember(other, speed)
        if times is not None and one != other:
            self._speeds.remember_times(other, times)

    def is_known(self, path: Path) -> bool:
        """Whether a model's card has been read."""
        return path in self._cards

    def is_refused(self, path: Path) -> bool:
        """Whether it is known that a model cannot be used."""
        return path in self._faults

    def is_sound(self, entry: Entry) -> bool:
        """Whether a model may be used, for all that is known."""
        return entry.is_there and entry.path not in self._faults

    def summary(self, entry: Entry) -> str:
        """Return what a model is, in one small line."""
        if not entry.is_there:
            return _tr("not found")
        if entry.path in self._faults:
            return _tr("cannot be used")
        card = self._cards.get(entry.path)
        return model_words.summary_of(card) if card else ""

    def shown(self, path: Path, precision: str, entry: Entry | None, is_at_work: bool) -> Shown:
        """Return what is to be shown of a model.

        Args:
            path: The model's.
            precision: What it would work in; empty if that is not known.
            entry: Its place on the shelf, if it is there already.
            is_at_work: Whether its memory is taken already.
        """
        facts = {"place": str(path)}
        if entry is not None:
            facts["origin"] = model_words.origin_of(entry)
        if entry is not None and not entry.is_there:
            return Shown(facts, _missing())
        if path in self._faults:
            return Shown(facts, self._faults[path], is_error=True)
        card = self._cards.get(path)
        if card is None:
            return Shown(dict.fromkeys(_READ, _UNREAD) | facts)
        needed, free = model_words.memory_of(card, precision), self.free_bytes()
        facts |= model_words.facts_of(card)
        facts["memory"] = model_words.memory_words(needed, free)
        facts["speed"] = model_words.speed_of(*self._speed(path))
        warning = "" if is_at_work else model_words.warning_of(needed, free)
        return Shown(facts, warning, bool(warning), self._samples.get(path, ("", "")))

    def charts(
        self, path: Path, precision: str, others: Mapping[str, Path]
    ) -> dict[str, LengthChart]:
        """Return what is drawn of a model by length of context; nothing before its card is read.

        Args:
            path: The model's.
            precision: What it would work in; empty if that is not known.
            others: By name, those that it may be compared with.
        """
        card = self._cards.get(path)
        if card is None:
            return {}
        known = {name: self._cards[each] for name, each in others.items() if each in self._cards}
        times = self._times.get(path) or self._speeds.known_times(path)
        return {
            LOSS: loss_chart(card, known),
            MEMORY: memory_chart(card, precision),
            TIME: time_chart(card, times),
        }

    def _speed(self, path: Path) -> tuple[float | None, str]:
        measured, precision = self._measured.get(path, (None, ""))
        return (measured, precision) if measured else self._speeds.known(path) or (None, "")


def _missing() -> str:
    return _tr(
        "It is not where it was. If it lies on another disk, attach that; if it has been moved, "
        "remove it here and add it from its new place."
    )


def _tr(words: str) -> str:
    return QCoreApplication.translate("Models", words)
