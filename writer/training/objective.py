"""What training makes small: the mean cross-entropy of tokens, and how it is computed."""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from writer.transformer.gpt import GPT

_CHUNK = 512
_LOGITS = 1 << 23
"""So many tokens' logits exist at once, or so many logits: of a whole batch they would be its
largest tensor by far."""


Asked = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]


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

    def forward(self, windows: torch.Tensor, seed: int = 0) -> Losses:
        """Return the losses of windows (B, T + 1); `seed` decides what of them is hidden, if so."""
        low = self.precision != torch.float32
        with torch.autocast(windows.device.type, self.precision, enabled=low):
            features, targets, penalty = self._asked(windows, seed)
        weight = self.network.head.weight
        plain = token_loss(features, weight, targets, self.precision)
        return Losses(plain, penalty if self.training else None)

    def _asked(self, windows: torch.Tensor, seed: int) -> Asked:
        """Return what the head is asked for, features (N, E), and what it shall say."""
        if self.network.config.objective == "causal":
            features, penalty = self.network.whole(windows[:, :-1])  # (B, T, E)
            return features.flatten(0, 1), windows[:, 1:].flatten(), penalty
        from writer.transformer.two_sided import two_sided_loss_inputs

        generator = torch.Generator().manual_seed(seed)
        return two_sided_loss_inputs(self.network, windows, generator)


def token_loss(
    features: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, dtype: torch.dtype
) -> torch.Tensor:
    """Return the mean cross-entropy of targets (N,), the logits being features @ weight.T.

    Only some logits exist at any time, in `dtype`: their gradients are taken where they are made.
    """
    loss: torch.Tensor = _ChunkedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        features, weight, targets, dtype
    )
    return loss


def chunk_size(vocab_size: int) -> int:
    """Return of how many tokens the logits exist at once."""
    return max(1, min(_CHUNK, _LOGITS // vocab_size))


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
        chunk = chunk_size(len(weight))
        for start in range(0, len(targets), chunk):
            part = slice(start, start + chunk)
            seen, aims = features[part].to(dtype), targets[part]
            logits = (seen @ low.T).float()  # (C, V)
            most = torch.logsumexp(logits, dim=1, keepdim=True)
            total += (most - logits.gather(1, aims[:, None])).sum()
            if by_feature is not None and by_weight is not None:
                slope = logits.sub_(most).exp_()
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
