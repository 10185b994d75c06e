"""Names of models: good as a folder's name on every system, in any script, and each given once."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import count

from writer.model_choice import AUTOMATIC

_LONGEST = 60
_LONGEST_BYTES = 180
"""In UTF-8: file systems take 255, and a number may come behind."""
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever its ending."""


def safe_name(name: str) -> str:
    """Return `name` as a folder may be called anywhere.

    >>> safe_name("my novel: part 1/2"), safe_name("小说"), safe_name("../.."), safe_name("NUL")
    ('my novel-part 1-2', '小说', 'model', 'model-NUL')
    """
    words = _UNSAFE.sub("-", unicodedata.normalize("NFC", name))
    words = re.sub(r"[\s-]*-[\s-]*", "-", " ".join(words.split()))
    # Not in front either: “.” hides a folder, “-” looks like a flag, “~” like somebody's home.
    words = words[:_LONGEST].encode("utf-8")[:_LONGEST_BYTES].decode("utf-8", "ignore")
    words = words.lstrip(" .-~").rstrip(" .-") or "model"
    return f"model-{words}" if _RESERVED.fullmatch(words) else words


def unique_name(name: str, taken: Iterable[str]) -> str:
    """Return `name`, or where it is taken the first of name-2, name-3 ... that is not.

    >>> unique_name("Emma", ["emma", "emma-2"]), unique_name("auto", [])
    ('Emma-3', 'auto-2')
    """
    known = {_key(each) for each in taken} | {_key(AUTOMATIC)}
    if _key(name) not in known:
        return name
    return next(new for n in count(2) if _key(new := f"{name}-{n}") not in known)


def same_name(one: str, other: str) -> bool:
    """Return whether two names are spelled alike: macOS stores accents apart from their letters."""
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _key(name: str) -> str:
    """Return what two names share that many file systems would take for one."""
    return unicodedata.normalize("NFC", name).casefold()
