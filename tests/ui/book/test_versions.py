import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from writer.ui.book.versions import changed_keys, versions_of

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Shot:
    id: str
    name: str = ""
    entries: dict[str, str] = field(default_factory=dict)
    when: datetime = NOW


def shots(*states: str) -> list[Shot]:
    """Return snapshots, newest first; a state is the digest of scene "a", "!" for a name."""
    return [
        Shot(f"{number}", "named" * state.endswith("!"), {"a": state.rstrip("!")})
        for number, state in enumerate(states)
    ]


def test_of_equal_texts_in_a_row_the_oldest_stands_for_all():
    assert [each.id for each in versions_of(shots("x", "x", "y", "x"), ["a"])] == ["1", "2", "3"]


def test_a_name_is_never_hidden():
    found = versions_of(shots("x", "x!", "x", "x!", "y"), ["a"])
    assert [each.id for each in found] == ["1", "3", "4"]


def test_other_texts_and_those_that_were_not_there_count_for_nothing():
    snapshots = [
        Shot("0", entries={"a": "x", "b": "1"}),
        Shot("1", entries={"a": "x", "b": "2"}),
        Shot("2", entries={"b": "2"}),
    ]
    assert [each.id for each in versions_of(snapshots, ["a"])] == ["1"]
    assert [each.id for each in versions_of(snapshots, ["a", "b"])] == ["0", "1", "2"]
    assert versions_of(snapshots, ["c"]) == []


@pytest.mark.parametrize("seed", range(30))
def test_no_text_that_ever_was_is_lost_by_it(seed):
    rng = random.Random(seed)
    snapshots = [
        Shot(
            str(number),
            rng.choice(("", "", "named")),
            {key: rng.choice("xyz") for key in "ab" if rng.random() < 0.8},
            NOW - timedelta(minutes=number),
        )
        for number in range(40)
    ]
    found = versions_of(snapshots, ["a"])
    assert [each for each in snapshots if each in found] == found
    assert all(each in found for each in snapshots if each.name and "a" in each.entries)
    states = [each.entries.get("a") for each in snapshots]
    assert {state for state in states if state} == {each.entries["a"] for each in found}


def test_changed_texts_are_told_in_the_order_of_the_book():
    older, newer = Shot("1", entries={"a": "x", "b": "1"}), Shot("0", entries={"a": "y", "c": "2"})
    assert changed_keys(older, newer, ["c", "b", "a", "d"]) == ["c", "b", "a"]
    assert changed_keys(None, newer, ["b", "a"]) == ["a"]
    assert changed_keys(newer, newer, ["a", "c"]) == []
