"""The bytes that each token of a vocabulary says, to be found by how they begin."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher


class Spelling:
    """What the tokens say, by number; nothing for those that are no text."""

    def __init__(self, said: Sequence[bytes]) -> None:
        self.said = tuple(said)
        self._ordered = sorted(range(len(said)), key=said.__getitem__)
        self._ordered_bytes = [said[number] for number in self._ordered]

    def beginning_with(self, start: bytes) -> list[int]:
        """Return the tokens whose bytes begin with `start`."""
        first = bisect_left(self._ordered_bytes, start)
        last = bisect_right(self._ordered_bytes, start, key=lambda said: said[: len(start)])
        return self._ordered[first:last]


def whole(text: str) -> str:
    """Return `text` with a question mark for half of a surrogate pair, which is no text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def missing(line: str, given_back: str) -> int:
    """Return how many characters of `line` do not come back."""
    if line == given_back:
        return 0
    matcher = SequenceMatcher(None, line, given_back, autojunk=False)
    return len(line) - sum(block.size for block in matcher.get_matching_blocks())
