"""The loss of every token of a long stretch: by reading on, or by reading again what fits."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from benchmarks.long_context.variants import Keys
from writer.transformer.gpt import GPT

_PIECE = 512


def reading_with(network: GPT, keys: Keys) -> GPT:
    """Return the network with other sizes of what it keeps, and the same weights."""
    if not keys:
        return network
    other = GPT(replace(network.config, **keys), initialized=False)
    other.load_state_dict(network.state_dict())
    return other.eval().requires_grad_(False)


@torch.inference_mode()
def token_losses(network: GPT, tokens: torch.Tensor, stride: int) -> torch.Tensor:
    """Return what each token but the first costs, natural log, (N,) of tokens (N + 1,).

    A network whose n_ctx has room for the text reads on, what it keeps carried from piece to piece.
    Any other reads its first n_ctx tokens, and then again and again the last n_ctx, for `stride`
    new tokens each time: each of these is told by at least n_ctx - stride + 1 tokens before it.
    """
    if len(tokens) - 1 <= network.n_ctx:
        return _onward(network, tokens)
    return _again(network, tokens, min(stride, network.n_ctx))


def _onward(network: GPT, tokens: torch.Tensor) -> torch.Tensor:
    state = network.empty_state()
    losses = []
    for piece in torch.split(torch.arange(len(tokens) - 1), _PIECE):
        features, read = network.features(tokens[None, piece], state)
        assert read is not None
        state = read
        losses.append(_losses(network, features[0], tokens[piece + 1]))
    return torch.cat(losses)


def _again(network: GPT, tokens: torch.Tensor, stride: int) -> torch.Tensor:
    size, total = network.n_ctx, len(tokens) - 1
    losses: list[torch.Tensor] = []
    done = 0
    while done < total:
        end = min(done + (stride if done else size), total)
        first = max(0, end - size)
        features, _ = network.features(tokens[None, first:end])
        losses.append(_losses(network, features[0, done - first :], tokens[done + 1 : end + 1]))
        done = end
    return torch.cat(losses)


def _losses(network: GPT, features: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    parts = zip(torch.split(features, _PIECE), torch.split(targets, _PIECE), strict=True)
    return torch.cat(
        [F.cross_entropy(network.head(x).float(), aim, reduction="none") for x, aim in parts]
    )
