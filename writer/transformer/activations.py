"""What bends the feed-forward, under the names that `transformers` gives it in `config.json`.

Those without weights of their own: `prelu` and `xielu` have some.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional as F

Activation = Callable[[torch.Tensor], torch.Tensor]

_tanh_gelu = partial(F.gelu, approximate="tanh")


def _clipped_gelu(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x).clamp(-10, 10)


def _quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


def _laplace(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * (1 + torch.erf((x - math.sqrt(0.5)) / math.sqrt(0.5 / math.pi)))  # 2209.10655


def _squared_relu(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x).square()


def _sqrt_softplus(x: torch.Tensor) -> torch.Tensor:
    return F.softplus(x).sqrt()


def _linear(x: torch.Tensor) -> torch.Tensor:
    return x


ACTIVATIONS: dict[str, Activation] = {
    "gelu": F.gelu,
    "gelu_10": _clipped_gelu,
    "gelu_accurate": _tanh_gelu,
    "gelu_fast": _tanh_gelu,
    "gelu_new": _tanh_gelu,
    "gelu_python": F.gelu,
    "gelu_python_tanh": _tanh_gelu,
    "gelu_pytorch_tanh": _tanh_gelu,
    "hardswish": F.hardswish,
    "laplace": _laplace,
    "leaky_relu": F.leaky_relu,
    "linear": _linear,
    "mish": F.mish,
    "quick_gelu": _quick_gelu,
    "relu": F.relu,
    "relu2": _squared_relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "sqrtsoftplus": _sqrt_softplus,
    "swish": F.silu,
    "tanh": torch.tanh,
}
