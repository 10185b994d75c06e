"""Laws of compressed memory, held against a written-out recursion."""

import math

import pytest
import torch
from torch import nn

from writer.transformer.compressive import CompressiveAttention
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.recurrent import RelativeAttention

WIDTH, HEADS = 12, 3
SHAPES = [(4, 3, 2), (5, 2, 3), (8, 4, 4), (7, 1, 1), (3, 50, 3), (6, 2, 6), (40, 4, 3)]
"""Tokens of memory, slots, and tokens of a slot."""


def _config(memory: int, slots: int, rate: int) -> GPTConfig:
    return GPTConfig(
        vocab_size=11, n_ctx=128, n_embd=WIDTH, n_layer=2, n_head=HEADS,
        position_embedding="relative", memory="compressive", segment_length=8,
        memory_length=memory, compressed_length=slots, compression_rate=rate,
    )  # fmt: skip


def _layer(*shape: int) -> tuple[CompressiveAttention, nn.LayerNorm]:
    """Return a layer in float64 whose parameters are all random, and its norm."""
    torch.manual_seed(0)
    attention = CompressiveAttention(_config(*shape), 1).double()
    norm = nn.LayerNorm(WIDTH).double()
    with torch.no_grad():
        for parameter in [*attention.parameters(), *norm.parameters()]:
            parameter.normal_(std=0.5)
    return attention, norm


def _text(length: int, rows: int = 2, seed: int = 1) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(rows, length, WIDTH, dtype=torch.float64)


def _in_segments(attention, norm, x, length):
    carried, reads, penalties = attention.start(x), [], []
    for first in range(0, x.shape[1], length):
        part = x[:, first : first + length]
        read, carried, penalty = attention.segment(part, norm, carried, first)
        reads.append(read)
        penalties.append(penalty)
    return torch.cat(reads, dim=1), [each for each in penalties if each is not None]


def _in_stretches(attention, norm, x, lengths):
    read, first, outs = attention.begin(x[0, 0]), 0, []
    while first < x.shape[1]:
        length = lengths[len(outs) % len(lengths)]
        out, read = attention.onward_raw(x[:, first : first + length], norm, read, first, False)
        outs.append(out)
        first += length
    return torch.cat(outs, dim=1), read


def _wave(distance: int) -> torch.Tensor:
    angles = [distance / 10000 ** (2 * n / WIDTH) for n in range(WIDTH // 2)]
    waves = [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return torch.tensor(waves, dtype=torch.float64)


def _slot(attention, x, group):
    """Return what the convolution makes of a group, tap by tap."""
    rate, compress = attention.rate, attention.compress
    taps = (compress.weight[:, :, tap] @ x[group * rate + tap] for tap in range(rate))
    return sum(taps, compress.bias)


def _written_out(attention, norm, x):
    """Return what the layer reads of one text (T, E), by the rule, one entry at a time."""
    width, rate, memory = WIDTH // HEADS, attention.rate, attention.reach
    reads = torch.zeros_like(x)
    for i in range(len(x)):
        edge = rate * max(0, (i - memory) // rate)
        groups = range(max(0, edge // rate - attention.count), edge // rate)
        seen = [(_slot(attention, x, g), i - ((g + 1) * rate - 1)) for g in groups]
        seen += [(x[j], i - j) for j in range(edge, i + 1)]
        query = attention.qkv.query(norm(x[i]))
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            u, v = attention.content_bias[head], attention.position_bias[head]
            scores, values = [], []
            for entry, distance in seen:
                r = attention.distances(_wave(distance))[part]
                key = attention.qkv.key(norm(entry))[part]
                scores.append((query[part] + u) @ key + (query[part] + v) @ r)
                values.append(attention.qkv.value(norm(entry))[part])
            weights = torch.softmax(torch.stack(scores) * attention.scale, dim=0)
            reads[i, part] = weights @ torch.stack(values)
    return attention.out(reads)


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_a_layer_says_what_the_written_out_rule_says(shape: tuple[int, int, int]) -> None:
    attention, norm = _layer(*shape)
    x = _text(23, rows=1)
    expected = _written_out(attention, norm, x[0])
    torch.testing.assert_close(_in_segments(attention, norm, x, 8)[0][0], expected)
    torch.testing.assert_close(_in_stretches(attention, norm, x, [4, 1, 7, 2])[0][0], expected)


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_segments_and_stretches_of_any_length_read_the_same(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    attention, norm = _layer(*shape)
    x = _text(57)
    whole, _ = _in_segments(attention, norm, x, 57)
    monkeypatch.setattr("writer.transformer.recurrent.PIECE", 6)
    for length in (3, 5, 16, 57):
        read, _ = _in_segments(attention, norm, x, length)
        torch.testing.assert_close(read, whole, rtol=0, atol=1e-9)
    for lengths in ([1], [2, 1, 11, 5], [57]):
        out, _ = _in_stretches(attention, norm, x[1:], lengths)
        torch.testing.assert_close(out[0], whole[1], rtol=0, atol=1e-9)


@torch.no_grad()
def test_without_slots_it_is_recurrent() -> None:
    attention, norm = _layer(5, 0, 3)
    assert attention.compress is None
    config = GPTConfig(
        vocab_size=11, n_ctx=128, n_embd=WIDTH, n_layer=2, n_head=HEADS, memory="recurrent",
        position_embedding="relative", segment_length=8, memory_length=5,
    )  # fmt: skip
    recurrent = RelativeAttention(config, 1).double()
    recurrent.load_state_dict(attention.state_dict())
    x = _text(30)
    expected, penalties = _in_segments(recurrent, norm, x, 8)
    assert penalties == []
    assert torch.equal(_in_segments(attention, norm, x, 8)[0], expected)
    out, _ = _in_stretches(attention, norm, x[:1], [7])
    torch.testing.assert_close(out[0], expected[0], rtol=0, atol=1e-9)


@torch.no_grad()
def test_changed_tokens_change_nothing_before_them_and_all_within_reach_after() -> None:
    attention, norm = _layer(6, 4, 3)
    x = _text(60)
    other = x.clone()
    other[:, 14] += 1.0
    for length in (60, 8):
        one, two = (_in_segments(attention, norm, text, length)[0] for text in (x, other))
        assert torch.equal(one[:, :14], two[:, :14])
        changed = (one - two).abs().amax(dim=(0, 2)) > 0
        # Its group is 4: a slot from token 15 + 6 on, and for four groups of three.
        assert changed.nonzero().flatten().tolist() == list(range(14, 21 + 12))
    one, two = (_in_stretches(attention, norm, text[:1], [7])[0] for text in (x, other))
    assert torch.equal(one[:, :14], two[:, :14])


def test_the_loss_of_the_slots_trains_the_convolution_and_nothing_else() -> None:
    attention, norm = _layer(6, 4, 3)
    first, second = _text(14).requires_grad_(), _text(8, seed=2).requires_grad_()
    _, carried, _ = attention.segment(first, norm, attention.start(first), 0)
    read, after, penalty = attention.segment(second, norm, carried, 14)
    assert not any(part.requires_grad for part in (*carried[:2], *after[:2]))
    convolution = list(attention.compress.parameters())
    mine = {id(parameter) for parameter in convolution}
    others = [p for p in [*attention.parameters(), *norm.parameters()] if id(p) not in mine]
    inputs = [*others, first, second]
    found = torch.autograd.grad(penalty, convolution + inputs, allow_unused=True, retain_graph=True)
    assert all(gradient.abs().max() > 0 for gradient in found[:2])
    assert all(gradient is None for gradient in found[2:])
    loss = read.square().sum()
    found = torch.autograd.grad(loss, convolution + inputs, allow_unused=True)
    assert found[0] is None
    assert found[1] is None
    assert found[-2] is None  # of the segment before, which memory carries without gradient
    assert all(gradient.abs().max() > 0 for gradient in (*found[2:-2], found[-1]))
    assert all(parameter.requires_grad for parameter in others)


def test_steps_on_the_loss_of_the_slots_lower_it() -> None:
    attention, norm = _layer(8, 4, 2)
    x = _text(32)
    fixed = {name: value.clone() for name, value in attention.state_dict().items()}
    optimizer = torch.optim.Adam(attention.parameters(), lr=0.02)
    losses = []
    for _ in range(20):
        _, penalties = _in_segments(attention, norm, x, 8)
        losses.append(sum(penalties).item())
        optimizer.zero_grad()
        sum(penalties).backward()
        optimizer.step()
    assert 0 < losses[-1] < 0.7 * losses[0]
    for name, value in attention.state_dict().items():
        assert torch.equal(value, fixed[name]) != name.startswith("compress"), name


def test_the_loss_is_that_of_what_queries_read_by_content() -> None:
    attention, norm = _layer(4, 6, 2)
    x = _text(10, rows=1)
    _, (penalty,) = _in_segments(attention, norm, x, 10)
    edge, width = attention.edge(9), WIDTH // HEADS
    slots = torch.stack([_slot(attention, x[0], group) for group in range(edge // 2)])
    total = 0.0
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        query = attention.qkv.query(norm(x[0, ::4]))[:, part] + attention.content_bias[head]
        reads = []
        for entries in (x[0, :edge], slots):
            scores = query @ attention.qkv.key(norm(entries))[:, part].T * attention.scale
            reads.append(torch.softmax(scores, -1) @ attention.qkv.value(norm(entries))[:, part])
        total += (reads[0] - reads[1]).square().mean() / HEADS
    torch.testing.assert_close(penalty, total)
    attention.eval()
    assert _in_segments(attention, norm, x, 10)[1] == []


def test_a_slot_is_the_mean_of_its_group_to_begin_with() -> None:
    attention = CompressiveAttention(_config(8, 4, 4), 0)
    x = _text(8).float()
    torch.testing.assert_close(attention.compressed(x), x.unflatten(1, (2, 4)).mean(dim=2))


@torch.no_grad()
def test_what_is_kept_stays_bounded() -> None:
    attention, norm = _layer(6, 4, 3)
    x = _text(100, rows=1)
    read, sizes = attention.begin(x[0, 0]), []
    for first in range(100):
        _, read = attention.onward_raw(x[:, first : first + 1], norm, read, first, False)
        sizes.append(read.nbytes)
    assert sizes[40:70] == sizes[70:]  # the same in every group
    entry = 2 * WIDTH * 8
    assert max(sizes) <= (6 + 3 + 4 + 6 // 3 + 1) * entry + 2 * WIDTH * 8
    _, after = _in_stretches(attention, norm, x, [50])
    assert after.nbytes == sizes[-1]
    carried = attention.start(x)
    for first in range(0, 100, 10):
        _, carried, _ = attention.segment(x[:, first : first + 10], norm, carried, first)
    assert carried.slots.shape[1] == 4
    assert carried.raw.shape[1] <= 6 + 3


@pytest.mark.parametrize("before", [0, 20, 21, 40])
@torch.no_grad()
def test_rows_that_are_branched_and_selected_read_as_if_each_were_alone(before: int) -> None:
    attention, norm = _layer(12, 4, 3)
    x, more = _text(before, rows=1), _text(9, rows=3)
    read = _in_stretches(attention, norm, x, [9])[1] if before else attention.begin(more[0, 0])
    rows, chosen, first, outs = read.branch(3), torch.tensor([0, 1, 2]), before, []
    for length, order in ((1, [0, 1, 2]), (4, [2, 0, 2]), (1, [1, 2]), (3, [0, 1])):
        rows, chosen = rows.select(torch.tensor(order)), chosen[order]
        part = more[chosen][:, first - before : first - before + length]
        out, rows = attention.onward_raw(part, norm, rows, first, True)
        outs.append(out)
        first += length
    assert chosen.tolist() == [0, 2]
    for number, row in enumerate(chosen.tolist()):
        text = torch.cat((x, more[row : row + 1]), dim=1)
        alone, _ = _in_segments(attention, norm, text, 8)
        torch.testing.assert_close(outs[3][number], alone[0, before + 6 :], rtol=0, atol=1e-9)


@torch.no_grad()
def test_rows_cannot_go_on_until_their_own_tokens_would_be_compressed() -> None:
    attention, norm = _layer(6, 4, 3)
    _, read = _in_stretches(attention, norm, _text(20, rows=1), [20])
    rows = read.branch(2)
    _, rows = attention.onward_raw(_text(6 - 3), norm, rows, 20, True)
    complete, first = 20 // 3 * 3, 23
    while attention.edge(first) <= complete:
        _, rows = attention.onward_raw(_text(1), norm, rows, first, True)
        first += 1
    assert first == 20 + 7
    with pytest.raises(ValueError, match="only what all rows share is compressed"):
        attention.onward_raw(_text(1), norm, rows, first, True)


@torch.no_grad()
def test_reading_on_leaves_earlier_values_as_they_were() -> None:
    attention, norm = _layer(6, 4, 3)
    x = _text(60, rows=1)
    _, read = _in_stretches(attention, norm, x[:, :31], [31])
    kept = [part.clone() for part in (read.window.shared, read.slots, read.pending)]
    one, _ = attention.onward_raw(x[:, 31:], norm, read, 31, False)
    two, _ = attention.onward_raw(x[:, 31:], norm, read, 31, False)
    assert torch.equal(one, two)
    for part, before in zip((read.window.shared, read.slots, read.pending), kept, strict=True):
        assert torch.equal(part, before)


def test_half_precision_trains_and_reads_close_to_single() -> None:
    attention, norm = _layer(8, 4, 2)
    attention, norm, x = attention.float(), norm.float(), _text(40).float()
    exact, _ = _in_segments(attention, norm, x, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, penalties = _in_segments(attention, norm, x, 8)
    assert (rough - exact).abs().max() < 0.1 * exact.abs().max()
    (rough.float().square().sum() + sum(penalties)).backward()
    assert all(parameter.grad.isfinite().all() for parameter in attention.parameters())
    with torch.inference_mode():
        read = attention.begin(x.new_empty(0, dtype=torch.bfloat16))
        out, read = attention.onward_raw(x[:1], norm, read, 0, False)
        assert {read.slots.dtype, read.pending.dtype} == {torch.bfloat16}
        assert (out - exact[:1]).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize(("memory", "rate"), [(4, 4), (1, 1), (7, 3), (12, 5)])
@torch.no_grad()
def test_rows_read_as_much_as_memory_is_long_wherever_they_begin(memory: int, rate: int) -> None:
    attention, norm = _layer(memory, 3, rate)
    for length in range(1, 3 * rate + 1):
        x = _text(length + memory)
        whole, _ = _in_segments(attention, norm, x, 8)
        _, read = _in_stretches(attention, norm, x[:1, :length], [length])
        out, _ = attention.onward_raw(x[:1, length:], norm, read.branch(1), length, True)
        torch.testing.assert_close(out, whole[:1, length:], atol=1e-9, rtol=0)


@pytest.mark.parametrize(("memory", "slots", "rate"), [(4, 3, 4), (4, 0, 4), (1, 1, 1)])
def test_the_shortest_memory_leaves_room_to_go_on(memory: int, slots: int, rate: int) -> None:
    assert GPT(_config(memory, slots, rate)).longest_branch >= memory
