import pytest

from tests.checkpoints.tiny_models import tiny_model
from writer.engine.cost import times_by_length
from writer.engine.engine import Engine


@pytest.mark.parametrize(("n_ctx", "lengths"), [(64, [64]), (300, [128, 256, 300])])
def test_each_length_takes_its_time(n_ctx, lengths):
    shares = []
    found = times_by_length(Engine(tiny_model(n_ctx=n_ctx)), shares.append)
    assert [each.length for each in found] == lengths
    assert all(each.reading_s > 0 and each.step_s > 0 for each in found)
    assert shares[-1] == 1
    assert all(0 <= share <= 1 for share in shares)


def test_no_more_steps_are_taken_than_rows_may_read():
    config = {"attention": "hierarchical", "segment_length": 4, "summary_length": 2}
    found = times_by_length(Engine(tiny_model(n_ctx=64, **config)))
    assert [each.length for each in found] == [64]


def test_what_would_take_minutes_is_left_out(monkeypatch):
    monkeypatch.setattr("writer.engine.cost._LONGEST_S", 0.0)
    found = times_by_length(Engine(tiny_model(n_ctx=300)))
    assert [each.length for each in found] == [128]


def test_it_ends_when_that_is_wished():
    class NotWantedError(Exception):
        pass

    def end(share: float) -> None:
        raise NotWantedError

    with pytest.raises(NotWantedError):
        times_by_length(Engine(tiny_model(n_ctx=300)), end)


def test_measuring_leaves_the_engine_as_it_was():
    engine = Engine(tiny_model(n_ctx=64))
    times_by_length(engine)
    assert engine._prefixes.nbytes == 0
