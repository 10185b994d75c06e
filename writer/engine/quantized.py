"""Linear layers and embeddings in 8 bits: a quarter of the memory to read at each step.

Weights have a scale for each output, inputs one for each row, found anew each time, so that no row
depends on another: products of integers are exact, whatever stands in the batch beside them.
The product is oneDNN's, which torch brings along for x86 and ARM.
"""

from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

_ZERO = 128
"""What stands for 0 in an unsigned byte."""
_AT_ONCE = 4096
_TINY = torch.tensor(1e-37)
"""Added to scales, so that a row of zeros has one."""


class Int8Linear(nn.Module):
    """A linear layer with 8-bit weights and inputs; takes and gives fp32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        rounded, scales = quantize_rows(linear.weight.detach(), _levels())
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._scales = scales[:, 0]
        self._zeros = torch.zeros(len(scales), dtype=torch.long)
        self._bias = None if linear.bias is None else linear.bias.detach().float()
        self._outputs = len(scales)
        self._half = _ZERO + 0.5  # conversion cuts off, so that this rounds

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs (..., out) of x (..., in)."""
        rows = x.reshape(-1, x.shape[-1])
        scale = torch.add(_TINY, rows.abs().amax(dim=1, keepdim=True), alpha=1 / 127)
        quantized = (rows * scale.reciprocal()).add_(self._half).to(torch.uint8)
        out = _multiply(quantized, self._packed, self._scales, self._zeros)
        out = out.mul_(scale) if self._bias is None else torch.addcmul(self._bias, out, scale)
        return out.view(*x.shape[:-1], self._outputs)


class Int8Embedding(nn.Module):
    """An embedding whose rows are 8-bit numbers and a scale each."""

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self._rows, self._scales = quantize_rows(embedding.weight.detach())

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the vectors (..., E) of tokens (...)."""
        return F.embedding(tokens, self._rows) * F.embedding(tokens, self._scales)


def quantize_rows(weight: torch.Tensor, levels: int = 127) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows of weight (N, K) in -levels..levels, and their scales (N, 1), none of them 0.

    A few rows at a time: a vocabulary's worth of them in fp32 would be the most that is ever held.
    """
    rounded = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight), 1)
    for start in range(0, len(weight), _AT_ONCE):
        rows = weight[start : start + _AT_ONCE].float()
        scale = rows.abs().amax(dim=1, keepdim=True).div_(levels).clamp_min_(1e-20)
        rounded[start : start + _AT_ONCE] = (rows / scale).round_()
        scales[start : start + _AT_ONCE] = scale
    return rounded, scales


def _multiply(
    quantized: torch.Tensor, packed: torch.Tensor, scales: torch.Tensor, zeros: torch.Tensor
) -> torch.Tensor:
    """Return (quantized - _ZERO) @ weight.T * scales, in fp32."""
    out: torch.Tensor = torch.ops.onednn.qlinear_pointwise.default(
        quantized, 1.0, _ZERO, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], ""
    )
    return out


@cache
def _levels() -> int:
    """Return the largest quantized weight, on either side of 0, for which products are exact here.

    Processors without VNNI add pairs of products in 16 bits, where those of 8-bit numbers may not
    fit; with weights of 7 bits they do.

    Raises:
        RuntimeError: This torch has no such product, or not even 7 bits are right.
    """
    width, one, zero = 64, torch.ones(16), torch.zeros(16, dtype=torch.long)
    for levels in (127, 63):
        weight = torch.full((16, width), levels, dtype=torch.int8)
        packed = torch.ops.onednn.qlinear_prepack(weight, None)
        extremes = torch.tensor([[255], [1]], dtype=torch.uint8).expand(2, width).contiguous()
        wanted = (extremes[:, :1].float() - _ZERO) * levels * width
        if (_multiply(extremes, packed, one, zero) == wanted).all():
            return levels
    raise RuntimeError("8-bit products are wrong on this processor")


def has_int8() -> bool:
    """Return whether this machine multiplies 8-bit matrices, and rightly."""
    try:
        return _levels() > 0
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
