"""What training makes small: the mean cross-entropy of each next token, and how it is computed."""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from writer.transformer.gpt import GPT

_CHUNK = 512
"""Tokens whose logits exist at once: of a whole batch they would be its largest tensor by far."""


class Losses(NamedTuple):
    """What training makes small: their sum. What is told and compared is the first alone."""

    plain: torch.Tensor
    """The mean over the tokens, natural log."""
    penalty: torch.Tensor | None
    """What kinds of the network ask for beside it; never in evaluation."""


class Objective(nn.Module):
    """A network together with its loss, as `DistributedDataParallel` wants them: one forward."""

    def __init__(self, network: GPT, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network = network
        self.precision = precision

    def forward(self, windows: torch.Tensor) -> Losses:
        """Return the losses of windows (B, T + 1)."""
        low = self.precision != torch.float32
        with torch.autocast(windows.device.type, self.precision, enabled=low):
            features, penalty = self.network.whole(windows[:, :-1])  # (B, T, E)
        weight = self.network.head.weight
        targets = windows[:, 1:].flatten()
        plain = next_token_loss(features.flatten(0, 1), weight, targets, self.precision)
        return Losses(plain, penalty if self.training else None)


def next_token_loss(
    features: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, dtype: torch.dtype
) -> torch.Tensor:
    """Return the mean cross-entropy of targets (N,), the logits being features @ weight.T.

    Only some logits exist at any time, in `dtype`: their gradients are taken where they are made.
    """
    loss: torch.Tensor = _ChunkedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        features, weight, targets, dtype
    )
    return loss


class _ChunkedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch has no type for it
        features: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        low = weight.to(dtype)
        total = features.new_zeros((), dtype=torch.float32)
        wanted = any(ctx.needs_input_grad[:2])
        by_feature = torch.empty_like(features) if wanted else None
        by_weight = torch.zeros_like(weight, dtype=torch.float32) if wanted else None
        for start in range(0, len(targets), _CHUNK):
            part = slice(start, start + _CHUNK)
            seen, aims = features[part].to(dtype), targets[part]
            logits = (seen @ low.T).float()  # (C, V)
            total += F.cross_entropy(logits, aims, reduction="sum")
            if by_feature is not None and by_weight is not None:
                slope = torch.softmax(logits, dim=1)
                slope[torch.arange(len(aims), device=aims.device), aims] -= 1
                slope = slope.to(dtype)
                by_feature[part] = slope @ low
                by_weight += slope.T @ seen
        if by_feature is not None and by_weight is not None:
            # Kept here rather than as saved tensors, so that they may be changed in place: the one
            # is as large as the embedding.
            ctx.slopes = by_feature, by_weight
        ctx.count = len(targets)
        return total / len(targets)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: torch.Tensor) -> Any:  # noqa: ANN401
        (by_feature, by_weight), ctx.slopes = ctx.slopes, None
        scale = slope / ctx.count
        return by_feature.mul_(scale), by_weight.mul_(scale), None, None
