from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from writer.engine import sampling as room
from writer.engine.sampling import Choice, draw, penalize_
from writer.settings import Sampling

NEVER = float("-inf")
ALL = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)


def random_logits(rows: int = 5, size: int = 200) -> torch.Tensor:
    return torch.randn(rows, size, generator=torch.Generator().manual_seed(0)) * 3


def chance(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def filtered(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """What the filters leave, as probabilities (B, V) in the vocabulary's order."""
    choice = room.filtered(logits, sampling)
    assert (choice.probabilities.diff(dim=1) <= 0).all()
    return torch.zeros_like(logits).scatter(1, choice.tokens, choice.probabilities)


def of(*rows: list[float]) -> Choice:
    """A choice among the tokens 0, 1, ... whose probabilities fall."""
    probabilities = torch.tensor(rows)
    return Choice(torch.arange(probabilities.shape[1]).expand(len(rows), -1), probabilities)


# Filters


def test_without_filters_probabilities_are_a_softmax():
    assert_close(filtered(random_logits(), ALL), random_logits().softmax(dim=1))


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2.0])
def test_temperature_divides_logits(temperature):
    found = filtered(random_logits(), replace(ALL, temperature=temperature))
    assert_close(found, (random_logits() / temperature).softmax(dim=1))


@pytest.mark.parametrize("k", [1, 2, 40, 199, 200])
def test_top_k_keeps_exactly_the_k_likeliest(k):
    logits = random_logits()
    found = filtered(logits, replace(ALL, top_k=k))
    assert ((found > 0).sum(dim=1) == k).all()
    kept = logits.masked_fill(found == 0, NEVER)
    assert torch.equal(kept.topk(k).values, logits.topk(k).values)


def test_top_k_keeps_exactly_k_of_equals():
    found = filtered(torch.zeros(2, 10), replace(ALL, top_k=3))
    assert found.count_nonzero(dim=1).tolist() == [3, 3]


def test_top_k_of_fewer_keeps_these():
    logits = torch.tensor([[1.0, NEVER, 2.0, NEVER]])
    assert filtered(logits, replace(ALL, top_k=3)).count_nonzero() == 2


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.05, 1), (0.49, 1), (0.5, 1), (0.51, 2), (0.74, 2), (0.76, 3), (0.9, 4), (1.0, 4)],
)
def test_the_nucleus_ends_with_the_token_that_fills_it(top_p, kept):
    logits = torch.tensor([[0.125, 0.5, 0.125, 0.25]]).log()
    found = filtered(logits, replace(ALL, top_p=top_p))
    assert found.count_nonzero() == kept
    assert found.argmax() == 1


@pytest.mark.parametrize(("min_p", "kept"), [(0.0, 4), (0.2, 4), (0.26, 2), (0.49, 2), (0.5, 2)])
def test_min_p_is_a_share_of_the_likeliest(min_p, kept):
    logits = torch.tensor([[0.1249, 0.5, 0.1249, 0.2502]]).log()
    assert filtered(logits, replace(ALL, min_p=min_p)).count_nonzero() == kept


HARSH = [
    Sampling(temperature=0, top_k=1, top_p=0.05, min_p=0.5),
    Sampling(temperature=2, top_k=1, top_p=0.05, min_p=0.5),
    Sampling(temperature=1e-30, top_k=0, top_p=0.05, min_p=0.5),
    Sampling(temperature=1e-45, top_k=40),
    Sampling(temperature=0.05, top_k=200, top_p=0.05),
]


@pytest.mark.parametrize("sampling", HARSH)
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_every_row_keeps_a_token_whatever_the_filters(sampling, size):
    logits = random_logits() * size
    logits[1, 1:] = NEVER
    logits[2] = 0
    logits[3, ::2] = NEVER
    found = filtered(logits, sampling)
    assert_close(found.sum(dim=1), torch.ones(5))
    best = found.argmax(dim=1)
    assert torch.equal(logits.gather(1, best[:, None])[:, 0], logits.amax(dim=1))
    assert (found[logits == NEVER] == 0).all()
    drawn = draw(room.filtered(logits, sampling), [[row] for row in range(5)], False, chance())
    assert (found.gather(1, drawn[:, None]) > 0).all()


@pytest.mark.parametrize(
    "sampling",
    [
        replace(ALL, top_p=0.5), replace(ALL, top_p=0.99), replace(ALL, min_p=0.1),
        replace(ALL, min_p=1e-3, top_p=0.999), ALL,
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [0.1, 1.0])
def test_the_shortlist_never_tells(sampling, size, monkeypatch):
    logits = random_logits(3, 4000) * size
    short = filtered(logits, sampling)
    monkeypatch.setattr(room, "_SHORTLIST", 4000)
    assert_close(short, filtered(logits, sampling))


def test_filtering_leaves_the_logits_alone():
    logits = random_logits()
    filtered(logits, HARSH[0])
    filtered(logits, ALL)
    assert torch.equal(logits, random_logits())


# The penalty


def test_the_penalty_lowers_what_was_said_and_nothing_else():
    logits = torch.tensor([[2.0, -2.0, 3.0, -3.0, 0.0, NEVER]])
    found = penalize_(logits, torch.tensor([[0, 1, 1, 0, 5]]), 1.25)
    assert_close(found, torch.tensor([[1.6, -2.5, 3.0, -3.0, 0.0, NEVER]]))


def test_rows_are_penalized_for_their_own():
    found = penalize_(torch.ones(2, 3), torch.tensor([[0], [2]]), 2.0)
    assert found.tolist() == [[0.5, 1, 1], [1, 1, 0.5]]


def test_no_penalty_and_nothing_said_change_nothing():
    logits = random_logits()
    assert torch.equal(penalize_(logits, torch.zeros(5, 3, dtype=torch.long), 1.0), logits)
    assert torch.equal(penalize_(logits, torch.zeros(5, 0, dtype=torch.long), 1.5), logits)


# Drawing


def test_one_seed_draws_one_answer():
    choice = room.filtered(random_logits(), ALL)
    groups = [[0, 1, 2], [3], [4]]
    first = draw(choice, groups, False, chance())
    assert torch.equal(first, draw(choice, groups, False, chance()))
    others = [draw(choice, groups, False, chance(seed)) for seed in range(20)]
    assert not all(torch.equal(first, other) for other in others)


def test_a_row_alone_is_drawn_as_its_probabilities_say():
    wanted, generator = [0.5, 0.3, 0.2, 0.0], chance()
    drawn = torch.cat([draw(of(wanted), [[0]], False, generator) for _ in range(4000)])
    found = drawn.bincount(minlength=4) / 4000
    assert_close(found, torch.tensor(wanted), atol=0.03, rtol=0)


def test_each_token_is_taken_as_often_as_the_rows_together_would():
    # Arithmetic sampling moves the rows together and leaves each token its share.
    options, generator, count = [0.3, 0.25, 0.2, 0.15, 0.1], chance(), 3
    drawn = [draw(of(*[options] * 3), [[0, 1, 2]], False, generator) for _ in range(3000)]
    found = torch.cat(drawn).bincount(minlength=5) / 3000
    assert_close(found, torch.tensor(options) * count, atol=0.03, rtol=0)


def test_what_one_token_has_too_much_of_goes_to_the_others():
    options, generator = [0.7, 0.1, 0.1, 0.06, 0.04], chance()
    drawn = [draw(of(*[options] * 3), [[0, 1, 2]], False, generator) for _ in range(3000)]
    found = torch.cat(drawn).bincount(minlength=5) / 3000
    rest = torch.tensor([0.1, 0.1, 0.06, 0.04])
    assert_close(found, torch.cat((torch.ones(1), rest / rest.sum() * 2)), atol=0.03, rtol=0)


def test_greedy_takes_the_likeliest():
    choice = room.filtered(random_logits(), replace(ALL, temperature=0))
    chosen = draw(choice, [[row] for row in range(5)], True, chance())
    assert torch.equal(chosen, random_logits().argmax(dim=1))


@pytest.mark.parametrize("greedy", [True, False])
@pytest.mark.parametrize("count", range(2, 9))
def test_rows_that_said_the_same_part(greedy, count):
    for seed in range(60):
        generator = chance(seed)
        options = torch.rand(12, generator=generator).pow(4).add(0.05).sort(descending=True).values
        choice = of(*[(options / options.sum()).tolist()] * count)
        chosen = draw(choice, [list(range(count))], greedy, generator).tolist()
        assert len(set(chosen)) == count
        assert chosen == sorted(chosen)  # the likelier first


@pytest.mark.parametrize("greedy", [True, False])
def test_rows_part_over_sensible_tokens_only(greedy):
    # The last two are less than a fiftieth as likely as the first.
    options = [0.6, 0.2, 0.18, 0.011, 0.009]
    for seed in range(50):
        chosen = draw(of(*[options] * 5), [list(range(5))], greedy, chance(seed)).tolist()
        assert chosen == [0, 1, 2, 0, 0]


def test_rows_that_need_not_part_say_the_same_as_often_as_is_likely():
    options, generator, count = [0.7, 0.2, 0.1, 0.0], chance(), 5
    groups = [list(range(count))]
    drawn = [draw(of(*[options] * 5), groups, False, generator, apart=False) for _ in range(1000)]
    assert all(3 <= int((tokens == 0).sum()) <= 4 for tokens in drawn)
    found = torch.cat(drawn).bincount(minlength=4) / 1000
    assert_close(found, torch.tensor(options) * count, atol=0.05, rtol=0)
    assert draw(of(*[options] * 5), groups, True, generator, apart=False).tolist() == [0] * 5


def test_groups_part_by_themselves():
    choice = of([1.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.5, 0.5])
    chosen = draw(choice, [[0, 2], [1, 3]], False, chance())
    assert chosen[[0, 2]].tolist() == [0, 0]
    assert sorted(chosen[[1, 3]].tolist()) == [0, 1]
