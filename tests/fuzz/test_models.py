"""A fiftieth of what `python -m tests.fuzz.models` goes through; the rest takes minutes."""

import pytest

from tests.checkpoints.tiny_models import one_thread
from tests.fuzz.bases import bases
from tests.fuzz.models import read, run, written

__all__ = ["one_thread"]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("kind", bases())
def test_what_will_be_damaged_is_sound(kind, tmp_path):
    assert read(written(bases()[kind], tmp_path)) == (True, "")


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_a_damaged_model_works_or_is_refused_in_one_sentence(first):
    wrong = [(seed, outcome) for seed in range(first, first + 20) if (outcome := run(seed)).wrong]
    assert not wrong


def test_damage_is_not_always_refused_and_not_always_overlooked():
    works = [run(seed).works for seed in range(100)]
    assert 5 < sum(works) < 95
