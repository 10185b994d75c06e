"""Names that were said before: where they are said again, how far back, and how rare they are.

A name is a word that stands with a capital letter inside a sentence of the novel and that the
training texts hardly ever have in small letters. Pure; knows no network.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

_CAPITAL = re.compile(r"\b[A-Z][a-z]{2,}\b", re.ASCII)
_INSIDE = re.compile(
    r"(?:(?<=[a-z,;] )|(?<=Mr\. )|(?<=Mrs\. )|(?<=Dr\. ))[A-Z][a-z]{2,}\b", re.ASCII
)
_TITLES = frozenset({"Mrs", "Messrs", "Miss", "Monsieur", "Madame", "Mademoiselle"})
_HARDLY, _EVER = 0.02, 2
"""Of a word's uses so large a share, or so many, may be in small letters where it is a name."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that has been said before."""

    name: str
    first: int
    """Its first token of the stretch, from 0."""
    end: int
    distance: int
    """Tokens since it was last said."""


def find_names(text: str, counts: Counter[str]) -> frozenset[str]:
    """Return the names in `text`, by how often words stand in the training texts.

    >>> text = "He met Emma, and Sir Otho. God knows why Emma came."
    >>> counts = Counter({"Emma": 900, "Sir": 50, "sir": 40, "God": 70, "god": 9})
    >>> sorted(find_names(text, counts))
    ['Emma', 'Otho']
    """
    found = set(_INSIDE.findall(text)) - _TITLES
    return frozenset(
        word for word in found if counts[word.lower()] <= max(_EVER, _HARDLY * counts[word])
    )


def mentions(pieces: Sequence[bytes], names: frozenset[str]) -> Iterator[Mention]:
    """Yield where names are said again in a text, given by the bytes of its tokens.

    >>> pieces = [b"Ot", b"ho", b" saw", b" Otho", b"'s"]
    >>> [(m.first, m.end, m.distance) for m in mentions(pieces, frozenset({"Otho"}))]
    [(3, 4, 3)]
    """
    ends = list(accumulate(map(len, pieces)))
    # A byte a character, so that places in the text are those of the bytes.
    text = b"".join(pieces).decode("latin-1")
    last: dict[str, int] = {}
    for match in _CAPITAL.finditer(text):
        name = match.group()
        if name not in names:
            continue
        first = bisect_left(ends, match.start() + 1)
        end = bisect_left(ends, match.end()) + 1
        if name in last:
            yield Mention(name, first, end, first - last[name])
        last[name] = first
