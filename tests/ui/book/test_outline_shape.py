import random
from itertools import combinations

import pytest

from tests.ui.book.conftest import BOOK, random_outline
from writer.ui.book.outline_shape import ARCHIVE, TOP, OutlineShape, staying


def test_it_says_what_lies_in_what():
    shape = OutlineShape.of(BOOK)
    assert shape.children == {
        TOP: ["P1", "P2", "g", ARCHIVE],
        "P1": ["C1", "C2"],
        "C1": ["a", "b", "c"],
        "C2": ["d"],
        "P2": ["C3"],
        "C3": ["e", "f"],
        "C9": ["h"],
        ARCHIVE: ["C9"],
    }
    assert [shape.numbers[id] for id in "abcdg"] == [1, 2, 3, 1, 1]


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_the_outline(seed):
    rng = random.Random(seed)
    outline = random_outline(rng, [f"i{n}" for n in range(40)])
    shape = OutlineShape.of(outline)
    archived = [item.id for item in outline.archived()]
    assert shape.children.get(ARCHIVE, []) == archived
    for parent in [None, *(item.id for item in outline)]:
        below = [i.id for i in outline.children(parent) if i.id not in archived]
        got = [id for id in shape.children.get(parent or TOP, []) if id != ARCHIVE]
        assert got == below
    seen = [id for parent in shape.parents() for id in shape.children[parent]]
    assert sorted(id for id in seen if id != ARCHIVE) == sorted(item.id for item in outline)


@pytest.mark.parametrize("seed", range(30))
def test_as_many_stay_as_can(seed):
    rng = random.Random(seed)
    shown = rng.sample("abcdefg", rng.randint(0, 7))
    wanted = rng.sample("abcdefg", rng.randint(0, 7))
    stay = staying(shown, wanted)
    assert [id for id in shown if id in stay] == [id for id in wanted if id in stay]
    common = [id for id in wanted if id in shown]
    best = max(
        len(some)
        for n in range(len(common) + 1)
        for some in combinations(common, n)
        if list(some) == [id for id in shown if id in some]
    )
    assert len(stay) == best
