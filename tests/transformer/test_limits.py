"""Sizes at which one kind is another: what they say must then be the same."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from tests.transformer.family import (
    BANDED,
    BIGBIRD,
    COMPRESSIVE,
    HIERARCHICAL,
    LONGFORMER,
    RECURRENT,
    REFORMER,
    RELATIVE,
    ROTARY,
    TWO_LEVEL,
    random_lengths,
    random_tokens,
    streamed,
    whole,
)
from writer.transformer.gpt import GPT

N_CTX = 48
EXACT = {"atol": 1e-9, "rtol": 0}


def network_of(**config) -> GPT:
    return random_network(**{"n_ctx": N_CTX, **config}).double()


def weights_of(network: GPT, **renamed: str) -> dict[str, torch.Tensor]:
    """Its weights, under other names where a part of the name is `renamed`."""
    found = {}
    for key, weight in network.state_dict().items():
        for old, new in renamed.items():
            key = key.replace(old, new)
        found[key] = weight
    return found


def assert_equal(one: GPT, other: GPT, length: int = N_CTX) -> None:
    """Both say the same of any text up to `length`, whole and in stretches, and once branched."""
    for seed in range(2):
        tokens = random_tokens(1, length, seed)
        wanted = whole(other, tokens)
        assert_close(whole(one, tokens), wanted, **EXACT)
        lengths = random_lengths(length, seed)
        assert_close(streamed(one, tokens, lengths)[0], wanted, **EXACT)
    features = one.train().whole(tokens.expand(2, -1)).features[1:]
    assert_close(features, other.train().whole(tokens).features, **EXACT)


WIDE = {
    "banded": {**BANDED, "attention_window": N_CTX},
    "longformer": {
        **LONGFORMER, "attention_window": N_CTX, "last_window": N_CTX, "dilation": 1,
        "global_tokens": 0,
    },
    "longformer, no head dilated": {
        **LONGFORMER, "attention_window": N_CTX, "last_window": N_CTX, "dilated_heads": 0,
        "global_tokens": 0,
    },
    "bigbird, all blocks global": {**BIGBIRD, "global_blocks": N_CTX // 4, "random_blocks": 0},
    "bigbird, all blocks in the window": {**BIGBIRD, "window_blocks": N_CTX // 4},
    "bigbird, all blocks drawn": {
        **BIGBIRD, "global_blocks": 0, "window_blocks": 0, "random_blocks": N_CTX // 4,
    },
    "bigbird, one block": {**BIGBIRD, "block_size": N_CTX},
    "hierarchical": {**HIERARCHICAL, "segment_length": N_CTX},
    "hierarchical, summaries of one token": {**HIERARCHICAL, "summary_length": 1},
}  # fmt: skip


@pytest.mark.parametrize("positions", [{}, ROTARY], ids=["learned", "rotary"])
@pytest.mark.parametrize("name", [key for key in WIDE if "of one token" not in key])
def test_a_reach_as_long_as_the_text_is_dense(name, positions):
    dense, wide = network_of(**positions), network_of(**WIDE[name], **positions)
    wide.load_state_dict(dense.state_dict())
    assert_equal(wide, dense)


@pytest.mark.parametrize("positions", [{}, ROTARY], ids=["learned", "rotary"])
def test_global_tokens_with_the_same_projections_as_all_are_dense(positions):
    dense = network_of(**positions)
    wide = network_of(**{**WIDE["longformer"], "global_tokens": 5}, **positions)
    weights = dense.state_dict()
    shared = {key.replace(".qkv.", ".global_qkv."): each for key, each in weights.items()}
    wide.load_state_dict({**weights, **shared})
    assert_equal(wide, dense)
    for layer in wide.layers():
        layer.attention.global_qkv.value.weight.mul_(1.5)
    assert not torch.equal(whole(wide, random_tokens(1, 9)), whole(dense, random_tokens(1, 9)))


def test_summaries_of_one_token_lose_nothing():
    # All cross heads are then dense; with two of two heads crossing it would be plain.
    network = network_of(**WIDE["hierarchical, summaries of one token"], n_layer=1)
    dense = network_of(n_layer=1)
    dense.load_state_dict(network.state_dict())
    x = torch.randn(1, N_CTX, 32, generator=torch.Generator().manual_seed(2)).double()
    read = []
    for each in (network, dense):
        attention = each.layers()[0].attention
        torch.nn.init.eye_(attention.out.weight)
        read.append(attention.whole(x).unflatten(2, (2, -1))[:, :, 1])  # the cross head
    assert_close(*read, **EXACT)


@pytest.mark.parametrize("rate", [1, 3])
def test_compressive_memory_without_slots_is_recurrent(rate):
    recurrent = network_of(**RECURRENT)
    compressive = network_of(**{**COMPRESSIVE, "compressed_length": 0, "compression_rate": rate})
    compressive.load_state_dict(recurrent.state_dict())
    assert_equal(compressive, recurrent)
    assert compressive.train().whole(random_tokens(2, N_CTX)).penalty is None


@pytest.mark.parametrize("segment", [5, 16, N_CTX])
def test_recurrent_memory_as_long_as_the_text_is_relative(segment):
    relative = network_of(**RELATIVE)
    recurrent = network_of(**{**RECURRENT, "memory_length": N_CTX, "segment_length": segment})
    recurrent.load_state_dict(relative.state_dict())
    assert_equal(recurrent, relative)


def test_recurrence_depends_on_no_segments():
    one, other = (network_of(**{**RECURRENT, "segment_length": length}) for length in (5, 16))
    other.load_state_dict(one.state_dict())
    assert_equal(one, other)


@pytest.mark.parametrize("kind", [{}, LONGFORMER, RECURRENT], ids=["dense", "longformer", "xl"])
def test_one_expert_is_an_mlp(kind):
    plain = network_of(**kind)
    switch = network_of(
        **kind, feed_forward="switch", experts=1, expert_capacity=1.0, expert_balance=0.1
    )
    weights = weights_of(plain, **{".up.": ".switch.experts.0.up.",
                                   ".down.": ".switch.experts.0.down."})  # fmt: skip
    missing, unexpected = switch.load_state_dict(weights, strict=False)
    assert all(key.endswith("router.weight") for key in missing)
    assert not unexpected
    assert_equal(switch, plain)


@pytest.mark.parametrize("segment", [N_CTX])
def test_one_segment_is_learned_positions(segment):
    learned = network_of()
    two_level = network_of(**{**TWO_LEVEL, "segment_length": segment})
    weights = weights_of(learned, **{"positions.weight": "positions.token.weight"})
    nothing = torch.zeros_like(two_level.positions.segment.weight)
    two_level.load_state_dict({**weights, "positions.segment.weight": nothing})
    assert_equal(two_level, learned)


def test_one_segment_for_positions_and_attention_is_plain():
    plain = network_of()
    hierarchical = network_of(
        **{**HIERARCHICAL, **TWO_LEVEL, "segment_length": N_CTX, "summary_length": 12}
    )
    weights = weights_of(plain, **{"positions.weight": "positions.token.weight"})
    nothing = torch.zeros_like(hierarchical.positions.segment.weight)
    hierarchical.load_state_dict({**weights, "positions.segment.weight": nothing})
    assert_equal(hierarchical, plain)


def test_as_many_positions_as_n_ctx_are_learned_positions():
    learned = network_of()
    between = network_of(position_embedding="interpolated", trained_positions=N_CTX)
    between.load_state_dict(learned.state_dict())
    assert_equal(between, learned)


def test_interpolated_positions_meet_the_trained_ones_at_both_ends():
    network = network_of(position_embedding="interpolated", trained_positions=1 + (N_CTX - 1) // 47)
    first, last = network.positions.weight
    read = network.positions(torch.tensor([0, 47, 23]))
    assert_close(read[0], first, **EXACT)
    assert_close(read[1], last, **EXACT)
    assert_close(read[2], first + (last - first) * 23 / 47, **EXACT)


def shared_query_key(attention, x: torch.Tensor) -> torch.Tensor:
    """Dense attention whose keys are its queries made unit vectors; itself only if all alone."""
    query, value = (
        part(x).unflatten(2, (attention.heads, -1)).transpose(1, 2)
        for part in (attention.qkv.query, attention.qkv.value)
    )
    scores = query @ F.normalize(query, dim=-1).mT * attention.scale
    length = x.shape[1]
    earlier = torch.ones(length, length, dtype=torch.bool).tril(-1)
    earlier[0, 0] = True
    scores = scores.masked_fill(~earlier, float("-inf"))
    return attention.out((torch.softmax(scores, dim=-1) @ value).transpose(1, 2).flatten(2))


@pytest.mark.parametrize("rounds", [1, 3])
def test_one_bucket_is_dense_with_shared_queries_and_keys(rounds):
    network = network_of(
        **{**REFORMER, "hash_buckets": 1, "hash_rounds": rounds, "bucket_window": N_CTX}
    )
    tokens = random_tokens(1, N_CTX)
    x = network.tokens(tokens) + network.positions(torch.arange(N_CTX))
    for block in network.layers():
        x = x + shared_query_key(block.attention, block.attention_norm(x))
        x = x + block.thought(x)[0]
    wanted = network.head(network.norm(x))
    assert_close(whole(network, tokens), wanted, **EXACT)
    assert_close(streamed(network, tokens, random_lengths(N_CTX, 1))[0], wanted, **EXACT)


def test_a_penalty_is_a_mean_over_the_text_however_many_segments_it_is_read_in():
    recurrent = {"position_embedding": "relative", "memory": "recurrent", "memory_length": 32}
    experts = {"feed_forward": "switch", "experts": 2, "expert_capacity": 2.0,
               "expert_balance": 0.01}  # fmt: skip
    tokens = torch.randint(384, (2, 32), generator=torch.Generator().manual_seed(1))
    penalties = []
    for segment in (32, 4):
        network = random_network(**recurrent, **experts, segment_length=segment).train()
        penalties.append(network.whole(tokens).penalty)
    # Not the same: how even the shares are is looked at segment by segment.
    assert 0.9 < penalties[1] / penalties[0] < 1.6
