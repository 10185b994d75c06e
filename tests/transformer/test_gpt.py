import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.checkpoints.names import to_hugging_face
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

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
        whole, state = network(tokens)
        assert_close(whole, wanted, atol=1e-4, rtol=0)
        assert (state.length, state.rows) == (40, 3)
        in_chunks, state = network(tokens[:, :17])
        for chunk in (tokens[:, 17:18], tokens[:, 18:33], tokens[:, 33:]):
            further, state = network(chunk, state)
            in_chunks = torch.cat((in_chunks, further), dim=1)
        assert_close(in_chunks, wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_rows_that_share_a_prefix_read_as_if_each_had_read_it(config):
    network = random_network(**config).double()
    shared, own = random_tokens(1, 23), random_tokens(4, 9, seed=1)
    whole, _ = network(torch.cat((shared.expand(4, -1), own), dim=1))
    _, state = network(shared)
    state = state.branch(4)
    said = []
    for chunk in own.split((1, 1, 4, 3), dim=1):
        logits, state = network(chunk, state)
        said.append(logits)
    assert_close(torch.cat(said, dim=1), whole[:, 23:], atol=1e-9, rtol=0)
    assert (state.length, state.rows) == (32, 4)


@pytest.mark.parametrize("branched", [False, True])
def test_the_future_never_changes_the_past(branched):
    network = random_network().double()
    tokens, changed = random_tokens(2, 30), random_tokens(2, 30)
    changed[:, 20:] = (changed[:, 20:] + 1) % 384
    state = network(random_tokens(1, 10, seed=5))[1].branch(2) if branched else None
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
    getattr(network.blocks[layer].attention, part).weight.mul_(1.5)
    assert (network(tokens)[0] - before).abs().max() > 1e-3


@pytest.mark.parametrize("length", [0, 1, 13, 29, 30])
def test_a_cut_state_is_the_state_of_the_shorter_text(length):
    network = random_network().double()
    tokens = random_tokens(1, 30)
    cut = network(tokens)[1].truncate(length)
    assert cut.length == length
    ahead = random_tokens(1, 8, seed=2)
    found, _ = network(ahead, cut)
    wanted, _ = network(torch.cat((tokens[:, :length], ahead), dim=1))
    assert_close(found, wanted[:, length:], atol=1e-9, rtol=0)


def test_selected_rows_go_on_as_they_were():
    network = random_network().double()
    _, state = network(random_tokens(1, 12))
    _, state = network(random_tokens(3, 5, seed=1), state.branch(3))
    ahead = random_tokens(3, 4, seed=2)
    rows = torch.tensor([2, 0, 2])
    selected, after = network(ahead[rows], state.select(rows))
    assert_close(selected, network(ahead, state)[0][rows], atol=1e-9, rtol=0)
    assert (after.rows, after.length) == (3, 21)


def test_reading_on_leaves_a_state_as_it_was():
    network = random_network()
    _, state = network(random_tokens(1, 12))
    copies = [tensor.clone() for tensor in state]
    network(random_tokens(1, 5), state)
    network(random_tokens(4, 5), state.branch(4))
    state.truncate(3)
    assert all(map(torch.equal, state, copies))


def test_what_cannot_be_cut_or_branched_is_refused():
    _, state = random_network()(random_tokens(1, 12))
    with pytest.raises(ValueError, match="13"):
        state.truncate(13)
    with pytest.raises(ValueError, match="-1"):
        state.truncate(-1)
    with pytest.raises(ValueError, match="cut"):
        state.branch(2).truncate(4)
    with pytest.raises(ValueError, match="branched"):
        state.branch(2).branch(2)


def test_a_text_of_n_ctx_tokens_is_the_longest():
    network = random_network(n_ctx=16)
    _, state = network(random_tokens(1, 16))
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
