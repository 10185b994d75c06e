from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from writer.transformer import favor
from writer.transformer.config import GPTConfig
from writer.transformer.favor import FavorAttention


def config(**changes) -> GPTConfig:
    keys = {
        "n_embd": 32, "n_head": 4, "n_layer": 2, "n_ctx": 1024, "attention": "performer",
        "random_features": 20, "attention_seed": 3,
    }  # fmt: skip
    return GPTConfig(**keys | changes)


def attention(layer=0, dtype=torch.float64, **changes) -> FavorAttention:
    torch.manual_seed(0)
    return FavorAttention(config(**changes), layer).to(dtype).eval()


def texts(rows: int, length: int, seed: int = 0, dtype=torch.float64) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return 2 * torch.randn((rows, length, 32), generator=source, dtype=dtype)


def features(kind: FavorAttention, x: torch.Tensor) -> torch.Tensor:
    x = x * kind.scale**0.5
    rows = kind.projection
    exponents = torch.einsum("bhtd,hmd->bhtm", x, rows) - x.square().sum(3, keepdim=True) / 2
    return exponents.exp() / rows.shape[1] ** 0.5


def dense(kind: FavorAttention, x: torch.Tensor) -> torch.Tensor:
    """What is read by the whole matrix of the features' products."""
    query, key, value = kind.projected(x, 0)
    weights = (features(kind, query) @ features(kind, key).transpose(2, 3)).tril()
    return kind.joined((weights / weights.sum(dim=3, keepdim=True)) @ value)


def read_in(kind: FavorAttention, x: torch.Tensor, cuts: list[int]):
    read, outcomes, first = kind.begin(x), [], 0
    for part in x.tensor_split(cuts, dim=1):
        outcome, read = kind.onward(part, read, first, False)
        outcomes.append(outcome)
        first += part.shape[1]
    return torch.cat(outcomes, dim=1), read


@pytest.mark.parametrize("length", [1, 2, 127, 128, 129, 300])
@pytest.mark.parametrize("count", [8, 20, 33])
def test_the_sums_are_those_of_all_pairs_of_features(length, count):
    kind, x = attention(random_features=count), texts(2, length)
    assert_close(kind.whole(x), dense(kind, x), rtol=0, atol=1e-12)


def test_features_in_groups_are_those_at_once(monkeypatch):
    kind, x = attention(), texts(2, 301)
    monkeypatch.setattr(favor, "_CHUNK", 16)
    monkeypatch.setattr(favor, "_GROUP", 48)
    assert_close(kind.whole(x), dense(kind, x), rtol=0, atol=1e-12)


def test_the_error_to_softmax_attention_falls_as_features_grow():
    x = texts(2, 150) / 2
    errors = []
    for count in (8, 64, 512, 4096):
        kind = attention(random_features=count)
        query, key, value = kind.projected(x, 0)
        exact = kind.joined(
            F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=kind.scale)
        )
        errors.append((kind.whole(x) - exact).square().mean().sqrt().item())
    assert all(more < 0.7 * less for less, more in pairwise(errors)), errors


def test_rows_are_orthogonal_in_blocks_and_as_long_as_gaussian_ones():
    rows = attention(random_features=2048).projection
    block = rows[1, 8:16]
    products = block @ block.T
    assert_close(products, products.diagonal().diag(), rtol=0, atol=1e-5)
    squares = rows.square().sum(2)
    assert_close(squares.mean(), torch.tensor(8.0).double(), rtol=0.03, atol=0)
    assert_close(squares.var(), torch.tensor(16.0).double(), rtol=0.1, atol=0)
    assert rows.mean().abs() < 0.02


def test_rows_are_of_the_seed_and_the_layer():
    rows = attention().projection
    assert torch.equal(rows, attention().projection)
    assert not torch.equal(rows, attention(layer=1).projection)
    assert not torch.equal(rows, attention(attention_seed=4).projection)


def test_stretches_read_what_the_whole_reads():
    kind, x = attention(), texts(1, 403)
    cuts = torch.randint(1, 403, (9,), generator=torch.Generator().manual_seed(1)).unique()
    with torch.no_grad():
        whole = kind.whole(x)
        for where in (cuts.tolist(), list(range(1, 403)), [130]):
            assert_close(read_in(kind, x, where)[0], whole, rtol=0, atol=1e-9)


def test_single_precision_agrees_too():
    kind, x = attention(dtype=torch.float32), texts(1, 300, dtype=torch.float32)
    with torch.no_grad():
        assert_close(read_in(kind, x, [7, 90, 91])[0], kind.whole(x), rtol=0, atol=1e-6)


def test_lower_precision_keeps_features_wide():
    kind, x = attention(dtype=torch.float32), texts(1, 100, dtype=torch.float32)
    whole = kind.whole(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = kind.whole(x)
        low.sum().backward()
    assert low.dtype == torch.bfloat16
    assert_close(low.float(), whole, rtol=0, atol=0.05)
    low_kind, low_x = attention(dtype=torch.bfloat16), x.to(torch.bfloat16)
    _, read = low_kind.onward(low_x, low_kind.begin(low_x), 0, False)
    assert (read.sums.dtype, read.peak.dtype) == (torch.float32, torch.float32)


@pytest.mark.parametrize("place", [0, 100, 128, 199])
def test_the_future_changes_nothing_not_by_one_bit(place):
    kind, x = attention(), texts(1, 200)
    other = x.clone()
    other[:, place:] = texts(1, 200, seed=9)[:, place:] * 30  # far larger maxima
    with torch.no_grad():
        one, two = kind.whole(x), kind.whole(other)
    assert torch.equal(one[:, :place], two[:, :place])
    assert not torch.equal(one[:, place], two[:, place])


def test_early_keys_and_values_matter():
    kind, x = attention(), texts(1, 300).requires_grad_()
    kind.whole(x)[:, 250:].sum().backward()
    assert (x.grad.abs().amax(dim=2) > 0).all()


def test_gradients_are_those_of_the_dense_form():
    kind, x = attention(), texts(2, 150).requires_grad_()
    toward = texts(2, 150, seed=5)
    inputs = (x, *kind.parameters())
    found = torch.autograd.grad((kind.whole(x) * toward).sum(), inputs)
    expected = torch.autograd.grad((dense(kind, x) * toward).sum(), inputs)
    for (name, _), one, two in zip(
        [("x", x), *kind.named_parameters()], found, expected, strict=True
    ):
        # What is added to all keys alike changes no share of softmax, but it does that of features.
        assert one.abs().sum() > 0, name
        assert_close(one, two, rtol=0, atol=1e-11)


def test_large_vectors_give_numbers():
    kind, x = attention(dtype=torch.float32), 40 * texts(1, 300, dtype=torch.float32)
    x.requires_grad_()
    outcome = kind.whole(x)
    outcome.sum().backward()
    assert outcome.isfinite().all()
    assert x.grad.isfinite().all()


def test_rows_of_a_branch_are_each_as_if_alone():
    kind, x = attention(), texts(3, 170)
    x[:, :140] = x[:1, :140]
    with torch.no_grad():
        _, read = kind.onward(x[:1, :140], kind.begin(x), 0, False)
        one, read = kind.onward(x[:, 140:141], read.branch(3), 140, True)
        two, read = kind.onward(x[:, 141:160], read, 141, True)
        whole = kind.whole(x)
        assert_close(torch.cat((one, two), dim=1), whole[:, 140:160], rtol=0, atol=1e-9)
        rows = torch.tensor([2, 0, 2])
        further, _ = kind.onward(x[rows, 160:164], read.select(rows), 160, True)
        assert_close(further, whole[rows, 160:164], rtol=0, atol=1e-9)


def test_what_has_been_read_has_one_size_and_is_never_changed():
    kind, x = attention(), texts(1, 1000)
    with torch.no_grad():
        read = kind.begin(x)
        for first in range(0, 1000, 100):
            before = [part.clone() for part in read]
            _, after = kind.onward(x[:, first : first + 100], read, first, False)
            assert all(torch.equal(one, two) for one, two in zip(before, read, strict=True))
            assert after.nbytes == read.nbytes
            read = after


def test_features_are_drawn_anew_when_asked_and_belong_to_the_weights():
    kind, x = attention(), texts(1, 5)
    first, before = kind.projection.clone(), kind.whole(x)
    kind.redraw(1)
    assert not torch.equal(kind.projection, first)
    assert not torch.equal(kind.whole(x), before)
    other = attention()
    other.load_state_dict(kind.state_dict())
    assert torch.equal(other.whole(x), kind.whole(x))
    other.redraw(0)
    assert torch.equal(other.projection, first)


def test_a_network_read_from_a_file_draws_nothing():
    kind, x = attention(), texts(1, 40)
    with torch.device("meta"):
        other = FavorAttention(config(), 0)
    assert other.projection.is_meta
    other.load_state_dict(kind.state_dict(), assign=True)
    assert torch.equal(other.eval().whole(x), kind.whole(x))
