"""A GPT-2's `config.json`: what it may say, and what the network can mean by it."""

from dataclasses import fields
from typing import Any

from writer.checkpoints.files import ModelFiles
from writer.errors import ErrorKind, WriterError
from writer.shelf.card import GPT2
from writer.transformer.activations import ACTIVATIONS
from writer.transformer.config import GPTConfig
from writer.transformer.variants import check

CONFIG = "config.json"
_SIZES = ("vocab_size", "n_ctx", "n_embd", "n_layer", "n_head", "inner")
_SWITCHES = ("tie_word_embeddings", "scale_attn_weights", "scale_attn_by_inverse_layer_idx")
_SHORTEST = 2  # tokens: one that is read, one that is said
_LARGEST = 1 << 20  # of any size: larger ones are damage, not models


def read_kind(files: ModelFiles) -> str:
    """Return the `model_type` that `config.json` names.

    GPT2-Chinese was written before there were such names: what has GPT-2's sizes is a GPT-2.

    Raises:
        WriterError: MODEL_MISSING; there is no such file.
        ValueError: It is damaged, or names none.
    """
    found = _read(files)
    kind = found.get("model_type")
    if kind is None and "model_type" not in found and {"n_embd", "n_layer", "n_head"} <= set(found):
        return GPT2
    if not isinstance(kind, str) or not kind.isprintable() or not 0 < len(kind) < 40:
        raise ValueError(f"{CONFIG} does not say what kind of model it is")
    return kind


def read_config(files: ModelFiles) -> GPTConfig:
    """Return the shape that a GPT-2's `config.json` tells.

    Raises:
        WriterError: MODEL_MISSING; there is no such file.
        ValueError: It is not a GPT-2's, or says something that the network cannot mean.
    """
    if read_kind(files) != GPT2:
        raise ValueError(f"{CONFIG} is not a GPT-2's")
    found = _read(files)
    known = {each.name: found[each.name] for each in fields(GPTConfig) if each.name in found}
    if "n_positions" in found:  # what Hugging Face goes by; n_ctx is its older name
        known["n_ctx"] = found["n_positions"]
    if found.get("add_cross_attention"):
        raise ValueError(f"{CONFIG} is of a model that answers another, not of one that goes on")
    return checked(GPTConfig(**known), CONFIG)


def checked(config: GPTConfig, name: str) -> GPTConfig:
    """Return `config`, which the file `name` tells.

    Raises:
        ValueError: It says something that the network cannot mean, or kinds of it that do not go
            together; see `transformer.variants`.
    """
    for field, is_sound in (
        *((name, _is_size) for name in _SIZES),
        *((name, _is_switch) for name in _SWITCHES),
        ("layer_norm_epsilon", _is_share),
        ("activation_function", _is_activation),
    ):
        if not is_sound(getattr(config, field)):
            raise ValueError(f"{name} says that {field} is {getattr(config, field)!r:.40}")
    if config.n_ctx < _SHORTEST:
        raise ValueError(f"{name} says that n_ctx is {config.n_ctx}, which is too short")
    if config.n_embd % config.n_head:
        raise ValueError(f"n_embd {config.n_embd} is no multiple of n_head {config.n_head}")
    check(config)
    return config


def _read(files: ModelFiles) -> dict[str, Any]:
    found = files.json(CONFIG)
    if found is None:
        reason = f"{CONFIG} is missing"
        raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason=reason)
    return found


def _is_size(value: object) -> bool:
    return type(value) is int and 0 < value <= _LARGEST


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 <= value < 1


def _is_activation(value: object) -> bool:
    return isinstance(value, str) and value in ACTIVATIONS
