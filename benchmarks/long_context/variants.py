"""What is compared: each variant's keys, how it is trained, and how it is read afterwards.

One table. Knows nothing of corpora, trainings or figures.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from writer.transformer.config import GPTConfig

Keys = Mapping[str, Any]
_LONG = 16_384
_SHRINK = 8
_LENGTHS = (
    "trained_positions", "segment_length", "attention_window", "last_window", "global_tokens",
    "block_size", "bucket_window", "summary_length", "memory_length", "compressed_length",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """The shape that all variants have."""

    layers: int = 4
    width: int = 192
    heads: int = 4
    vocabulary: int = 4096


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read with a trained variant: some sizes may be larger than in training."""

    name: str
    label: str
    keys: Keys = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One network of the family; there is one object of each."""

    name: str
    label: str
    keys: Keys = field(default_factory=dict)
    n_ctx: int = 1024
    window: int = 1024
    """The longest windows that it is trained in."""
    is_main: bool = False
    """Whether it is trained on the full budget, so that its figures can be compared."""
    others: tuple[Reading, ...] = field(default=())
    """Readings beside the one as it was trained."""
    longest_timed: int = _LONG
    """Longer texts are not timed: all scores of a layer would stand in memory at once."""

    def config(self, size: Size) -> GPTConfig:
        """Return the shape of the network that is trained."""
        return GPTConfig(
            vocab_size=-(-size.vocabulary // 64) * 64, n_layer=size.layers, n_embd=size.width,
            n_head=size.heads, n_ctx=self.n_ctx, **self.keys,
        )  # fmt: skip

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Return the ways to read with it; the first is as it was trained."""
        return Reading(self.name, self.label), *self.others

    @property
    def is_left_to_right(self) -> bool:
        """Return whether it can tell what follows a text."""
        return "objective" not in self.keys

    @property
    def has_costs(self) -> bool:
        """Return whether its laws and costs are measured, which are no other variant's."""
        return self.is_left_to_right and self.name != BRIEF_BASELINE


_RELATIVE: Keys = {"position_embedding": "relative"}
_ROTARY: Keys = {"position_embedding": "rotary", "rotary_base": 10_000.0}
_RECURRENT: Keys = {
    **_RELATIVE, "memory": "recurrent", "segment_length": 512, "memory_length": 512,
}  # fmt: skip
_COMPRESSIVE: Keys = {
    **_RECURRENT, "memory": "compressive", "compressed_length": 256, "compression_rate": 4,
}  # fmt: skip
_LONGFORMER: Keys = {
    **_ROTARY, "attention": "longformer", "attention_window": 256, "last_window": 512,
    "dilation": 2, "dilated_heads": 1, "global_tokens": 16,
}  # fmt: skip
_BIG_BIRD: Keys = {
    **_ROTARY, "attention": "bigbird", "block_size": 64, "global_blocks": 1, "window_blocks": 3,
    "random_blocks": 2, "attention_seed": 1,
}  # fmt: skip
_REFORMER: Keys = {
    "attention": "reformer", "hash_buckets": 16, "hash_rounds": 4, "bucket_window": 64,
    "attention_seed": 1,
}  # fmt: skip
_TWO_LEVELS: Keys = {"position_embedding": "hierarchical", "segment_length": 256}

_ALL = (
    Variant("dense", "dense (GPT-2)", is_main=True),
    Variant("dense-brief", "dense (GPT-2)"),
    Variant("interpolated", "interpolated positions",
            {"position_embedding": "interpolated", "trained_positions": 512}),
    Variant("hierarchical-positions", "two-level positions", _TWO_LEVELS),
    Variant("rotary", "rotary positions", _ROTARY),
    Variant("relative", "relative positions", _RELATIVE, longest_timed=4096),
    Variant("banded", "banded (GPT-3)", {"attention": "banded", "attention_window": 256}),
    Variant("longformer", "Longformer", _LONGFORMER, _LONG, 4096, is_main=True),
    Variant("bigbird", "Big Bird", _BIG_BIRD, _LONG, 4096),
    Variant("reformer", "Reformer (LSH)", _REFORMER),
    Variant("performer", "Performer (FAVOR+)",
            {"attention": "performer", "random_features": 128, "attention_seed": 1}),
    Variant("hierarchical", "hierarchical",
            {**_TWO_LEVELS, "attention": "hierarchical", "summary_length": 32}),
    Variant("xl", "Transformer-XL", _RECURRENT, _LONG, 4096, is_main=True, others=(
        Reading("xl-1024", "Transformer-XL, memory 1,024", {"memory_length": 1024}),
    )),
    Variant("compressive", "Compressive", _COMPRESSIVE, _LONG, 4096, is_main=True, others=(
        Reading("compressive-1024", "Compressive, memory 1,024 + 512 slots",
                {"memory_length": 1024, "compressed_length": 512}),
    )),
    Variant("reversible", "reversible blocks", {"blocks": "reversible"}),
    Variant("switch", "switch, 4 experts",
            {"feed_forward": "switch", "experts": 4, "expert_capacity": 1.25,
             "expert_balance": 0.01}),
    Variant("permutation", "permutation (XLNet)", {**_RELATIVE, "objective": "permutation"},
            longest_timed=4096),
    Variant("masked", "masked (BERT)", {"objective": "masked"}),
)  # fmt: skip
VARIANTS: Mapping[str, Variant] = MappingProxyType({each.name: each for each in _ALL})
"""All of them by name, in the order of the tables."""
BASELINE, BRIEF_BASELINE = "dense", "dense-brief"
"""What the main variants are compared with, and what those trained on as few tokens as it."""


def small(variant: Variant) -> GPTConfig:
    """Return a shape with the variant's kinds in which a text of some hundred tokens is long."""
    config = replace(variant.config(Size(2, 32, 2, 64)), n_ctx=512)
    found = asdict(config)
    shrunk = {key: max(1, found[key] // _SHRINK) for key in _LENGTHS if found[key] is not None}
    return replace(config, **shrunk)
