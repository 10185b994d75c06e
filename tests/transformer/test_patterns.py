"""What may be seen: each kind's mask against its definition, written out place by place."""

import pytest
import torch

from writer.transformer.config import GPTConfig
from writer.transformer.patterns import Aligned, Sliding, pattern

LENGTH = 83
KINDS = {
    "dense": {},
    "banded": {"attention_window": 7},
    "longformer": {
        "attention_window": 4,
        "last_window": 9,
        "dilation": 3,
        "dilated_heads": 1,
        "global_tokens": 5,
    },
    "bigbird": {
        "block_size": 4,
        "global_blocks": 1,
        "window_blocks": 2,
        "random_blocks": 2,
        "attention_seed": 3,
    },
    "hierarchical": {"segment_length": 8, "summary_length": 2},
}


def shape(kind, **others):
    keys = {"n_ctx": 256, "n_embd": 12, "n_layer": 4, "n_head": 3, "vocab_size": 20}
    return GPTConfig(**(keys | {"attention": kind} | KINDS[kind] | others))


def seen(config, layer, length=LENGTH):
    places = torch.arange(length)
    return pattern(config, layer).visible(places, places).expand(config.n_head, -1, -1)


def by_definition(kind, layer, head, i, j):
    """Whether a head of `shape(kind)` at i looks at j; Big Bird without what is drawn."""
    if j > i:
        return False
    match kind:
        case "banded":
            return layer % 2 == 0 or i - j < 7
        case "longformer":
            reach, far = [4, 6, 7, 9][layer], 3 if head == 2 else 1
            return j < 5 or ((i - j) % far == 0 and (i - j) // far < reach)
        case "bigbird":
            return j // 4 < 1 or j // 4 >= i // 4 - 2
        case "hierarchical":
            return i - j < 8 if head < 2 else j >= 8 * max(0, i // 8 - 1)
    return True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", range(4))
def test_each_head_sees_what_its_kind_says(kind, layer):
    mask = seen(shape(kind), layer)
    expected = torch.tensor([
        [[by_definition(kind, layer, head, i, j) for j in range(LENGTH)] for i in range(LENGTH)]
        for head in range(3)
    ])  # fmt: skip
    if kind == "bigbird":
        assert not (expected & ~mask).any()
        mask = mask & expected
    assert torch.equal(mask, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_stretch_sees_what_the_whole_says(kind):
    one = pattern(shape(kind), 3)
    places = torch.arange(LENGTH)
    queries, keys = places[31:47], places[3:60]
    expected = one.visible(places, places)[:, 31:47, 3:60]
    assert torch.equal(one.visible(queries, keys), expected)


def test_drawn_blocks_are_earlier_ones_that_are_not_seen_anyway():
    layout = Aligned(2, block=4, before=2, prefix_blocks=1, drawn=3, seed=(5, 1))
    for number in range(60):
        drawn = layout.drawn_blocks(number)
        left = range(1, max(1, number - 2))
        assert len(set(drawn)) == len(drawn) == min(3, len(left))
        assert set(drawn) <= set(left)
        every = layout.blocks_seen(number)
        assert every == sorted(set(every))
        assert every[-1] == number


def test_drawn_blocks_depend_on_seed_layer_and_block_alone():
    def drawn(seed, layer):
        layout = pattern(shape("bigbird", attention_seed=seed), layer).layouts[0]
        return [layout.drawn_blocks(number) for number in range(40)]

    assert drawn(3, 1) == drawn(3, 1)
    assert drawn(3, 1) != drawn(3, 2)
    assert drawn(3, 1) != drawn(4, 1)
    longer = seen(shape("bigbird"), 1, length=200)[:, :LENGTH, :LENGTH]
    assert torch.equal(seen(shape("bigbird"), 1), longer)


def test_what_is_drawn_is_what_trained_networks_were_trained_with():
    layout = Aligned(2, block=4, before=1, prefix_blocks=1, drawn=2, seed=(7, 3))
    assert [layout.drawn_blocks(number) for number in (2, 3, 5, 20)] == [(), (1,), (1, 2), (3, 8)]


def test_summaries_are_of_segments_that_are_over_and_out_of_sight():
    layout = pattern(shape("hierarchical"), 0).layouts[1]
    counts = layout.summaries(torch.arange(40)).tolist()
    assert counts == [4 * max(0, place // 8 - 1) for place in range(40)]


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("banded", {"attention_window": 100}),
        ("longformer", {"attention_window": 90, "last_window": 100, "dilation": 1}),
        ("bigbird", {"global_blocks": 25}),
        ("bigbird", {"window_blocks": 25}),
        ("bigbird", {"random_blocks": 25}),
        ("hierarchical", {"segment_length": 100}),
    ],
)
def test_a_wide_view_is_dense(kind, sizes):
    mask = seen(shape(kind, **sizes), 3)
    assert torch.equal(mask, seen(shape("dense"), 3).expand_as(mask))
    assert all(layout.sees_all(LENGTH) for layout in pattern(shape(kind, **sizes), 3).layouts)


@pytest.mark.parametrize("kind", KINDS)
def test_to_see_all_is_claimed_only_where_it_is_so(kind):
    for layer in range(4):
        for layout in pattern(shape(kind), layer).layouts:
            for length in range(1, LENGTH):
                places = torch.arange(length)
                full = torch.ones(length, length, dtype=torch.bool).tril()
                if layout.sees_all(length):
                    assert torch.equal(layout.visible(places, places), full)


def test_groups_have_all_heads():
    for kind in KINDS:
        for heads in (1, 2, 3):
            config = shape(kind, n_head=heads)
            assert sum(one.heads for one in pattern(config, 1).layouts) == heads
    everything_far = pattern(shape("longformer", dilated_heads=3), 0).layouts
    assert everything_far == (Sliding(3, 4, 3, 5),)
    assert len(pattern(shape("longformer", dilation=1), 0).layouts) == 1
