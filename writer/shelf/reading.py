"""How well a model predicts a token, by how many it has read before it. A plain value, as JSON.

It is measured once, when a model is made public, and stands beside its card as `reading.json`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically

READING = "reading.json"
LARGEST_BYTES = 16 << 10
_MOST_STRETCHES, _MOST_TEXTS = 32, 16
_LONGEST_NAME = 120
_MOST_NATS = 50.0
_FIRST_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions of the context, and what a token costs there."""

    first: int
    end: int
    """Positions from `first` on, without `end`: how many tokens have been read before."""
    loss: float
    """Mean, in nats a token."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Loss by position in the context, and what it was measured on."""

    stretches: tuple[Stretch, ...]
    """Without gaps, from position 0 on."""
    texts: tuple[str, ...]
    """Their files' names."""
    tokens: int
    """How many were predicted."""
    tokenizer: str
    """A digest of all that its tokens say: losses of unlike tokens do not compare."""
    date: str = ""

    def is_like(self, other: "Reading") -> bool:
        """Return whether both losses are of the same tokens of the same texts."""
        return (self.tokenizer, self.texts) == (other.tokenizer, other.texts)


def edges(n_ctx: int) -> list[int]:
    """Return where the stretches of a context begin, and its end: octaves, coarser at first.

    >>> edges(1024), edges(100), edges(1500)
    ([0, 16, 64, 128, 256, 512, 1024], [0, 16, 64, 100], [0, 16, 64, 128, 256, 512, 1024, 1500])
    """
    octaves = (_FIRST_LENGTH << power for power in range(max(1, n_ctx).bit_length()))
    return [edge for edge in (0, 16, 64, *octaves) if edge < n_ctx] + [n_ctx]


def lengths(n_ctx: int) -> list[int]:
    """Return the lengths of context that cost is told for: from 128 on, doubled, up to `n_ctx`.

    >>> lengths(1024), lengths(100), lengths(600)
    ([128, 256, 512, 1024], [100], [128, 256, 512, 600])
    """
    return [edge for edge in edges(n_ctx) if edge >= _FIRST_LENGTH] or [n_ctx]


def as_json(reading: Reading) -> dict[str, Any]:
    """Return what `reading.json` says."""
    return {
        "loss by position": [
            {"from": each.first, "to": each.end, "loss": round(each.loss, 4)}
            for each in reading.stretches
        ],
        "texts": list(reading.texts),
        "tokens": reading.tokens,
        "tokenizer": reading.tokenizer,
        **({"date": reading.date} if reading.date else {}),
    }


def of_json(found: object, n_ctx: int) -> Reading | None:
    """Return what a `reading.json` says of a model that reads `n_ctx`; None if it is not sound."""
    if not isinstance(found, dict):
        return None
    said, texts = found.get("loss by position"), found.get("texts")
    tokens, date = found.get("tokens"), found.get("date", "")
    tokenizer = found.get("tokenizer")
    if not (isinstance(said, list) and 0 < len(said) <= _MOST_STRETCHES):
        return None
    if not (isinstance(texts, list) and 0 < len(texts) <= _MOST_TEXTS and all(map(_named, texts))):
        return None
    if type(tokens) is not int or not 0 < tokens < 1 << 48:
        return None
    if not (_named(tokenizer) and isinstance(date, str) and len(date) <= _LONGEST_NAME):
        return None
    stretches = [_stretch(each) for each in said]
    place = 0
    for each in stretches:
        if each is None or each.first != place or not place < each.end <= n_ctx:
            return None
        place = each.end
    sound = tuple(each for each in stretches if each is not None)
    return Reading(sound, tuple(texts), tokens, str(tokenizer), date)


def write_reading(folder: Path, reading: Reading) -> None:
    """Write the loss by position of the model in `folder`.

    Raises:
        WriterError: OUTPUT_UNWRITABLE, with the reason.
    """
    text = json.dumps(as_json(reading), ensure_ascii=False, indent=1) + "\n"
    path = folder / READING
    if not folder.is_dir():
        reason = "only a model's folder has a place for it"
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=path, reason=reason)
    try:
        write_atomically(path, text.encode("utf-8"))
    except WriterError as error:
        reason = str(error.fields["reason"])
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=path, reason=reason) from error


def _stretch(found: object) -> Stretch | None:
    if not isinstance(found, dict):
        return None
    first, end, loss = (found.get(key) for key in ("from", "to", "loss"))
    if type(first) is not int or type(end) is not int or type(loss) not in (int, float):
        return None
    value = float(str(loss))
    return Stretch(first, end, value) if 0 <= value <= _MOST_NATS else None  # so it is no NaN


def _named(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()
