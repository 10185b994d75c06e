"""The one stretch in which two texts differ."""


def smallest_change(old: str, new: str) -> tuple[int, int, str]:
    """Return what to put in place of which stretch of `old` to make it `new`.

    >>> smallest_change("the rain fell", "the snow fell")
    (4, 8, 'snow')
    """
    shorter = min(len(old), len(new))
    start = _shared_start(old, new, shorter)
    end = _shared_end(old, new, shorter - start)
    return start, len(old) - end, new[start : len(new) - end]


def _shared_start(one: str, other: str, most: int) -> int:
    """Return how many characters, of at most `most`, both texts begin with.

    By halving: slices compare at memory speed.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_end(one: str, other: str, most: int) -> int:
    """Return how many characters, of at most `most`, both texts end with."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
