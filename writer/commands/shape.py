"""The shape of a network as `writer train` is told it: sizes, kinds, and what the kinds need."""

import argparse
from collections.abc import Callable
from math import gcd
from typing import Any

from writer.commands.argument_types import whole
from writer.errors import ErrorKind, WriterError
from writer.transformer.config import GPTConfig
from writer.transformer.variants import KINDS, NEEDS, check, needed

_SIZES = {"layers": "n_layer", "width": "n_embd", "heads": "n_head", "n_ctx": "n_ctx"}
_NEW = {"layers": 6, "width": 256, "heads": 4, "n_ctx": 1024}
_KEYS = tuple(dict.fromkeys(key for keys in NEEDS.values() for key in keys))

Told = dict[str, Any]
_USUAL: dict[str, Callable[[Told], int | float]] = {
    "trained_positions": lambda told: min(1024, told["n_ctx"]),
    "rotary_base": lambda told: 10_000.0,
    "segment_length": lambda told: min(512, told["n_ctx"]),
    "attention_window": lambda told: min(256, told.get("last_window", 256), told["n_ctx"]),
    "last_window": lambda told: min(max(512, told["attention_window"]), told["n_ctx"]),
    "dilation": lambda told: 2,
    "dilated_heads": lambda told: 1,
    "global_tokens": lambda told: min(16, told["n_ctx"]),
    "block_size": lambda told: min(64, told["n_ctx"]),
    "global_blocks": lambda told: 1,
    "window_blocks": lambda told: 3,
    "random_blocks": lambda told: 2,
    "summary_length": lambda told: gcd(64, told["segment_length"]),
    "hash_buckets": lambda told: max(2, told["n_ctx"] // 128 * 2),
    "hash_rounds": lambda told: 2,
    "bucket_window": lambda told: min(64, told["n_ctx"]),
    "random_features": lambda told: 2 * (told["n_embd"] // told["n_head"]),
    "attention_seed": lambda told: 1,
    "memory_length": lambda told: min(512, told["n_ctx"]),
    "compressed_length": lambda told: 256,
    "compression_rate": lambda told: min(4, told["memory_length"]),
    "experts": lambda told: 4,
    "expert_capacity": lambda told: 1.25,
    "expert_balance": lambda told: 0.01,
}
"""What each size is unless it is said, by what is said; those that others go by stand first."""


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a new network's shape."""
    add = parser.add_argument_group("shape (of a new model)").add_argument
    add("--layers", type=whole, help=f"({_NEW['layers']})")
    add("--width", type=whole, help=f"({_NEW['width']})")
    add("--heads", type=whole, help=f"({_NEW['heads']})")
    add("--n-ctx", type=whole, help=f"longest text at once ({_NEW['n_ctx']} tokens)")
    add("--tokenizer", metavar="KIND",
        help="bpe or characters (Chinese), learned here, or a folder with one (bpe)")  # fmt: skip
    add("--vocab", type=whole, default=8192, help="size of a learned vocabulary (%(default)s)")
    for key, kinds in KINDS.items():
        add(f"--{key.replace('_', '-')}", choices=kinds, help=f"({kinds[0]})")
    add("--set", type=_setting, action="append", default=[], metavar="KEY=VALUE",
        help=f"a size that such a kind needs: {', '.join(_KEYS)}")  # fmt: skip


def new_config(arguments: argparse.Namespace) -> GPTConfig:
    """Return the shape of a new network, but for its vocabulary.

    Raises:
        WriterError: SETTING_INVALID or NETWORK_IMPOSSIBLE.
    """
    sizes = {name: getattr(arguments, name) or usual for name, usual in _NEW.items()}
    if sizes["width"] % sizes["heads"]:
        raise WriterError(
            ErrorKind.SETTING_INVALID, name="heads", value=sizes["heads"],
            accepts=f"a divisor of the width, {sizes['width']}",
        )  # fmt: skip
    told: Told = {_SIZES[name]: value for name, value in sizes.items()} | _kinds(arguments)
    told |= dict(arguments.set)
    wanted = needed(GPTConfig(**told))
    for key, usual in _USUAL.items():
        if key in wanted and key not in told:
            told[key] = usual(told)
    return checked(GPTConfig(**told))


def checked(config: GPTConfig) -> GPTConfig:
    """Return `config` if there can be such a network.

    Raises:
        WriterError: NETWORK_IMPOSSIBLE.
    """
    try:
        check(config)
    except ValueError as error:
        raise WriterError(ErrorKind.NETWORK_IMPOSSIBLE, reason=error) from error
    return config


def refuse_other_shape(arguments: argparse.Namespace, config: GPTConfig, path: object) -> None:
    """Refuse what is said of the shape but is not that of the model at `path`.

    Raises:
        WriterError: SHAPE_GIVEN.
    """
    said = [(name, field, getattr(arguments, name)) for name, field in _SIZES.items()]
    said += [(key, key, getattr(arguments, key)) for key in KINDS]
    said += [(key, key, value) for key, value in arguments.set]
    for name, field, value in said:
        found = getattr(config, field)
        if value is not None and value != found:
            found = "not set" if found is None else found
            raise WriterError(ErrorKind.SHAPE_GIVEN, path=path, name=name, found=found, value=value)


def _kinds(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the kinds: those that are said, and of the others the plain ones, where they can be.

    A memory, and reading in any order, go with no positions but the relative ones.
    """
    kinds = {key: getattr(arguments, key) or plain for key, (plain, *_) in KINDS.items()}
    if arguments.position_embedding is None and (
        kinds["memory"] != "none" or kinds["objective"] == "permutation"
    ):
        kinds["position_embedding"] = "relative"
    return kinds


def _setting(text: str) -> tuple[str, int | float]:
    key, _, value = text.partition("=")
    if key not in _KEYS:
        raise argparse.ArgumentTypeError(f"there is no size “{key}”: {', '.join(_KEYS)}")
    try:
        return key, int(value) if value.strip().lstrip("+-").isdecimal() else float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{key} cannot be “{value}”: it is a number") from None
