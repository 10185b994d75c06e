"""Which of several continuations to offer: likely ones that really differ. Pure text.

More are begun than are wanted; after some words those are kept that lie farthest from one another
(greedy max-min distance), so that a choice is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from writer.suggestion.segments import HAN, first_word

_FLOOR = 1.5
"""Nats a token below the likeliest: what lies lower is taken only where nothing else is left."""
_NEAR = 0.4
"""Distance below which two continuations are the same to a reader."""
_GRAM, _HAN_GRAM = 3, 2  # characters: no words are needed, so Chinese is served as well


@dataclass(frozen=True, slots=True)
class Begun:
    """One continuation as far as it has been said."""

    text: str
    mean_logprob: float


def distance(one: str, other: str) -> float:
    """Return how much two texts differ, 0 to 1; more if they differ from the first word on.

    >>> distance(" the rain", " the rain fell") < 0.1 < 0.8 < distance(" she rose", " he sat")
    True
    """
    short, long = sorted((one.strip().casefold(), other.strip().casefold()), key=len)
    if not short:
        return 0.0 if short == long else 1.0
    if long.startswith(short) and not long[len(short) :][:1].isalnum():
        return 0.0  # one goes on where the other ends
    mine, yours = _grams(short), _grams(long)
    apart = 1 - len(mine & yours) / max(1, len(mine | yours))
    return apart if first_word(short) == first_word(long) else (1 + apart) / 2


def are_near(one: str, other: str) -> bool:
    """Return whether two continuations are too much alike to be offered side by side."""
    return distance(one, other) < _NEAR


def choose(begun: Sequence[Begun], count: int) -> list[int]:
    """Return the indices of at most `count` continuations to go on with, in their order.

    The first one is always among them: it is shown already. No two are near one another.
    """
    best = max(each.mean_logprob for each in begun)
    likely = {index for index, each in enumerate(begun) if each.mean_logprob >= best - _FLOOR}
    chosen = [0]
    rooms = [distance(each.text, begun[0].text) if each.text.strip() else 0 for each in begun]
    while len(chosen) < count:
        left = [index for index, room in enumerate(rooms) if index and room >= _NEAR]
        if not left:
            break
        found = max(left, key=lambda index: (index in likely, rooms[index], -index))
        chosen.append(found)
        rooms = [
            min(room, distance(each.text, begun[found].text))
            for room, each in zip(rooms, begun, strict=True)
        ]
    return sorted(chosen)


def _grams(text: str) -> set[str]:
    size = _HAN_GRAM if HAN.search(text) else _GRAM
    return {text[start : start + size] for start in range(max(1, len(text) - size + 1))}
