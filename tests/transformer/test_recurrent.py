"""Laws of relative positions and of recurrence, held against a written-out recursion."""

import math

import pytest
import torch
from torch import nn

from writer.transformer.config import GPTConfig
from writer.transformer.recurrent import RelativeAttention, shifted

WIDTH, HEADS = 12, 3


def _config(memory: int | None, **more: object) -> GPTConfig:
    keys: dict[str, object] = {"memory": "none"}
    if memory is not None:
        keys = {"memory": "recurrent", "memory_length": memory, "segment_length": 8}
    return GPTConfig(
        vocab_size=11, n_ctx=64, n_embd=WIDTH, n_layer=2, n_head=HEADS,
        position_embedding="relative", **(keys | more),  # type: ignore[arg-type]
    )  # fmt: skip


def _layer(config: GPTConfig, seed: int = 0) -> tuple[RelativeAttention, nn.LayerNorm]:
    """Return a layer in float64 whose parameters are all random, and its norm."""
    torch.manual_seed(seed)
    attention = RelativeAttention(config, 1).double()
    norm = nn.LayerNorm(WIDTH).double()
    with torch.no_grad():
        for parameter in [*attention.parameters(), *norm.parameters()]:
            parameter.normal_(std=0.5)
    return attention, norm


def _text(length: int, rows: int = 2, seed: int = 1) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(rows, length, WIDTH, dtype=torch.float64)


def _in_segments(attention, norm, x, length):
    carried, reads = attention.start(x), []
    for first in range(0, x.shape[1], length):
        read, carried, penalty = attention.segment(
            x[:, first : first + length], norm, carried, first
        )
        assert penalty is None
        reads.append(read)
    return torch.cat(reads, dim=1)


def _in_stretches(attention, norm, x, lengths):
    read, first, outs = attention.begin(x[0, 0]), 0, []
    while first < x.shape[1]:
        length = lengths[len(outs) % len(lengths)]
        out, read = attention.onward_raw(x[:, first : first + length], norm, read, first, False)
        outs.append(out)
        first += length
    return torch.cat(outs, dim=1), read


def wave(distance: int) -> torch.Tensor:
    """Return the sinusoid of a distance, number by number."""
    angles = [distance / 10000 ** (2 * n / WIDTH) for n in range(WIDTH // 2)]
    waves = [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return torch.tensor(waves, dtype=torch.float64)


def _written_out(attention, norm, x, memory):
    """Return what the layer reads of one text (T, E), by the formula, a pair at a time."""
    width = WIDTH // HEADS
    query, key, value = attention.qkv(norm(x)).split(WIDTH, dim=-1)
    reads = torch.zeros_like(x)
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        u, v = attention.content_bias[head], attention.position_bias[head]
        for i in range(len(x)):
            seen = range(0 if memory is None else max(0, i - memory), i + 1)
            scores = []
            for j in seen:
                r = attention.distances(wave(i - j).to(x.dtype))[part]
                scores.append((query[i, part] + u) @ key[j, part] + (query[i, part] + v) @ r)
            weights = torch.softmax(torch.stack(scores) * attention.scale, dim=0)
            reads[i, part] = weights @ value[seen.start : seen.stop, part]
    return attention.out(reads)


@pytest.mark.parametrize("memory", [None, 1, 5, 16])
@torch.no_grad()
def test_a_layer_says_what_the_written_out_formula_says(memory: int | None) -> None:
    attention, norm = _layer(_config(memory))
    x = _text(19, rows=1)
    expected = _written_out(attention, norm, x[0], memory)
    torch.testing.assert_close(_in_segments(attention, norm, x, 19)[0], expected)
    out, _ = _in_stretches(attention, norm, x, [4, 1, 7, 2])
    torch.testing.assert_close(out[0], expected)


@pytest.mark.parametrize("memory", [3, 8, 40])
@torch.no_grad()
def test_segments_and_stretches_of_any_length_read_the_same(
    memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    attention, norm = _layer(_config(memory))
    x = _text(41)
    whole = _in_segments(attention, norm, x, 41)
    monkeypatch.setattr("writer.transformer.recurrent.PIECE", 6)
    for length in (3, 5, 16, 41):
        torch.testing.assert_close(
            _in_segments(attention, norm, x, length), whole, rtol=0, atol=1e-9
        )
    for row in range(2):
        for lengths in ([1], [2, 1, 11, 5], [41]):
            out, _ = _in_stretches(attention, norm, x[row : row + 1], lengths)
            torch.testing.assert_close(out[0], whole[row], rtol=0, atol=1e-9)


@torch.no_grad()
def test_without_memory_stretches_read_what_the_whole_text_does() -> None:
    attention, norm = _layer(_config(None))
    x = _text(50, rows=1)
    out, read = _in_stretches(attention, norm, x, [3, 20, 1])
    torch.testing.assert_close(out, _in_segments(attention, norm, x, 50), rtol=0, atol=1e-9)
    assert read.window.end == 50


@torch.no_grad()
def test_the_same_weights_read_with_a_longer_memory() -> None:
    short, norm = _layer(_config(4))
    long = RelativeAttention(_config(30), 1).double()
    long.load_state_dict(short.state_dict())
    x = _text(20)
    ahead = _in_segments(long, norm, x, 5)
    torch.testing.assert_close(ahead[:, :5], _in_segments(short, norm, x, 5)[:, :5])
    torch.testing.assert_close(ahead[0], _written_out(long, norm, x[0], 30))


@torch.no_grad()
def test_changed_tokens_change_nothing_before_them_and_all_within_reach_after() -> None:
    attention, norm = _layer(_config(6))
    x = _text(30)
    other = x.clone()
    other[:, 14] += 1.0
    for length in (30, 8):
        one, two = (_in_segments(attention, norm, text, length) for text in (x, other))
        assert torch.equal(one[:, :14], two[:, :14])
        changed = (one - two).abs().amax(dim=(0, 2)) > 0
        assert changed.nonzero().flatten().tolist() == list(range(14, 21))
    one, two = (_in_stretches(attention, norm, text[:1], [7])[0] for text in (x, other))
    assert torch.equal(one[:, :14], two[:, :14])


def test_memory_carries_what_was_said_but_no_gradient() -> None:
    attention, norm = _layer(_config(8))
    first, second = _text(8).requires_grad_(), _text(8, seed=2).requires_grad_()
    _, carried, _ = attention.segment(first, norm, attention.start(first), 0)
    read, _, _ = attention.segment(second, norm, carried, 8)
    alone, _, _ = attention.segment(second, norm, attention.start(second), 0)
    assert (read - alone).abs().max() > 1e-3
    gradients = torch.autograd.grad(read.square().sum(), [first, second], allow_unused=True)
    assert gradients[0] is None
    assert gradients[1].abs().max() > 0
    assert carried.raw.shape == (2, 8, WIDTH)
    assert carried.first == 0


def test_every_parameter_gets_a_gradient_and_it_is_that_of_the_formula() -> None:
    attention, norm = _layer(_config(5))
    x = _text(14, rows=1)
    parameters = [*attention.parameters(), *norm.parameters()]
    weights = torch.randn(14, WIDTH, dtype=torch.float64)
    mine = torch.autograd.grad((_in_segments(attention, norm, x, 5)[0] * weights).sum(), parameters)
    told = torch.autograd.grad((_written_out(attention, norm, x[0], 5) * weights).sum(), parameters)
    torch.testing.assert_close(mine, told)
    for (name, _), gradient in zip(attention.named_parameters(), mine, strict=False):
        if name != "qkv.key.bias":  # it adds the same to all scores of a query but for u
            assert gradient.abs().max() > 1e-6, name


@torch.no_grad()
def test_what_is_kept_stays_bounded() -> None:
    attention, norm = _layer(_config(6))
    x = _text(60, rows=1)
    read, sizes = attention.begin(x[0, 0]), []
    for first in range(60):
        _, read = attention.onward_raw(x[:, first : first + 1], norm, read, first, False)
        sizes.append(read.nbytes)
    assert len(set(sizes[10:])) == 1
    _, after = _in_stretches(attention, norm, x, [20])
    assert after.nbytes == sizes[-1]
    read, sizes = read.branch(2), []
    for first in range(60, 90):
        token = _text(1, seed=first)
        _, read = attention.onward_raw(token, norm, read, first, True)
        sizes.append(read.nbytes)
    assert max(sizes) == sizes[-1]
    assert len(set(sizes[10:])) == 1


@pytest.mark.parametrize("memory", [None, 6, 40])
@torch.no_grad()
def test_rows_that_are_branched_and_selected_read_as_if_each_were_alone(memory: int | None) -> None:
    attention, norm = _layer(_config(memory))
    x, more = _text(20, rows=1), _text(12, rows=3)
    _, read = _in_stretches(attention, norm, x, [9])
    rows, outs, first = read.branch(3), [], 20
    chosen = torch.tensor([0, 1, 2])
    for length, order in ((1, [0, 1, 2]), (4, [2, 0, 2]), (1, [1, 2]), (6, [0, 1])):
        rows, chosen = rows.select(torch.tensor(order)), chosen[order]
        part = more[chosen][:, first - 20 : first - 20 + length]
        out, rows = attention.onward_raw(part, norm, rows, first, True)
        outs.append(out)
        first += length
    # The last two rows go on from rows 0 and 1 of (1, 2) of (2, 0, 2): texts 0 and 2.
    assert chosen.tolist() == [0, 2]
    for number, row in enumerate(chosen.tolist()):
        text = torch.cat((x, more[row : row + 1]), dim=1)
        alone = _in_segments(attention, norm, text, 32 if memory is None else 8)[0, 20:]
        torch.testing.assert_close(outs[3][number], alone[6:], rtol=0, atol=1e-9)


@torch.no_grad()
def test_reading_on_leaves_earlier_values_as_they_were() -> None:
    attention, norm = _layer(_config(6))
    x = _text(30, rows=1)
    _, read = _in_stretches(attention, norm, x[:, :16], [16])
    before = read.window.shared.clone()
    one, _ = attention.onward_raw(x[:, 16:], norm, read, 16, False)
    assert torch.equal(read.window.shared, before)
    two, _ = attention.onward_raw(x[:, 16:], norm, read, 16, False)
    assert torch.equal(one, two)


@pytest.mark.parametrize(("length", "count"), [(1, 4), (3, 2), (5, 5)])
def test_scores_by_distance_are_shifted_to_their_places(length: int, count: int) -> None:
    scores = torch.randn(2, length, count)
    places = shifted(scores)
    for query in range(length):
        for place in range(length + count - 1):
            distance = query + count - 1 - place
            found = places[:, query, place]
            if 0 <= distance < count:
                assert torch.equal(found, scores[:, query, count - 1 - distance])
            else:
                assert torch.equal(found, torch.full((2,), -torch.inf))


def test_half_precision_trains_and_reads_close_to_single() -> None:
    attention, norm = _layer(_config(16))
    attention, norm, x = attention.float(), norm.float(), _text(32).float()
    exact = _in_segments(attention, norm, x, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = _in_segments(attention, norm, x, 8)
    assert (rough - exact).abs().max() < 0.1 * exact.abs().max()
    rough.float().square().sum().backward()
    with torch.inference_mode():
        read = attention.begin(x.new_empty(0, dtype=torch.bfloat16))
        out, read = attention.onward_raw(x[:1], norm, read, 0, False)
        assert read.window.shared.dtype == torch.bfloat16
        assert (out - exact[:1]).abs().max() < 0.1 * exact.abs().max()
    _in_segments(attention, norm, x, 8).sum().backward()  # nothing is left of inference mode
