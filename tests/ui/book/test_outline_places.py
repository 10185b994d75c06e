import random

import pytest

from tests.ui.book.conftest import BOOK, outline_of, random_outline
from writer.ui.book.outline_places import (
    Place,
    fitting,
    gaps_after,
    place_after,
    place_before,
    topmost,
)


def test_the_gap_beneath_a_row():
    assert gaps_after(BOOK, None, False) == [Place(None, "P1", 0)]
    assert gaps_after(BOOK, "P1", True) == [Place("P1", "C1", 1)]
    assert gaps_after(BOOK, "P1", False) == [Place(None, "P2", 0)]
    assert gaps_after(BOOK, "a", False) == [Place("C1", "b", 2)]
    assert gaps_after(BOOK, "d", False) == [
        Place(None, "P2", 0),
        Place("P1", None, 1),
        Place("C2", None, 2),
    ]
    assert fitting(BOOK, ["C1"], gaps_after(BOOK, "d", False)) == [
        Place(None, "P2", 0),
        Place("P1", None, 1),
    ]
    assert gaps_after(BOOK, "g", False) == [Place(None, None, 0)]


@pytest.mark.parametrize(
    ("ids", "up", "down"),
    [
        (["a"], Place("P1", "C1", 1), Place("C1", "c", 2)),
        (["b"], Place("C1", "a", 2), Place("C1", None, 2)),
        (["c"], Place("C1", "b", 2), Place("C2", "d", 2)),
        (["d"], Place("C1", None, 2), Place("P1", None, 1)),
        (["b", "c"], Place("C1", "a", 2), Place("C2", "d", 2)),
        (["C1"], Place(None, "P1", 0), Place("P1", None, 1)),
        (["C3"], Place("P1", None, 1), Place(None, "g", 0)),
        (["P1"], None, Place(None, "g", 0)),
        (["g"], Place(None, "P2", 0), None),
        ([], None, None),
    ],
)
def test_one_step(ids, up, down):
    assert place_before(BOOK, ids) == up
    assert place_after(BOOK, ids) == down


@pytest.mark.parametrize("seed", range(40))
def test_a_step_can_always_be_made_and_changes_the_living(seed):
    rng = random.Random(seed)
    outline = random_outline(rng, [f"i{n}" for n in range(30)])
    living = [item.id for item in outline.living()]
    ids = topmost(outline, rng.sample(living, min(len(living), rng.randint(1, 3))))
    for place in (place_before(outline, ids), place_after(outline, ids)):
        if place is not None:
            moved = outline.moved(ids, place.parent, place.before)
            assert sorted(i.id for i in moved.living()) == sorted(living)
            assert place_of(moved, ids[0]) != place_of(outline, ids[0]) or len(ids) > 1


def place_of(outline, id):
    parent = outline.parent(id)
    siblings = [i.id for i in outline.children(parent.id if parent else None) if not i.archived]
    return parent.id if parent else None, siblings.index(id)


@pytest.mark.parametrize("seed", range(20))
def test_up_undoes_down_among_siblings(seed):
    rng = random.Random(seed)
    outline = outline_of("\n".join(f"s{n}" for n in range(6)))
    id = f"s{rng.randint(0, 4)}"
    down = place_after(outline, [id])
    moved = outline.moved([id], down.parent, down.before)
    up = place_before(moved, [id])
    assert moved.moved([id], up.parent, up.before) == outline
