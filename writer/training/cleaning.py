"""From a book as it was found to the prose that a model shall learn."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

VERSION = 2
"""Rises with every change of what is read of a text."""

# Printer's furniture, not prose: pictures' places, footnote numbers, Gutenberg's _italics_.
_FURNITURE = re.compile(r"\[Illustration[^\]]*\]|\[\d{1,3}\]|_")
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")
_RULE = re.compile(r"[*\-_=#~·•+\s]{2,}|[—─]{3,}")
_ADDRESS = re.compile(r"www\.\w|https?://|Project Gutenberg|Transcriber.s [Nn]ote")
_SENTENCE_ENDS = tuple(".!?…,;:—-”’\"')]。！？，；：、》）」』】")
_NEVER_FIRST = tuple("，。：；！？、”’》）」』")
_HEADING = re.compile(
    r"(?:chapter|book|part|volume|canto|letter|act|scene)\b|[ivxlc]+\b[.:—-]?|\d+\b"
    r"|第.{1,6}[回章节卷部集]|[一二三四五六七八九十百]+(?:\s|、|$)",
    re.IGNORECASE,
)
_CONTENTS_LINES = 6
"""So many short headings, one after another, are a list of chapters."""
_SHORT, _SHORT_CHINESE = 60, 25
"""A line of fewer characters may be a heading, one of more may be broken at the margin."""
# One form for what Chinese texts write in several.
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_DASH = re.compile(r"[─－—–]{2,}|—|--+|－")
_DOTS = re.compile(r"…+|\.{3,}|。{3,}|·{3,}|﹍+")


def clean(document: str) -> str:
    r"""Return the prose of a document, one paragraph a line, an empty line between them.

    Furniture, addresses, rules of asterisks, lists of chapters and doubled headings go; lines that
    were broken at the margin are joined; Chinese dashes and dots take one form. All else stays as
    the author has it.

    >>> clean("CHAPTER I\n\n[Illustration]\n\n* * *\n\nCHAPTER I\n\nIt was _not_ so.[3]")
    'CHAPTER I\n\nIt was not so.'
    >>> clean("“你－－”他说...")
    '“你——”他说……'
    """
    lines = _without_furniture(_plain(line) for line in document.split("\n"))
    paragraphs = [line for line in _unwrapped(lines) if line]
    return "\n\n".join(_without_contents(_without_doubled_headings(paragraphs)))


def _plain(line: str) -> str:
    line = _BLANKS.sub(" ", _FURNITURE.sub("", line)).strip()
    if _CHINESE.search(line):
        line = _DOTS.sub("……", _DASH.sub("——", line))
    return line


def _without_furniture(lines: Iterable[str]) -> list[str]:
    return [
        "" if _RULE.fullmatch(line) or (len(line) < 200 and _ADDRESS.search(line)) else line
        for line in lines
    ]


def _unwrapped(lines: list[str]) -> list[str]:
    """Join what was broken at the printer's margin, where a text is broken throughout.

    Either most lines go on in the next one though no sentence has ended, or, in Chinese without
    empty lines to tell by, many lines begin with what no line begins with.
    """
    followed = [(line, after) for line, after in pairwise(lines) if line and after]
    goes_on = sum(_is_broken(line) for line, _ in followed)
    if followed and 2 * goes_on > len(followed):
        return _joined(lines, between_blanks=True)
    written = [line for line in lines if line]
    if 50 * sum(line.startswith(_NEVER_FIRST) for line in written) > len(written):
        return _joined(written, between_blanks=False)
    return lines


def _joined(lines: list[str], between_blanks: bool) -> list[str]:
    joined: list[str] = []
    for line in lines:
        before = joined[-1] if joined else ""
        if line and before and (between_blanks or _is_broken(before)):
            chinese = _CHINESE.match(before[-1]) or _CHINESE.match(line)
            joined[-1] += line if chinese or line.startswith(_NEVER_FIRST) else f" {line}"
        else:
            joined.append(line)
    return joined


def _is_broken(line: str) -> bool:
    longest = _SHORT_CHINESE if _CHINESE.search(line) else _SHORT - 20
    return len(line) > longest and not line.endswith(_SENTENCE_ENDS)


def _without_doubled_headings(lines: list[str]) -> Iterator[str]:
    for line, run in groupby(lines):
        yield from [line] if _HEADING.match(line) else run


def _without_contents(lines: Iterable[str]) -> Iterator[str]:
    """Pass over runs of short lines of which most are numbered: lists of chapters."""
    for short, run in groupby(lines, _might_be_listed):
        found = list(run)
        headings = sum(bool(_HEADING.match(line)) for line in found)
        if not short or len(found) < _CONTENTS_LINES or 3 * headings < 2 * len(found):
            yield from found


def _might_be_listed(line: str) -> bool:
    longest = _SHORT_CHINESE if _CHINESE.search(line) else _SHORT
    return len(line) < longest and not line.endswith(_SENTENCE_ENDS)
