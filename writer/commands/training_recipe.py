"""How `writer train` is told to train: budget, rates, sizes of batches and windows."""

import argparse
from dataclasses import replace
from typing import Any

from writer.commands.argument_types import above_zero, share, whole
from writer.errors import ErrorKind, WriterError
from writer.training.preparation import bf16_is_faster
from writer.training.processes import Group
from writer.training.recipe import Recipe, is_trained_to_the_end, usual_window
from writer.transformer.config import GPTConfig

_FINE_TUNING_RATE = 0.2


def add_ways(parser: argparse.ArgumentParser) -> None:
    """Add what a training that goes on has from its checkpoint, unless it is said anew."""
    recipe = Recipe()
    add = parser.add_argument_group("how").add_argument
    add("--rate", type=above_zero,
        help=f"factor of the learning rates (1; {_FINE_TUNING_RATE} with --from)")  # fmt: skip
    add("--batch", type=whole, help=f"tokens an update ({recipe.batch_tokens})")
    add("--micro-batch", type=whole,
        help=f"tokens at once, fewer where memory is short ({recipe.micro_tokens})")  # fmt: skip
    add("--window", type=whole,
        help="longest windows (n-ctx; at most 4096 with relative or rotary positions)")  # fmt: skip
    add("--short-share", type=share, metavar="SHARE",
        help=f"read in windows of {recipe.short_length} tokens ({recipe.short_share:g}; "
        "0 with --from)")  # fmt: skip
    add("--cooldown", type=share, metavar="SHARE", help=f"its share ({recipe.cooldown_share:g})")
    add(
        "--dropout",
        type=share,
        help="(0, and 0.1 once a text has been read 4 times; 0 with --from)",
    )
    add("--hold-out", type=share, default=0.01, metavar="SHARE",
        help="of each text, where no file is named validation... (%(default)s)")  # fmt: skip
    add("--precision", choices=["bf16", "fp32"], help="(the faster one, measured)")
    add("--checkpointing", action="store_true",
        help="less memory, a third more time; by itself where memory is short")  # fmt: skip
    add("--threads", type=int, default=0, help="0 = as torch chooses")
    add("--background", action="store_true",
        help="at low priority, and only until standard input is closed")  # fmt: skip
    add("--seed", type=int, help=f"({recipe.seed})")


def recipe_of(
    arguments: argparse.Namespace,
    saved: dict[str, Any] | None,
    processes: Group,
    config: GPTConfig,
    extended_from: int | None,
) -> Recipe:
    """Return how to train: as before where it goes on, but for what is said anew.

    Args:
        arguments: What is said.
        saved: The checkpoint that it goes on from.
        processes: Who trains.
        config: The shape of what is trained.
        extended_from: What the network read before its context was extended.

    Raises:
        WriterError: SETTING_INVALID.
    """
    usual = Recipe()
    if saved is not None:
        recipe = Recipe(**saved["recipe"])
    else:
        fast = arguments.precision is None and bf16_is_faster(processes.device)
        recipe = replace(usual, bf16=bool(processes.agreed(float(fast))[0]))
        if arguments.start:
            # Short windows teach the positions of long ones nothing new; and a network that has
            # never met dropout loses more by it in minutes than it gains (measured: see
            # docs/training.md), while its best weights are kept in any case.
            recipe = replace(recipe, short_share=0.0, dropout=0.0)
        recipe = replace(recipe, extended_from=extended_from)
    rate = arguments.rate or (_FINE_TUNING_RATE if arguments.start and not saved else None)
    told: dict[str, Any] = {
        "batch_tokens": arguments.batch,
        "micro_tokens": arguments.micro_batch,
        "window": arguments.window,
        "short_share": arguments.short_share,
        "cooldown_share": arguments.cooldown,
        "dropout": arguments.dropout,
        "seed": arguments.seed,
        "checkpointing": arguments.checkpointing or None,
        "bf16": arguments.precision and arguments.precision == "bf16",
        "muon_lr": rate and usual.muon_lr * rate,
        "adam_lr": rate and usual.adam_lr * rate,
    }
    known = {name: value for name, value in told.items() if value is not None}
    recipe = replace(recipe, tokens=arguments.tokens, minutes=arguments.minutes, **known)
    recipe = replace(recipe, window=recipe.window or usual_window(config))
    _check_window(recipe, config, knows_positions=bool(saved or arguments.start))
    return recipe


def _check_window(recipe: Recipe, config: GPTConfig, knows_positions: bool) -> None:
    """Refuse windows that do not fit in n_ctx, or leave a part of it untrained."""
    assert recipe.window is not None
    accepts = None
    if recipe.window > config.n_ctx:
        accepts = f"at most n_ctx, {config.n_ctx}"
    elif recipe.window < config.n_ctx and is_trained_to_the_end(config):
        kind = config.position_embedding
        if recipe.extended_from or not knows_positions:
            accepts = f"n_ctx, {config.n_ctx}: {kind} positions that are never trained are noise"
    if accepts is not None:
        raise WriterError(
            ErrorKind.SETTING_INVALID, name="window", value=recipe.window, accepts=accepts
        )
