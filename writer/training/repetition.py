"""How much a text repeats itself, and how much of it stands elsewhere word for word."""

from collections.abc import Iterable, Sequence

import numpy as np

from writer.manuscript.counts import words

_SEED_WORDS = 5
"""Shorter runs than this are everybody's."""


def repeated(text: str, n: int) -> float:
    """Return rep-n: the share of a text's n-grams of words that stood in it before.

    Source: Welleck et al. 2019, arXiv 1908.04319.

    >>> repeated("the rain fell and the rain fell", 2)
    0.333...
    """
    found = _grams(words(text), n)
    return 1 - len(set(found)) / len(found) if found else 0.0


def distinct(texts: Iterable[str], n: int) -> float:
    """Return distinct-n: how many n-grams of all texts together are different, as a share.

    Source: Li et al. 2015, arXiv 1510.03055.
    """
    found = [gram for text in texts for gram in _grams(words(text), n)]
    return len(set(found)) / len(found) if found else 0.0


def _grams(found: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(found[start : start + n]) for start in range(len(found) - n + 1)]


def longest_copies(texts: Sequence[str], sources: Iterable[str]) -> list[list[str]]:
    """Return for each text the longest run of its words that stands in one of the sources.

    Case and punctuation do not count. The sources may be long: each is looked at once.
    """
    said = [[word.casefold() for word in words(text)] for text in texts]
    numbers = {word: number + 1 for number, word in enumerate({w for each in said for w in each})}
    places: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    spelled = [[numbers[word] for word in each] for each in said]
    for text, found in enumerate(spelled):
        for start in range(len(found) - _SEED_WORDS + 1):
            places.setdefault(tuple(found[start : start + _SEED_WORDS]), []).append((text, start))
    best = [(0, 0)] * len(texts)  # start, length
    for source in sources:
        whole = [numbers.get(word.casefold(), 0) for word in words(source)]
        for start in _known_runs(whole):
            for text, place in places.get(tuple(whole[start : start + _SEED_WORDS]), ()):
                length = _agreeing(spelled[text], place, whole, start)
                if length > best[text][1]:
                    best[text] = place, length
    return [each[start : start + length] for each, (start, length) in zip(said, best, strict=True)]


def _known_runs(whole: list[int]) -> list[int]:
    """Return where runs of words begin that all stand in some text."""
    known = np.array(whole, dtype=np.int64) > 0
    if len(known) < _SEED_WORDS:
        return []
    runs = np.convolve(known, np.ones(_SEED_WORDS, dtype=np.int64), mode="valid") == _SEED_WORDS
    return [int(start) for start in np.flatnonzero(runs)]


def _agreeing(one: list[int], place: int, other: list[int], start: int) -> int:
    length = 0
    limit = min(len(one) - place, len(other) - start)
    while length < limit and one[place + length] == other[start + length]:
        length += 1
    return length
