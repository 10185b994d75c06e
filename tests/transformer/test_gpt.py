import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.checkpoints.names import to_hugging_face
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.state import State

SHAPES = {
    "plain": {},
    "one head, one layer": {"n_head": 1, "n_layer": 1},
    "narrow feed-forward": {"n_inner": 24},
    "gelu": {"activation_function": "gelu"},
    "relu": {"activation_function": "relu"},
    "silu": {"activation_function": "silu"},
    "tanh": {"activation_function": "tanh"},
    "unscaled scores": {"scale_attn_weights": False},
    "scores by layer": {"scale_attn_by_inverse_layer_idx": True, "n_layer": 3},
    "untied head": {"tie_word_embeddings": False},
    "wide epsilon": {"layer_norm_epsilon": 0.1},
}


def random_tokens(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(384, (rows, length), generator=torch.Generator().manual_seed(seed))


def read(network: GPT, tokens: torch.Tensor) -> State:
    return network(tokens, network.empty_state())[1]


def finished(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_nothing_read_has_no_length():
    assert (random_network().empty_state().length, random_network().empty_state().rows) == (0, 1)


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_logits_are_those_of_hugging_face(config, transformers):
    network = random_network(**config)
    c = network.config
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=c.vocab_size, n_positions=c.n_ctx, n_embd=c.n_embd, n_layer=c.n_layer,
            n_head=c.n_head, n_inner=c.n_inner, activation_function=c.activation_function,
            layer_norm_epsilon=c.layer_norm_epsilon, tie_word_embeddings=c.tie_word_embeddings,
            scale_attn_weights=c.scale_attn_weights,
            scale_attn_by_inverse_layer_idx=c.scale_attn_by_inverse_layer_idx,
            attn_implementation="eager",
        )
    ).eval()  # fmt: skip
    missing, unexpected = theirs.load_state_dict(
        to_hugging_face(network.state_dict(), c), strict=False
    )
    assert set(missing) <= {"lm_head.weight"}
    assert not unexpected
    theirs.tie_weights()
    tokens = random_tokens(3, 40)
    with torch.inference_mode():
        wanted = theirs(tokens).logits
        whole, none = network(tokens)
        assert_close(whole, wanted, atol=1e-4, rtol=0)
        assert none is None
        state, in_chunks = network.empty_state().branch(3), []
        for chunk in tokens.split((17, 1, 15, 7), dim=1):
            logits, state = network(chunk, state)
            in_chunks.append(logits)
        assert_close(torch.cat(in_chunks, dim=1), wanted, atol=1e-4, rtol=0)
        assert (state.length, state.rows) == (40, 3)


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("chunks", [(23, 9), (1,) * 32, (31, 1)])
def test_fed_in_chunks_is_fed_whole(config, chunks):
    network = random_network(**config).double()
    tokens = random_tokens(1, 32)
    whole, _ = network(tokens)
    state = network.empty_state()
    for chunk in tokens.split(chunks, dim=1):
        logits, state = network(chunk, state)
    assert_close(logits, whole[:, -chunks[-1] :], atol=1e-9, rtol=0)
    assert state.length == 32


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_reading_tells_what_follows_the_last_token_and_leaves_the_same_state(config):
    network = random_network(**config).double()
    tokens = random_tokens(1, 40)
    whole, kept = network(tokens, network.empty_state())
    output, state = finished(network.reading(tokens, network.empty_state()))
    assert_close(network.head(output), whole[0, -1], atol=1e-9, rtol=0)
    assert_close(state.entries, kept.entries, atol=1e-9, rtol=0)
    assert (state.used, state.length, state.rows) == (40, 40, 1)


def test_reading_can_be_left_after_any_layer():
    network = random_network(n_layer=3).double()
    state = read(network, random_tokens(1, 12))
    ahead = random_tokens(1, 5, seed=1)
    wanted, _ = network(ahead, state)
    for layers in range(4):
        reading = network.reading(ahead + 1, state)
        for _, _ in zip(range(layers), reading, strict=False):
            pass
        reading.close()
        assert torch.equal(network(ahead, state)[0], wanted)


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_rows_that_share_a_prefix_read_as_if_each_had_read_it(config):
    network = random_network(**config).double()
    shared, own = random_tokens(1, 23), random_tokens(4, 9, seed=1)
    whole, _ = network(torch.cat((shared.expand(4, -1), own), dim=1))
    state = read(network, shared).branch(4)
    said = []
    for chunk in own.split((1, 1, 4, 3), dim=1):
        logits, state = network(chunk, state)
        said.append(logits)
    assert_close(torch.cat(said, dim=1), whole[:, 23:], atol=1e-9, rtol=0)
    assert (state.length, state.rows) == (32, 4)


def test_what_rows_share_is_never_copied():
    network = random_network()
    state = read(network, random_tokens(1, 23)).reserve(64)
    before = state.entries.data_ptr()
    branched = state.branch(4)
    for _ in range(8):
        _, branched = network(random_tokens(4, 1), branched)
    assert branched.entries.data_ptr() == before
    assert branched.used == 23 + 4 * 8


@pytest.mark.parametrize("branched", [False, True])
def test_the_future_never_changes_the_past(branched):
    network = random_network().double()
    tokens, changed = random_tokens(2, 30), random_tokens(2, 30)
    changed[:, 20:] = (changed[:, 20:] + 1) % 384
    state = read(network, random_tokens(1, 10, seed=5)).branch(2) if branched else None
    before, after = network(tokens, state)[0], network(changed, state)[0]
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.isclose(before[:, 20:], after[:, 20:]).all(dim=2).any()


def test_an_early_token_changes_everything_after_it():
    network = random_network().double()
    tokens = random_tokens(1, 30)
    changed = tokens.clone()
    changed[:, 3] = (changed[:, 3] + 1) % 384
    difference = (network(tokens)[0] - network(changed)[0]).abs().amax(dim=2)[0]
    assert (difference[:3] == 0).all()
    assert (difference[3:] > 1e-6).all()


@pytest.mark.parametrize("part", ["query", "key", "value", "out"])
@pytest.mark.parametrize("layer", [0, 1])
def test_every_part_of_attention_tells(part, layer):
    network = random_network()
    tokens = random_tokens(1, 20)
    before = network(tokens)[0]
    attention = network.blocks[layer].attention
    getattr(attention if part == "out" else attention.qkv, part).weight.mul_(1.5)
    assert (network(tokens)[0] - before).abs().max() > 1e-3


@pytest.mark.parametrize("length", [0, 1, 13, 29, 30])
@pytest.mark.parametrize("copied", [False, True])
def test_a_cut_state_is_the_state_of_the_shorter_text(length, copied):
    network = random_network().double()
    tokens = random_tokens(1, 30)
    state = read(network, tokens)
    cut = state.truncate(length).fit(0) if copied else state.truncate(length)
    assert cut.length == length
    ahead = random_tokens(1, 8, seed=2)
    found, _ = network(ahead, cut)
    wanted, _ = network(torch.cat((tokens[:, :length], ahead), dim=1))
    assert_close(found, wanted[:, length:], atol=1e-9, rtol=0)
    kept = torch.equal(state.entries[:, :, :, :30], read(network, tokens).entries[:, :, :, :30])
    assert kept == (copied or length == 30)


@pytest.mark.parametrize("rows", [[2, 0], [1]])
def test_selected_rows_go_on_as_they_were(rows):
    network = random_network().double()
    state = read(network, random_tokens(1, 12))
    _, state = network(random_tokens(3, 5, seed=1), state.branch(3))
    ahead = random_tokens(3, 4, seed=2)
    index = torch.tensor(rows)
    wanted = network(ahead, state)[0][index]
    state, said = state.select(index), []
    for chunk in ahead[index].split((1, 2, 1), dim=1):
        logits, state = network(chunk, state)
        said.append(logits)
    assert_close(torch.cat(said, dim=1), wanted, atol=1e-9, rtol=0)
    assert (state.rows, state.length) == (len(rows), 21)


def test_reading_on_leaves_what_a_state_has_read_as_it_was():
    network = random_network()
    state = read(network, random_tokens(1, 12))
    before, ahead = state.entries[:, :, :, :12].clone(), random_tokens(1, 5, seed=1)
    wanted, _ = network(ahead, state)
    network(random_tokens(4, 5, seed=2), state.branch(4))
    state.truncate(3)
    assert torch.equal(state.entries[:, :, :, :12], before)
    assert torch.equal(network(ahead, state)[0], wanted)


def test_room_is_made_before_it_is_written_into():
    network = random_network(n_ctx=300)
    state = network.empty_state()
    assert (state.room, state.nbytes) == (0, 0)
    state = read(network, random_tokens(1, 12)).reserve(100)
    assert state.room >= 100
    assert state.reserve(100) is state
    assert (state.entries[:, :, :, 12:] == 0).all()  # whatever memory held could be no number


def test_what_cannot_be_cut_or_branched_or_read_is_refused():
    network = random_network()
    state = read(network, random_tokens(1, 12))
    with pytest.raises(ValueError, match="13"):
        state.truncate(13)
    with pytest.raises(ValueError, match="-1"):
        state.truncate(-1)
    branched = network(random_tokens(2, 1), state.branch(2))[1]
    with pytest.raises(ValueError, match="cut"):
        branched.truncate(4)
    with pytest.raises(ValueError, match="branched"):
        branched.branch(2)
    with pytest.raises(ValueError, match="3 rows"):
        network(random_tokens(3, 1), branched)


def test_a_text_of_n_ctx_tokens_is_the_longest():
    network = random_network(n_ctx=16)
    state = read(network, random_tokens(1, 16))
    assert state.length == 16
    with pytest.raises(ValueError, match="16"):
        network(random_tokens(1, 17))
    with pytest.raises(ValueError, match="16"):
        network(random_tokens(1, 1), state)
    with pytest.raises(ValueError, match="16"):
        network(random_tokens(2, 1), state.branch(2))


def test_a_fresh_network_predicts_from_its_embeddings_alone():
    # Its branches are silent, so position and token are all that it knows.
    network = GPT(GPTConfig(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_ctx=8)).eval()
    tokens = torch.tensor([[3, 1, 4], [5, 1, 4]])
    logits, _ = network(tokens)
    assert torch.equal(logits[0, 1:], logits[1, 1:])
    assert not torch.equal(logits[0, 0], logits[1, 0])
