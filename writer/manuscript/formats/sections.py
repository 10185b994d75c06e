"""The sections of a book, found in a flow of headings and paragraphs that came from elsewhere.

Headings of two levels are parts and chapters, those of one level chapters; where there are none,
lines that read like “Chapter Two” or “第二章” are.
"""

import re
from collections.abc import Sequence
from itertools import islice

from writer.manuscript.book.compiled import Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.flow import DEEPEST, Element, Heading, Paragraph, SceneBreak
from writer.manuscript.formats.runs import heading_line, runs_of

_NUMBER = (
    r"(?:\d{1,4}|[ivxlcdm]{1,8}|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_TITLE = r"(?:\s*[.:：—–-]\s*\S.*|\s+[^.!?]*|[.:]?)\s*$"
_CHAPTER = re.compile(
    rf"\s*(?:(?:chapter|kapitel|chapitre|cap[íi]tulo|capitolo|hoofdstuk|rozdział|глава)\s+{_NUMBER}"
    rf"{_TITLE}|(?:prologue|epilogue|interlude|prolog|epilog|пролог|эпилог)\s*$)",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"\s*(?:part|book|teil|partie|parte|deel|część|часть)\s+{_NUMBER}{_TITLE}", re.IGNORECASE
)
_CHINESE_NUMBER = r"[〇零一二三四五六七八九十百千两\d０-９]{1,7}"
_CHINESE = re.compile(
    rf"\s*(?:第\s*{_CHINESE_NUMBER}\s*(?P<unit>[章回节節話话卷部篇])[^。！？；]{{0,30}}"
    r"|(?:楔子|序章|序言|引子|尾声|尾聲|终章|終章|后记|後記|番外)(?:[\s:：].{0,30})?)\s*$"
)
_LONGEST_TITLE = 80


def chapter_lines(flow: Sequence[Element]) -> list[Element]:
    """Return the flow with lines that read like chapter headings made such, if it has none."""
    if any(isinstance(element, Heading) for element in flow):
        return list(flow)
    levels = [_level(element) for element in flow]
    return [
        Heading(level, runs_of(element.line.strip()))
        if level and isinstance(element, Paragraph)
        else element
        for element, level in zip(flow, levels, strict=True)
    ]


def _level(element: Element) -> int:
    if not isinstance(element, Paragraph) or len(element.line) > _LONGEST_TITLE:
        return 0
    line = "".join(run.text for run in runs_of(element.line))
    chinese = _CHINESE.match(line)
    if _PART.match(line) or (chinese and (chinese["unit"] or "章") in "卷部篇"):
        return 1
    return 2 if chinese or _CHAPTER.match(line) else 0


def sections_of(flow: Sequence[Element]) -> tuple[Section, ...]:
    """Return the parts, chapters and scenes of a flow."""
    levels = {element.level for element in flow if isinstance(element, Heading)}
    top = min(levels, default=0)
    two = {1, 2} <= levels
    found: list[Section] = []
    lines: list[str] = []
    depth = 0

    def end_scene() -> None:
        if any(line.strip() for line in lines):
            found.append(Section(ItemKind.SCENE, "", depth, "\n".join(lines).strip("\n")))
        lines.clear()

    for at, element in enumerate(flow):
        if isinstance(element, Heading) and (element.level == top or (two and element.level == 2)):
            end_scene()
            kind, at_depth = _place(flow, at, found) if two else (ItemKind.CHAPTER, 0)
            found.append(Section(kind, " ".join(element.text.split()), at_depth))
            depth = at_depth + 1
        elif isinstance(element, Heading):
            signs = max(1, min(element.level, DEEPEST) - 2)
            lines.append(heading_line(signs, element.runs))
        elif isinstance(element, SceneBreak):
            end_scene()
        else:
            lines.append(element.line)
    end_scene()
    return tuple(found)


def _place(flow: Sequence[Element], at: int, found: list[Section]) -> tuple[ItemKind, int]:
    """Return what a heading of level 1 or 2 begins, and how deep it lies.

    One of level 1 without any of level 2 below it is a chapter: a prologue beside the parts.
    """
    if _next_level(flow, at - 1) == 1:
        return (ItemKind.PART if _next_level(flow, at) == 2 else ItemKind.CHAPTER), 0
    tops = (each for each in reversed(found) if not each.depth and each.kind is not ItemKind.SCENE)
    above = next(tops, None)
    return ItemKind.CHAPTER, int(above is not None and above.kind is ItemKind.PART)


def _next_level(flow: Sequence[Element], at: int) -> int:
    """Return the level of the first heading of a part or chapter after `at`."""
    later = islice(flow, at + 1, None)
    return next((each.level for each in later if isinstance(each, Heading) and each.level <= 2), 0)


def book_title(flow: list[Element]) -> tuple[str, list[Element]]:
    """Return the title that one heading above all chapters is, and the rest; “” if none is."""
    tops = [each for each in flow if isinstance(each, Heading) and each.level == 1]
    if len(tops) != 1 or flow[0] is not tops[0]:
        return "", flow
    rest = flow[1:]
    if rest and isinstance(rest[0], Heading) and rest[0].level == 2:
        return tops[0].text, rest
    return "", flow
