"""The family as tests meet it: each kind, and combinations that make sense, at small sizes."""

import random
from functools import cache
from typing import Any

import torch

from tests.checkpoints.tiny_models import random_network
from writer.transformer.gpt import GPT

BANDED = {"attention": "banded", "attention_window": 7}
LONGFORMER = {
    "attention": "longformer", "attention_window": 5, "last_window": 8, "dilation": 2,
    "dilated_heads": 1, "global_tokens": 2,
}  # fmt: skip
BIGBIRD = {
    "attention": "bigbird", "block_size": 4, "global_blocks": 1, "window_blocks": 1,
    "random_blocks": 1, "attention_seed": 3,
}  # fmt: skip
REFORMER = {
    "attention": "reformer", "hash_buckets": 4, "hash_rounds": 2, "bucket_window": 6,
    "attention_seed": 3,
}  # fmt: skip
PERFORMER = {"attention": "performer", "random_features": 24, "attention_seed": 3}
HIERARCHICAL = {"attention": "hierarchical", "segment_length": 8, "summary_length": 4}
RELATIVE = {"position_embedding": "relative"}
RECURRENT = {**RELATIVE, "memory": "recurrent", "segment_length": 8, "memory_length": 12}
COMPRESSIVE = {
    **RELATIVE, "memory": "compressive", "segment_length": 8, "memory_length": 12,
    "compressed_length": 4, "compression_rate": 3,
}  # fmt: skip
ROTARY = {"position_embedding": "rotary", "rotary_base": 100.0}
INTERPOLATED = {"position_embedding": "interpolated", "trained_positions": 16}
TWO_LEVEL = {"position_embedding": "hierarchical", "segment_length": 8}
REVERSIBLE = {"blocks": "reversible"}
SWITCH = {"feed_forward": "switch", "experts": 2, "expert_capacity": 1.25, "expert_balance": 0.01}

FAMILY: dict[str, dict[str, Any]] = {
    "dense": {},
    "rotary": ROTARY,
    "interpolated": INTERPOLATED,
    "two-level": TWO_LEVEL,
    "relative": RELATIVE,
    "banded": BANDED,
    "banded, rotary": {**BANDED, **ROTARY},
    "longformer": LONGFORMER,
    "longformer, rotary": {**LONGFORMER, **ROTARY},
    "longformer, interpolated": {**LONGFORMER, **INTERPOLATED, "global_tokens": 0},
    "bigbird": BIGBIRD,
    "bigbird, rotary": {**BIGBIRD, **ROTARY},
    "hierarchical": HIERARCHICAL,
    "hierarchical, rotary": {**HIERARCHICAL, **ROTARY},
    "hierarchical, two-level": {**HIERARCHICAL, **TWO_LEVEL},
    "reformer": REFORMER,
    "performer": PERFORMER,
    "performer, two-level": {**PERFORMER, **TWO_LEVEL},
    "recurrent": RECURRENT,
    "compressive": COMPRESSIVE,
    "reversible": REVERSIBLE,
    "reversible longformer": {**REVERSIBLE, **LONGFORMER},
    "reversible reformer": {**REVERSIBLE, **REFORMER},
    "switch": SWITCH,
    "switch, longformer": {**SWITCH, **LONGFORMER},
    "switch, recurrent": {**SWITCH, **RECURRENT},
}
N_CTX = 640


@cache
def exact_network(name: str) -> GPT:
    """In float64 and shared by the tests: none may change it."""
    return random_network(n_ctx=N_CTX, **FAMILY[name]).double()


def random_tokens(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(384, (rows, length), generator=torch.Generator().manual_seed(seed))


def random_lengths(total: int, seed: int) -> list[int]:
    """Lengths of stretches, some of them 1, that add up to `total`."""
    generator = torch.Generator().manual_seed(seed)
    lengths: list[int] = []
    while (left := total - sum(lengths)) > 0:
        drawn = int(torch.randint(1, (2, 9, 30)[len(lengths) % 3], (1,), generator=generator))
        lengths.append(min(left, drawn))
    return lengths


def streamed(network: GPT, tokens: torch.Tensor, lengths, state=None):
    """The logits (B, T, V) of tokens read in stretches after `state`, and the state after them."""
    state = network.empty_state() if state is None else state
    said = []
    for stretch in tokens.split(lengths, dim=1):
        logits, state = network(stretch, state)
        said.append(logits)
    return torch.cat(said, dim=1), state


def whole(network: GPT, tokens: torch.Tensor) -> torch.Tensor:
    return network(tokens)[0]


DRAWN = (
    "dense", "banded", "longformer", "bigbird", "hierarchical", "reformer", "performer",
    "relative", "recurrent", "compressive",
)  # fmt: skip


def drawn(kind: str, seed: int) -> dict[str, Any]:
    """A network of a kind at sizes, positions, blocks and experts drawn by `seed`."""
    pick = random.Random(f"{kind} {seed}")
    n_ctx, heads = pick.choice([1, 2, 7, 41, 64]), pick.choice([1, 2, 4])

    def upto(most: int, least: int = 1) -> int:
        return pick.randint(least, max(least, min(n_ctx, most)))

    config: dict[str, Any] = {"n_ctx": n_ctx, "n_head": heads, "n_layer": pick.choice([1, 2, 3])}
    window, summary, reach = upto(20), upto(6), upto(20)
    recurrent = {"memory": "recurrent", "segment_length": upto(30), "memory_length": reach}
    config |= {
        "banded": {"attention_window": upto(64)},
        "longformer": {
            "attention_window": window, "last_window": upto(64, window), "dilation": upto(4),
            "dilated_heads": pick.randint(0, heads), "global_tokens": upto(9, 0),
        },
        "bigbird": {
            "block_size": upto(9), "global_blocks": upto(3, 0), "window_blocks": upto(3, 0),
            "random_blocks": upto(4, 0), "attention_seed": seed,
        },
        "hierarchical": {"segment_length": summary * upto(n_ctx // summary),
                         "summary_length": summary},
        "reformer": {
            "hash_buckets": pick.choice([1, 2, 4, 8]), "hash_rounds": pick.randint(1, 4),
            "bucket_window": upto(12), "attention_seed": seed,
        },
        "performer": {"random_features": pick.randint(32, 50), "attention_seed": seed},
        "recurrent": recurrent,
        "compressive": {
            **recurrent, "memory": "compressive", "compressed_length": pick.randint(0, 6),
            "compression_rate": upto(reach),
        },
    }.get(kind, {})  # fmt: skip
    if kind in ("relative", "recurrent", "compressive"):
        config |= RELATIVE
    else:
        config |= {} if kind == "dense" else {"attention": kind}
        config |= pick.choice([{}, {}, {**INTERPOLATED, "trained_positions": upto(64)},
                               {} if kind in ("reformer", "performer") else ROTARY])  # fmt: skip
    blocks = [{}, {}, {**SWITCH, "experts": pick.randint(1, 4), "expert_capacity": 0.7}]
    return config | pick.choice(
        blocks if kind in ("relative", "recurrent", "compressive") else [*blocks, REVERSIBLE]
    )
