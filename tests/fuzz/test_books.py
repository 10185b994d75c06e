"""A fiftieth of what `python -m tests.fuzz.books` goes through."""

import pytest

from tests.fuzz.books import checked, run, sound_book, written


def test_what_will_be_damaged_is_sound(tmp_path):
    assert checked(written(sound_book(), tmp_path)) == ("opened", "")


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_a_damaged_book_opens_whole_or_is_refused_in_one_sentence(first):
    wrong = [(seed, outcome) for seed in range(first, first + 8) if (outcome := run(seed)).wrong]
    assert not wrong


def test_damage_is_not_always_refused_and_not_always_overlooked():
    ends = [run(seed).end for seed in range(40)]
    assert {"mended", "opened"} <= set(ends)
    assert ends.count("mended") > ends.count("opened")
