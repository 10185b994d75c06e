import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network, tiny_tokenizer
from writer.checkpoints.folder import read_model, write_model
from writer.training.extending import POSITIONS, as_plain, extended, learn_together
from writer.transformer.variants import is_plain

TOKENS = torch.randint(384, (2, 16), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("n_ctx", [17, 32, 40, 48])
def test_copied_it_reads_what_it_read_and_goes_on(n_ctx, tmp_path):
    before = random_network(n_ctx=16)
    after = extended(before, n_ctx, "copied")
    assert is_plain(after.config)
    assert after.config.n_ctx == n_ctx
    assert_close(after(TOKENS)[0], before(TOKENS)[0], atol=0, rtol=0)
    longer = TOKENS.repeat(1, 3)[:, :n_ctx]
    assert after(longer)[0].isfinite().all()
    table = after.positions.weight
    assert torch.equal(table[16:], before.positions.weight.repeat(2, 1)[: n_ctx - 16])
    write_model(tmp_path, after, tiny_tokenizer(), torch.float32)
    again = read_model(tmp_path).network
    assert_close(again(longer)[0], after(longer)[0], atol=0, rtol=0)


def test_copied_a_transformer_of_hugging_face_is_the_same(tmp_path, transformers):
    after = extended(random_network(n_ctx=16), 48, "copied")
    write_model(tmp_path, after, tiny_tokenizer(), torch.float32)
    other = transformers.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    longer = TOKENS.repeat(1, 3)
    with torch.no_grad():
        assert_close(other(longer).logits, after(longer)[0], atol=1e-4, rtol=1e-4)


def test_interpolated_the_ends_stay_and_the_middle_lies_between():
    before = random_network(n_ctx=16)
    after = extended(before, 31, "interpolated")
    found = after.positions(torch.arange(31))
    assert_close(found[::2], before.positions.weight)
    between = (before.positions.weight[1:] + before.positions.weight[:-1]) / 2
    assert_close(found[1::2], between)


def test_interpolated_and_written_out_it_is_a_plain_gpt2_that_says_the_same():
    stretched = extended(random_network(n_ctx=16), 40, "interpolated")
    plain = as_plain(stretched)
    assert is_plain(plain.config)
    assert plain.config.n_ctx == 40
    longer = TOKENS.repeat(1, 3)[:, :40]
    assert_close(plain(longer)[0], stretched(longer)[0], atol=0, rtol=0)
    assert as_plain(plain) is plain
    banded = random_network(position_embedding="interpolated", trained_positions=16,
                            attention="banded", attention_window=8)  # fmt: skip
    assert as_plain(banded) is banded


def test_relative_the_rest_stays_and_it_reads_on_in_bounded_memory():
    before = random_network(n_ctx=16)
    after = extended(before, 200, "relative")
    assert (after.config.memory, after.config.memory_length, after.n_ctx) == ("recurrent", 16, 200)
    for name, weight in before.state_dict().items():
        if not name.startswith(("positions", "tokens", "head")):
            assert torch.equal(after.state_dict()[name], weight), name
    moved = after.tokens.weight - before.tokens.weight
    assert_close(moved, before.positions.weight[4:].mean(dim=0).expand_as(moved))
    assert after.head.weight is after.tokens.weight
    _, state = after(TOKENS.repeat(1, 6)[:1], after.empty_state())
    assert after(TOKENS[:1], state)[1].layers[0].nbytes == state.layers[0].nbytes
    # Without distances and positions it says the same: what is added to all logits is lost.
    with torch.no_grad():
        before.positions.weight[:] = before.positions.weight[4:].mean(dim=0)
        for block in after.layers():
            block.attention.distances.weight.zero_()
    said, meant = after(TOKENS)[0].log_softmax(-1), before(TOKENS)[0].log_softmax(-1)
    assert_close(said, meant, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_cannot_be_extended_is_told(positions):
    with pytest.raises(ValueError, match="reads 16 tokens"):
        extended(random_network(n_ctx=16), 16, positions)
    other = random_network(n_ctx=16, position_embedding="rotary", rotary_base=1e4)
    with pytest.raises(ValueError, match="plain GPT-2"):
        extended(other, 32, positions)


def test_copies_learn_what_they_have_in_common_and_the_first_positions_as_ever():
    network = extended(random_network(n_ctx=16), 40, "copied").requires_grad_(True)
    tokens = TOKENS.repeat(1, 3)[:, :40]

    def gradient() -> torch.Tensor:
        network.zero_grad()
        network(tokens)[0].logsumexp(-1).mean().backward()
        return network.positions.weight.grad.clone()

    alone = gradient()
    learn_together(network, 16)
    together = gradient()
    assert torch.equal(together[:16], alone[:16])
    for copy in (slice(16, 32), slice(32, 40)):
        common = alone[copy].sum(dim=0) / alone[copy].shape[0] ** 0.5
        assert_close(together[copy] - alone[copy], common.expand_as(alone[copy]))
