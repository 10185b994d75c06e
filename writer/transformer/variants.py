"""The family: which kinds there are, what each needs to be told, and which go together.

Every kind is a value of one key of `config.json`; each of the six keys has one that is plain GPT-2.
"""

from collections.abc import Iterator
from dataclasses import fields

from writer.transformer.config import GPTConfig

KINDS: dict[str, tuple[str, ...]] = {
    "position_embedding": ("learned", "interpolated", "relative", "rotary", "hierarchical"),
    "attention": (
        "dense", "banded", "longformer", "bigbird", "reformer", "performer", "hierarchical",
    ),
    "memory": ("none", "recurrent", "compressive"),
    "blocks": ("standard", "reversible"),
    "feed_forward": ("dense", "switch"),
    "objective": ("causal", "permutation", "masked"),
}  # fmt: skip
"""The kinds of each family, the plain one first."""

NEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("position_embedding", "interpolated"): ("trained_positions",),
    ("position_embedding", "rotary"): ("rotary_base",),
    ("position_embedding", "hierarchical"): ("segment_length",),
    ("attention", "banded"): ("attention_window",),
    ("attention", "longformer"): (
        "attention_window", "last_window", "dilation", "dilated_heads", "global_tokens",
    ),
    ("attention", "bigbird"): (
        "block_size", "global_blocks", "window_blocks", "random_blocks", "attention_seed",
    ),
    ("attention", "reformer"): ("hash_buckets", "hash_rounds", "bucket_window", "attention_seed"),
    ("attention", "performer"): ("random_features", "attention_seed"),
    ("attention", "hierarchical"): ("segment_length", "summary_length"),
    ("memory", "recurrent"): ("segment_length", "memory_length"),
    ("memory", "compressive"): (
        "segment_length", "memory_length", "compressed_length", "compression_rate",
    ),
    ("feed_forward", "switch"): ("experts", "expert_capacity", "expert_balance"),
}  # fmt: skip
"""The keys that a kind needs."""

_MASKS = ("dense", "banded", "longformer", "bigbird", "hierarchical")
"""Attention to given places, whatever stands there."""
_ALONE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("position_embedding", "relative", "attention", ("dense",)),
    ("position_embedding", "rotary", "attention", _MASKS),
    ("memory", "recurrent", "position_embedding", ("relative",)),
    ("memory", "compressive", "position_embedding", ("relative",)),
    ("blocks", "reversible", "memory", ("none",)),
    (
        "blocks",
        "reversible",
        "position_embedding",
        ("learned", "interpolated", "rotary", "hierarchical"),
    ),
    ("blocks", "reversible", "feed_forward", ("dense",)),
    ("objective", "permutation", "position_embedding", ("relative",)),
    ("objective", "permutation", "memory", ("none",)),
    ("objective", "permutation", "blocks", ("standard",)),
    ("objective", "permutation", "feed_forward", ("dense",)),
    (
        "objective",
        "masked",
        "position_embedding",
        ("learned", "interpolated", "rotary", "hierarchical"),
    ),
    ("objective", "masked", "attention", ("dense",)),
    ("objective", "masked", "memory", ("none",)),
)
"""A kind, and of another key the kinds that it goes with."""
_WITHIN_N_CTX = (
    "trained_positions", "segment_length", "attention_window", "last_window", "global_tokens",
    "block_size", "bucket_window", "memory_length",
)  # fmt: skip
_FROM_ZERO = ("global_tokens", "global_blocks", "window_blocks", "random_blocks", "dilated_heads",
              "compressed_length", "attention_seed")  # fmt: skip
_MOST = {"experts": 1 << 10, "hash_rounds": 1 << 6, "hash_buckets": 1 << 14,
         "random_features": 1 << 13, "random_blocks": 1 << 10}  # fmt: skip
"""More of these a damaged file must not ask for: a network would be made of them for minutes."""
_NUMBERS = {"rotary_base": 1.0, "expert_capacity": 0.1, "expert_balance": 0.0}
"""Sizes that need not be whole, and what they are at least."""
_OURS = frozenset(key for keys in NEEDS.values() for key in keys)


def is_plain(config: GPTConfig) -> bool:
    """Return whether a network of this shape is a GPT-2, which every program for them reads."""
    return all(getattr(config, key) == kinds[0] for key, kinds in KINDS.items())


def is_buffered(config: GPTConfig) -> bool:
    """Return whether all that is read stays in one buffer, as plain GPT-2's: the fastest way."""
    return (config.attention, config.memory, config.blocks) == ("dense", "none", "standard") and (
        config.position_embedding != "relative"
    )


def own_keys(config: GPTConfig) -> dict[str, object]:
    """Return the keys that `config.json` has beyond a GPT-2's, with their values; none if plain."""
    if is_plain(config):
        return {}
    kinds = {key: getattr(config, key) for key in KINDS}
    return kinds | {key: getattr(config, key) for key in sorted(needed(config))}


def needed(config: GPTConfig) -> frozenset[str]:
    """Return the keys of sizes that the chosen kinds need."""
    chosen = ((key, getattr(config, key)) for key in KINDS)
    return frozenset(name for pair in chosen for name in NEEDS.get(pair, ()))


def check(config: GPTConfig) -> None:
    """Refuse kinds that there are not or that do not go together, and sizes that cannot be.

    Raises:
        ValueError: In one sentence, with the key and both values.
    """
    for key, kinds in KINDS.items():
        if getattr(config, key) not in kinds:
            given = getattr(config, key)
            raise ValueError(f"{key} is {given!r:.40}; it can be {', '.join(kinds)}")
    for key, kind, other, fitting in _ALONE:
        if getattr(config, key) == kind and getattr(config, other) not in fitting:
            raise ValueError(
                f"{key} {kind} goes with {other} {' or '.join(fitting)}, "
                f"not with {getattr(config, other)}"
            )
    for complaint in _complaints(config):
        raise ValueError(complaint)


def _complaints(config: GPTConfig) -> Iterator[str]:
    wanted = needed(config)
    for field in fields(config):
        key, value = field.name, getattr(config, field.name)
        if key not in _OURS:
            continue
        if key in wanted and value is None:
            yield f"{key} is missing, which {_who_needs(key, config)} needs"
        elif key not in wanted and value is not None:
            yield f"{key} is {value!r:.40}, which nothing reads: only {_readers(key)} would"
        elif value is not None:
            yield from _size_complaints(key, value, config)
    yield from _relations(config)


def _size_complaints(key: str, value: object, config: GPTConfig) -> Iterator[str]:
    if key in _NUMBERS:
        floor = _NUMBERS[key]
        if type(value) not in (int, float) or not floor <= value < 1e9:  # type: ignore[operator]
            yield f"{key} is {value!r:.40}, which is not a number from {floor:g} to below 1e9"
        return
    least, most = 0 if key in _FROM_ZERO else 1, _MOST.get(key, 1 << 20)
    if type(value) is not int or not least <= value <= most:
        yield f"{key} is {value!r:.40}, which is not a whole number from {least} to {most:,}"
    elif key in _WITHIN_N_CTX and value > config.n_ctx:
        yield f"{key} is {value}, which is more than n_ctx, {config.n_ctx}"


def _relations(config: GPTConfig) -> Iterator[str]:
    """Yield what two sizes have against each other."""
    for key, other in (("last_window", "attention_window"), ("memory_length", "compression_rate")):
        one, two = getattr(config, key), getattr(config, other)
        if one is not None and two is not None and one < two:
            yield f"{key} is {one}, which is less than {other}, {two}"
    if config.dilated_heads is not None and config.dilated_heads > config.n_head:
        yield f"dilated_heads is {config.dilated_heads}, which is more than n_head, {config.n_head}"
    segment, summary = config.segment_length, config.summary_length
    if segment is not None and summary is not None and segment % summary:
        yield f"segment_length is {segment}, which is no multiple of summary_length, {summary}"
    if config.hash_buckets is not None and config.hash_buckets > 1 and config.hash_buckets % 2:
        yield f"hash_buckets is {config.hash_buckets}, which is neither 1 nor even"
    if config.position_embedding == "rotary" and config.head_width % 2:
        yield f"rotary positions need heads of an even width, not of {config.head_width}"
    if config.random_features is not None and config.random_features < config.head_width:
        least = config.head_width
        yield f"random_features is {config.random_features}, less than a head's width, {least}"


def _who_needs(key: str, config: GPTConfig) -> str:
    return " and ".join(
        f"{family} {kind}" for (family, kind), keys in NEEDS.items()
        if key in keys and getattr(config, family) == kind
    )  # fmt: skip


def _readers(key: str) -> str:
    return " or ".join(f"{family} {kind}" for (family, kind), keys in NEEDS.items() if key in keys)
