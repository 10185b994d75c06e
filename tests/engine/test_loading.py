import pytest
import torch

from tests.checkpoints.tiny_models import one_thread, random_network, tiny_tokenizer
from writer.checkpoints.card import describe
from writer.checkpoints.folder import read_model, write_model
from writer.engine import loading
from writer.engine.loading import load_engine
from writer.engine.precision import precisions
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision

__all__ = ["one_thread"]


@pytest.fixture
def folder(tmp_path):
    write_model(tmp_path / "m", random_network(), tiny_tokenizer(), torch.float32)
    return tmp_path / "m"


@pytest.fixture
def free(monkeypatch):
    """Sets how much memory seems to be free."""
    return lambda count: monkeypatch.setattr(loading, "free_memory_bytes", lambda: count)


@pytest.mark.parametrize("precision", precisions(torch.device("cpu")))
def test_what_there_is_no_room_for_is_refused_with_both_numbers(precision, folder, free):
    needed = describe(folder).memory_bytes[precision.value]
    free(needed)
    assert load_engine(folder, precision, threads=1).precision == precision
    free(needed - 1)
    read = []
    with pytest.raises(WriterError) as caught:
        load_engine(folder, precision, threads=1, on_progress=read.append)
    assert caught.value.kind is ErrorKind.MODEL_TOO_LARGE
    assert set(caught.value.fields) == {"path", "needed", "free"}
    assert not read


def test_where_the_fastest_has_no_room_another_is_taken(folder, free, monkeypatch):
    monkeypatch.setattr(loading, "fastest", lambda *_: Precision.FP32)
    needed = describe(folder).memory_bytes
    free(needed["fp32"])
    assert load_engine(folder, threads=1).precision == Precision.FP32
    free(needed["fp32"] - 1)
    assert load_engine(folder, threads=1).precision == precisions(torch.device("cpu"))[0]
    free(min(needed.values()) - 1)
    with pytest.raises(WriterError, match="free"):
        load_engine(folder, threads=1)


def test_loading_tells_how_far_it_is_and_can_be_left(folder):
    told = []
    load_engine(folder, Precision.FP32, threads=1, on_progress=told.append)
    assert told
    assert told == sorted(told)

    class Left(Exception):
        pass

    def leave(share):
        raise Left

    with pytest.raises(Left):
        load_engine(folder, Precision.FP32, threads=1, on_progress=leave)


@pytest.mark.parametrize(
    "kinds",
    [
        {"objective": "masked"},
        {"objective": "permutation", "position_embedding": "relative"},
    ],
)
def test_what_fills_gaps_is_kept_whole_and_refused_in_one_sentence(kinds, tmp_path):
    network = random_network(**kinds)
    write_model(tmp_path, network, tiny_tokenizer(), torch.float32)
    read = read_model(tmp_path).network.state_dict()
    assert "two_sided.mask" in read
    for name, each in network.state_dict().items():
        assert (each == read[name]).all()
    with pytest.raises(WriterError) as caught:
        load_engine(tmp_path)
    assert caught.value.kind == ErrorKind.MODEL_READS_BOTH_SIDES
    assert str(tmp_path) in str(caught.value)
