"""Laws of every network that transformers runs: what is read in parts is read as a whole."""

import random

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.foreign_models import KINDS, SIZES, foreign_model
from writer.engine.prefix import Prefixes
from writer.transformer import foreign
from writer.transformer.foreign import ForeignNetwork, verify

TEXT = torch.tensor([[number * 37 % 590 + 5 for number in range(40)]])
OTHERS = torch.tensor([[number * 41 % 590 + 5 + row for number in range(8)] for row in range(3)])


def read(network, tokens, state):
    reading = network.reading(tokens, state)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def assert_same(found, wanted):
    assert_close(found, wanted, atol=1e-4, rtol=0)


@pytest.fixture(params=["a copy a row", "shared"])
def sharing(request, monkeypatch):
    monkeypatch.setattr(foreign, "_COPIED_BYTES", 0 if request.param == "shared" else 1 << 30)


@pytest.fixture(params=KINDS)
def pair(request):
    """A model, and the network over it."""
    model = foreign_model(request.param)
    return model, ForeignNetwork(model, 100)


@torch.inference_mode()
def test_what_is_read_in_parts_is_what_is_read_whole(pair, sharing):
    model, network = pair
    whole = model(TEXT, use_cache=False).logits
    logits, long = network(TEXT[:, :30], network.empty_state())
    assert_same(logits, whole[:, :30])
    output, state = read(network, TEXT[:, 10:25], long.truncate(10))
    assert_same(network.head(output), whole[0, 24])
    rows = state.branch(3)
    for step in range(8):
        logits, rows = network(OTHERS[:, step : step + 1], rows)
    texts = torch.cat((TEXT[:, :25].expand(3, -1), OTHERS), dim=1)
    wanted = model(texts, use_cache=False).logits
    assert_same(logits[:, 0], wanted[:, -1])
    rows = rows.select(torch.tensor([2, 0]))
    assert rows.rows == 2
    more = torch.tensor([[7, 8, 9], [9, 7, 8]])
    logits, rows = network(more, rows)
    wanted = model(torch.cat((texts[[2, 0]], more), dim=1), use_cache=False).logits
    assert_same(logits, wanted[:, -3:])
    # Earlier states are what they were.
    assert_same(network(TEXT[:, 30:], long)[0], whole[:, 30:])
    assert_same(network(TEXT[:, 25:], state)[0], whole[:, 25:])
    assert (long.length, state.length, rows.length) == (30, 25, 36)


@torch.inference_mode()
def test_it_is_found_sound(pair):
    verify(pair[1], 1e-4)
    pair[0].bfloat16()
    verify(pair[1], 0.1)


@pytest.fixture(scope="module")
def network():
    return ForeignNetwork(foreign_model("mistral"), 512)


@torch.inference_mode()
def test_two_that_go_on_from_one_state_do_not_meet(network):
    _, state = network(TEXT[:, :10], network.empty_state().fit(64))
    _, one = network(TEXT[:, 10:20], state)
    _, other = network(TEXT[:, 20:30], state)
    whole = network(TEXT[:, :21], network.empty_state())[0]
    assert_same(network(TEXT[:, 20:21], one)[0][0], whole[0, 20:])
    joined = torch.cat((TEXT[:, :10], TEXT[:, 20:31]), dim=1)
    whole = network(joined, network.empty_state())[0]
    assert_same(network(joined[:, 20:], other)[0][0], whole[0, 20:])


@torch.inference_mode()
def test_reading_on_copies_nothing_where_there_is_room(network):
    _, state = network(TEXT[:, :10], network.empty_state().fit(64))
    place = state.buffer.pairs[0][0].data_ptr()
    assert state.room == 54
    _, state = network(TEXT[:, 10:20], state)
    assert state.buffer.pairs[0][0].data_ptr() == place
    assert state.truncate(5).room == 0
    small = state.fit(0)
    assert (small.room, small.nbytes) == (0, state.nbytes * 20 // 64)


@torch.inference_mode()
def test_reading_stops_to_look_and_may_be_left(network):
    text = TEXT.repeat(1, 4)
    _, state = network(TEXT[:, :10], network.empty_state())
    assert len(list(network.reading(text, state))) == 5
    reading = network.reading(text, state)
    next(reading)
    reading.close()
    assert state.length == 10
    assert_same(network(TEXT[:, 10:], state)[0][0], network(TEXT, network.empty_state())[0][0, 10:])


@torch.inference_mode()
def test_any_walk_over_texts_ends_as_if_cold(network):
    prefixes, chance = Prefixes(network, memory_bytes=1 << 20), random.Random(3)
    text = [number % 590 + 5 for number in range(50)]
    for _ in range(30):
        cut = chance.randrange(1, len(text) + 1)
        text = (text[:cut] + [chance.randrange(5, 590) for _ in range(chance.randrange(80))])[:400]
        for count, _ in enumerate(prefixes.read(text, room=chance.randrange(100))):
            if count == chance.randrange(8):
                break  # something newer came
        else:
            whole, _ = network(torch.tensor([text]), network.empty_state())
            assert_same(prefixes.logits, whole[0, -1])
            assert prefixes.state.length == len(text)


@torch.inference_mode()
def test_what_cannot_be_is_refused(network):
    state = network.empty_state()
    with pytest.raises(ValueError, match="n_ctx 512"):
        network(torch.ones(1, 513, dtype=torch.long), state)
    with pytest.raises(ValueError, match="2 rows"):
        network(torch.ones(2, 3, dtype=torch.long), state)
    _, state = network(TEXT, state)
    for length in (-1, 41):
        with pytest.raises(ValueError, match="cannot cut"):
            state.truncate(length)
    with pytest.raises(ValueError, match="branched"):
        state.branch(2).branch(2)
    with pytest.raises(ValueError, match="cannot cut"):
        state.branch(2).truncate(3)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("mamba", {"state_size": 4}),
        ("rwkv", {"attention_hidden_size": 32}),
        ("openai-gpt", {"n_embd": 32, "n_layer": 2, "n_head": 4}),
        ("recurrent_gemma", {"lru_width": 32, "attention_window_size": 8, "head_dim": 8}),
    ],
)
def test_a_network_whose_state_cannot_be_cut_is_refused(kind, changes):
    with pytest.raises(ValueError, match="cannot take back"):
        ForeignNetwork(foreign_model(kind, **changes), 100)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "camembert"])
def test_a_network_that_looks_ahead_is_refused(kind, dtype):
    network = ForeignNetwork(foreign_model(kind, pad_token_id=0).to(dtype), 100)
    with pytest.raises(ValueError, match="looks ahead"):
        verify(network, 0.1)


def test_logits_that_are_no_numbers_are_refused():
    model = foreign_model("llama", hidden_size=SIZES["hidden_size"])
    model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="no numbers"):
        verify(ForeignNetwork(model, 100), 1e-4)
