import numpy as np
import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.training.cleaning import clean
from writer.training.shard import TokenShard, write_shard
from writer.training.windows import Windows, held_out_windows

TOKENIZER = tiny_tokenizer()


class Plain:
    """A tokenizer of numbers without line ends, so that no window moves to a paragraph."""

    vocab_size, end_id, opening = 5000, None, (0,)

    def token_bytes(self, token):
        return b"x"


def counted(count: int) -> TokenShard:
    return TokenShard(np.arange(count, dtype=np.uint16))


def test_each_slot_is_read_once_before_any_comes_again():
    windows = Windows(counted(1001), Plain(), seed=3)
    first = windows.rows(0, 125, 8)
    second = windows.rows(1000, 125, 8)
    for rows in (first, second):
        assert rows.shape == (125, 9)
        assert (rows.diff(dim=1) == 1).all()
        assert sorted(rows[:, 0].tolist()) == list(range(0, 1000, 8))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_the_order_is_a_function_of_what_has_been_read(cut):
    whole = Windows(counted(1001), Plain(), seed=3).rows(0, 125, 8)
    again = Windows(counted(1001), Plain(), seed=3)
    parts = torch.cat([again.rows(0, cut, 8), again.rows(cut * 8, 125 - cut, 8)])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, Windows(counted(1001), Plain(), seed=4).rows(0, 125, 8))


def test_what_is_left_over_at_the_ends_changes():
    starts = {
        Windows(counted(1006), Plain(), seed=seed).rows(0, 125, 8)[:, 0].min().item()
        for seed in range(20)
    }
    assert len(starts) > 1
    assert starts <= {*range(6)}


def test_some_windows_begin_as_a_text_does(tmp_path):
    documents = [clean(PROSE)] * 6
    shard = write_shard(tmp_path / "tokens.u16", documents, TOKENIZER)
    rows = Windows(shard, TOKENIZER, seed=1).rows(0, 30, 48)
    opened = [row for row in rows if row[0] == TOKENIZER.end_id]
    assert opened
    for row in opened:
        text = TOKENIZER.decode(row[1:].tolist())
        starts = ("The rain", "“You are", "The old", "雨停了")
        assert text.startswith(starts), text


def test_held_out_windows_are_spread_over_the_text():
    found = held_out_windows(counted(1001), 100, 4)
    assert found[:, 0].tolist() == [0, 200, 500, 700]
    assert found.shape == (4, 101)
    assert held_out_windows(counted(1001), 100, 99).shape == (10, 101)
    assert held_out_windows(counted(100), 100, 4).shape == (0, 101)
