"""Which parameter is moved by which optimizer."""

import torch

from writer.training.muon import Muon
from writer.training.recipe import Recipe
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT


def optimizers(network: GPT, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices between the layers, AdamW for everything else.

    A matrix is what leads from one hidden width to another: not a router to a few experts, nor
    biases that each head has, nor the kernel of a convolution.
    """
    named = list(network.named_parameters())
    matrices = [each for name, each in named if is_matrix(name, each, network.config)]
    others = [each for name, each in named if not is_matrix(name, each, network.config)]
    low = torch.bfloat16 if recipe.bf16 else torch.float32
    return [
        Muon(matrices, lr=recipe.muon_lr, weight_decay=0.01, precision=low),
        torch.optim.AdamW(others, lr=recipe.adam_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def is_matrix(name: str, parameter: torch.Tensor, config: GPTConfig) -> bool:
    """Return whether Muon moves the parameter of this name."""
    widths = (config.n_embd, config.inner)
    return (
        name.startswith("blocks.")
        and name.endswith("weight")
        and parameter.ndim == 2
        and all(size in widths for size in parameter.shape)
    )
