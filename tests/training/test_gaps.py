"""Laws of gap losses: those of a network that goes on are its plain ones, others see both sides."""

import math

import pytest
import torch
from torch.nn import functional as F

from tests.checkpoints.tiny_models import random_network
from writer.training.gaps import gap_losses
from writer.transformer.gpt import GPT, GPTConfig
from writer.transformer.two_sided import read_masked, two_sided_loss_inputs

SIZES = {"vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_ctx": 32}
RELATIVE = {"position_embedding": "relative"}
KINDS = {
    "causal": {},
    "recurrent": {**RELATIVE, "memory": "recurrent", "segment_length": 8, "memory_length": 8},
    "masked": {"objective": "masked", "position_embedding": "rotary", "rotary_base": 100.0},
    "permutation": {"objective": "permutation", **RELATIVE},
}


def network_of(kind, **sizes):
    return random_network(**{**SIZES, **KINDS[kind], **sizes}).double()


def texts(rows=11, length=32, seed=1):
    return torch.randint(50, (rows, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", ["causal", "recurrent"])
def test_of_a_network_that_goes_on_they_are_its_plain_losses(kind):
    network, windows = network_of(kind), texts()
    logits, _ = network(windows)
    plain = F.cross_entropy(logits[:, :-1].transpose(1, 2), windows[:, 1:], reduction="none")
    for found in gap_losses(network, windows):
        start = (32 - found.length) // 2
        wanted = plain[:, start - 1 : start - 1 + found.length].mean().item()
        assert found.in_turn == pytest.approx(wanted, abs=1e-9)
        assert (found.gaps, found.at_once) == (11, None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_side_tells_where_it_is_read_and_only_there(kind):
    network, windows = network_of(kind), texts()
    after = windows.clone()
    after[:, 24:] = (after[:, 24:] + 3) % 50
    before = windows.clone()
    before[:, :8] = (before[:, :8] + 3) % 50
    one, two, three = (gap_losses(network, each) for each in (windows, after, before))
    assert (one == two) == (kind in ("causal", "recurrent"))
    assert one != three
    assert [each.length for each in one] == [1, 4, 16]


@pytest.mark.parametrize("kind", KINDS)
def test_chances_of_all_ways_to_fill_a_gap_add_up_to_one(kind):
    """In turn is the chain rule: what a token is told by is the gap's earlier tokens alone."""
    network = network_of(kind, vocab_size=7)
    window = texts(rows=1, length=9) % 7
    ways = window.repeat(49, 1)
    ways[:, 3] = torch.arange(49) // 7  # of 9 tokens, a gap of 2 begins at the fourth
    ways[:, 4] = torch.arange(49) % 7
    nats = [2 * gap_losses(network, way[None], [2])[0].in_turn for way in ways]
    assert math.fsum(math.exp(-each) for each in nats) == pytest.approx(1, abs=1e-9)
    # And the first token of the gap tells something of the second.
    assert abs(nats[0] + nats[8] - nats[1] - nats[7]) > 1e-3


def test_a_gap_of_one_is_filled_in_turn_as_at_once():
    network, windows = network_of("masked"), texts()
    one, _, many = gap_losses(network, windows)
    assert one.in_turn == one.at_once
    assert many.in_turn != many.at_once
    hidden = torch.zeros_like(windows, dtype=torch.bool)
    hidden[:, 8:24] = True
    logits = network.head(read_masked(network, windows, hidden).features[hidden])
    wanted = F.cross_entropy(logits, windows[hidden]).item()
    assert many.at_once == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("kind", ["masked", "permutation"])
def test_what_is_learned_from_both_sides_is_found(kind):
    """Each token is three random bits, two of them the last two of the token before it.

    What goes on cannot know the third: log 2 is the least that it loses. Both sides tell all.
    """
    torch.manual_seed(1)
    sizes = {**SIZES, "vocab_size": 8, "n_ctx": 12, "n_layer": 1}
    network = GPT(GPTConfig(**sizes, **KINDS[kind])).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)

    def some(length):
        bits = torch.randint(2, (64, length + 2), generator=generator)
        return bits.unfold(1, 3, 1) @ torch.tensor([4, 2, 1])

    for _ in range(240):
        asked = two_sided_loss_inputs(network, some(13), generator)
        loss = F.cross_entropy(network.head(asked.features), asked.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (found,) = gap_losses(network, some(12), [1])
    assert found.in_turn < 0.4 < math.log(2)


def test_they_leave_the_network_training_and_drop_nothing():
    network = network_of("masked").train()
    network.set_dropout(0.5)
    assert gap_losses(network, texts()) == gap_losses(network, texts())
    assert network.training


@pytest.mark.parametrize(("rows", "length"), [(0, 1), (3, 0), (3, 31)])
def test_what_is_no_gap_is_refused(rows, length):
    with pytest.raises(ValueError, match=f"no gap of {length} tokens in {rows} windows of 32"):
        gap_losses(network_of("causal"), texts(rows=rows), [length])
