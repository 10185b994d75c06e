"""Which stretches two sequences have in common, in order, found with bounded work.

Of lists of strings, whatever those are: it knows neither paragraphs nor words.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import NamedTuple


class Block(NamedTuple):
    """`size` elements from index `old` on that stand in the other sequence from `new` on."""

    old: int
    new: int
    size: int


_RARE = 20
"""How often an element may occur in a short sequence and still begin a stretch."""

Strings = Sequence[str]
Stretch = tuple[list[str], list[str]]
"""Elements of the old sequence, and those of the new one that stand there now."""


class Effort:
    """How many comparisons may still be made; shared by all searches for one answer."""

    def __init__(self, comparisons: int) -> None:
        self._left = comparisons

    def spend(self, comparisons: int) -> bool:
        """Take some away; False, taking none, if there are not as many left."""
        if comparisons > self._left:
            return False
        self._left -= comparisons
        return True


def stretches(old: list[str], new: list[str], blocks: Iterable[Block]) -> Iterator[Stretch]:
    """Yield both sequences cut at the blocks: each block, and what lies between two."""
    at = there = 0
    for block in (*blocks, Block(len(old), len(new), 0)):
        if block.old > at or block.new > there:
            yield old[at : block.old], new[there : block.new]
        at, there = block.old + block.size, block.new + block.size
        if block.size:
            yield old[block.old : at], new[block.new : there]


def equal_ahead(old: Strings, new: Strings, at: int = 0, there: int = 0) -> int:
    """Return how many elements from these places on are equal."""
    size, limit = 0, min(len(old) - at, len(new) - there)
    while size < limit and old[at + size] == new[there + size]:
        size += 1
    return size


def equal_behind(old: Strings, new: Strings, at: int, there: int, limit: int) -> int:
    """Return how many elements before these places are equal, `limit` at most."""
    size = 0
    while size < limit and old[at - 1 - size] == new[there - 1 - size]:
        size += 1
    return size


def anchored(old: list[str], new: list[str], width: int = 1) -> list[Block]:
    """Return the blocks around what stands exactly once in both, `width` elements at a time.

    Nearly linear, whatever the sequences. What is rare tells better where things went than what is
    everywhere.
    """
    start = equal_ahead(old, new)
    end = equal_behind(old, new, len(old), len(new), min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    pairs = _unique_pairs(_wide(old[start:old_end], width), _wide(new[start:new_end], width))
    blocks = [Block(0, 0, start)]
    for first, second in _rising(pairs):
        at, there, done = first + start, second + start, blocks[-1]
        free = min(at - done.old, there - done.new) - done.size
        if free >= 0:  # else it lies in the block before
            back = equal_behind(old, new, at, there, free)
            ahead = min(equal_ahead(old, new, at, there), old_end - at, new_end - there)
            blocks.append(Block(at - back, there - back, back + ahead))
    blocks.append(Block(old_end, new_end, end))
    return [block for block in blocks if block.size]


def longest_first(old: list[str], new: list[str], effort: Effort) -> list[Block]:
    """Return the longest common stretch, then the longest ones before and after it, and so on.

    This is difflib's search. What is everywhere in a long sequence begins no stretch. Where
    `effort` does not suffice, there are no blocks.
    """
    counts = Counter(new)
    many = max(_RARE, len(new) // 100)
    everywhere = {each for each, count in counts.items() if count > many}
    matcher = SequenceMatcher(everywhere.__contains__, old, new, autojunk=False)
    lengths = (0 if each in everywhere else counts[each] for each in old)
    costs = list(accumulate(lengths, initial=0))
    blocks = []
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        at, old_end, there, new_end = waiting.pop()
        if not effort.spend(costs[old_end] - costs[at]):
            continue
        block = Block(*matcher.find_longest_match(at, old_end, there, new_end))
        if block.size:
            blocks.append(block)
            waiting.append((at, block.old, there, block.new))
            waiting.append((block.old + block.size, old_end, block.new + block.size, new_end))
    return sorted(blocks)


def _wide(elements: list[str], width: int) -> list[Hashable]:
    return list(zip(*(elements[at:] for at in range(width)), strict=False))


def _unique_pairs(old: list[Hashable], new: list[Hashable]) -> list[tuple[int, int]]:
    """Return where each element stands that both have exactly once, in the order of `old`."""
    places = _once(new)
    pairs = ((at, places.get(element, -1)) for element, at in _once(old).items())
    return [(at, there) for at, there in pairs if there >= 0]


def _once(elements: list[Hashable]) -> dict[Hashable, int]:
    places: dict[Hashable, int] = {}
    for at, element in enumerate(elements):
        places[element] = -1 if element in places else at
    return {element: at for element, at in places.items() if at >= 0}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return a longest choice of the pairs in which the second number rises, too."""
    ends: list[int] = []  # the smallest second number that ends a rise of each length
    last: list[int] = []  # and which pair that is
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        length = bisect_left(ends, there)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [there]
        last[length : length + 1] = [number]
    chosen = []
    number = last[-1] if last else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]
