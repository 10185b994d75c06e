from collections.abc import Iterator

import pytest

from tests.checkpoints.tiny_models import random_network, tiny_tokenizer
from writer.checkpoints.characters import CharacterTokenizer
from writer.checkpoints.folder import Model
from writer.engine import measure
from writer.engine.engine import Engine
from writer.engine.measure import TEXT_TOKENS, standard_text, tokens_per_second
from writer.suggestion.candidate import Candidate
from writer.suggestion.request import Answer, Request

HAN = sorted({letter for letter in measure._CHINESE if letter.isalpha()})
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture
def engine():
    return Engine(Model("tiny", random_network(n_ctx=256), tiny_tokenizer()))


class Clock:
    def __init__(self, *seconds: float) -> None:
        """Each run takes the next of these."""
        self._times = [time for each in seconds for time in (0.0, each)]

    def perf_counter(self) -> float:
        return self._times.pop(0)


class Saying:
    """Says five candidates of 4 tokens; the last answer is cut shorter, as trimming does."""

    tokenizer = tiny_tokenizer()

    def stream(self, request: Request) -> Iterator[Answer]:
        for length in (1, 2, 3, 4, 2):
            said = tuple(Candidate(0, "\n" * length, -1.0, number) for number in range(5))
            yield Answer(request, said, False, 9, 9)


def test_the_median_of_three_runs_counts_behind_one_that_warms_up(monkeypatch):
    monkeypatch.setattr(measure, "time", Clock(100.0, 2.0, 1.0, 8.0))
    tokens = 5 * len(tiny_tokenizer().encode("\n" * 4))
    assert tokens_per_second(Saying()) == tokens / 2.0


def test_progress_rises_to_the_end(engine):
    told: list[float] = []
    assert tokens_per_second(engine, told.append) > 0
    assert told == sorted(told)
    assert 0 < told[0] < 0.2
    assert told[-1] == 1.0
    assert len(told) > 4 * 2


def test_it_stops_between_two_tokens(engine):
    class StopError(Exception):
        pass

    told = []

    def stop(share: float) -> None:
        told.append(share)
        if len(told) == 5:
            raise StopError

    with pytest.raises(StopError):
        tokens_per_second(engine, stop)
    assert len(told) == 5
    assert tokens_per_second(engine) > 0  # and goes on as if nothing had been


def test_the_text_is_in_the_models_language():
    english, chinese = tiny_tokenizer(), CharacterTokenizer([*MARKS, *HAN, *"，。"], lowers=False)
    for tokenizer, text in ((english, measure._ENGLISH), (chinese, measure._CHINESE)):
        found = standard_text(tokenizer)
        assert text.endswith(found)
        assert TEXT_TOKENS * 0.7 < len(tokenizer.encode(found)) < TEXT_TOKENS * 1.3
        assert found


def test_it_fits_a_short_context():
    engine = Engine(Model("tiny", random_network(n_ctx=16), tiny_tokenizer()))
    assert tokens_per_second(engine) > 0
