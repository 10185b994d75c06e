"""A trained GPT-2 made to read further than it was trained to, before it learns how."""

from dataclasses import replace

import torch
from torch import nn

from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.variants import is_plain

POSITIONS = ("interpolated", "copied", "relative")
_SEGMENT = 512
"""Tokens of the segments that a text is read in once positions are relative."""


def extended(network: GPT, n_ctx: int, positions: str = POSITIONS[0]) -> GPT:
    """Return a network with the weights of a plain GPT-2 that reads `n_ctx` tokens at once.

    Args:
        network: It shares its weights with what is returned, but for copied positions.
        n_ctx: More than it reads.
        positions: “copied”: its positions come again and again (2004.05150, 5), and it stays a
            plain GPT-2. “interpolated”: those it has are read more finely (after 2306.15595);
            `as_plain` makes a plain GPT-2 of it again. “relative”: distances take the place of
            positions, and each layer looks back as far as it did, so that time and memory do not
            grow with the text (Transformer-XL, 1901.02860); it is no plain GPT-2 any more.

    Raises:
        ValueError: With the reason, in one sentence.
    """
    config = network.config
    if not is_plain(config):
        raise ValueError("only a plain GPT-2 can be extended, and this is none")
    if n_ctx <= config.n_ctx:
        raise ValueError(f"it reads {config.n_ctx} tokens at once already")
    if positions == "relative":
        return _by_distance(network, n_ctx)
    weights = network.state_dict()
    if positions == "copied":
        table = weights["positions.weight"]
        times = -(-n_ctx // config.n_ctx)
        weights["positions.weight"] = table.repeat(times, 1)[:n_ctx].clone()
    return _with(_config(config, n_ctx, positions), weights).train(network.training)


def as_plain(network: GPT) -> GPT:
    """Return a network that says the same, its interpolated positions written out one by one.

    So every program for GPT-2 reads it. Another network is returned as it is.
    """
    config = network.config
    if config.position_embedding != "interpolated" or network.positions is None:
        return network
    plain = replace(config, position_embedding="learned", trained_positions=None)
    if not is_plain(plain):
        return network
    weights = network.state_dict()
    with torch.no_grad():
        every = torch.arange(config.n_ctx, device=network.device)
        weights["positions.weight"] = network.positions(every)
    return _with(plain, weights).train(network.training)


def learn_together(network: GPT, n_ctx: int) -> None:
    """Let copies of `n_ctx` learned positions learn what they have in common, too.

    Each copy is the same as the first one at the beginning, and what is near then looks like what
    is far. What tells a copy from the others is one vector for all of its positions, whose gradient
    is the sum of theirs; but each position alone is seen once in a window, and its gradient is
    mostly noise. So each has its share of that sum, weighted to be as large as the noise.
    """
    table = network.positions.weight if network.positions is not None else None
    if network.config.position_embedding != "learned" or not isinstance(table, nn.Parameter):
        return

    def together(gradient: torch.Tensor) -> torch.Tensor:
        parts = torch.split(gradient, n_ctx)
        common = [part.sum(dim=0, keepdim=True) / len(part) ** 0.5 for part in parts[1:]]
        return torch.cat(
            (parts[0], *(part + sum_ for part, sum_ in zip(parts[1:], common, strict=True)))
        )

    table.register_hook(together)  # type: ignore[no-untyped-call]


def _by_distance(network: GPT, n_ctx: int) -> GPT:
    """Return a Transformer-XL with the weights of a plain GPT-2; it knows no distances yet."""
    before = network.config
    config = replace(
        before, n_ctx=n_ctx, position_embedding="relative", memory="recurrent",
        segment_length=min(_SEGMENT, before.n_ctx), memory_length=before.n_ctx,
    )  # fmt: skip
    longer = GPT(config)
    weights = network.state_dict()
    table = weights.pop("positions.weight")
    # What all positions have in common goes on being added. It moves every logit of a tied head
    # by the same, which changes no probability.
    common = table[len(table) // 4 :].mean(dim=0)
    weights["tokens.weight"] = weights["tokens.weight"] + common
    if config.tie_word_embeddings:
        weights["head.weight"] = weights["tokens.weight"]
    longer.load_state_dict({**longer.state_dict(), **weights})
    return longer.requires_grad_(network.tokens.weight.requires_grad).train(network.training)


def _with(config: GPTConfig, weights: dict[str, torch.Tensor]) -> GPT:
    """Return a network of these weights, which it shares."""
    with torch.device("meta"):
        network = GPT(config, initialized=False)
    network.load_state_dict(weights, assign=True)
    if config.tie_word_embeddings:
        network.head.weight = network.tokens.weight
    return network


def _config(config: GPTConfig, n_ctx: int, positions: str) -> GPTConfig:
    if positions == "copied":
        return replace(config, n_ctx=n_ctx)
    return replace(
        config, n_ctx=n_ctx, position_embedding="interpolated", trained_positions=config.n_ctx
    )
