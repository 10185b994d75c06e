"""The pure parts of `benchmarks.long_context`: losses of tokens, names, groups, differences."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from benchmarks.long_context.comparison import (
    FAR,
    mean_loss,
    name_marks,
    position_marks,
)
from benchmarks.long_context.kept import kept
from benchmarks.long_context.names import find_names, mentions
from benchmarks.long_context.reading import reading_with, token_losses
from benchmarks.long_context.variants import VARIANTS, Size, small
from tests.checkpoints.tiny_models import random_network
from writer.transformer.variants import check

RECURRENT = {
    "position_embedding": "relative", "memory": "recurrent", "segment_length": 8,
    "memory_length": 12,
}  # fmt: skip


def tokens_of(count: int) -> torch.Tensor:
    return torch.randint(384, (count,), generator=torch.Generator().manual_seed(5))


def direct_loss(network, tokens: torch.Tensor, first: int, place: int) -> float:
    """Return what the token at `place` costs once those from `first` on are read."""
    logits = network(tokens[None, first:place])[0][0, -1]
    return F.cross_entropy(logits.float(), tokens[place]).item()


@pytest.mark.parametrize("stride", [1, 7, 16, 50])
@pytest.mark.parametrize("length", [20, 32, 33, 90])
def test_rereading_scores_each_token_once_by_what_stands_before_it(stride, length):
    network = random_network(n_ctx=32)
    tokens = tokens_of(length + 1)
    losses = token_losses(network, tokens, stride)
    assert losses.shape == (length,)
    for place in (1, 19, length // 2, length - 1, length):
        done = place - 1
        if done < 32:
            first = 0
        else:
            end = min(32 + ((done - 32) // min(stride, 32) + 1) * min(stride, 32), length)
            first = end - 32
        assert place - first >= min(place, 32 - min(stride, 32) + 1)
        direct = direct_loss(network, tokens, first, place)
        torch.testing.assert_close(losses[place - 1].item(), direct, rtol=1e-4, atol=1e-4)


def test_what_has_room_for_the_text_reads_on():
    network = random_network(n_ctx=700, **RECURRENT)
    tokens = tokens_of(601)
    losses = token_losses(network, tokens, stride=16)
    logits = network(tokens[None, :-1])[0][0]
    whole = F.cross_entropy(logits.float(), tokens[1:], reduction="none")
    torch.testing.assert_close(losses, whole, rtol=1e-4, atol=1e-4)


def test_a_longer_memory_reads_with_the_same_weights():
    network = random_network(n_ctx=64, **RECURRENT)
    longer = reading_with(network, {"memory_length": 40})
    tokens = tokens_of(61)
    one, two = (token_losses(each, tokens, 16) for each in (network, longer))
    torch.testing.assert_close(one[:12], two[:12])
    assert not torch.equal(one[20:], two[20:])
    assert reading_with(network, {}) is network


def test_every_variant_can_be_built_at_both_sizes():
    for variant in VARIANTS.values():
        check(variant.config(Size()))
        check(small(variant))
        for reading in variant.readings:
            assert reading.label
    assert [name for name, each in VARIANTS.items() if each.is_main] == [
        "dense", "longformer", "xl", "compressive",
    ]  # fmt: skip


def test_names_are_words_that_are_never_small():
    text = "The Baron met Mr. Lovel, and then Anna. Rain fell on Keswick."
    counts = Counter({"Baron": 10, "baron": 90, "Lovel": 3, "Anna": 700, "anna": 2, "Rain": 5})
    assert find_names(text, counts) == {"Lovel", "Anna", "Keswick"}


def test_a_mention_spans_its_tokens_and_counts_from_the_last_one():
    pieces = ["“An", "na", "”", " met", " An", "na", ",", " Banna", " and", " Anna", "'s"]
    found = list(mentions([each.encode() for each in pieces], frozenset({"Anna"})))
    assert [(each.first, each.end, each.distance) for each in found] == [(4, 6, 4), (9, 10, 5)]


def test_groups_by_distance_and_rarity_hold_the_tokens_of_names():
    pieces = [b" Otho", *[b"."] * 1999, b" Otho", b" Emma", b" Emma"]
    found = [list(mentions(pieces, frozenset({"Otho", "Emma"})))]
    marks = name_marks(found, (1, len(pieces)), Counter({"Emma": 900}), rare=100)
    where = {name: np.flatnonzero(group[0]).tolist() for name, group in marks.items()}
    assert where["names, 1-4K"] == where["rare names"] == where[f"rare names{FAR}"] == [2000]
    assert where["names, < 1K"] == where["common names"] == [2002]
    assert where["names, > 4K"] == where[f"common names{FAR}"] == []


def test_positions_are_parted_without_gap_or_overlap():
    marks = position_marks((3, 20), {"a": (0, 4), "b": (4, 16), "c": (16, 100)})
    assert (sum(each.astype(int) for each in marks.values()) == 1).all()
    assert [int(each.sum()) for each in marks.values()] == [12, 36, 12]


def test_a_difference_is_of_the_same_tokens_and_as_sure_as_stretches_agree():
    chance = np.random.default_rng(0)
    base = chance.normal(5, 2, (12, 50))
    marks = chance.random((12, 50)) < 0.3
    alike = mean_loss(base - 0.5, marks, base)
    assert alike.difference == pytest.approx(-0.5)
    assert alike.error == pytest.approx(0, abs=1e-9)
    shifts = chance.normal(0, 1, (12, 1))
    unlike = mean_loss(base + shifts, marks, base)
    counts = marks.sum(axis=1)
    expected = (shifts[:, 0] * counts).sum() / counts.sum()
    assert unlike.difference == pytest.approx(expected)
    assert 0.15 < unlike.error < 0.45  # about 1 / sqrt(12)
    fewer = mean_loss(base[:5], marks, base)
    assert fewer.tokens == counts[:5].sum()
    assert fewer.difference == pytest.approx(0)
    assert mean_loss(base, np.zeros_like(marks), base).tokens == 0


def test_a_result_is_made_anew_for_another_origin_alone(tmp_path):
    made = []

    def make():
        made.append(1)
        return len(made)

    path = tmp_path / "deep" / "result.json"
    assert [kept(path, {"a": each}, make) for each in (1, 1, 2)] == [1, 1, 2]
    path.write_text("{", encoding="utf-8")
    assert kept(path, {"a": 2}, make) == 3
