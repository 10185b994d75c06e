"""The laws that every kind of network obeys, whatever it looks at and remembers."""

from contextlib import suppress

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from tests.transformer.family import (
    DRAWN,
    FAMILY,
    N_CTX,
    drawn,
    exact_network,
    random_lengths,
    random_tokens,
    streamed,
    whole,
)
from writer.training.objective import Objective
from writer.training.optimizers import optimizers
from writer.training.recipe import Recipe
from writer.transformer.gpt import GPT
from writer.transformer.state import State

LENGTH = 45
LONG = 290
"""Longer than the pieces in which any kind works through a text."""
EXACT = {"atol": 1e-9, "rtol": 0}
every_kind = pytest.mark.parametrize("name", FAMILY)

FAR = {
    "dense", "rotary", "interpolated", "two-level", "relative", "banded", "banded, rotary",
    "hierarchical", "hierarchical, rotary", "hierarchical, two-level", "performer",
    "performer, two-level", "bigbird", "bigbird, rotary", "longformer", "longformer, rotary",
    "reversible", "reversible longformer", "switch", "switch, longformer",
}  # fmt: skip
"""Kinds whose first token tells to the end of any text."""


def fresh(name: str) -> GPT:
    return random_network(n_ctx=N_CTX, **FAMILY[name]).double()


def otherwise(tokens: torch.Tensor, first: int) -> torch.Tensor:
    """The tokens, but from `first` on all of them others."""
    changed = tokens.clone()
    changed[:, first:] = (tokens[:, first:] + 1 + random_tokens(1, 1).item() % 300) % 384
    return changed


@every_kind
def test_the_future_never_changes_the_past_of_whole_texts(name):
    network = fresh(name)
    for training, length, places in (
        (False, LENGTH, (1, 8, 22, LENGTH - 1)),
        (True, LENGTH, (1, 8, 22, LENGTH - 1)),
        (False, LONG, (130,)),
        (True, LONG, (LONG - 100,)),
    ):
        network.train(training)
        tokens = random_tokens(2, length)
        before = network.whole(tokens).features
        for first in places:
            changed = torch.cat((otherwise(tokens[:1], first), tokens[1:]))
            after = network.whole(changed).features
            assert torch.equal(after[0, :first], before[0, :first])
            assert torch.equal(after[1], before[1])
            assert ((after - before)[0, first:].abs().amax(dim=1) > 1e-6).all()


@every_kind
def test_the_future_never_changes_the_past_of_stretches(name):
    network = exact_network(name)
    for lengths, places in (
        (random_lengths(LENGTH, seed=1), (1, 8, 22, LENGTH - 1)),
        ([120, 1, 80, 1, LONG - 202], (130,)),
    ):
        tokens = random_tokens(1, sum(lengths))
        before, _ = streamed(network, tokens, lengths)
        for first in places:
            after, _ = streamed(network, otherwise(tokens, first), lengths)
            assert torch.equal(after[:, :first], before[:, :first])
            assert not torch.equal(after[:, first], before[:, first])


@every_kind
def test_early_tokens_change_what_follows(name):
    network, tokens = exact_network(name), random_tokens(1, LENGTH)
    before = whole(network, tokens)
    for place in (0, 3, 20, LENGTH - 2):
        changed = tokens.clone()
        changed[:, place] = (changed[:, place] + 7) % 384
        difference = (whole(network, changed) - before).abs().amax(dim=2)[0]
        assert difference[place + 1 :].max() > 1e-6
        if place == 0 and name in FAR:
            assert difference[-1] > 1e-9


@every_kind
def test_every_parameter_of_attention_changes_the_result(name):
    network, tokens = fresh(name), random_tokens(1, LENGTH)
    before = whole(network, tokens)
    parts = {key: each for key, each in network.named_parameters() if ".attention." in key}
    assert sum("query" in key or "key" in key for key in parts) >= network.config.n_layer
    for key, parameter in parts.items():
        kept = parameter.clone()
        parameter.mul_(1.5)
        after = whole(network, tokens)
        if not key.endswith("key.bias"):  # which adds the same to all scores of a query
            assert (after - before).abs().max() > 1e-6, key
        parameter.copy_(kept)


@every_kind
def test_fed_in_stretches_is_fed_whole(name):
    network = exact_network(name)
    cuts = [random_lengths(LENGTH, seed) for seed in range(2)]
    for seed, lengths in enumerate([*cuts, [131, 1, 7, LONG - 139]]):
        tokens = random_tokens(1, sum(lengths), seed)
        said, state = streamed(network, tokens, lengths)
        assert_close(said, whole(network, tokens), **EXACT)
        assert (state.length, state.rows) == (tokens.shape[1], 1)


@every_kind
def test_a_token_at_a_time_is_fed_whole(name):
    network, tokens = exact_network(name), random_tokens(1, LENGTH)
    assert_close(streamed(network, tokens, 1)[0], whole(network, tokens), **EXACT)


@every_kind
def test_whole_texts_of_any_length_begin_alike(name):
    network, tokens = exact_network(name), random_tokens(1, LENGTH)
    wanted = whole(network, tokens)
    for length in (1, 2, 3, 4, 7, 8, 9, 16, 31):
        assert_close(whole(network, tokens[:, :length]), wanted[:, :length], **EXACT)


@every_kind
def test_texts_of_a_batch_are_each_text_by_itself(name):
    network, tokens = fresh(name), random_tokens(3, 37)
    for training in (False, True):
        network.train(training)
        together = network.whole(tokens).features
        for row in range(3):
            alone = network.whole(tokens[row : row + 1]).features
            assert_close(together[row : row + 1], alone, **EXACT)


@every_kind
def test_kept_in_few_bits_it_says_nearly_the_same(name):
    network = random_network(n_ctx=N_CTX, **FAMILY[name])
    for parameter in network.blocks.parameters():
        if parameter.ndim > 1:
            parameter.mul_(0.4)  # scores near those of trained networks
    tokens = random_tokens(1, LENGTH)
    wanted = whole(network, tokens)
    for dtype, most in ((torch.float32, 1e-6), (torch.bfloat16, 2e-2)):
        said, _ = streamed(network, tokens, [20, 1, 24], network.empty_state(dtype))
        assert (said - wanted).norm() < most * wanted.norm()
        assert said.dtype == torch.float32


@every_kind
def test_rows_of_a_branch_are_each_row_by_itself(name):
    network, ahead = exact_network(name), random_tokens(3, 8, seed=1)
    for lengths in ([13, 17], [170, 1]):
        text = random_tokens(1, sum(lengths))
        _, state = streamed(network, text, lengths)
        together, after = streamed(network, ahead, [1, 5, 1, 1], state.branch(3))
        alone = torch.cat((text.expand(3, -1), ahead), dim=1)
        assert_close(together, whole(network, alone)[:, -8:], **EXACT)
        assert (after.rows, after.length) == (3, text.shape[1] + 8)
    with pytest.raises(ValueError, match="branched"):
        after.branch(2)
    with pytest.raises(ValueError, match="2 rows"):
        network(ahead[:2], after)


@every_kind
def test_selected_rows_go_on_as_they_were(name):
    network, ahead = exact_network(name), random_tokens(3, 8, seed=1)
    _, state = streamed(network, random_tokens(1, 30), [13, 17])
    _, state = streamed(network, ahead[:, :4], 2, state.branch(3))
    wanted, _ = streamed(network, ahead[:, 4:], [3, 1], state)
    for rows in ([2, 0], [1], [0, 0, 2, 1]):
        index = torch.tensor(rows)
        said, after = streamed(network, ahead[index, 4:], [1, 3], state.select(index))
        assert_close(said, wanted[index], **EXACT)
        assert (after.rows, after.length) == (len(rows), 38)


@pytest.mark.parametrize("name", ["compressive", "hierarchical", "longformer", "reformer"])
def test_rows_read_as_much_as_a_network_says_wherever_they_begin(name):
    network = exact_network(name)
    own = min(network.longest_branch, 20)
    for length in range(0, 26):
        text, ahead = random_tokens(1, length), random_tokens(2, own, seed=1)
        state = network.empty_state()
        state = streamed(network, text, [length], state)[1] if length else state
        together, _ = streamed(network, ahead, random_lengths(own, length), state.branch(2))
        alone = torch.cat((text.expand(2, -1), ahead), dim=1)
        assert_close(together, whole(network, alone)[:, length:], **EXACT)


@every_kind
def test_a_text_is_cut_where_a_stretch_ended(name):
    network, tokens = exact_network(name), random_tokens(1, 41)
    _, state = streamed(network, tokens, [12, 9, 1, 19])
    ahead = random_tokens(1, 6, seed=2)
    for length in (41, 22, 21, 12, 0):
        assert state.reaches(length) == length
        if length == 0 and not isinstance(state, State):
            continue  # where nothing has been read no mark is needed: a new state begins there
        text = torch.cat((tokens[:, :length], ahead), dim=1)
        said, after = streamed(network, ahead, [4, 2], state.truncate(length))
        assert_close(said, whole(network, text)[:, length:], **EXACT)
        assert after.length == length + 6
    if not isinstance(state, State):
        assert [state.reaches(length) for length in (40, 21, 20, 11)] == [22, 21, 12, 0]
        with pytest.raises(ValueError, match="20"):
            state.truncate(20)
        with pytest.raises(ValueError, match="cut"):
            state.branch(2).truncate(12)


@every_kind
def test_a_state_is_a_value_that_reading_on_leaves_alone(name):
    network = exact_network(name)
    _, state = streamed(network, random_tokens(1, 30), [13, 17])
    ahead = random_tokens(1, 5, seed=1)
    wanted, _ = network(ahead, state)
    streamed(network, random_tokens(4, 6, seed=2), [1, 5], state.branch(4))
    streamed(network, random_tokens(1, 40, seed=3), [7, 33], state)
    assert torch.equal(network(ahead, state)[0], wanted)


@every_kind
def test_reading_goes_layer_by_layer_and_can_be_left(name):
    network, tokens = exact_network(name), random_tokens(1, 30)
    _, state = streamed(network, tokens[:, :20], [20])
    wanted = whole(network, tokens)[0, -1]
    for layers in range(network.config.n_layer):
        reading = network.reading(otherwise(tokens, 0)[:, 20:], state)
        for _ in range(layers):
            next(reading)
        reading.close()
    reading, steps = network.reading(tokens[:, 20:], state), 0
    with suppress(StopIteration):
        while True:
            try:
                next(reading)
            except StopIteration as end:
                output, after = end.value
                raise
            steps += 1
    assert steps == network.config.n_layer
    assert_close(network.head(output), wanted, **EXACT)
    assert after.length == 30


@every_kind
def test_after_two_steps_every_parameter_has_moved(name):
    torch.manual_seed(3)
    config = random_network(n_ctx=N_CTX, **FAMILY[name]).config
    network = GPT(config).train()
    before = {key: each.detach().clone() for key, each in network.named_parameters()}
    objective, steps = Objective(network), optimizers(network, Recipe())
    for step in range(2):
        plain, penalty = objective(random_tokens(2, LENGTH + 1, seed=step))
        (plain if penalty is None else plain + penalty).backward()
        for each in steps:
            each.step()
            each.zero_grad()
    for key, each in network.named_parameters():
        assert each.isfinite().all(), key
        assert not torch.equal(each, before[key]), key


@every_kind
def test_activations_worked_out_again_give_the_same_gradients(name):
    network, tokens = fresh(name).train().requires_grad_(True), random_tokens(2, 21)
    network.set_dropout(0.1)
    found = []
    for network.checkpointing in (False, True):
        network.zero_grad()
        torch.manual_seed(1)
        features, penalty = network.whole(tokens)
        (features.square().mean() + (0 if penalty is None else penalty)).backward()
        found.append({key: each.grad for key, each in network.named_parameters()})
    assert_close(found[1], found[0], **EXACT)


@every_kind
def test_training_in_any_precision_comes_to_numbers(name):
    network = random_network(n_ctx=N_CTX, **FAMILY[name])
    with torch.inference_mode():  # what it keeps for later must not be fit for that alone
        streamed(network, random_tokens(1, LENGTH), [20, 25])
        whole(network, random_tokens(1, LENGTH))
    network.train().requires_grad_(True)
    for dtype in (torch.float32, torch.bfloat16):
        network.zero_grad()
        plain, penalty = Objective(network, dtype)(random_tokens(2, LENGTH + 1))
        (plain if penalty is None else plain + penalty).backward()
        for key, each in network.blocks.named_parameters():
            assert each.grad is not None, key
            assert each.grad.isfinite().all(), key


@every_kind
def test_weights_are_all_that_a_network_is(name):
    network, tokens = exact_network(name), random_tokens(1, LENGTH)
    with torch.device("meta"):
        other = GPT(network.config, initialized=False).eval()
    other.load_state_dict(network.state_dict(), assign=True)
    if network.config.tie_word_embeddings:
        other.head.weight = other.tokens.weight
    wanted = whole(network, tokens)
    assert torch.equal(whole(other, tokens), wanted)
    assert_close(streamed(other, tokens, [20, 25])[0], wanted, **EXACT)


@every_kind
def test_more_than_n_ctx_tokens_are_refused(name):
    network = exact_network(name)
    with pytest.raises(ValueError, match=f"{N_CTX}"):
        network.whole(random_tokens(1, N_CTX + 1))
    _, state = streamed(network, random_tokens(1, N_CTX), [N_CTX])
    with pytest.raises(ValueError, match=f"{N_CTX}"):
        network(random_tokens(1, 1), state)


def sizes(name: str) -> list[float]:
    """What layers keep as a long text is read, in entries: keys and values of one token."""
    network = exact_network(name)
    state, found = network.empty_state(), []
    for stretch in random_tokens(1, N_CTX).split(16, dim=1):
        _, state = network(stretch, state)
        found.append(sum(layer.nbytes for layer in state.layers))
    entry = 2 * network.config.n_embd * 8 * network.config.n_layer
    return [each / entry for each in found]


BOUNDED = {
    "longformer": 11,
    "longformer, rotary": 11,
    "longformer, interpolated": 9,
    "reformer": 250,  # a tail of 128, and a quarter more than 2 x 4 x 6, with their places
    "reversible reformer": 250,
    "performer": 13,
    "recurrent": 13,
    "compressive": 25,
    "reversible longformer": 11,
    "switch, recurrent": 13,
}
"""So many entries at most, however long the text is: some ten times what is looked at here."""
GROWING = {"banded": 0.5, "hierarchical": 0.125}


@pytest.mark.parametrize("name", BOUNDED)
def test_state_stays_bounded(name):
    found = sizes(name)
    half = len(found) // 2
    assert max(found[half:]) <= max(found[:half]) * 1.05
    assert max(found) <= BOUNDED[name]


@pytest.mark.parametrize("name", GROWING)
def test_state_grows_with_what_is_seen_for_good(name):
    # Banded: every second layer is dense. Hierarchical: every second head keeps a summary of four.
    found = sizes(name)
    assert (found[-1] - found[7]) / (N_CTX - 128) == pytest.approx(GROWING[name], abs=0.02)


@pytest.mark.parametrize("kind", range(len(DRAWN)))
@pytest.mark.parametrize("seed", range(4))
def test_laws_hold_at_any_sizes(kind, seed):
    config = drawn(DRAWN[kind], seed)
    network = random_network(seed, **config).double()
    length = network.n_ctx
    tokens = random_tokens(2, length, seed)
    wanted = network.whole(tokens).features
    said, _ = streamed(network, tokens[:1], random_lengths(length, seed))
    assert_close(said, network.head(wanted[:1]), **EXACT)
    for training in (False, True):
        before = network.train(training).whole(tokens).features
        for first in {1, length // 2, length - 1} - {0, length}:
            after = network.whole(otherwise(tokens, first)).features
            assert torch.equal(after[:, :first], before[:, :first])
