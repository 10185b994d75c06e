"""A model folder, as Hugging Face writes it for GPT-2: verify, read, write.

`config.json`, `model.safetensors`, and `tokenizer.json` or `vocab.txt`. What cannot be used is
refused with one sentence that names the folder and the reason; nothing in it is executed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from writer.checkpoints.names import from_hugging_face, to_hugging_face
from writer.checkpoints.tokenizer import Tokenizer, has_tokenizer, read_tokenizer, remove_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.transformer.config import ACTIVATIONS, GPTConfig
from writer.transformer.gpt import GPT

_FILES = ("config.json", "model.safetensors")
_SIZES = ("vocab_size", "n_ctx", "n_embd", "n_layer", "n_head", "inner")
_SWITCHES = ("tie_word_embeddings", "scale_attn_weights", "scale_attn_by_inverse_layer_idx")
_LARGEST = 1 << 20  # of any size in config.json: larger ones are damage, not models


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for use."""

    name: str
    network: GPT
    tokenizer: Tokenizer


Adapt = Callable[[nn.Module], None]
"""Changes a network, or a part of it, in place once its weights are there: to 8 bits, say."""


def read_model(folder: Path, adapt: Adapt | None = None) -> Model:
    """Read the model in `folder`, in fp32 or as `adapt` makes it, for use (not training).

    Part after part is read and adapted, so that the whole is never there in fp32 unless it stays.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with _refusing(folder):
        config = read_config(folder / "config.json")
        tokenizer = read_tokenizer(folder)
        if tokenizer.vocab_size > config.vocab_size:
            raise ValueError(
                f"the tokenizer has {tokenizer.vocab_size} tokens, the network {config.vocab_size}"
            )
        network = _read_network(folder / "model.safetensors", config, adapt or (lambda part: None))
    return Model(folder.name, network, tokenizer)


def read_shape(folder: Path) -> GPTConfig:
    """Return the shape of the model in `folder`.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with _refusing(folder):
        return read_config(folder / "config.json")


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    """Say as a `WriterError` why the model in `folder` cannot be used."""
    try:
        if not folder.is_dir():
            raise WriterError(
                ErrorKind.MODEL_MISSING, path=folder, reason="there is no such folder"
            )
        for name in _FILES:
            if not (folder / name).is_file():
                raise WriterError(ErrorKind.MODEL_MISSING, path=folder, reason=f"{name} is missing")
        if not has_tokenizer(folder):
            raise WriterError(
                ErrorKind.MODEL_MISSING, path=folder,
                reason="it has neither tokenizer.json nor vocab.txt",
            )  # fmt: skip
        yield
    except (ValueError, SafetensorError) as error:
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=folder, reason=error) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=folder, reason=reason) from error


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


def _read_network(path: Path, config: GPTConfig, adapt: Adapt) -> GPT:
    tied = config.tie_word_embeddings
    with safe_open(path, framework="pt") as file:
        try:
            # First, as it is quick to miss a layer of a million that config.json speaks of.
            weights = from_hugging_face(_Stored(file), config)
        except KeyError as error:
            raise ValueError(f"the weight {error.args[0]} is missing") from error
        with torch.device("meta"):
            network = GPT(config, initialized=False).eval().requires_grad_(False)
        for layer, block in enumerate(network.blocks):
            _fill(block, f"blocks.{layer}.", weights)
            adapt(block)
        for name, part in network.named_children():
            if part is not network.blocks and not (tied and part is network.head):
                _fill(part, f"{name}.", weights)
    if tied:
        network.head.weight = network.tokens.weight
    adapt(network)
    return network


class _Stored(Mapping[str, torch.Tensor]):
    """The tensors of a safetensors file, each on the disk until it is looked at."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - safetensors has no types
        self._file = file
        self._names = frozenset(file.keys())

    def __getitem__(self, name: str) -> torch.Tensor:
        if name not in self._names:
            raise KeyError(name)
        tensor: torch.Tensor = self._file.get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _fill(part: nn.Module, prefix: str, weights: dict[str, torch.Tensor]) -> None:
    """Give `part` its weights in fp32, and let the file's own go."""
    filled = {}
    for name, parameter in part.state_dict().items():
        tensor = weights.pop(prefix + name)
        found, wanted = tuple(tensor.shape), tuple(parameter.shape)
        if found != wanted:
            raise ValueError(f"{prefix}{name} has the shape {found}, config.json means {wanted}")
        # A copy in any case: the file may change on the disk.
        filled[name] = tensor.to(torch.float32, memory_format=torch.contiguous_format, copy=True)
        if not torch.isfinite(filled[name]).all():
            raise ValueError(f"{prefix}{name} holds numbers that are not finite")
    part.load_state_dict(filled, assign=True)
    part.requires_grad_(False)


def write_model(
    folder: Path, network: GPT, tokenizer: Tokenizer, dtype: torch.dtype = torch.bfloat16
) -> None:
    """Write a folder that `GPT2LMHeadModel.from_pretrained` and `AutoTokenizer` load unchanged.

    Weights that stand there already stand until the new ones are whole.

    Raises:
        WriterError: OUTPUT_UNWRITABLE, with the reason.
    """
    try:
        _write_model(folder, network, tokenizer, dtype)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WriterError(
            ErrorKind.OUTPUT_UNWRITABLE, path=folder, reason=reason.lower()
        ) from error


def _write_model(folder: Path, network: GPT, tokenizer: Tokenizer, dtype: torch.dtype) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = network.config
    weights = {
        name: tensor.detach().to(dtype)
        for name, tensor in to_hugging_face(network.state_dict(), config).items()
    }
    unfinished = folder / "model.safetensors.part"
    save_file(weights, unfinished, metadata={"format": "pt"})
    unfinished.replace(folder / "model.safetensors")
    remove_tokenizer(folder)
    tokenizer.write(folder, config.n_ctx)
    _write_json(folder / "config.json", _hugging_face_config(config, tokenizer, dtype))


def _hugging_face_config(
    config: GPTConfig, tokenizer: Tokenizer, dtype: torch.dtype
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
        "bos_token_id": tokenizer.opening[0],
        "eos_token_id": tokenizer.end_id,
        "dtype": str(dtype).removeprefix("torch."),
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
