"""Other causal language models than GPT-2: a Hugging Face folder or a GGUF file, verified and read.

transformers builds the network and nothing else: it is handed a configuration and tensors that have
been looked at, never a folder, so that it neither runs code nor follows a name out of it, and asks
no network. It is imported only when such a model is read.
"""

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from writer.checkpoints.bpe import failures_told
from writer.checkpoints.files import ModelFiles, gguf_file
from writer.checkpoints.folder import OnProgress
from writer.checkpoints.foreign_config import (
    check_memory,
    check_sizes,
    configured,
    shorten_tables,
)
from writer.checkpoints.foreign_library import library_failures_told, transformers_library
from writer.checkpoints.gguf_file import GGUFFile
from writer.checkpoints.pieces import tokenizer_of
from writer.checkpoints.tokenizer import Tokenizer, read_tokenizer
from writer.checkpoints.weights import weight_files
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision

if TYPE_CHECKING:
    from writer.transformer.foreign import ForeignNetwork

LONGEST = 8192
"""Tokens that are read at once, however many the model could: all their keys are kept."""
_USUAL_LENGTH = 2048
_MOST = 1 << 31
_TOLERANCES = {torch.float32: 1e-4, torch.bfloat16: 0.1}
"""By how much a network may go on otherwise from a state than from the text: what rounding does.
See `transformer.foreign.verify`."""
_LONGEST_REASON = 160

_LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
_HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads", "attention_heads")
_KEY_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv")
_GGUF_SHAPE = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "context_length": "max_position_embeddings",
    "vocab_size": "vocab_size",
}


ChooseFormat = Callable[[Any, int], torch.dtype]
"""Given a model's configuration, of the text, and how many tokens it is to read at once.

It is asked before the weights are read: what has been in bf16 once is not fp32 any more.
"""


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """A model ready for use."""

    name: str
    network: "ForeignNetwork"
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class _Source:
    """What a folder or a file holds, looked at as far as that goes without transformers."""

    config: dict[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    tensors: Callable[[Any], Iterator[tuple[str, torch.Tensor]]]
    """Yields the weights for a model that has none yet, a tensor at a time, by its names."""
    tokenizer: Callable[[int], Tokenizer]
    """Makes the tokenizer for a network of so many tokens."""


def read_foreign(
    path: Path,
    dtype: torch.dtype | ChooseFormat = torch.float32,
    on_progress: OnProgress = lambda share: None,
    device: torch.device | None = None,
) -> ForeignModel:
    """Read the model in the folder, or the GGUF file, at `path`, for use (not training).

    Args:
        path: Where it is.
        dtype: What its weights are to be in, or what chooses that before they are read.
        on_progress: See `OnProgress`.
        device: Where it is to work; None is the processor.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    with refusing_foreign(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not path.exists():
            raise WriterError(ErrorKind.MODEL_MISSING, path=path, reason="there is nothing there")
        files = ModelFiles(path)
        single = gguf_file(files)
        source = _in_folder(files) if single is None else _in_gguf(single)
        network, tokenizer = _built(source, dtype, on_progress, device or torch.device("cpu"))
        return ForeignModel(files.name, network, tokenizer)


@contextmanager
def refusing_foreign(path: Path) -> Iterator[None]:
    """Say as a `WriterError` why the model at `path` cannot be used."""
    try:
        yield
    except (MemoryError, OSError, SafetensorError, ValueError) as error:
        reason = " ".join(str(error).split())
        if isinstance(error, OSError):
            reason = (error.strerror or reason).lower()
        if isinstance(error, MemoryError):
            reason = "there is not enough memory for it"
        reason = reason[:_LONGEST_REASON].rstrip(" .")
        raise WriterError(ErrorKind.MODEL_DAMAGED, path=path, reason=reason) from error


# Where it comes from


def _in_folder(files: ModelFiles) -> _Source:
    config = files.json("config.json")
    if config is None:
        raise WriterError(ErrorKind.MODEL_MISSING, path=files.path, reason="config.json is missing")
    if files.find("adapter_config.json") is not None:
        raise ValueError("it is an adapter, or has one; merge it into its model first")
    reader, paths = weight_files(files)
    weights = reader(paths)

    def tensors(_: object) -> Iterator[tuple[str, torch.Tensor]]:
        for name in weights.shapes:
            try:
                tensor = weights.read(name)
            except ValueError:  # old folders hold masks besides; what is needed will be missed
                continue
            yield name, tensor

    def tokenizer(size: int) -> Tokenizer:
        marks = files.json("tokenizer_config.json") or {}
        start, end = (_content(marks.get(name)) for name in ("bos_token", "eos_token"))
        ends = [*_ends(files.json("generation_config.json") or {}), *_ends(config)]
        data = files.json("tokenizer.json")
        if data is not None:
            start = start if marks.get("add_bos_token") is True else None
            return tokenizer_of(data, size, [*ends, end] if end else ends, start)
        found = read_tokenizer(files)
        marks_too = _ends(config) + [config.get(name) for name in ("bos_token_id", "pad_token_id")]
        found.special_ids |= {n for n in marks_too if type(n) is int and n < found.vocab_size}
        return found

    return _Source(config, weights.shapes, tensors, tokenizer)


def _ends(config: Mapping[str, Any]) -> list[Any]:
    """Return the numbers of the tokens that close a document."""
    found = config.get("eos_token_id")
    ends = found if isinstance(found, list) else [found]
    return [end for end in ends if _is_size(end)]


def _content(token: object) -> str | None:
    """Return what a token of tokenizer_config.json says, None where there is none."""
    found = token.get("content") if isinstance(token, dict) else token
    return found if isinstance(found, str) else None


def _in_gguf(path: Path) -> _Source:
    file = GGUFFile(path)  # first: what follows believes every count in the header
    loading = transformers_library(".modeling_gguf_pytorch_utils")
    tokenizers = transformers_library(".integrations.gguf")
    check_sizes(gguf_config(file.fields), len(file.shapes))
    with library_failures_told():
        config = loading.load_gguf_checkpoint(str(path))["config"]

    def tensors(model: Any) -> Iterator[tuple[str, torch.Tensor]]:  # noqa: ANN401 - no common type
        with library_failures_told():
            processor = loading.TENSOR_PROCESSORS.get(file.kind, loading.TensorProcessor)(config)
            names = loading.get_gguf_hf_weights_map(model, processor)
        for name in file.shapes:
            whole: dict[str, dict[str, torch.Tensor]] = {"tensors": {}}
            numbers = file.read(name).numpy()
            with library_failures_told():
                done = processor.process(
                    numbers, name, tensor_key_mapping=names, parsed_parameters=whole
                )
            yield from whole["tensors"].items()
            if done.name in names:
                yield names[done.name], torch.tensor(done.weights)

    def tokenizer(size: int) -> Tokenizer:
        with library_failures_told(), failures_told():
            kind, parts, marks = tokenizers.get_gguf_tokenizer(str(path))
            made, _ = tokenizers.convert_gguf_tokenizer(kind, parts)
        start, end = (_content(marks.get(name)) for name in ("bos_token", "eos_token"))
        start = start if marks.get("add_bos_token") else None
        return tokenizer_of(json.loads(made.to_str()), size, [end] if end else [], start)

    return _Source(config, file.shapes, tensors, tokenizer)


def gguf_config(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sizes that a GGUF file's fields tell, as a `config.json` has them."""
    kind = fields.get("general.architecture")
    found = {
        ours: fields[f"{kind}.{theirs}"]
        for theirs, ours in _GGUF_SHAPE.items()
        if f"{kind}.{theirs}" in fields
    }
    tokens = fields.get("tokenizer.ggml.tokens")
    return {"vocab_size": len(tokens), **found} if isinstance(tokens, list) else found


# How it is built


def _built(
    source: _Source,
    dtype: torch.dtype | ChooseFormat,
    on_progress: OnProgress,
    device: torch.device,
) -> tuple["ForeignNetwork", Tokenizer]:
    check_sizes(source.config, len(source.shapes))
    kind, config = configured(source.config)
    from writer.transformer.foreign import ForeignNetwork, verify  # after transformers is silent

    with library_failures_told():
        text_config = config.get_text_config()
        context = context_of(text_config.to_dict())
        shorten_tables(text_config, context)
        with torch.device("meta"):
            empty = kind(config)
    check_memory(empty, source.shapes)
    tokenizer = source.tokenizer(text_config.vocab_size)
    if tokenizer.vocab_size > text_config.vocab_size:
        sizes = f"{tokenizer.vocab_size} tokens, the network {text_config.vocab_size}"
        raise ValueError(f"the tokenizer has {sizes}")
    if not isinstance(dtype, torch.dtype):
        dtype = dtype(text_config, context)
    weights = _weights(source, empty, dtype, on_progress)
    with library_failures_told():
        model, report = kind.from_pretrained(
            None, config=config, state_dict=weights, dtype=dtype, output_loading_info=True,
            ignore_mismatched_sizes=True, local_files_only=True, trust_remote_code=False,
        )  # fmt: skip
    _check_report(report)
    with library_failures_told():  # it runs the model
        network = ForeignNetwork(model.eval().requires_grad_(False).to(device), context)
        verify(network, _TOLERANCES[dtype])
    return network, tokenizer


def _weights(
    source: _Source,
    empty: Any,  # noqa: ANN401 - no common type
    dtype: torch.dtype,
    on_progress: OnProgress,
) -> dict[str, torch.Tensor]:
    """Return the weights for a model that has none yet, in `dtype`."""
    weights = {}
    total = sum(map(math.prod, source.shapes.values()))
    read = 0
    for name, tensor in source.tensors(empty):
        # A copy in any case: the file may change on the disk.
        with library_failures_told():  # torch's, where there is no memory for it
            is_float = tensor.dtype.is_floating_point
            weights[name] = tensor.to(dtype, copy=True) if is_float else tensor
        if not torch.isfinite(weights[name]).all():
            raise ValueError(f"{name:.80} holds numbers that are not finite")
        read += tensor.numel()
        on_progress(min(1.0, read / total))
    return weights


def _check_report(report: Mapping[str, Any]) -> None:
    for name in sorted(report["missing_keys"]):
        raise ValueError(f"the weight {name:.100} is missing")
    for name, *_ in sorted(report["mismatched_keys"]):  # with both shapes
        raise ValueError(f"the weight {name:.100} has another shape than config.json means")
    if report["error_msgs"]:
        raise ValueError(f"its weights cannot be taken: {report['error_msgs'][0]}")


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


# What it takes


def context_of(config: Mapping[str, Any]) -> int:
    """Return how many tokens a model of this configuration is to read at once.

    Where the positions of a long text are scaled otherwise, no longer one than a short text: what
    has been read would have to be read again as soon as it is long.
    """
    config = _text_part(config)
    longest = _size(config, _LENGTHS) or _USUAL_LENGTH
    for name in ("rope_parameters", "rope_scaling"):
        rope = config.get(name)
        if isinstance(rope, dict) and rope.get("rope_type", rope.get("type")) == "longrope":
            short = rope.get("original_max_position_embeddings")
            short = short or config.get("original_max_position_embeddings")
            longest = min(longest, short) if _is_size(short) and short else longest
    return max(1, min(longest, LONGEST))


def foreign_bytes(
    config: Mapping[str, Any], parameters: int, precision: Precision, length: int | None = None
) -> int:
    """Return the memory that a model takes at work, loading included.

    Args:
        config: What its config.json says, or `gguf_config` of a GGUF file.
        parameters: How many weights its files hold.
        precision: What it is to work in.
        length: Tokens of context, by default as many as it reads.
    """
    config = _text_part(config)
    width, layers = _size(config, _WIDTHS) or 0, _size(config, _LAYERS) or 0
    heads = _size(config, _HEADS) or 1
    head_width = _size(config, ("head_dim",)) or width // heads
    key_heads = _size(config, _KEY_HEADS) or (1 if config.get("multi_query") else heads)
    size = 2 if precision == Precision.BF16 else 4
    entry = 2 * layers * key_heads * head_width * size
    text = entry * (length or context_of(config))
    branched = min(_ROWS * text, _COPIED_BYTES)
    working = text + branched + _WORKING_BYTES
    if precision != Precision.INT8:
        return parameters * size + working
    # Read in bf16, then packed matrix by matrix; a tied embedding becomes two.
    embedding = (_size(config, ("vocab_size",)) or 0) * width
    return max(parameters * 2 + embedding * 2 + _WORKING_BYTES, parameters + embedding + working)


_WORKING_BYTES = 300_000_000
"""Of transformers itself, and of what a network holds between its layers."""
_ROWS = 8
_COPIED_BYTES = 512 << 20
"""As in `transformer.foreign`, which is not to be imported for this."""


def _text_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a configuration says of the text, where it speaks of pictures besides."""
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def _size(config: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    found = (config.get(name) for name in names)
    return next((each for each in found if _is_size(each) and each), None)
