"""The program's memory as the system sees it: what is freed is to go back.

glibc keeps what is freed for later, a hundred MB after an answer, and half a GB after a model of
1.5 billion weights has been read, whose parts in fp32 leave holes between what stays of them.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGE = 1 << 20
_USUAL = 32 << 20
"""What glibc itself arrives at for a program that takes and frees large pieces."""


def give_back() -> None:
    """Return to the system what has been freed.

    Not after each answer: the next one would be some 5 % slower.
    """
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@contextmanager
def returned() -> Iterator[None]:
    """Let every large piece of memory go back to the system as soon as it is freed.

    Each is mapped anew, which is slower than using one again: for reading a model, not for work.
    """
    option = _function("mallopt")
    if option is not None:
        option(_MMAP_THRESHOLD, _LARGE)
    try:
        yield
    finally:
        if option is not None:
            option(_MMAP_THRESHOLD, _USUAL)
            option(_TRIM_THRESHOLD, 2 * _USUAL)
        give_back()


def _function(name: str) -> Any:  # noqa: ANN401 - a foreign function
    """Return a function of the C library, None where it is not glibc."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
