"""What is printed of models: a table of all, and everything about one. Words only."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from writer.shelf.card import GPT2, Card
from writer.shelf.reading import as_json
from writer.shelf.shelf import Entry
from writer.shelf.sizes import in_words
from writer.shelf.speeds import Speed

_HEADS = ("name", "origin", "language", "size", "parameters", "n_ctx", "memory", "tokens/s")
_RIGHT = frozenset(_HEADS[3:])
_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Described:
    """A model, and what is known of it."""

    path: Path
    entry: Entry | None
    """On the shelf; None of one that is not there."""
    card: Card | None
    fault: str
    """Why there is no card, in one sentence."""
    speed: Speed | None

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return {
            "name": self.entry.name if self.entry else None,
            "path": str(self.path),
            "origin": self.entry.origin.value if self.entry else None,
            "is_there": os.path.exists(self.path),
            "card": card_as_json(self.card) if self.card else None,
            "error": self.fault,
            "tokens_per_second": round(self.speed.tokens_per_second, 1) if self.speed else None,
            "precision": self.speed.precision if self.speed else None,
        }


def card_as_json(card: Card) -> dict[str, Any]:
    """Return a card as JSON takes it."""
    reading = as_json(card.reading) if card.reading else None
    return {**asdict(card), "path": str(card.path), "reading": reading}


def table(models: Iterable[Described]) -> str:
    """Return a line for each model, and under it why it cannot be used, where it cannot."""
    rows: list[Sequence[str]] = [_HEADS]
    faults: dict[int, str] = {}
    for number, model in enumerate(models, 1):
        rows.append(_row(model))
        faults[number] = model.fault
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines = []
    for number, row in enumerate(rows):
        cells = [_padded(*each) for each in zip(row, widths, _HEADS, strict=True)]
        lines.append("  ".join(cells).rstrip())
        if faults.get(number):
            lines.append(f"    {faults[number]}")
    return "\n".join(lines)


def everything(model: Described) -> str:
    """Return all that is known of one model, a line each."""
    card, entry = model.card, model.entry
    lines = {"name": entry.name, "origin": entry.origin.value} if entry else {}
    lines["path"] = str(model.path)
    if card is not None:
        lines |= card_lines(card)
    if model.speed is not None:
        speed = f"{model.speed.tokens_per_second:,.0f} tokens a second in {model.speed.precision}"
        lines["speed here"] = speed
    return aligned(lines)


def card_lines(card: Card) -> dict[str, str]:
    """Return what a card says, by plain words for it."""
    memory = [f"{in_words(size)} in {name}" for name, size in card.memory_bytes.items()]
    return {
        "kind": "GPT-2" if card.kind == GPT2 else card.kind,
        "stored as": f"{card.format}, {in_words(card.size_bytes)}",
        "parameters": f"{card.parameters:,}",
        "reads at once": f"{card.n_ctx:,} tokens" if card.n_ctx else "not known",
        "vocabulary": f"{card.vocabulary:,} tokens, {card.tokenizer or 'of an unknown kind'}",
        "language": card.language or "not said",
        "licence": card.licence or "not said",
        "memory": ", ".join(memory),
    }


def aligned(lines: dict[str, str]) -> str:
    """Return names and what they stand for, in two columns."""
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {said}" for name, said in lines.items())


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes; East Asian letters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _row(model: Described) -> Sequence[str]:
    card, speed = model.card, model.speed
    name = model.entry.name if model.entry else str(model.path)
    origin = model.entry.origin.value if model.entry else _UNKNOWN
    if card is None:
        state = "cannot be used" if os.path.exists(model.path) else "missing"
        return (name, origin, state, *[_UNKNOWN] * (len(_HEADS) - 3))
    sizes = sorted(card.memory_bytes.values()) or [0]
    least, most = in_words(sizes[0]), in_words(sizes[-1])
    return (
        name,
        origin,
        card.language or _UNKNOWN,
        in_words(card.size_bytes),
        _millions(card.parameters),
        str(card.n_ctx or _UNKNOWN),
        least if least == most else f"{least} to {most}",
        f"{speed.tokens_per_second:.0f} ({speed.precision})" if speed else _UNKNOWN,
    )


def _millions(count: int) -> str:
    return f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"


def _padded(text: str, width: int, head: str) -> str:
    space = " " * (width - columns(text))
    return space + text if head in _RIGHT else text + space
