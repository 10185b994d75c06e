"""A fiftieth of what `python -m tests.fuzz.journals` goes through."""

import pytest

from tests.fuzz.journals import BASES, offered_of, run, session


@pytest.mark.parametrize("number", range(BASES))
def test_what_will_be_damaged_is_sound(number):
    made = session(number)
    wrong = []
    assert offered_of(made, made.journals, wrong) == made.offered
    assert not wrong
    assert len(made.offered) >= 3


def test_of_a_damaged_journal_only_what_there_was_is_offered():
    outcomes = [run(seed) for seed in range(40)]
    assert [outcome.wrong for outcome in outcomes if outcome.wrong] == []
    assert 5 < sum(outcome.is_less for outcome in outcomes) < 38
