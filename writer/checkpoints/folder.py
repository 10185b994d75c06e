"""A model folder, as Hugging Face writes it for GPT-2: verify, read, write.

`config.json`, `model.safetensors`, `tokenizer.json`. What cannot be used is refused with one
sentence that names the folder and the reason; nothing in it is executed.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from writer.checkpoints.names import from_hugging_face, to_hugging_face
from writer.checkpoints.tokenizer import END_OF_TEXT, BPETokenizer
from writer.errors import ErrorKind, WriterError
from writer.transformer.config import ACTIVATIONS, GPTConfig
from writer.transformer.gpt import GPT

_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_SIZES = ("vocab_size", "n_ctx", "n_embd", "n_layer", "n_head", "inner")
_SWITCHES = ("tie_word_embeddings", "scale_attn_weights", "scale_attn_by_inverse_layer_idx")
_LARGEST = 1 << 20  # of any size in config.json: larger ones are damage, not models


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for use."""

    name: str
    network: GPT
    tokenizer: BPETokenizer


def read_model(folder: Path) -> Model:
    """Read the model in `folder`, in fp32, for use (not training).

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    try:
        if not folder.is_dir():
            raise WriterError(
                ErrorKind.MODEL_MISSING, path=folder, reason="there is no such folder"
            )
        for name in _FILES:
            if not (folder / name).is_file():
                raise WriterError(ErrorKind.MODEL_MISSING, path=folder, reason=f"{name} is missing")
        config = read_config(folder / "config.json")
        tokenizer = BPETokenizer.read(folder / "tokenizer.json")
        if tokenizer.vocab_size > config.vocab_size:
            raise ValueError(
                f"the tokenizer has {tokenizer.vocab_size} tokens, the network {config.vocab_size}"
            )
        network = _read_network(folder / "model.safetensors", config)
    except (ValueError, SafetensorError) as error:
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=folder, reason=error) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=folder, reason=reason) from error
    return Model(folder.name, network, tokenizer)


def read_config(path: Path) -> GPTConfig:
    """Read a GPT-2's `config.json`.

    Raises:
        ValueError: It is not a GPT-2's, or says something that the network cannot mean.
        OSError: It cannot be read.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON") from error
    if not isinstance(found, dict) or found.get("model_type") != "gpt2":
        raise ValueError(f"{path.name} is not a GPT-2's")
    known = {each.name: found[each.name] for each in fields(GPTConfig) if each.name in found}
    known.pop("dropout", None)
    if "n_positions" in found:  # what Hugging Face goes by; n_ctx is its older name
        known["n_ctx"] = found["n_positions"]
    config = GPTConfig(**known)
    for name, is_sound in (
        *((name, _is_size) for name in _SIZES),
        *((name, _is_switch) for name in _SWITCHES),
        ("layer_norm_epsilon", _is_share),
        ("activation_function", ACTIVATIONS.__contains__),
    ):
        if not is_sound(getattr(config, name)):
            raise ValueError(f"{path.name} says that {name} is {getattr(config, name)!r:.40}")
    if config.n_embd % config.n_head:
        raise ValueError(f"n_embd {config.n_embd} is no multiple of n_head {config.n_head}")
    return config


def _is_size(value: object) -> bool:
    return type(value) is int and 0 < value <= _LARGEST


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 <= value < 1


def _read_network(path: Path, config: GPTConfig) -> GPT:
    try:
        # First, as it is quick to miss a layer of a million that config.json speaks of.
        named = from_hugging_face(load_file(path), config)
    except KeyError as error:
        raise ValueError(f"the weight {error.args[0]} is missing") from error
    weights = {name: tensor.float().contiguous() for name, tensor in named.items()}
    with torch.device("meta"):
        network = GPT(config)
    for name, parameter in network.state_dict().items():
        found, wanted = tuple(weights[name].shape), tuple(parameter.shape)
        if found != wanted:
            raise ValueError(f"{name} has the shape {found}, config.json means {wanted}")
        if not torch.isfinite(weights[name]).all():
            raise ValueError(f"{name} holds numbers that are not finite")
    network.load_state_dict(weights, assign=True)
    if config.tie_word_embeddings:
        network.head.weight = network.tokens.weight
    return network.eval().requires_grad_(False)


def write_model(
    folder: Path, network: GPT, tokenizer: BPETokenizer, dtype: torch.dtype = torch.bfloat16
) -> None:
    """Write a folder that `GPT2LMHeadModel.from_pretrained` and `AutoTokenizer` load unchanged."""
    folder.mkdir(parents=True, exist_ok=True)
    config = network.config
    weights = {
        name: tensor.detach().to(dtype)
        for name, tensor in to_hugging_face(network.state_dict(), config).items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.write(folder / "tokenizer.json")
    _write_json(folder / "config.json", _hugging_face_config(config, tokenizer, dtype))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": END_OF_TEXT,
            "eos_token": END_OF_TEXT,
            "unk_token": END_OF_TEXT,
            "model_max_length": config.n_ctx,
            "clean_up_tokenization_spaces": False,
        },
    )


def _hugging_face_config(
    config: GPTConfig, tokenizer: BPETokenizer, dtype: torch.dtype
) -> dict[str, Any]:
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab_size,
        "n_positions": config.n_ctx,
        "n_ctx": config.n_ctx,
        "n_embd": config.n_embd,
        "n_layer": config.n_layer,
        "n_head": config.n_head,
        "n_inner": config.n_inner,
        "activation_function": config.activation_function,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "tie_word_embeddings": config.tie_word_embeddings,
        "scale_attn_weights": config.scale_attn_weights,
        "scale_attn_by_inverse_layer_idx": config.scale_attn_by_inverse_layer_idx,
        "bos_token_id": tokenizer.end_id,
        "eos_token_id": tokenizer.end_id,
        "dtype": str(dtype).removeprefix("torch."),
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
