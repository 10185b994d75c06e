"""The laws of masked attention, against a mask over the whole text written out here."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.transformer.test_patterns import KINDS, shape
from writer.transformer import lookback, sparse
from writer.transformer.patterns import pattern
from writer.transformer.sparse import SparseAttention

ROTARY = {"position_embedding": "rotary", "rotary_base": 100.0}
CASES = [(kind, layer, more) for kind in KINDS for layer, more in ((1, ROTARY), (2, {}))]


def made(kind, layer=1, **others):
    torch.manual_seed(3)
    one = SparseAttention(shape(kind, **others), layer).double()
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return one


def text(length, rows=2, seed=1):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, 12, generator=draw, dtype=torch.float64)


def summed(config, key, value, length):
    """Return all groups' mean keys and values (B, H, n, D) and who sees them, (T, n)."""
    segment, group = config.segment_length, config.summary_length
    means = [
        torch.stack(
            [x[:, :, n : n + group].mean(2) for n in range(0, length - group + 1, group)], 2
        )
        for x in (key, value)
    ]
    ends = group * torch.arange(1, means[0].shape[2] + 1)
    places = torch.arange(length)
    return *means, ends <= segment * ((places // segment) - 1)[:, None]


def by_mask(one, config, layer, x):
    """Return what whole texts read, by a softmax over all pairs of places."""
    length = x.shape[1]
    query, key, value = one.projected(x, 0)
    places = torch.arange(length)
    seen = pattern(config, layer).visible(places, places).expand(config.n_head, -1, -1)
    if config.attention == "hierarchical" and length >= config.summary_length:
        more_keys, more_values, passed = summed(config, key, value, length)
        across = torch.arange(config.n_head)[:, None, None] >= (config.n_head + 1) // 2
        seen = torch.cat((passed & across, seen), dim=2)
        key, value = torch.cat((more_keys, key), 2), torch.cat((more_values, value), 2)
    scores = (query @ key.transpose(2, 3) * one.scale).masked_fill(~seen, float("-inf"))
    return one.joined(torch.softmax(scores, dim=-1) @ value)


def close(one, two, atol=1e-10):
    torch.testing.assert_close(one, two, rtol=0, atol=atol)


def onward(one, x, cuts, read=None, first=0, branched=False):
    """Return what stretches that end at `cuts` and where x ends read, and the state."""
    read = one.begin(x) if read is None else read
    outs = []
    for part in torch.tensor_split(x, cuts, dim=1):
        if part.shape[1]:
            out, read = one.onward(part, read, first, branched)
            first += part.shape[1]
            outs.append(out)
    return torch.cat(outs, 1), read


@pytest.fixture(params=[(1024, 256), (96, 40), (32, 5)], ids=["large", "middle", "small"])
def pieces(request, monkeypatch):
    """Pieces and steps, large as they are and so small that a short text has many."""
    monkeypatch.setattr(sparse, "PIECE", request.param[0])
    monkeypatch.setattr(lookback, "STEP", request.param[1])


@pytest.mark.parametrize(("kind", "layer", "more"), CASES)
def test_whole_is_a_softmax_over_the_mask(kind, layer, more, pieces):
    one = made(kind, layer, **more)
    for length in (1, 2, 8, 17, 64, 151):
        x = text(length)
        close(one.whole(x), by_mask(one, shape(kind, **more), layer, x))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_mask(kind, pieces):
    one, x = made(kind, 3), text(151).requires_grad_()
    weight = text(151, seed=2)
    inputs = (x, *one.parameters())
    found = torch.autograd.grad((one.whole(x) * weight).sum(), inputs)
    expected = torch.autograd.grad((by_mask(one, shape(kind), 3, x) * weight).sum(), inputs)
    for one_grad, other in zip(found, expected, strict=True):
        close(one_grad, other, atol=1e-9)
    # A key's bias moves all scores of a query alike.
    names = [name for name, _ in one.named_parameters()]
    still = {name for name, grad in zip(names, found[1:], strict=True) if grad.abs().max() < 1e-6}
    assert still <= {"qkv.key.bias"}


@pytest.mark.parametrize(("kind", "layer", "more"), CASES)
def test_stretches_read_what_the_whole_reads(kind, layer, more, pieces):
    one, x = made(kind, layer, **more), text(151, rows=1)
    expected = one.whole(x)
    draw = torch.Generator().manual_seed(5)
    for count in (0, 6):
        cuts = sorted(torch.randint(1, 151, (count,), generator=draw).tolist())
        close(onward(one, x, cuts)[0], expected)
    close(onward(one, x, list(range(1, 151)))[0], expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("common", [0, 3, 24, 77])
def test_each_row_reads_as_if_it_were_alone(kind, common, pieces):
    one = made(kind, 2)
    x = text(common + 8, rows=3)
    x[:, :common] = x[:1, :common]
    alone = one.whole(x)
    read = onward(one, x[:1, :common], [])[1] if common else one.begin(x)
    before = read.nbytes
    split = onward(one, x[:, common:], [1, 4], read.branch(3), common, branched=True)
    close(split[0], alone[:, common:])
    assert read.nbytes == before
    kept = torch.tensor([2, 0])
    later = text(common + 8, rows=3, seed=7)[kept, :1]
    further = one.onward(later, split[1].select(kept), common + 8, True)[0]
    close(further, one.whole(torch.cat((x[kept], later), 1))[:, -1:])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_share_what_was_read_before(kind):
    one = made(kind)
    _, read = onward(one, text(100, rows=1), [])
    assert read.branch(50).nbytes == read.nbytes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [1, 3])
def test_the_future_changes_nothing(kind, layer, pieces):
    one, x = made(kind, layer), text(120)
    before = one.whole(x)
    for place in (1, 40, 63, 119):
        other = x.clone()
        other[:, place:] += 5 * text(120, seed=9)[:, place:]
        after = one.whole(other)
        assert (after[:, :place] - before[:, :place]).abs().max() == 0
        assert (after[:, place] - before[:, place]).abs().min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_seen_matters_and_nothing_else(kind):
    one, x = made(kind, 3), text(100, rows=1).requires_grad_()
    out = one.whole(x)
    config = shape(kind)
    places = torch.arange(100)
    seen = pattern(config, 3).visible(places, places).any(dim=0)
    for place in (5, 50, 99):
        (grad,) = torch.autograd.grad(out[0, place].sum(), x, retain_graph=True)
        mattered = grad[0].abs().amax(dim=1) > 1e-12
        if kind == "hierarchical":  # what has been summed up is seen, too
            seen[place, : 8 * max(0, place // 8 - 1)] = True
        assert torch.equal(mattered, seen[place])


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("banded", {"attention_window": 151}),
        ("longformer", {"attention_window": 151, "last_window": 200, "dilation": 1,
                        "global_tokens": 0}),
        ("bigbird", {"global_blocks": 38}),
        ("bigbird", {"random_blocks": 38}),
        ("hierarchical", {"segment_length": 152}),
    ],
)  # fmt: skip
def test_a_wide_view_is_dense(kind, sizes):
    one, dense, x = made(kind, **sizes), made("dense"), text(151, rows=1)
    dense.load_state_dict(one.state_dict())
    close(one.whole(x), dense.whole(x), atol=1e-12)
    close(onward(one, x, [50, 52, 100])[0], dense.whole(x))


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("banded", 3 * 7),
        # The first five, and a window of six: two heads without gaps, one with two between each.
        ("longformer", 3 * 5 + 2 * 6 + 16),
        # Two heads with a segment, one with two and the summaries of all before those.
        ("hierarchical", 2 * 8 + 16 + (256 - 16) // 2),
    ],
)
def test_state_is_bounded(kind, entries):
    one = made(kind, 1)
    sizes, read = [], one.begin(text(1))
    x = text(256, rows=1)
    for place in range(256):
        _, read = one.onward(x[:, place : place + 1], read, place, False)
        sizes.append(read.nbytes)
    assert max(sizes) == entries * 2 * 4 * 8  # a key and a value, four numbers, of 8 bytes
    assert onward(one, x, [100])[1].nbytes <= max(sizes)


class _Largest(TorchDispatchMode):
    """Notes how many numbers the largest of all tensors has."""

    most = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple | list) else [made]:
            if isinstance(one, torch.Tensor) and "view" not in func.name():
                self.most = max(self.most, one.numel())
        return made


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dense"])
def test_memory_grows_no_faster_than_the_text(kind, monkeypatch):
    monkeypatch.setattr(sparse, "PIECE", 64)
    one, most = made(kind, 1), []
    for length in (512, 1024):
        x = text(length, rows=1).requires_grad_()
        with _Largest() as largest:
            one.whole(x).sum().backward()
        most.append(largest.most)
    assert most[1] <= 2 * most[0]
    assert most[1] < 1024 * 1024 / 4


@pytest.mark.parametrize("kind", ["dense", "bigbird"])
def test_reading_on_copies_little_of_what_is_kept(kind):
    one = made(kind)
    _, before = onward(one, text(200, rows=1), [])
    _, after = one.onward(text(1, rows=1), before, 200, False)
    stores = {chunk.data_ptr() for chunk in before.groups[0].chunks}
    new = [chunk for chunk in after.groups[0].chunks if chunk.data_ptr() not in stores]
    assert sum(chunk.shape[2] for chunk in new) <= 8
    assert all(chunk.untyped_storage().nbytes() == chunk.nbytes for chunk in after.groups[0].chunks)


def test_reading_again_from_a_state_gives_the_same():
    for kind in KINDS:
        one = made(kind)
        _, read = onward(one, text(70, rows=1), [33])
        x = text(9, rows=1, seed=4)
        first, second = (one.onward(x, read, 70, False)[0] for _ in range(2))
        assert torch.equal(first, second)


def test_a_segment_of_tokens_of_their_own_is_refused():
    one = made("hierarchical")
    _, read = onward(one, text(20, rows=1), [])
    _, full = one.onward(text(12, rows=3), read.branch(3), 20, True)
    with pytest.raises(ValueError, match="12 tokens of their own; segments of 8"):
        one.onward(text(1, rows=3), full, 32, True)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_near(kind):
    one, x = made(kind, 3).float(), text(151, rows=1).float() / 4
    expected = one.whole(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = one.whole(x)
    close(found.float(), expected, atol=0.08 * expected.abs().max().item())
    read = one.begin(x.bfloat16())
    outs = []
    for first in range(0, 151, 37):
        out, read = one.onward(x[:, first : first + 37], read, first, False)
        outs.append(out)
    close(torch.cat(outs, 1), expected, atol=0.08 * expected.abs().max().item())
