"""Laws of what reads both sides of a gap: what is hidden stays hidden, and the rest tells."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.recurrent import RelativeAttention
from writer.transformer.two_sided import (
    BidirectionalAttention,
    TwoStreamAttention,
    draw_gaps,
    read_masked,
    read_permuted,
    two_sided_loss_inputs,
)
from writer.transformer.variants import check

PERMUTED = {"objective": "permutation", "position_embedding": "relative"}
MASKED = {
    "learned": {},
    "interpolated": {"position_embedding": "interpolated", "trained_positions": 8},
    "rotary": {"position_embedding": "rotary", "rotary_base": 100.0},
    "hierarchical": {"position_embedding": "hierarchical", "segment_length": 5},
    "reversible": {"blocks": "reversible"},
    "switch": {
        "feed_forward": "switch", "experts": 2, "expert_capacity": 1.0, "expert_balance": 0.01,
    },
}  # fmt: skip
SIZES = {"vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_ctx": 32}
LENGTH = 12


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def network_of(**kinds):
    config = {**SIZES, **kinds}
    check(GPTConfig(**config))
    return random_network(**config).double()


@pytest.fixture(params=MASKED)
def masked(request):
    return network_of(objective="masked", **MASKED[request.param])


@pytest.fixture
def permuted():
    return network_of(**PERMUTED)


def texts(rows=1, length=LENGTH, seed=1):
    return torch.randint(50, (rows, length), generator=seeded(seed))


def changes(read, tokens):
    """Return which outputs (N,) change with which token, bool (T, N)."""
    before = read(tokens)
    found = []
    for place in range(tokens.shape[1]):
        other = tokens.clone()
        other[:, place] = (other[:, place] + 7) % 50
        found.append((read(other) != before).any(dim=-1)[0])
    return torch.stack(found)


def everywhere(tokens):
    return torch.arange(tokens.shape[1]).expand_as(tokens)


ORDERS = {
    "left to right": torch.arange(LENGTH),
    "right to left": torch.arange(LENGTH).flip(0),
    "by chance": torch.randperm(LENGTH, generator=seeded(3)),
    "a gap": torch.tensor([0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0]),
    "two gaps": torch.tensor([0, 3, 1, 0, 0, 0, 4, 2, 5, 0, 0, 0]),
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_place_sees_exactly_what_comes_before_it_in_the_order(permuted, order):
    tokens, ranks = texts(), ORDERS[order]
    found = changes(
        lambda each: read_permuted(permuted, each, ranks[None], everywhere(each)), tokens
    )
    assert_close(found, ranks[:, None] < ranks[None, :])
    assert not found.diagonal().any()


def test_fewer_places_are_asked_the_same(permuted):
    tokens = texts(rows=2)
    ranks = torch.stack((ORDERS["by chance"], ORDERS["two gaps"]))
    places = torch.tensor([[3, 9, 0], [8, 1, 1]])
    whole = read_permuted(permuted, tokens, ranks, everywhere(tokens))
    wanted = whole.gather(1, places[:, :, None].expand(-1, -1, 16))
    assert_close(read_permuted(permuted, tokens, ranks, places), wanted, atol=1e-12, rtol=0)


def test_only_the_order_of_ranks_matters_and_where_a_place_is(permuted):
    tokens, ranks = texts(), ORDERS["by chance"][None]
    one = read_permuted(permuted, tokens, ranks, everywhere(tokens))
    assert (one == read_permuted(permuted, tokens, ranks * 3 - 5, everywhere(tokens))).all()
    # Of the same tokens, two places that see all else are told apart by distance alone.
    same = torch.full((1, LENGTH), 7)
    ranks = torch.zeros_like(same)
    ranks[0, 4:6] = 1
    two = read_permuted(permuted, same, ranks, torch.tensor([[4, 5]]))[0]
    assert not torch.equal(two[0], two[1])


def layer_of(seed=1, width=16, heads=2):
    config = GPTConfig(n_embd=width, n_head=heads, n_ctx=64, **PERMUTED)
    layer = TwoStreamAttention(config, 0).double().requires_grad_(False)
    generator = seeded(seed)
    for parameter in layer.parameters():
        parameter.normal_(0, 0.4, generator=generator)
    return config, layer


@pytest.mark.parametrize("length", [1, 2, 13, 32])
def test_left_to_right_is_the_causal_relative_network(length):
    config, layer = layer_of()
    causal = RelativeAttention(config, 0).double().requires_grad_(False)
    causal.load_state_dict(layer.state_dict())
    x = torch.randn(3, length, 16, generator=seeded(), dtype=torch.float64)
    wanted, _, _ = causal.segment(x, torch.nn.Identity(), causal.start(x), 0)
    places = torch.arange(length).expand(3, -1)
    visible = places[:, None, :] <= places[:, :, None]
    found = layer.look(x, layer.offered(x), places, visible)
    assert_close(found, wanted, atol=1e-12, rtol=0)


def test_left_to_right_its_tokens_are_those_of_the_causal_network(permuted):
    """What the query stream looks at, layer by layer, is what a causal network has there."""
    tokens = texts(rows=2)
    causal = GPT(GPTConfig(**SIZES, position_embedding="relative")).double()
    weights = permuted.state_dict()
    mask = weights.pop("two_sided.mask")
    causal.load_state_dict(weights)
    places = everywhere(tokens)
    before = places[:, None, :] < places[:, :, None]
    content = causal.tokens(tokens)
    query = mask.expand_as(content)
    for block, own in zip(causal.layers(), permuted.layers(), strict=True):
        look, seen = own.attention.look, own.attention.offered(block.attention_norm(content))
        query = query + look(block.attention_norm(query), seen, places, before)
        query = query + block.thought(query)[0]
        start = block.attention.start(content)
        content, _, _ = block.segment(content, start, 0)
    assert_close(causal.norm(content), causal.whole(tokens).features, atol=1e-12, rtol=0)
    found = read_permuted(permuted, tokens, places, places)
    assert_close(found, causal.norm(query), atol=1e-10, rtol=0)


@pytest.mark.parametrize("length", [2, 9, 16])
def test_both_streams_are_xlnets(length, transformers):
    """Weight for weight, one layer of two-stream attention in an order of chance."""
    _, layer = layer_of(seed=length)
    config = transformers.XLNetConfig(
        vocab_size=50, d_model=16, n_head=2, n_layer=1, d_inner=32, attn_type="bi", dropout=0.0
    )
    model = transformers.XLNetModel(config).double().eval().requires_grad_(False)
    theirs = model.layer[0].rel_attn
    for name, ours in (("q", layer.qkv.query), ("k", layer.qkv.key), ("v", layer.qkv.value),
                       ("r", layer.distances)):  # fmt: skip
        getattr(theirs, name).copy_(ours.weight.T.view(16, 2, 8))
    for linear in (layer.qkv.query, layer.qkv.key, layer.qkv.value, layer.out):
        linear.bias.zero_()  # XLNet has none
    theirs.o.copy_(layer.out.weight.view(16, 2, 8))
    theirs.r_w_bias.copy_(layer.content_bias)
    theirs.r_r_bias.copy_(layer.position_bias)
    h, g = torch.randn(2, 3, length, 16, generator=seeded(5), dtype=torch.float64)
    # The first of all in the order has something to see: XLNet's code would show it everything.
    ranks = torch.stack([torch.randperm(length, generator=seeded(n)) for n in range(3)]).clamp(1)
    ranks[:, 0] = 0
    by_token = ranks[:, None, :] <= ranks[:, :, None]
    by_place = ranks[:, None, :] < ranks[:, :, None]
    by_place[:, 0, 1] = True
    places = torch.arange(length).expand(3, -1)
    seen = layer.offered(h)
    found = layer.look(h, seen, places, by_token), layer.look(g, seen, places, by_place)
    masks = [(~each).double().permute(1, 2, 0)[..., None] for each in (by_token, by_place)]
    waves = model.relative_positional_encoding(length, length, bsz=3).double()
    wanted = theirs(h.transpose(0, 1), g.transpose(0, 1), *masks, waves, None)
    for ours, its, beside in zip(found, wanted, (h, g), strict=False):
        normed = F.layer_norm(beside + ours, (16,), eps=config.layer_norm_eps)
        assert_close(normed, its.transpose(0, 1), atol=1e-6, rtol=0)  # its waves are fp32


def test_what_is_visible_is_what_xlnet_shows(permuted, transformers):
    config = transformers.XLNetConfig(
        vocab_size=50, d_model=16, n_head=2, n_layer=2, d_inner=32, attn_type="bi", dropout=0.0
    )
    model = transformers.XLNetLMHeadModel(config).eval().requires_grad_(False)
    for seed, parameter in enumerate(model.parameters()):
        parameter.normal_(0, 0.4, generator=seeded(seed))
    tokens, ranks = texts(), ORDERS["two gaps"]
    places = torch.tensor([1, 2, 6, 7, 8])
    # As its own data code has it: context first, then each token of a gap after those before it.
    sees = (ranks[None, :] < ranks[:, None]) | ((ranks[None, :] == 0) & (ranks[:, None] == 0))
    mapping = F.one_hot(places, LENGTH).float()[None]

    def xlnet(each):
        mask = (~sees).float()[None]
        return model(each, perm_mask=mask, target_mapping=mapping, use_mems=False).logits

    def ours(each):
        return read_permuted(permuted, each, ranks[None], places[None])

    assert_close(changes(ours, tokens), changes(xlnet, tokens))


def test_a_masked_token_never_leaks_and_both_sides_tell(masked):
    tokens = texts()
    hidden = torch.zeros(1, LENGTH, dtype=torch.bool)
    hidden[0, [0, 5, 6, 11]] = True
    found = changes(lambda each: read_masked(masked, each, hidden).features, tokens)
    assert not found[hidden[0]].any()
    assert found[~hidden[0]].all()


def test_nothing_masked_is_another_thing_than_something(masked):
    tokens = texts()
    none = torch.zeros(1, LENGTH, dtype=torch.bool)
    one = none.clone()
    one[0, 4] = True
    seen, unseen = (read_masked(masked, tokens, each).features for each in (none, one))
    assert (seen != unseen).any(dim=-1).all()


def test_bidirectional_attention_is_softmax_over_everything():
    config = GPTConfig(n_embd=16, n_head=2, n_ctx=64, objective="masked")
    layer = BidirectionalAttention(config, 0).double()
    x = torch.randn(2, 9, 16, generator=seeded(), dtype=torch.float64)
    query, key, value = layer.projected(x, 0)
    weights = torch.softmax(query @ key.transpose(2, 3) * 8**-0.5, dim=-1)
    assert_close(layer.whole(x), layer.joined(weights @ value), atol=1e-12, rtol=0)


@pytest.mark.parametrize("length", [1, 2, 7, 64, 512])
def test_a_sixth_is_hidden_as_much_in_each_row(length):
    hidden = draw_gaps(40, length, seeded())
    assert hidden.shape == (40, length)
    assert set(hidden.sum(dim=1).tolist()) == {max(1, round(length / 6))}
    assert (hidden == draw_gaps(40, length, seeded())).all()
    if length > 2:
        assert (hidden != draw_gaps(40, length, seeded(2))).any()
        assert hidden.float().mean(dim=0).std() < 0.12  # no place is spared
    if length == 512:
        begins = hidden & ~F.pad(hidden, (1, 0))[:, :-1]
        assert 5.5 < (hidden.sum() / begins.sum()).item() < 9


KINDS = {"permutation": PERMUTED} | {
    f"masked, {name}": {"objective": "masked", **kinds} for name, kinds in MASKED.items()
}


def loss_of(network, windows, seed=1):
    asked = two_sided_loss_inputs(network, windows, seeded(seed))
    loss = F.cross_entropy(network.head(asked.features), asked.targets)
    return loss if asked.penalty is None else loss + asked.penalty


@pytest.mark.parametrize("kinds", KINDS)
def test_training_asks_for_the_hidden_tokens_alone(kinds):
    network = network_of(**KINDS[kinds])
    windows = texts(rows=3, length=25)
    asked = two_sided_loss_inputs(network, windows, seeded())
    hidden = draw_gaps(3, 24, seeded())
    assert_close(asked.targets, windows[:, :-1][hidden])
    assert asked.features.shape == (12, 16)
    again = two_sided_loss_inputs(network, windows, seeded())
    assert (again.features == asked.features).all()
    other = two_sided_loss_inputs(network, windows, seeded(2))
    assert (other.features != asked.features).any()
    # Features of a hidden token do not come from it; in a permuted text others' may.
    swapped = windows.clone()
    last = int(hidden[0].nonzero()[-1])
    swapped[0, last] = (swapped[0, last] + 1) % 50
    found = two_sided_loss_inputs(network, swapped, seeded()).features
    assert (found[3] == asked.features[3]).all()


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("kinds", KINDS)
def test_every_parameter_moves(kinds, checkpointing):
    torch.manual_seed(1)
    config = GPTConfig(**{**SIZES, **KINDS[kinds]})
    network = GPT(config).train()
    network.checkpointing = checkpointing
    before = {name: each.detach().clone() for name, each in network.named_parameters()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=0.0)
    for step in range(3):  # branches start at zero: what is behind them moves from the second on
        optimizer.zero_grad()
        loss_of(network, texts(rows=4, length=33, seed=step), step).backward()
        assert all(each.grad.isfinite().all() for each in network.parameters())
        optimizer.step()
    still = {name for name, each in network.named_parameters() if (each == before[name]).all()}
    assert not still


@pytest.mark.parametrize("kinds", KINDS)
def test_dropped_and_in_bf16_it_stays_near(kinds):
    network = network_of(**KINDS[kinds]).float().requires_grad_(True)
    windows = texts(rows=2, length=25)
    fine = loss_of(network, windows)
    with torch.autocast("cpu", torch.bfloat16):
        asked = two_sided_loss_inputs(network, windows, seeded())
    coarse = F.cross_entropy(network.head(asked.features.float()), asked.targets)
    coarse.backward()
    assert_close(coarse, fine, atol=0.15, rtol=0.05)
    network.train().set_dropout(0.5)
    torch.manual_seed(1)
    assert loss_of(network, windows) != loss_of(network, windows)


@pytest.mark.parametrize("kinds", ["permutation", "masked, learned"])
def test_they_do_not_go_on_with_texts(kinds):
    network = network_of(**KINDS[kinds])
    objective = network.config.objective
    for going_on in (network.whole, network, network.features):
        with pytest.raises(ValueError, match=f"objective {objective} does not go on"):
            going_on(texts())
    with pytest.raises(ValueError, match=f"objective {objective} does not go on"):
        network.empty_state()
    with pytest.raises(ValueError, match="33 tokens do not fit in n_ctx 32"):
        two_sided_loss_inputs(network, texts(length=34), seeded())


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"objective": "masked", "position_embedding": "relative"}, "position_embedding learned"),
        ({"objective": "permutation"}, "position_embedding relative"),
        (
            {**PERMUTED, "memory": "recurrent", "memory_length": 8, "segment_length": 8},
            "memory none, not with recurrent",
        ),
        ({**PERMUTED, **MASKED["switch"]}, "feed_forward dense, not with switch"),
        ({"objective": "masked", "attention": "banded", "attention_window": 4}, "attention dense"),
    ],
)
def test_what_cannot_be_is_refused(kinds, said):
    with pytest.raises(ValueError, match=said):
        check(GPTConfig(**{**SIZES, **kinds}))
