"""Qt counts a text in UTF-16 units, Python in code points; outside the BMP one is two units."""

import re
from bisect import bisect_left

_OUTSIDE_BMP = re.compile("[\U00010000-\U0010ffff]")


def units(text: str) -> int:
    """Return the length of `text` as Qt counts it.

    >>> units("a😀")
    3
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, start: int, end: int | None = None) -> str:
    """Return `text[start:end]` where both count UTF-16 units.

    >>> cut("a😀b", 1, 3)
    '😀'
    """
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * start : None if end is None else 2 * end].decode("utf-16-le", "surrogatepass")


class UnitMap:
    """Converts places in one long text between code points and UTF-16 units."""

    def __init__(self, text: str) -> None:
        # Nearly every text has none, and then both counts are the same.
        self._wide = [found.start() for found in _OUTSIDE_BMP.finditer(text)]
        self._wide_units = [place + before for before, place in enumerate(self._wide)]

    def to_units(self, place: int) -> int:
        """Return the UTF-16 unit at which code point `place` begins."""
        return place + bisect_left(self._wide, place)

    def to_code_points(self, unit: int) -> int:
        """Return the code point that begins at or holds UTF-16 unit `unit`."""
        return unit - bisect_left(self._wide_units, unit)
