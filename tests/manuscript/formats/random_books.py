"""Random books of odd characters, and what of a book every format must keep."""

import random

from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.runs import heading_level, is_scene_break, runs_of, tidied

WORDS = (
    "rain", "Dr.", "1984.", "snake_case", "*", "\\*", "\\_lit\\_", "2*3", "<b>", "&amp;", "&",
    "$x$", "[a](b)", "![i](j.png)", "`code`", "~~s~~", "^2^", "H~2~O", ">", "-", "--", "...",
    "'q'", '"q"', "“Yes,”", "‘no’", "他说", "“好”", "。", "日本語", "한국어", "שלום", "مرحبا",
    "😀", "👩‍👩‍👧", "e\u0301", "a\u00a0b", "x\u3000y", "so\u00adft", "non\u2011break",
    "\ufeff", "z\u200bw", "| t |", "#", "##", "C:\\dir", "\\", "{.c}", "@cite", "http://a.b",
    ":::", "+", "1)", "(a)", "\u2028", "ﬀ", "ß", "\U00020000", "*so*", "**very**", "***both***",
    "_it_", "__st__", "*two words*", "**a *b* c**", "他说**“好”**。", "*a***b**",
    "un*frigging*believable", "\ue000",
)  # fmt: skip
TITLES = (
    "Dawn", "The “End”", "第一章 风起", "<b>&", "*Not* emphasis", "In C #", "1. One", "", "  a  b ",
    "שלום", "😀 e\u0301",
)  # fmt: skip


def random_line(rng: random.Random) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.randint(1, 9))]
    return rng.choice(("", "", "", "  ")) + rng.choice((" ", " ", "")).join(words)


def random_text(rng: random.Random) -> str:
    lines = [random_line(rng) for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.3:
        lines.insert(rng.randint(0, len(lines)), rng.choice(("***", "* * *", "---", "#", "")))
    if rng.random() < 0.2:
        lines.insert(rng.randint(0, len(lines)), "## A *heading* inside")
    return "\n".join(lines)


def random_book(rng: random.Random) -> CompiledBook:
    sections: list[Section] = []

    def scenes(depth: int) -> None:
        for _ in range(rng.randint(1, 3)):
            sections.append(Section(ItemKind.SCENE, "s", depth, random_text(rng), "synopsis"))

    def chapters(depth: int, count: int) -> None:
        for _ in range(count):
            sections.append(Section(ItemKind.CHAPTER, rng.choice(TITLES), depth))
            scenes(depth + 1)

    if rng.random() < 0.5:
        scenes(0)
    if rng.random() < 0.6:
        for _ in range(rng.randint(1, 3)):
            sections.append(Section(ItemKind.PART, rng.choice(TITLES), 0))
            chapters(1, rng.randint(1, 3))
        chapters(0, rng.randint(0, 1))
    else:
        chapters(0, rng.randint(1, 4))
    return CompiledBook("A “Title” *x* & <y>", "Ann B. Writer", "", tuple(sections))


def kept(book: CompiledBook) -> list[object]:
    """Return parts and chapters with their titles, and of scenes each line's runs.

    A scene break in a scene parts it in two; blank lines and white space that is not between words
    say nothing.
    """
    found: list[object] = []
    numbers = {ItemKind.PART: 0, ItemKind.CHAPTER: 0}
    for section in book.sections:
        if section.kind is not ItemKind.SCENE:
            numbers[section.kind] += 1
            title = " ".join(section.title.split()) or str(numbers[section.kind])
            found.append((section.kind, section.depth, title))
            continue
        scene: list[object] = []
        for line in [*section.text.split("\n"), "***"]:
            if is_scene_break(line):
                if scene:
                    found.append((section.depth, scene))
                scene = []
            elif line.strip():
                scene.append((heading_level(line), tidied(runs_of(line.strip()))))
    return found
