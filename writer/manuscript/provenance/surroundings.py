"""The text around a place as it was when something was proposed there, if it can be had again.

Of the text only a digest is kept: so it is looked for in what stands there now. Pure text.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from writer.manuscript.provenance.origin import BETWEEN, Origin

REACH = 20_000
"""Characters behind a place in which the text that followed it then is looked for."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands before and after a place."""

    before: str
    after: str
    is_same: bool
    """Whether it is what it was, to the last character."""


def surroundings(origin: Origin, before: str, behind: str, skipped: int = 0) -> Surroundings:
    r"""Return the text around a place as it was, or as it is where it cannot be had again.

    What was written at the place since then has parted the two: the text that followed may begin
    anywhere behind it.

    Args:
        origin: Of what was proposed.
        before: What stands before the place now, `origin.before` characters or more.
        behind: What stands behind it now, `REACH` characters where there are as many.
        skipped: How many of these are what was taken.

    >>> from datetime import datetime
    >>> from writer.manuscript.provenance.origin import Conditions, Origin, context_digest
    >>> then = Conditions("", "", "", "", context_digest("It ", ""), {})
    >>> origin = Origin.under("a", then, 1, 0, "rains.", before=3)
    >>> surroundings(origin, "Now. It ", "rains. And more.", 6)
    Surroundings(before='It ', after='', is_same=True)
    >>> surroundings(origin, "And so: ", "rains.", 6).is_same
    False
    """
    before = before[max(0, len(before) - origin.before) :]
    after = _after(origin, before, behind)
    if after is not None:
        return Surroundings(before, after, True)
    return Surroundings(before, behind[skipped : skipped + origin.after], False)


def nearest(origin: Origin, places: Iterable[tuple[str, str, int]]) -> tuple[int, Surroundings]:
    """Return which of several places a proposal was made at, and what is around it.

    Args:
        origin: Of what was proposed.
        places: What stands before and behind each, and how much of it was taken; the first is
            meant where none of them is the place.
    """
    found = [surroundings(origin, *place) for place in places]
    index = next((number for number, each in enumerate(found) if each.is_same), 0)
    return index, found[index]


def _after(origin: Origin, before: str, behind: str) -> str | None:
    if len(before) < origin.before:
        return None
    begun = hashlib.sha256(before.encode("utf-8", "surrogatepass"))
    begun.update(BETWEEN)
    last = len(behind) - origin.after if origin.after else 0
    for start in range(last + 1):
        after = behind[start : start + origin.after]
        digest = begun.copy()
        digest.update(after.encode("utf-8", "surrogatepass"))
        if digest.hexdigest() == origin.context:
            return after
    return None
