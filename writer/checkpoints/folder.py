"""A model of the writer's: a GPT-2 as Hugging Face writes it, or in a GGUF file. Read and write.

A folder has `config.json`, weights (see `weights`) and a tokenizer (see `tokenizer`). What cannot
be used is refused with one sentence that names it and the reason; nothing in it is executed.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from writer.checkpoints.config_file import read_config, read_kind
from writer.checkpoints.files import ModelFiles, gguf_file
from writer.checkpoints.names import HuggingFaceGPT2, note_of_kinds, to_hugging_face
from writer.checkpoints.reading import forget_reading
from writer.checkpoints.tokenizer import Tokenizer, read_tokenizer, remove_tokenizer
from writer.checkpoints.weights import Weights, weight_files
from writer.errors import ErrorKind, WriterError
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.variants import is_plain, own_keys

if TYPE_CHECKING:
    from writer.checkpoints.gguf_gpt2 import GGUFSource


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for use."""

    name: str
    network: GPT
    tokenizer: Tokenizer


Adapt = Callable[[nn.Module], None]
"""Changes a network, or a part of it, in place once its weights are there: to 8 bits, say."""
OnProgress = Callable[[float], None]
"""Told what share has been read, between parts; whatever it raises ends the reading."""


class _Folder:
    """A folder as Hugging Face writes it."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files

    @property
    def kind(self) -> str:
        return read_kind(self._files)

    def config(self) -> GPTConfig:
        return read_config(self._files)

    def tokenizer(self, size: int) -> Tokenizer:
        return read_tokenizer(self._files, size)

    def weights(self) -> Weights:
        read, paths = weight_files(self._files)
        return read(paths)


def read_model(
    path: Path, adapt: Adapt | None = None, on_progress: OnProgress = lambda share: None
) -> Model:
    """Read the GPT-2 in a folder or a GGUF file, in fp32 or as `adapt` makes it, for use.

    Part after part is read and adapted, so that the whole is never there in fp32 unless it stays.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with refusing(path):
        files = _files(path)
        source = _source(files)
        config = source.config()
        tokenizer = source.tokenizer(config.vocab_size)
        if tokenizer.vocab_size > config.vocab_size:
            raise ValueError(
                f"the tokenizer has {tokenizer.vocab_size} tokens, the network {config.vocab_size}"
            )
        weights = HuggingFaceGPT2(source.weights(), config)
        network = _read_network(weights, config, adapt or (lambda part: None), on_progress)
        return Model(files.name, network, tokenizer)


def read_shape(path: Path) -> GPTConfig:
    """Return the shape of the GPT-2 in a folder or a GGUF file.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with refusing(path):
        return _source(_files(path)).config()


def refuse_gap_filler(path: Path, config: GPTConfig) -> None:
    """Refuse the model at `path` where a text is to be gone on with, if it reads both sides.

    Raises:
        WriterError: MODEL_READS_BOTH_SIDES.
    """
    if config.objective != "causal":
        raise WriterError(ErrorKind.MODEL_READS_BOTH_SIDES, path=path)


def model_kind(path: Path) -> str:
    """Return what kind of model a folder or a GGUF file holds, `shelf.card.GPT2` or another.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with refusing(path):
        return _source(_files(path)).kind


def _files(path: Path) -> ModelFiles:
    files = ModelFiles(path)
    if not files.is_single and not path.is_dir():
        is_file = path.exists()
        unknown = "no model has that name, and there is no such folder"
        reason = "it is neither a folder nor a GGUF file" if is_file else unknown
        raise WriterError(ErrorKind.MODEL_MISSING, path=path, reason=reason)
    return files


def _source(files: ModelFiles) -> "_Folder | GGUFSource":
    path = gguf_file(files)
    if path is None:
        return _Folder(files)
    from writer.checkpoints.gguf_gpt2 import GGUFSource  # its package takes a while to import

    return GGUFSource(files, path)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Say as a `WriterError` why the model at `path` cannot be used."""
    try:
        yield
    except ValueError as error:
        reason = " ".join(str(error).split())[:150]
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=path, reason=reason) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=path, reason=reason) from error


def _read_network(
    weights: HuggingFaceGPT2, config: GPTConfig, adapt: Adapt, on_progress: OnProgress
) -> GPT:
    with torch.device("meta"):
        network = GPT(config, initialized=False).eval().requires_grad_(False)
    blocks, network.blocks = network.blocks, nn.ModuleList()
    # What stands around the blocks goes first, while there is most room for it in fp32.
    network.load_state_dict(_with_tied_head(weights.outer(), config), assign=True)
    if config.tie_word_embeddings:
        network.head.weight = network.tokens.weight
    adapt(network.requires_grad_(False))
    for layer, block in enumerate(blocks):
        on_progress(layer / config.n_layer)
        block.load_state_dict(weights.block(layer), assign=True)
        adapt(block.requires_grad_(False))
        network.blocks.append(block)
    return network


def _with_tied_head(weights: dict[str, torch.Tensor], config: GPTConfig) -> dict[str, torch.Tensor]:
    tied = {"head.weight": weights["tokens.weight"]} if config.tie_word_embeddings else {}
    return {**weights, **tied}


def write_model(
    folder: Path, network: GPT, tokenizer: Tokenizer, dtype: torch.dtype = torch.bfloat16
) -> None:
    """Write a folder that `GPT2LMHeadModel.from_pretrained` and `AutoTokenizer` load unchanged.

    Of a network that is more than a GPT-2, `config.json` says what, and the weights that GPT-2 has
    none of stand beside the others under our own names.

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
    save_file(weights, unfinished, metadata={"format": "pt", **note_of_kinds(config)})
    forget_reading(folder)
    unfinished.replace(folder / "model.safetensors")
    remove_tokenizer(folder)
    tokenizer.write(folder, config.n_ctx)
    _write_json(folder / "config.json", _hugging_face_config(config, tokenizer, dtype))


def _hugging_face_config(
    config: GPTConfig, tokenizer: Tokenizer, dtype: torch.dtype
) -> dict[str, Any]:
    return {
        "architectures": ["GPT2LMHeadModel" if is_plain(config) else "WriterLMHeadModel"],
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
        **own_keys(config),
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
