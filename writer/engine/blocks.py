"""In which blocks a text is read: a function of its length alone, whatever was read before.

Numbers come out otherwise in their last bits where other counts of tokens are read together, and a
last bit may decide for another word. So that the same request has the same answer, what is kept of
a text is of use only up to the end of a block that the new text has as well. Whole blocks first,
then most of the rest, then the last few tokens by themselves, which change with each word typed.
"""

from collections.abc import Sequence

WHOLE = 192
"""Tokens: of 128, a text takes 4 % longer to be read, and of more, more is lost when reading is
left. A multiple of `FEW`."""
FEW = 8
"""The last block has fewer tokens. A word typed reads half of them again, which takes hardly longer
than one token, and once in so many tokens all behind the last whole block. A further size between
the two would spare most of that, but slow each first reading: a block of few tokens takes as long
as 20 tokens of a long one, 3 % of a text of 512."""


def ends(length: int) -> list[int]:
    """Return where the blocks of a text of so many tokens end, the last one at `length`.

    Up to any of these ends, the blocks are those of a text that ends there.

    >>> ends(500)
    [192, 384, 496, 500]
    """
    found = list(range(WHOLE, length + 1, WHOLE))
    for size in (FEW, 1):
        end = length - length % size
        if end > (found[-1] if found else 0):
            found.append(end)
    return found


def whole(length: int) -> int:
    """Return where the last whole block ends of a text of so many tokens.

    >>> whole(500)
    384
    """
    return length - length % WHOLE


def most_shared(length: int, other: int, common: int) -> int:
    """Return where the last block ends that two texts share.

    Args:
        length: The tokens of one of them.
        other: The tokens of the other.
        common: How many tokens they begin with that are the same.

    >>> most_shared(500, 503, 499), most_shared(500, 512, 500), most_shared(500, 500, 500)
    (496, 384, 500)
    """
    both = set(ends(length)).intersection(ends(other))
    return max((end for end in both if end <= common), default=0)


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens are the same from the beginning.

    >>> common_length([1, 2, 3], [1, 2, 4, 5])
    2
    """
    low, high = 0, min(len(one), len(other))
    while low < high:  # slices are compared at once, tokens one by one
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
