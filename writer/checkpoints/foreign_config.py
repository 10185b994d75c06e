"""What a model's configuration says, looked at before transformers believes it."""

import math
import re
from collections.abc import Mapping
from typing import Any

from writer.checkpoints.foreign_library import library_failures_told, transformers_library

_MOST = 1 << 20
"""Of anything but lengths: transformers makes lists and tables as long as it is told."""
_MOST_POSITIONS = 1 << 31
_MOST_LAYERS, _MOST_EXPERTS, _MOST_HEADS = 1024, 1024, 1024
_MOST_BUFFER_BYTES = 1 << 30
_UNHEARD = {
    "auto_map", "_name_or_path", "name_or_path", "attn_implementation", "_attn_implementation",
    "experts_implementation", "fusion_config", "kernel_config", "output_attentions",
    "output_hidden_states", "return_dict", "use_return_dict", "torchscript", "use_cache",
    "gradient_checkpointing", "pruned_heads", "torch_dtype", "dtype", "num_labels", "id2label",
    "label2id",
}  # fmt: skip
"""What it may say of other places, of code, of what is given back, or of other uses."""
_WIDTH = re.compile("size|dim|width|norm")
_LAYER, _EXPERT, _HEAD = map(re.compile, ("layer|block_count", "expert", "head"))
_LENGTH, _ANY = re.compile("length|position|window|ctx|seq"), re.compile("theta|base")
_TABLES = {
    "codegen": "n_positions", "ctrl": "n_positions", "gptj": "n_positions", "mpt": "max_seq_len",
}  # fmt: skip
"""Where a table is made for every position, whose beginning or end alone is used."""
_CAUSAL_ANYHOW = {"gpt_neox", "gpt_neox_japanese"}
"""They say that they are no decoders, and are."""


def configured(found: dict[str, Any]) -> tuple[Any, Any]:
    """Return the class of the model that a config.json speaks of, and its configuration.

    Raises:
        ValueError: There is none, or it is of no use here.
    """
    transformers = transformers_library()
    configs, models = transformers.CONFIG_MAPPING, transformers.MODEL_FOR_CAUSAL_LM_MAPPING
    kind = found.get("model_type")
    if not isinstance(kind, str) or kind not in configs:
        raise ValueError(f"transformers knows no models of the kind {kind!r:.40}")
    if found.get("quantization_config") is not None:
        raise ValueError("its weights are packed for another program; take the unpacked model")
    with library_failures_told():
        config = configs[kind].from_dict(_plain(found))
        model = models.get(type(config), None)
    # Half of a translator says that it is a whole: what its kind is by itself is asked too.
    two_part = config.is_encoder_decoder or getattr(type(config), "is_encoder_decoder", False)
    if model is None or two_part:
        raise ValueError(f"models of the kind {kind:.40} do not go on with a text")
    if getattr(config, "is_decoder", None) is False and kind not in _CAUSAL_ANYHOW:
        raise ValueError("this model looks ahead, so that it cannot go on with a text")
    return model, config


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a configuration without what it is not asked about."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in _UNHEARD}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def shorten_tables(config: Any, context: int) -> None:  # noqa: ANN401 - no common type
    """Let no table be made for more than `context` positions, where that changes nothing else."""
    name = _TABLES.get(config.model_type)
    if name is not None:
        setattr(config, name, min(getattr(config, name), context))


def check_sizes(config: Mapping[str, Any], tensors: int) -> None:
    """Refuse sizes that are none, and more layers than there are tensors.

    Raises:
        ValueError: There is one.
    """
    for key, value in config.items():
        if key in _UNHEARD:
            continue
        if isinstance(value, dict):
            check_sizes(value, tensors)
        most = _most(key, tensors)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                check_sizes(each, tensors)
            if type(each) is int and abs(each) > most:
                raise ValueError(f"its configuration says that {key:.40} is {each!r:.40}")


def _most(key: str, tensors: int) -> float:
    """Return the largest number that a configuration may give for `key`."""
    if _ANY.search(key):
        return math.inf
    if _LENGTH.search(key):
        return _MOST_POSITIONS
    if _WIDTH.search(key):
        return _MOST
    if _EXPERT.search(key):  # many are kept in one tensor, so their number is not bounded by that
        return _MOST_EXPERTS
    if _LAYER.search(key):
        return min(tensors, _MOST_LAYERS)
    return _MOST_HEADS if _HEAD.search(key) else _MOST


def check_memory(empty: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:  # noqa: ANN401
    """Refuse a model that would be larger than what the files hold.

    Raises:
        ValueError: It would.
    """
    meant = sum(parameter.numel() for parameter in empty.parameters())
    held = sum(map(math.prod, shapes.values()))
    if meant > held:
        raise ValueError(f"its configuration means {meant} weights, and its files hold {held}")
    if sum(buffer.nbytes for buffer in empty.buffers()) > _MOST_BUFFER_BYTES:
        raise ValueError("its configuration means masks larger than any model's")
