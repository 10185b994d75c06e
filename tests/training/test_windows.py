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


def windows_of(shard: TokenShard, seed: int, n_ctx: int = 8) -> Windows:
    return Windows(shard, Plain(), n_ctx, seed)


def test_each_slot_is_read_once_before_any_comes_again():
    windows = windows_of(counted(64 * 8 + 1), 3)
    first, second = windows.rows(0, 64, 8), windows.rows(512, 64, 8)
    for rows in (first, second):
        assert rows.shape == (64, 9)
        assert (rows.diff(dim=1) == 1).all()
        assert sorted(rows[:, 0].tolist()) == list(range(0, 512, 8))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("short", [1, 2, 4])
def test_going_over_to_longer_windows_goes_on_where_it_was(short):
    windows = windows_of(counted(256 * 8 + 1), 3)
    half = 128 * 8
    before = windows.rows(0, half // short, short)[:, 0]
    after = windows.rows(half, 128, 8)[:, 0]
    read = {start + place for start in before.tolist() for place in range(short)}
    read |= {start + place for start in after.tolist() for place in range(8)}
    assert read == {*range(256 * 8)}


def test_an_update_reads_no_two_pieces_of_one_slot():
    starts = windows_of(counted(256 * 8 + 1), 3).rows(0, 64, 2)[:, 0]
    assert len({start // 8 for start in starts.tolist()}) == 64


@pytest.mark.parametrize("cut", [1, 7, 50])
def test_the_order_is_a_function_of_what_has_been_read(cut):
    whole = windows_of(counted(513), 3).rows(0, 64, 8)
    again = windows_of(counted(513), 3)
    parts = torch.cat([again.rows(0, cut, 8), again.rows(cut * 8, 64 - cut, 8)])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, windows_of(counted(513), 4).rows(0, 64, 8))


def test_what_is_left_over_at_the_ends_changes():
    starts = {
        windows_of(counted(518), seed).rows(0, 64, 8)[:, 0].min().item() for seed in range(20)
    }
    assert len(starts) > 1
    assert starts <= {*range(6)}


def test_some_windows_begin_as_a_text_does(tmp_path):
    documents = [clean(PROSE)] * 6
    shard = write_shard(tmp_path / "tokens.u16", documents, TOKENIZER)
    rows = Windows(shard, TOKENIZER, 48, seed=1).rows(0, 30, 48)
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
    assert held_out_windows(counted(50), 100, 4).tolist() == [[*range(50)]]
    assert len(held_out_windows(counted(1), 100, 4)) == 0
