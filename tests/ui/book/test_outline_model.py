import random

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy

from tests.ui.book.conftest import BOOK, expected, outline_of, random_outline, shown
from writer.ui.book.outline_model import FACE, ID, OutlineModel

POOL = [f"i{n}" for n in range(40)]


@pytest.fixture
def model(qapp):
    model = OutlineModel()
    QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, model
    )  # a warning fails the test
    return model


class View:
    """So that `shown` can look at a model without a pane."""

    def __init__(self, model):
        self.model = model


@pytest.mark.parametrize("seed", range(25))
def test_after_any_outlines_in_turn_the_tree_is_the_last_one(model, seed):
    rng = random.Random(seed)
    for _ in range(12):
        outline = random_outline(rng, POOL, most=rng.choice([3, 12, 40]))
        model.show_outline(outline)
        assert shown(View(model)) == expected(outline)


@pytest.mark.parametrize("seed", range(25))
def test_rows_are_followed_through_any_small_changes(model, seed):
    """What a view holds on to names the same item after it has moved, and nothing once it went."""
    rng = random.Random(seed)
    outline = random_outline(rng, POOL)
    model.show_outline(outline)
    for _ in range(15):
        held = {i.id: QPersistentModelIndex(model.index_of(i.id)) for i in outline}
        resets = QSignalSpy(model.modelReset)
        outline = changed_a_little(rng, outline)
        model.show_outline(outline)
        assert shown(View(model)) == expected(outline)
        assert resets.count() == 0
        for id, index in held.items():
            assert index.isValid() == (id in outline)
            assert index.data(ID) == (id if id in outline else None)


def changed_a_little(rng, outline):
    if not outline.items:
        return random_outline(rng, POOL, most=8)
    item, other = rng.choice(outline.items), rng.choice([None, *outline.items])
    parent = other.id if other else None
    if rng.random() < 0.3:
        return outline.changed(item.id, archived=not item.archived)
    if rng.random() < 0.5 and outline.may_move([item.id], parent):
        before = rng.choice([None, *(i.id for i in outline.children(parent))])
        return outline.moved([item.id], parent, before)
    free = [id for id in POOL if id not in outline]
    if free and rng.random() < 0.5:
        new = random_outline(random.Random(rng.random()), free, most=1)
        return outline.added(new.items[0], item.id) if new.items else outline
    gone = {each.id for each in outline.subtree(item.id)}
    return type(outline)(tuple(i for i in outline if i.id not in gone))


def test_another_title_changes_one_row_and_nothing_else(model):
    model.show_outline(BOOK)
    changed, moved = QSignalSpy(model.dataChanged), QSignalSpy(model.rowsMoved)
    model.show_outline(BOOK.changed("c", title="Salt water"))
    assert (changed.count(), moved.count()) == (1, 0)
    first, last = changed.at(0)[:2]
    assert first.data(ID) == last.data(ID) == "c"
    assert first.data() == "Salt water"
    model.show_outline(BOOK.changed("c", title="Salt water"))
    assert changed.count() == 1


def test_the_first_row_moved_to_the_end_is_one_move(model):
    outline = outline_of("\n".join(f"s{n:02d}" for n in range(50)))
    model.show_outline(outline)
    moved = QSignalSpy(model.rowsMoved)
    model.show_outline(outline.moved(["s00"], None, None))
    assert moved.count() == 1


def test_one_count_more_is_one_row_and_what_it_lies_in(model):
    model.show_outline(BOOK)
    counts = dict.fromkeys("abcdefg", 10)
    model.show_counts(counts)
    assert [model.words(id) for id in ("", "P1", "C1", "a", "P2", "C9")] == [
        70, 40, 30, 10, 20, None,
    ]  # fmt: skip
    changed = QSignalSpy(model.dataChanged)
    model.show_counts(counts | {"d": 11})
    told = {changed.at(n)[0].data(ID) for n in range(changed.count())}
    assert told == {"d", "C2", "P1"}
    model.show_counts(counts | {"d": 11, "P1": 41, "C2": 11})
    assert model.words("P1") == 41


def test_what_stands_in_for_a_title(model):
    model.show_outline(BOOK)
    label = lambda: model.index_of("b").data()  # noqa: E731
    assert label() == "Scene 2"
    model.show_outline(BOOK.moved(["a"], "C2", None))
    assert label() == "Scene 1"
    model.show_previews({"b": " The rain\nhad not stopped "})
    assert label() == "The rain had not stopped"
    assert not model.index_of("b").data(FACE).is_named
    model.show_outline(BOOK.changed("b", title="Night"))
    assert label() == "Night"
    model.show_outline(BOOK.changed("b", archived=True))
    model.show_previews({})
    assert label() == "Untitled scene"


def test_what_is_said_and_told_of_a_row(model):
    outline = BOOK.changed("a", status="draft", synopsis="<She> waits\nat the window.")
    model.show_outline(outline)
    model.show_counts({"a": 1204})
    model.show_current("a")
    index = model.index_of("a")
    said = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Dusk, Scene, Draft, 1,204 words, on the page"
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;She&gt; waits<br>at the window." in tip


def test_a_title_typed_in_place_is_announced_once_and_changes_nothing(model):
    model.show_outline(BOOK)
    given = QSignalSpy(model.title_given)
    index = model.index_of("a")
    assert model.setData(index, "  Dusk ")
    assert given.count() == 0
    assert model.setData(index, " Late\ndusk ")
    assert given.at(0) == ["a", "Late dusk"]
    assert index.data() == "Dusk"
    model.set_read_only(True)
    assert not model.setData(index, "Other")
