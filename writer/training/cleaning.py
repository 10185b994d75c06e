"""From a book as it was found to the prose that a model shall learn."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

# Printer's furniture, not prose: pictures' places, footnote numbers, Gutenberg's _italics_.
_FURNITURE = re.compile(r"\[Illustration[^\]]*\]|\[\d{1,3}\]|_")
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")
_RULE = re.compile(r"[\W_]{2,}")
_ADDRESS = re.compile(r"www\s*\.|https?:|gutenberg|Transcriber.s [Nn]ote", re.IGNORECASE)
_SENTENCE_ENDS = tuple(".!?…,;:—-”’\"')。！？，；：、》")
_NEVER_FIRST = tuple("，。：；！？、”’》）")
_LISTED, _LISTED_CHINESE = 60, 25
"""Lines of so many characters may be listed ..."""
_CONTENTS_LINES = 6
"""... and so many without an end, one after another, are a list of chapters."""
# One form for what Chinese texts write in several.
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_DASH = re.compile(r"[─－—–]{2,}|—|--+|－")
_DOTS = re.compile(r"…+|\.{3,}|。{3,}|·{3,}|﹍+")


def clean(document: str) -> str:
    r"""Return the prose of a document, one paragraph a line, an empty line between them.

    Furniture, addresses, rules of asterisks, lists of chapters and doubled headings go; everything
    else stays as the author has it.

    >>> clean("CHAPTER I\n\n[Illustration]\n\n* * *\n\nCHAPTER I\n\nIt was _not_ so.[3]")
    'CHAPTER I\n\nIt was not so.'
    >>> clean("“你－－”他说...")
    '“你——”他说……'
    """
    lines = (_plain(line) for line in document.split("\n"))
    prose = (line for line in lines if line and not _RULE.fullmatch(line))
    single = [line for line, _ in groupby(prose)]
    return "\n\n".join(_without_contents(_unwrapped(single)))


def _plain(line: str) -> str:
    line = _BLANKS.sub(" ", _FURNITURE.sub("", line)).strip()
    if len(line) < 200 and _ADDRESS.search(line):
        return ""
    if _CHINESE.search(line):
        line = _DOTS.sub("……", _DASH.sub("——", line))
    return line


def _unwrapped(lines: list[str]) -> list[str]:
    """Join what a Chinese text has broken at the printer's margin.

    No line of prose begins with a comma or a closing quote: a text where many do is broken.
    """
    if 50 * sum(line.startswith(_NEVER_FIRST) for line in lines) <= len(lines):
        return lines
    joined: list[str] = []
    for line in lines:
        before = joined[-1] if joined else ""
        if len(before) > _LISTED_CHINESE and not before.endswith(_SENTENCE_ENDS):
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def _without_contents(lines: Iterable[str]) -> Iterator[str]:
    """Pass over runs of lines that are a list of chapters."""
    for heads, run in groupby(lines, _might_be_listed):
        found = list(run)
        if not heads or len(found) < _CONTENTS_LINES:
            yield from found


def _might_be_listed(line: str) -> bool:
    longest = _LISTED_CHINESE if _CHINESE.search(line) else _LISTED
    return len(line) < longest and not line.endswith(_SENTENCE_ENDS)
