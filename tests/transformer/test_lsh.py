import math

import pytest
import torch
from torch.testing import assert_close

from writer.transformer.config import GPTConfig
from writer.transformer.lsh import LSHAttention

SHAPES = {
    "several rounds": {},
    "one round": {"hash_rounds": 1},
    "one bucket": {"hash_buckets": 1, "bucket_window": 9},
    "two buckets": {"hash_buckets": 2, "hash_rounds": 4},
    "itself alone": {"bucket_window": 1},
    "many buckets": {"hash_buckets": 64, "hash_rounds": 3},
    "wide window": {"bucket_window": 200, "hash_buckets": 4},
}
SOME = list(SHAPES)[:4]


def attention(layer=0, dtype=torch.float64, **changes) -> LSHAttention:
    keys = {
        "n_embd": 32, "n_head": 4, "n_layer": 2, "n_ctx": 1024, "attention": "reformer",
        "hash_buckets": 6, "hash_rounds": 3, "bucket_window": 5, "attention_seed": 3,
    }  # fmt: skip
    torch.manual_seed(0)
    return LSHAttention(GPTConfig(**keys | changes), layer).to(dtype)


def texts(rows: int, length: int, seed: int = 0, dtype=torch.float64) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return 2 * torch.randn((rows, length, 32), generator=source, dtype=dtype)


def read_in(kind: LSHAttention, x: torch.Tensor, cuts: list[int]):
    read, outcomes, first = kind.begin(x), [], 0
    for part in x.tensor_split(cuts, dim=1):
        outcome, read = kind.onward(part, read, first, False)
        outcomes.append(outcome)
        first += part.shape[1]
    return torch.cat(outcomes, dim=1), read


def heads_of(kind: LSHAttention, part: torch.Tensor) -> torch.Tensor:
    return part.unflatten(2, (kind.heads, -1)).transpose(1, 2)


def seen_pairs(kind: LSHAttention, query: torch.Tensor, window: int) -> torch.Tensor:
    """Who sees whom, (B, H, T, T), token by token."""
    buckets = kind.hashed(query)
    rows, heads, rounds, length = buckets.shape
    seen = torch.zeros((rows, heads, length, length), dtype=torch.bool)
    for row in range(rows):
        for head in range(heads):
            for number in range(rounds):
                members: dict[int, list[int]] = {}
                for i, bucket in enumerate(buckets[row, head, number].tolist()):
                    members.setdefault(bucket, []).append(i)
                    seen[row, head, i, members[bucket][-window:]] = True
    return seen


def dense(kind: LSHAttention, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
    """What is read by a matrix of all scores; without `seen`, of everything up to a query."""
    query = heads_of(kind, kind.qkv.query(x))
    value = heads_of(kind, kind.qkv.value(x))
    length = x.shape[1]
    if seen is None:
        seen = torch.ones((length, length), dtype=torch.bool).tril()
    key = query / query.norm(dim=3, keepdim=True)
    scores = query @ key.transpose(2, 3) * kind.scale
    alone = seen.sum(dim=-1, keepdim=True) == 1
    itself = torch.eye(length, dtype=torch.bool)
    scores = scores.masked_fill(~seen | (itself & ~alone), -math.inf)
    return kind.joined(torch.softmax(scores, dim=3) @ value)


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("length", [1, 2, 7, 61])
def test_a_query_reads_the_last_of_its_buckets_each_once(changes, length):
    kind, x = attention(**changes), texts(2, length)
    query = heads_of(kind, kind.qkv.query(x))
    window = changes.get("bucket_window", 5)
    expected = dense(kind, x, seen_pairs(kind, query, window))
    assert_close(kind.whole(x), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("length", "window"), [(1, 1), (37, 37), (64, 100)])
def test_one_bucket_is_dense_attention_with_shared_queries_and_keys(length, window):
    kind, x = attention(hash_buckets=1, bucket_window=window), texts(2, length)
    assert_close(kind.whole(x), dense(kind, x), rtol=0, atol=1e-12)


def test_buckets_are_those_of_the_largest_of_a_rotated_vector_and_its_negative():
    kind, query = attention(), torch.randn(1, 4, 50, 8, dtype=torch.float64)
    rotation = kind._rotation(query).unflatten(2, (3, 3))
    turned = torch.einsum("bhtd,hdrn->bhrtn", query, rotation)
    expected = torch.cat((turned, -turned), dim=4).argmax(dim=4)
    assert torch.equal(kind.hashed(query), expected)
    assert len(expected.unique()) == 6


def test_hashes_are_of_the_seed_and_the_layer():
    query = torch.randn(1, 4, 50, 8, dtype=torch.float64)
    found = attention().hashed(query)
    assert torch.equal(found, attention().hashed(query))
    assert not torch.equal(found, attention(layer=1).hashed(query))
    assert not torch.equal(found, attention(attention_seed=4).hashed(query))


def test_a_network_read_from_a_file_hashes_as_one_that_was_made():
    kind, x = attention(), texts(1, 40)
    with torch.device("meta"):
        other = LSHAttention(
            GPTConfig(n_embd=32, n_head=4, n_layer=2, hash_buckets=6, hash_rounds=3,
                      bucket_window=5, attention_seed=3), 0,
        )  # fmt: skip
    other.load_state_dict(kind.state_dict(), assign=True)
    assert torch.equal(other.whole(x), kind.whole(x))
    assert sorted(other.state_dict()) == [
        "out.bias", "out.weight", "qkv.query.bias", "qkv.query.weight", "qkv.value.bias",
        "qkv.value.weight",
    ]  # fmt: skip


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
def test_stretches_read_what_the_whole_reads(changes):
    kind, x = attention(**changes), texts(1, 403)
    cuts = torch.randint(1, 403, (9,), generator=torch.Generator().manual_seed(1)).unique()
    with torch.no_grad():
        whole = kind.whole(x)
        for where in (cuts.tolist(), [1, 2, 3, 200, 201], [130]):
            assert_close(read_in(kind, x, where)[0], whole, rtol=0, atol=1e-9)


def test_single_precision_agrees_too():
    kind, x = attention(dtype=torch.float32), texts(1, 300, dtype=torch.float32)
    with torch.no_grad():
        assert_close(read_in(kind, x, [7, 90, 91])[0], kind.whole(x), rtol=0, atol=1e-6)


def test_lower_precision_reads_nearly_the_same():
    kind, x = attention(dtype=torch.float32), texts(1, 200, dtype=torch.float32)
    with torch.no_grad():
        outcome, read = kind.onward(x[:, :150], kind.begin(x.to(torch.bfloat16)), 0, False)
        more, read = kind.onward(x[:, 150:], read, 150, False)
        assert (read.keys.dtype, read.shared.values.dtype) == (torch.bfloat16,) * 2
        whole = kind.whole(x)
    assert_close(torch.cat((outcome, more), dim=1), whole, rtol=0, atol=0.02)


def test_autocast_keeps_scores_wide():
    kind, x = attention(dtype=torch.float32), texts(1, 100, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = kind.whole(x)
        low.sum().backward()
    assert low.dtype == torch.bfloat16
    # A vector near the border of two buckets may fall into the other one.
    apart = (low - kind.whole(x)).abs().amax(dim=2) < 0.05
    assert apart.float().mean() > 0.8
    assert all(p.grad is not None and p.grad.isfinite().all() for p in kind.parameters())


@pytest.mark.parametrize("changes", [SHAPES[name] for name in SOME], ids=SOME)
@pytest.mark.parametrize("place", [0, 40, 76, 99])
def test_the_future_changes_nothing_not_by_one_bit(changes, place):
    kind, x = attention(**changes), texts(1, 100)
    other = x.clone()
    other[:, place:] = texts(1, 100, seed=9)[:, place:] * 30
    with torch.no_grad():
        one, two = kind.whole(x), kind.whole(other)
    assert torch.equal(one[:, :place], two[:, :place])
    assert not torch.equal(one[:, place], two[:, place])


def test_the_beginning_matters_to_queries_that_fall_into_its_bucket():
    kind, x = attention(hash_buckets=2, bucket_window=60), texts(1, 100)
    x.requires_grad_()
    kind.whole(x)[:, 70:].sum().backward()
    assert (x.grad[:, :5].abs().amax(dim=2) > 0).all()


@pytest.mark.parametrize("changes", [SHAPES[name] for name in SOME], ids=SOME)
def test_gradients_are_those_of_the_dense_form(changes):
    kind, x = attention(**changes), texts(2, 61).requires_grad_()
    toward = texts(2, 61, seed=5)
    window = changes.get("bucket_window", 5)
    seen = seen_pairs(kind, heads_of(kind, kind.qkv.query(x)), window)
    inputs = (x, *kind.parameters())
    found = torch.autograd.grad((kind.whole(x) * toward).sum(), inputs)
    expected = torch.autograd.grad((dense(kind, x, seen) * toward).sum(), inputs)
    for one, two in zip(found, expected, strict=True):
        assert one.abs().sum() > 0
        assert_close(one, two, rtol=0, atol=1e-11)


def test_pieces_change_nothing(monkeypatch):
    kind, x = attention(), texts(2, 90).requires_grad_()
    one = kind.whole(x)
    (one_back,) = torch.autograd.grad(one.square().sum(), x)
    monkeypatch.setattr("writer.transformer.sorted_look._PIECE", 150)
    monkeypatch.setattr("writer.transformer.lsh._HASHED", 100)
    two = kind.whole(x)
    (two_back,) = torch.autograd.grad(two.square().sum(), x)
    assert_close(one, two, rtol=0, atol=1e-13)
    assert_close(one_back, two_back, rtol=0, atol=1e-12)


@pytest.mark.parametrize("before", [0, 3, 150])
@pytest.mark.parametrize("changes", [{}, {"hash_buckets": 2, "bucket_window": 40}])
def test_rows_of_a_branch_are_each_as_if_alone(before, changes):
    kind, x = attention(**changes), texts(3, 180)
    x[:, :before] = x[:1, :before]
    with torch.no_grad():
        read, first = kind.begin(x), before
        if before:
            _, read = kind.onward(x[:1, :before], read, 0, False)
        read = read.branch(3)
        rows = torch.tensor([2, 0, 2])
        parts = []
        for end in (before + 1, before + 7, before + 20):
            outcome, read = kind.onward(x[:, first:end], read, first, True)
            parts.append(outcome)
            first = end
        whole = kind.whole(x)
        assert_close(torch.cat(parts, dim=1), whole[:, before:first], rtol=0, atol=1e-9)
        further, _ = kind.onward(x[rows, first : first + 4], read.select(rows), first, True)
        assert_close(further, whole[rows, first : first + 4], rtol=0, atol=1e-9)


def test_what_has_been_read_is_bounded():
    kind, x = attention(hash_rounds=2, bucket_window=4), texts(1, 4000)
    entries, sizes = [], []
    with torch.no_grad():
        read = kind.begin(x)
        for first in range(0, 4000, 50):
            before = [part.clone() for part in (*read.shared, *read[1:])]
            _, after = kind.onward(x[:, first : first + 50], read, first, False)
            for one, two in zip(before, (*read.shared, *read[1:]), strict=True):
                assert torch.equal(one, two)
            read = after
            entries.append(read.shared.keys.shape[1])
            sizes.append(read.nbytes)
    assert max(entries) <= 1.25 * 2 * 6 * 4 + 1
    assert max(sizes[40:]) <= max(sizes[:40])
