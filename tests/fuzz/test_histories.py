"""A fiftieth of what `python -m tests.fuzz.histories` goes through."""

from tests.fuzz.histories import base, run


def test_what_will_be_damaged_is_sound():
    files, texts = base()
    assert sum(name.startswith("snapshots") for name in files) == 12
    assert len(texts) == sum(name.startswith("objects") for name in files)


def test_of_a_damaged_history_what_is_sound_comes_back_and_the_rest_is_said():
    outcomes = [run(seed) for seed in range(40)]
    assert not [(seed, each) for seed, each in enumerate(outcomes) if each.wrong]
    assert sum(each.refused for each in outcomes) > 0
    assert sum(each.read for each in outcomes) > 1000
