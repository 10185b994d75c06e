import random
from itertools import combinations

import pytest

from writer.suggestion.ranking import Begun, are_near, choose, distance

TEXTS = [
    " rose and went to the window.",
    " rose and went to the windows.",
    " sat down by the fire and said nothing",
    " looked at him for a long time before",
    " did not answer; the rain had begun again",
    "",
    "站起来，走到窗前。",
    "站起来，走到了窗前。",
    "没有回答，雨又下起来了",
]


@pytest.mark.parametrize("one", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_distance_is_a_distance(one, other):
    assert 0 <= distance(one, other) <= 1
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXTS[0], TEXTS[1]),
        (TEXTS[6], TEXTS[7]),
        (" rose.", " Rose."),
        (" rose", " rose. He went out."),
        (" the rain had not stopped for days", " the rain had not stopped for three days"),
    ],
)
def test_what_a_reader_takes_for_the_same_is_near(one, other):
    assert are_near(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" the rain", " the road"),
        (" he rose and left", " she rose and left"),
        (" a", " and then he went"),
        (TEXTS[2], TEXTS[3]),
        (TEXTS[6], TEXTS[8]),
    ],
)
def test_what_differs_is_not(one, other):
    assert not are_near(one, other)


def begun(*texts: str, **logprobs: float) -> list[Begun]:
    return [Begun(text, logprobs.get(f"at{i}", -2.0)) for i, text in enumerate(texts)]


def test_the_first_is_always_chosen_and_the_order_stays():
    chance = random.Random(2)
    for _ in range(200):
        rows = [Begun(chance.choice(TEXTS), -chance.random() * 5) for _ in range(8)]
        count = chance.randrange(1, 9)
        found = choose(rows, count)
        assert found[0] == 0
        assert found == sorted(set(found))
        assert len(found) <= count
        shown = [rows[index].text for index in found]
        assert not any(are_near(*pair) for pair in combinations(shown, 2))


def test_near_ones_make_way_even_if_fewer_are_left():
    assert choose(begun(TEXTS[0], TEXTS[1], TEXTS[0], TEXTS[2]), 3) == [0, 3]


def test_those_that_differ_most_are_chosen():
    rows = begun(TEXTS[0], " rose and went slowly to his room", TEXTS[3], TEXTS[4])
    assert choose(rows, 3) == [0, 2, 3]


def test_unlikely_ones_come_only_when_no_likely_ones_are_left():
    rows = begun(TEXTS[0], TEXTS[2], " rose and took his hat off", TEXTS[4], at1=-8.0)
    assert choose(rows, 3) == [0, 2, 3]
    assert choose(rows, 4) == [0, 1, 2, 3]


def test_what_says_nothing_is_not_chosen():
    assert choose(begun(TEXTS[0], "", "  ", TEXTS[2]), 4) == [0, 3]
    assert choose(begun("", TEXTS[0]), 2) == [0, 1]
