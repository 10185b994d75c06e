"""Two laws as numbers: the future is never seen, and reading in stretches is reading at once.

Small networks with weights of chance: what is found holds for any weights.
"""

from collections.abc import Sequence

import torch

from benchmarks.long_context.costs import random_network
from benchmarks.long_context.variants import Variant, small
from writer.transformer.gpt import GPT

_LENGTH = 300
_CHANGED = (1, 2, 31, 64, 65, 150, 256, 299)
_LENGTHS = (1, 1, 2, 37, 64, 5, 90, 100)
"""Of the stretches that a text is read in."""


def laws_of(variant: Variant) -> dict[str, float]:
    """Return the largest differences found: of a leak as it is, else as a share of an output.

    The share is that of the largest output of all: what rounding does goes by it.
    """
    config = small(variant)
    exact, single = random_network(config).double(), random_network(config)
    return {
        "leak": leak(exact),
        "chunked, float64": chunked(exact),
        "chunked, float32": chunked(single),
    }


def leak(network: GPT) -> float:
    """Return by how much later tokens change earlier outputs, in training, in use, in stretches."""
    tokens = _tokens(network)
    worst = 0.0
    for place in _CHANGED:
        other = tokens.clone()
        other[:, place:] = (other[:, place:] + 1) % network.vocab_size
        for read in (_trained, _whole, _streamed):
            one, two = read(network, tokens)[:, :place], read(network, other)[:, :place]
            worst = max(worst, (one - two).abs().max().item())
    return worst


def chunked(network: GPT) -> float:
    """Return how far reading in stretches is from reading at once, of the largest output."""
    tokens = _tokens(network)
    once = _whole(network, tokens)
    return ((once - _streamed(network, tokens)).abs().max() / once.abs().max()).item()


def _tokens(network: GPT) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(network.vocab_size, (1, _LENGTH), generator=generator)


def _trained(network: GPT, tokens: torch.Tensor) -> torch.Tensor:
    return network.train().whole(tokens).features.detach()


@torch.inference_mode()
def _whole(network: GPT, tokens: torch.Tensor) -> torch.Tensor:
    return network.eval().whole(tokens).features


@torch.inference_mode()
def _streamed(
    network: GPT, tokens: torch.Tensor, lengths: Sequence[int] = _LENGTHS
) -> torch.Tensor:
    state, found = network.eval().empty_state(), []
    for stretch in torch.split(tokens, list(lengths), dim=1):
        features, state = network.features(stretch, state)  # type: ignore[assignment]
        found.append(features)
    return torch.cat(found, dim=1)
