"""From logits to the next tokens: pure functions of tensors, a row a continuation.

The repetition penalty is CTRL's (arXiv 1909.05858) in its sign-aware form, the nucleus is that of
arXiv 1904.09751.
"""

import torch

from writer.settings import Sampling

_SPLIT_FLOOR = 0.02
"""Rows that have said the same part ways only over tokens at least this likely, as a share of the
likeliest: forced apart over less, they would say nonsense."""
_COLDEST = 1e-6
"""A temperature below it would carry logits beyond the largest number."""


def penalize(logits: torch.Tensor, recent: torch.Tensor, penalty: float) -> torch.Tensor:
    """Return logits (B, V) in which the tokens of `recent` (B, R) are less likely.

    Positive logits are divided by the penalty, negative ones multiplied, so that both fall.
    """
    if penalty == 1.0 or not recent.shape[1]:
        return logits
    said = logits.gather(1, recent)  # (B, R)
    lowered = torch.where(said > 0, said / penalty, said * penalty)
    return logits.scatter(1, recent, lowered)


def filtered(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return the probabilities (B, V) left by temperature, top-k, top-p and min-p, in that order.

    A temperature of 0 keeps the order of the likeliest tokens: the caller takes the greatest.
    At least one token of every row keeps a probability above 0.
    """
    if sampling.temperature > 0:
        logits = logits / max(sampling.temperature, _COLDEST)
    if 0 < sampling.top_k < logits.shape[1]:
        likeliest, tokens = logits.topk(sampling.top_k, dim=1)
        logits = torch.full_like(logits, float("-inf")).scatter(1, tokens, likeliest)
    probabilities = torch.softmax(logits, dim=1)
    if sampling.top_p < 1:
        ordered, order = probabilities.sort(dim=1, descending=True)
        # A token stays while those before it have not filled the nucleus.
        outside = ordered.cumsum(dim=1) - ordered >= sampling.top_p
        probabilities = probabilities.scatter(1, order, ordered.masked_fill(outside, 0.0))
    if sampling.min_p > 0:
        floor = probabilities.amax(dim=1, keepdim=True) * sampling.min_p
        probabilities = probabilities.masked_fill(probabilities < floor, 0.0)
    return probabilities / probabilities.sum(dim=1, keepdim=True)


def draw(
    probabilities: torch.Tensor, groups: list[list[int]], greedy: bool, generator: torch.Generator
) -> torch.Tensor:
    """Return the next token of every row (B,).

    Args:
        probabilities: (B, V), equal within a group.
        groups: Rows that have said the same so far; they part as soon as that makes sense.
        greedy: Take the likeliest rather than draw.
        generator: Of all chance, on the CPU.
    """
    chosen = torch.empty(probabilities.shape[0], dtype=torch.long)
    for rows in groups:
        options = probabilities[rows[0]].cpu()
        sensible = options.masked_fill(options < options.max() * _SPLIT_FLOOR, 0.0)
        apart = min(len(rows), int((sensible > 0).sum()))
        if len(rows) == 1:
            first = options.argmax()[None] if greedy else _draw(options, 1, generator)
        elif greedy:
            first = sensible.topk(apart).indices
        else:
            first = _draw(sensible, apart, generator)
        # Without a further sensible token the rest repeats the likeliest, and may part later.
        rest = first.new_full((len(rows) - len(first),), int(options.argmax()))
        chosen[rows] = torch.cat((first, rest))
    return chosen


def _draw(options: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return `count` different tokens, the likelier first."""
    drawn = torch.multinomial(options, count, generator=generator)
    return drawn[options[drawn].argsort(descending=True)]
