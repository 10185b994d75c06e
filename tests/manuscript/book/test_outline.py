import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.manuscript.book.outlines import (
    CHAPTER,
    NOVEL,
    PART,
    SCENE,
    grown,
    outline_of,
    shown,
    step,
)
from writer.manuscript.book.outline import Item, ItemKind, Outline, new_id


def content(outline: Outline) -> Counter[tuple[object, ...]]:
    return Counter((i.id, i.kind, i.title, i.archived) for i in outline)


@pytest.mark.parametrize("seed", range(20))
def test_no_sequence_of_operations_loses_an_item_or_breaks_a_rule(seed):
    chance = random.Random(seed)
    outline = grown(chance, 30)
    assert {item.id for item in outline} == {f"i{number}" for number in range(30)}
    for _ in range(60):
        before = outline
        outline = step(outline, chance)
        assert Counter(i.id for i in before) == Counter(i.id for i in outline)
        for item in outline:
            parent = outline.parent(item.id)
            assert item.kind.may_lie_in(parent.kind if parent else None)
            assert item.depth == (parent.depth + 1 if parent else 0)
            assert item in outline.children(parent.id if parent else None)


@pytest.mark.parametrize("seed", range(20))
def test_moved_and_moved_back_is_where_it_was(seed):
    chance = random.Random(seed)
    outline = grown(chance, 25)
    for _ in range(40):
        item = chance.choice(outline.items)
        home = outline.parent(item.id)
        siblings = [each.id for each in outline.children(home.id if home else None)]
        later = [*siblings[siblings.index(item.id) + 1 :], None][0]
        into = chance.choice([None, *(each.id for each in outline)])
        if not outline.may_move([item.id], into):
            continue
        away = outline.moved([item.id], into, None)
        assert content(away) == content(outline)
        assert [*away.subtree(item.id)][1:] == [
            replace(each, depth=each.depth + away.item(item.id).depth - item.depth)
            for each in outline.subtree(item.id)[1:]
        ]
        assert away.children(into)[-1].id == item.id
        assert away.moved([item.id], home.id if home else None, later) == outline


@pytest.mark.parametrize("seed", range(10))
def test_what_is_archived_hides_what_is_in_it_and_is_the_same_when_restored(seed):
    chance = random.Random(seed)
    outline = grown(chance, 30)
    for item in outline:
        if item.archived:
            continue
        hidden = outline.changed(item.id, archived=True)
        inside = {each.id for each in outline.subtree(item.id)}
        lost = [each for each in outline.scenes() if each not in hidden.scenes()]
        assert lost == [each for each in outline.scenes() if each.id in inside]
        assert all(hidden.is_archived(id) for id in inside)
        assert hidden.changed(item.id, archived=False) == outline
    topmost = outline.archived()
    reached = [each.id for item in topmost for each in outline.subtree(item.id)]
    assert reached == [each.id for each in outline if outline.is_archived(each.id)]
    assert [*outline.living(), *map(outline.item, reached)] != [] or not outline.items
    assert {item.id for item in outline.living()}.isdisjoint(reached)


@pytest.mark.parametrize("seed", range(10))
def test_an_added_item_is_a_living_one_and_moves_no_other(seed):
    chance = random.Random(seed)
    outline = grown(chance, 30)
    for kind in ItemKind:
        for after in [None, *(item.id for item in outline)]:
            larger = outline.added(Item("new", kind), after)
            assert tuple(item for item in larger if item.id != "new") == outline.items
            assert not larger.is_archived("new")


@pytest.mark.parametrize(
    ("kind", "after", "line", "follows"),
    [
        (SCENE, "s1", "    new", "s1"),
        (SCENE, "c1", "    new", "s2"),
        (SCENE, "p1", "  new", "s4"),
        (SCENE, "s4", "  new", "s4"),
        (SCENE, "c3", "  new", "s5"),
        (SCENE, None, "new", "s6"),
        (CHAPTER, "s1", "  new", "s2"),
        (CHAPTER, "c1", "  new", "s2"),
        (CHAPTER, "p1", "  new", "s4"),
        (CHAPTER, "s5", "new", "s5"),
        (CHAPTER, None, "new", "s6"),
        (PART, "s1", "new", "s4"),
        (PART, "p1", "new", "s4"),
        (PART, "c3", "new", "s5"),
    ],
)
def test_an_item_is_added_where_it_is_expected(kind, after, line, follows):
    larger = outline_of(*NOVEL).added(Item("new", kind), after)
    new = shown(larger).index(line)
    assert larger.items[new - 1].id == follows


def test_a_scene_added_to_a_part_of_chapters_goes_into_its_last():
    outline = outline_of("p1", "  c1", "    s1", "  c2", "    s2", "  c3-", "    s3")
    assert shown(outline.added(Item("new", SCENE), "p1"))[4:7] == ["    s2", "    new", "  c3-"]


def test_several_items_are_moved_in_the_order_of_the_book_each_with_what_is_in_it():
    outline = outline_of(*NOVEL)
    moved = outline.moved(["c3", "s3", "s5", "c1"], "p1", "c2")
    with pytest.raises(ValueError, match="cannot lie there"):
        outline.moved(["c3", "s3", "s5", "c1"], "c2", None)
    assert shown(moved) == [
        "p1", "  c1", "    s1", "    s2", "  s3", "  c3", "    s5", "  c2", "  s4", "s6",
    ]  # fmt: skip
    again = outline.moved(["s1", "s2", "s6"], "c1", "s1")
    assert shown(again)[:5] == ["p1", "  c1", "    s1", "    s2", "    s6"]


def test_what_cannot_be_is_refused():
    outline = outline_of(*NOVEL)
    for ids, parent in [(["p1"], "p1"), (["p1"], "c3"), (["c1"], "c3"), (["c1"], "s1")]:
        assert not outline.may_move(ids, parent)
        with pytest.raises(ValueError, match="cannot lie there"):
            outline.moved(ids, parent, None)
    with pytest.raises(ValueError, match="not where it lies"):
        outline.moved(["s6"], "c1", "s3")
    with pytest.raises(KeyError):
        outline.moved(["s7"], None, None)
    with pytest.raises(KeyError):
        outline.item("s7")
    with pytest.raises(TypeError):
        outline.changed("s1", depth=3)
    with pytest.raises(ValueError, match="one id"):
        outline.added(Item("s1", SCENE))
    for broken in [("  s1",), ("p1", "  p2"), ("s1", "  s2"), ("c1", "    s1"), ("c1", "  c2")]:
        with pytest.raises(ValueError, match="lie"):
            outline_of(*broken)


def test_looking():
    outline = outline_of(*NOVEL).changed("c2", archived=True).changed("s3", archived=True)
    assert [item.id for item in outline.scenes()] == ["s1", "s2", "s4", "s5", "s6"]
    assert [item.id for item in outline.scenes("p1")] == ["s1", "s2", "s4"]
    assert [item.id for item in outline.scenes("s1")] == ["s1"]
    assert outline.scenes("c2") == outline.scenes("s3") == ()
    assert [item.id for item in outline.archived()] == ["c2"]
    assert outline.parent("s1") == outline.item("c1")
    assert outline.parent("s6") is None
    assert [item.id for item in outline.children("p1")] == ["c1", "c2", "s4"]
    assert [item.id for item in outline.children(None)] == ["p1", "c3", "s6"]
    assert "s1" in outline
    assert "s7" not in outline
    assert hash(outline) == hash(Outline(outline.items))


def test_new_ids_are_eight_letters_and_no_others():
    taken = set()
    for _ in range(500):
        id = new_id(taken)
        assert id not in taken
        assert len(id) == 8
        assert id.isalnum()
        assert id == id.lower()
        taken.add(id)
