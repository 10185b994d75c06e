"""From logits to the next tokens: pure functions of tensors, a row a continuation.

The repetition penalty is CTRL's (arXiv 1909.05858) in its sign-aware form, the nucleus is that of
arXiv 1904.09751, and rows that have said the same part ways by arithmetic sampling (2210.15458).
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import torch

from writer.settings import Sampling

_SPLIT_FLOOR = 0.02
"""Rows that have said the same part ways only over tokens at least this likely, as a share of the
likeliest: forced apart over less, they would say nonsense."""
_COLDEST = 1e-6
"""A temperature below it would carry logits beyond the largest number."""
_SHORTLIST = 1024
"""Tokens that hold a nucleus nearly always: sorting all of them takes ten times as long."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may come next in each row, the likeliest first."""

    tokens: torch.Tensor  # (B, K)
    probabilities: torch.Tensor  # (B, K), falling, each row's sum is 1; 0 for what is out


def penalize_(logits: torch.Tensor, recent: torch.Tensor, penalty: float) -> torch.Tensor:
    """Make the tokens of `recent` (B, R) less likely in logits (B, V), in place; return them.

    Positive logits are divided by the penalty, negative ones multiplied, so that both fall.
    """
    if penalty == 1.0 or not recent.shape[1]:
        return logits
    said = logits.gather(1, recent)  # (B, R)
    lowered = torch.where(said > 0, said / penalty, said * penalty)
    return logits.scatter_(1, recent, lowered)


def filtered(logits: torch.Tensor, sampling: Sampling) -> Choice:
    """Return what temperature, top-k, top-p and min-p leave of logits (B, V), in that order.

    A temperature of 0 keeps the order of the likeliest tokens: the caller takes the first.
    At least one token of every row keeps a probability above 0.
    """
    heat = max(sampling.temperature, _COLDEST) if sampling.temperature > 0 else 1.0
    size = logits.shape[1]
    if 0 < sampling.top_k < size:
        likeliest, tokens = logits.topk(sampling.top_k, dim=1)
        return Choice(tokens, _cut(torch.softmax(likeliest / heat, dim=1), sampling))
    logits = logits / heat
    total = torch.logsumexp(logits, dim=1, keepdim=True)
    if size > _SHORTLIST:
        likeliest, tokens = logits.topk(_SHORTLIST, dim=1)
        probabilities = torch.exp(likeliest - total)
        # Nothing that is in can be beyond the shortlist if its last token is out already.
        cut = _cut(probabilities, sampling)
        if not cut[:, -1].any():
            return Choice(tokens, cut)
    likeliest, tokens = logits.sort(dim=1, descending=True)
    return Choice(tokens, _cut(torch.exp(likeliest - total), sampling))


def _cut(probabilities: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return falling probabilities (B, K) without what top-p and min-p leave out."""
    if sampling.top_p < 1:
        # A token stays while those before it have not filled the nucleus.
        outside = probabilities.cumsum(dim=1) - probabilities >= sampling.top_p
        outside[:, 0] = False
        probabilities = probabilities.masked_fill(outside, 0.0)
    if sampling.min_p > 0:
        floor = probabilities[:, :1] * sampling.min_p
        probabilities = probabilities.masked_fill(probabilities < floor, 0.0)
    return probabilities / probabilities.sum(dim=1, keepdim=True)


def draw(
    choice: Choice,
    groups: list[list[int]],
    greedy: bool,
    generator: torch.Generator,
    apart: bool = True,
) -> torch.Tensor:
    """Return the next token of every row (B,).

    Args:
        choice: What may come next, equal within a group.
        groups: Rows that have said the same so far; they part as soon as that makes sense, the
            likelier token to the earlier row.
        greedy: Take the likeliest rather than draw.
        generator: Of all chance, on the CPU.
        apart: Whether rows of a group part now, or say the same where that is as likely.
    """
    probabilities = choice.probabilities.cpu().double()
    points = torch.rand(len(groups), dtype=torch.double, generator=generator)
    ranks = torch.zeros(len(probabilities), dtype=torch.long)
    if not greedy:
        alone = torch.tensor([rows[0] for rows in groups])
        sums = probabilities[alone].cumsum(dim=1)
        found = torch.searchsorted(sums, points[:, None] * sums[:, -1:], right=True)[:, 0]
        # Behind the last token that is in, rounding may leave a gap as wide as itself.
        ranks[alone] = found.minimum((probabilities[alone] > 0).sum(dim=1) - 1)
    for rows, point in zip(groups, points.tolist(), strict=True):
        if len(rows) > 1:
            options = probabilities[rows[0]].tolist()
            spread = _spread if apart else _together
            ranks[rows] = torch.tensor(spread(options, len(rows), greedy, point))
    ranks = ranks.to(choice.tokens.device)
    return choice.tokens.gather(1, ranks[:, None])[:, 0]


def _spread(probabilities: list[float], count: int, greedy: bool, point: float) -> list[int]:
    """Return the ranks that `count` rows take, different ones where there are enough sensible.

    Arithmetic sampling: the rows are points at equal distances on the line that the probabilities
    share out, moved together by chance (`point`, 0 to 1). A token wider than the distance would be
    taken twice; what it has too much of goes to the others.
    """
    sensible = [each for each in probabilities if each >= probabilities[0] * _SPLIT_FLOOR]
    if greedy or len(sensible) <= count:
        # Without a further sensible token the rest says the likeliest, and may part later.
        apart = range(min(count, len(sensible)))
        return [*apart, *[0] * (count - len(apart))]
    ranks: list[int] = []
    for rank in _ranks(_shares(sensible, count), count, point):
        # No share is wider than the distance, but for rounding.
        ranks.append(min(max(rank, ranks[-1] + 1), len(sensible) - 1) if ranks else rank)
    return ranks


def _together(probabilities: list[float], count: int, greedy: bool, point: float) -> list[int]:
    """Return the ranks that `count` rows take, the same as often as is likely."""
    return [0] * count if greedy else _ranks(probabilities, count, point)


def _ranks(shares: list[float], count: int, point: float) -> list[int]:
    """Return on whose share each of `count` points at equal distances lies."""
    ends = list(accumulate(shares))
    last = max(rank for rank, share in enumerate(shares) if share > 0)
    step = ends[-1] / count
    return [min(last, bisect_right(ends, (row + point) * step)) for row in range(count)]


def _shares(falling: list[float], count: int) -> list[float]:
    """Return shares that sum to `count`, none above 1, else in the proportions of `falling`."""
    rest, total = count, sum(falling)
    shares: list[float] = []
    for each in falling:
        share = min(1.0, each * rest / total) if total > 0 else 0.0
        if share < 1.0:
            factor = rest / total
            return [*shares, *(other * factor for other in falling[len(shares) :])]
        shares.append(1.0)
        rest, total = rest - 1, total - each
    return shares
