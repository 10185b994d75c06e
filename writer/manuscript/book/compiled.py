"""A book as one piece: what exports write, imports bring and the reading view shows.

Values only; it knows no disk and no outline.
"""

from dataclasses import dataclass, field

from writer.manuscript.book.outline import ItemKind, one_line

SCENE_BREAK = "* * *"


@dataclass(frozen=True, slots=True)
class Section:
    """One part, chapter or scene; what lies in it follows, one deeper."""

    kind: ItemKind
    title: str
    depth: int
    text: str = ""
    """Of a scene: as it is on the page, one line a paragraph, with Markdown emphasis."""
    synopsis: str = ""
    id: str = field(default="", compare=False)
    """The item's that it comes from; empty of one that was imported."""


@dataclass(frozen=True, slots=True)
class CompiledBook:
    """All of a book, or some of it, in the order it is read."""

    title: str
    author: str
    language: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene's own text stands in a joined one, in code points."""

    section: Section
    start: int
    end: int


def joined(compiled: CompiledBook) -> tuple[str, tuple[Place, ...]]:
    r"""Return the sections as one text, one line a paragraph, and where each scene's text is.

    Titles are Markdown headings; a scene without one is set off by a scene break, unless a heading
    stands before it.

    >>> scenes = [Section(ItemKind.SCENE, "", 1, text) for text in ("Rain.", "Sun.")]
    >>> chapter = Section(ItemKind.CHAPTER, "One", 0)
    >>> text, places = joined(CompiledBook("", "", "", (chapter, *scenes)))
    >>> text
    '# One\nRain.\n* * *\nSun.'
    >>> [text[place.start : place.end] for place in places]
    ['Rain.', 'Sun.']
    """
    lines: list[str] = []
    places: list[Place] = []
    length = 0  # of all lines, each with its line end

    def put(line: str) -> None:
        nonlocal length
        lines.append(line)
        length += len(line) + 1

    parted = True  # whether nothing, or a heading, stands before what comes
    for section in compiled.sections:
        if section.title.strip():
            put(f"{'#' * (section.depth + 1)} {one_line(section.title.strip())}")
            parted = True
        if section.kind is not ItemKind.SCENE:
            continue
        if not parted:
            put(SCENE_BREAK)
        start = length
        put(section.text)
        places.append(Place(section, start, length - 1))
        parted = False
    return "\n".join(lines), tuple(places)
