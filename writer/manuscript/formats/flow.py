"""A book as a flow of headings, paragraphs and scene breaks: what every format writes and reads.

Parts and chapters are headings of level 1 and 2, by depth; headings inside a scene begin at 3. It
knows no format.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.options import ExportOptions
from writer.manuscript.formats.runs import (
    Run,
    heading_level,
    is_scene_break,
    line_of,
    runs_of,
    tidied,
)

DEEPEST = 6
"""HTML has no more levels."""
_INSIDE = 2
"""How much deeper a heading in a scene is than its signs say."""
_CONTROLS = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)], "\ufffd"),
    **dict.fromkeys([0xFFFE, 0xFFFF], "\ufffd"),
    **dict.fromkeys([0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x85], " "),
    0x09: "\t",
    0x0A: "\n",
}
"""What no XML can hold, or HTML would read as something else."""
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WHITE = " \t\u00a0\u3000"
_INDENT = re.compile(f"[{_WHITE}]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A part's (1), chapter's (1 or 2) or scene's own (3 to 6) heading."""

    level: int
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """What it says, without emphasis."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of the page."""

    line: str
    is_synopsis: bool = False


@dataclass(frozen=True, slots=True)
class SceneBreak:
    """What parts two scenes, or two stretches of one."""


Element = Heading | Paragraph | SceneBreak


def clean(text: str) -> str:
    """Return the text without characters that no document can hold."""
    return text.translate(_CONTROLS) if _UNFIT.search(text) else text


def flow_of(compiled: CompiledBook, options: ExportOptions) -> list[Element]:
    """Return a book as it is read: empty scenes and doubled scene breaks are left out."""
    return list(_settled(_elements(compiled.sections, options)))


def _elements(sections: Sequence[Section], options: ExportOptions) -> Iterator[Element]:
    numbers = {ItemKind.PART: 0, ItemKind.CHAPTER: 0}
    for section in sections:
        title = " ".join(clean(section.title).split())
        if section.kind is not ItemKind.SCENE:
            numbers[section.kind] += 1
            # A heading that says nothing would not be there in most formats.
            shown = title or str(numbers[section.kind])
            yield Heading(min(section.depth, 1) + 1, (Run(shown),))
        else:
            yield SceneBreak()
            if title and options.include_scene_titles:
                yield Heading(_INSIDE + 1, (Run(title),))
        if options.include_synopses:
            synopsis = clean(section.synopsis).split("\n")
            yield from (Paragraph(line_of([Run(line.strip())]), True) for line in synopsis)
        yield from page_elements(clean(section.text))


def page_elements(text: str) -> Iterator[Element]:
    """Yield what a scene's page shows; its headings are deeper than a chapter's."""
    for line in text.split("\n"):
        if line[:1] not in "#*_- \t" and not line.isspace():
            if line:
                yield Paragraph(line)
        elif is_scene_break(line):
            yield SceneBreak()
        elif level := heading_level(line):
            yield Heading(min(level + _INSIDE, DEEPEST), tidied(runs_of(line)))
        elif line and not line.isspace():
            yield Paragraph(line)


def _settled(elements: Iterable[Element]) -> Iterator[Element]:
    """Drop what is empty, and breaks at the start, at the end, doubled or below a chapter."""
    parted = True
    waiting = False
    for element in elements:
        if isinstance(element, SceneBreak):
            waiting = not parted
            continue
        if isinstance(element, Paragraph) and not element.line.strip():
            continue
        if waiting and not is_structure(element):
            yield SceneBreak()
        waiting = False
        parted = is_structure(element)
        yield element


def is_structure(element: Element) -> bool:
    """Tell whether this is the heading of a part or a chapter."""
    return isinstance(element, Heading) and element.level <= _INSIDE


def is_indented_by_hand(flow: Iterable[Element]) -> bool:
    """Tell whether most paragraphs begin with white space, which then is no part of the text."""
    lines = [element.line for element in flow if isinstance(element, Paragraph)]
    return 2 * sum(line[0] in _WHITE for line in lines) > len(lines)


def shown_runs(line: str, by_hand: bool) -> tuple[Run, ...]:
    """Return the runs of a paragraph, white space at its start dropped or made to stay."""
    found = _INDENT.match(line)
    if found is None:
        return tidied(runs_of(line))
    kept = "" if by_hand else found[0].replace("\t", "\u00a0" * 4).replace(" ", "\u00a0")
    # What a line is depends on what it begins with: the runs first, then the white space.
    first, *rest = runs_of(line)
    return tidied((Run(kept), Run(first.text.lstrip(_WHITE), first.style), *rest))
