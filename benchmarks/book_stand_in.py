"""A book of any size made on the spot, of made-up words: to measure with, and nobody's prose."""

import random
from pathlib import Path

from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

_SCENES_A_CHAPTER = 12
_CHAPTERS_A_PART = 25
_VOCABULARY = 20_000
COMMON, RARE = "the", "xylophonist"
"""A word in about every tenth place, and one that stands in the last scene only."""


def make_book(
    folder: Path, scenes: int = 1500, words: int = 1_000_000, seed: int = 0, chinese: bool = False
) -> Path:
    """Write a book into a new or empty folder and return it; of one seed, the same texts."""
    compiled = compiled_book(scenes, words, seed, chinese)
    language = "zh" if chinese else "en"
    Book.create(folder, About("A Stand-In", "Nobody", language), compiled).close()
    return folder


def compiled_book(
    scenes: int = 1500, words: int = 1_000_000, seed: int = 0, chinese: bool = False
) -> CompiledBook:
    """Return a book of parts and chapters with `scenes` scenes and about `words` words."""
    chance = random.Random(seed)
    prose = _Prose(chance, chinese)
    sections: list[Section] = []
    for number in range(scenes):
        chapter, in_chapter = divmod(number, _SCENES_A_CHAPTER)
        part, in_part = divmod(chapter, _CHAPTERS_A_PART)
        if not in_chapter and not in_part:
            sections.append(Section(ItemKind.PART, f"Part {part + 1}", 0))
        if not in_chapter:
            sections.append(Section(ItemKind.CHAPTER, f"Chapter {chapter + 1}", 1))
        share = words * (number + 1) // scenes - words * number // scenes
        text = prose.text(share)
        if number == scenes - 1:
            text += f"\n{RARE}"
        title, synopsis = prose.sentence(3).rstrip("."), prose.sentence(12)
        sections.append(Section(ItemKind.SCENE, title, 2, text, synopsis))
    return CompiledBook("A Stand-In", "Nobody", "zh" if chinese else "en", tuple(sections))


class _Prose:
    """Sentences and paragraphs of made-up words, some much more frequent than others."""

    def __init__(self, chance: random.Random, chinese: bool) -> None:
        self._chance = chance
        self._join, self._stop = ("", "。") if chinese else (" ", ".")
        self._words = [self._word(chinese) for _ in range(_VOCABULARY)]
        if not chinese:
            self._words[0] = COMMON
        # Zipf: the n-th word is n times rarer than the first, as in any language.
        self._weights = [0.0]
        for rank in range(1, _VOCABULARY + 1):
            self._weights.append(self._weights[-1] + 1 / rank)
        del self._weights[0]

    def text(self, words: int) -> str:
        """Return paragraphs of `words` words, one a line."""
        left = self._chance.choices(self._words, cum_weights=self._weights, k=words)
        lines: list[str] = []
        while left:
            line: list[str] = []
            for _ in range(self._chance.randrange(1, 9)):
                size = self._chance.randrange(4, 22)
                line += [self._sentence(left[:size])] if left else []
                del left[:size]
            lines.append((self._join).join(line))
        return "\n".join(lines)

    def sentence(self, words: int) -> str:
        """Return a sentence of so many words."""
        chosen = self._chance.choices(self._words, cum_weights=self._weights, k=words)
        return self._sentence(chosen)

    def _sentence(self, words: list[str]) -> str:
        text = self._join.join(words)
        if len(words) > 9 and self._chance.random() < 0.2:
            text = f"“{text}”"
        return text[:1].upper() + text[1:] + self._stop

    def _word(self, chinese: bool) -> str:
        if chinese:
            return chr(self._chance.randrange(0x4E00, 0x9FA5))
        pairs = self._chance.choices("bcdfghjklmnprstvw", k=3), self._chance.choices("aeiou", k=3)
        size = self._chance.choice((1, 2, 2, 2, 3))
        return "".join(one + two for one, two in zip(*pairs, strict=True))[: 2 * size]
