import random

import pytest

from writer.manuscript.book.compiled import SCENE_BREAK, CompiledBook, Section, joined
from writer.manuscript.book.outline import ItemKind

PART, CHAPTER, SCENE = ItemKind


def sections_of(chance: random.Random) -> tuple[Section, ...]:
    kinds = chance.choices((PART, CHAPTER, SCENE), (1, 2, 6), k=chance.randrange(12))
    return tuple(
        Section(
            kind,
            chance.choice(("", "Dusk", " a\nb ")),
            chance.randrange(3),
            chance.choice(("", "One.", "One.\n\nTwo.\n", "雨\n😀")) if kind is SCENE else "",
        )
        for kind in kinds
    )


@pytest.mark.parametrize("seed", range(60))
def test_every_scene_stands_in_the_joined_text_where_it_is_said_to(seed):
    sections = sections_of(random.Random(seed))
    text, places = joined(CompiledBook("", "", "", sections))
    assert [place.section for place in places] == [s for s in sections if s.kind is SCENE]
    assert [text[place.start : place.end] for place in places] == [
        place.section.text for place in places
    ]
    end = 0
    for place in places:
        between = text[end : place.start].strip("\n").split("\n")
        assert all(line.startswith("#") or line == SCENE_BREAK for line in between if line)
        assert place is places[0] or any(between)  # a scene never runs into another
        end = place.end
    assert "#" not in text[end:] or sections[-1].kind is not SCENE


def test_titles_are_headings_of_their_depth():
    sections = (
        Section(PART, "Ebb", 0),
        Section(CHAPTER, "One", 1),
        Section(SCENE, "Dusk", 2, "a"),
        Section(SCENE, "", 2, "b"),
        Section(CHAPTER, "", 1),
        Section(SCENE, "", 2, "c"),
    )
    text, _ = joined(CompiledBook("", "", "", sections))
    assert text == "# Ebb\n## One\n### Dusk\na\n* * *\nb\n* * *\nc"
    assert joined(CompiledBook("", "", "", ())) == ("", ())


def test_an_imported_section_equals_the_one_it_comes_from():
    assert Section(SCENE, "a", 0, id="aaaaaaaa") == Section(SCENE, "a", 0)
