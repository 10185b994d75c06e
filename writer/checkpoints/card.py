"""What a model is, told from its headers and the files beside its weights; none is read whole.

A GPT-2 is told from its shape, any other kind from its configuration and the headers of its weights
(see `foreign`, which knows what such a one takes).
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import gguf

from writer.checkpoints.files import ModelFiles, gguf_file
from writer.checkpoints.folder import model_kind, read_shape, refuse_gap_filler, refusing
from writer.checkpoints.foreign import context_of, foreign_bytes, gguf_config
from writer.checkpoints.gguf_file import GGUFFile, GGUFWeights
from writer.checkpoints.memory import gpt2_memory, gpt2_parameters, held_while_reading
from writer.checkpoints.names import HuggingFaceGPT2
from writer.checkpoints.provenance import Provenance, file_provenance, folder_provenance
from writer.checkpoints.reading import read_reading
from writer.checkpoints.vocabulary import Vocabulary, file_vocabulary, folder_vocabulary
from writer.checkpoints.weights import PickledWeights, weight_files
from writer.settings import Precision
from writer.shelf.card import GPT2, Card
from writer.shelf.model_files import size_of
from writer.shelf.reading import lengths
from writer.transformer.config import GPTConfig


class _Sizes(NamedTuple):
    parameters: int
    n_ctx: int
    vocabulary: int
    memory: dict[int, dict[str, int]]
    """By tokens of context, and by `Precision` value."""


def describe(path: Path) -> Card:
    """Return what can be said of the model in a folder or a GGUF file before it is loaded.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason; MODEL_READS_BOTH_SIDES.
    """
    kind = model_kind(path)
    shape = read_shape(path) if kind == GPT2 else None
    if shape is not None:
        refuse_gap_filler(path, shape)
    with refusing(path):
        files = ModelFiles(path)
        single = gguf_file(files)
        file = None if single is None else GGUFFile(single)
        vocabulary = folder_vocabulary(files) if file is None else file_vocabulary(file)
        if shape is not None:
            _refuse_other_shapes(files, file, shape)
            memory = _memory(shape, files, file is not None)
            sizes = _Sizes(gpt2_parameters(shape), shape.n_ctx, shape.vocab_size, memory)
        else:
            sizes = _other(files, file, vocabulary)
        said = folder_provenance(files) if file is None else file_provenance(file)
        return Card(
            path=path,
            kind=kind,
            format=_format(files) if file is None else _gguf_format(file),
            parameters=sizes.parameters,
            n_ctx=sizes.n_ctx,
            vocabulary=sizes.vocabulary,
            tokenizer=vocabulary.kind,
            language=_language(said, vocabulary),
            licence=said.licence,
            size_bytes=size_of(single or path),
            memory_bytes=sizes.memory[sizes.n_ctx],
            memory_by_length=sizes.memory,
            reading=read_reading(files, sizes.n_ctx),
        )


def _refuse_other_shapes(files: ModelFiles, file: GGUFFile | None, shape: GPTConfig) -> None:
    """Refuse headers that do not say what a GPT-2 of this shape has."""
    if file is not None:
        HuggingFaceGPT2(GGUFWeights(file), shape)
        return
    read, paths = weight_files(files)
    if read is not PickledWeights:  # which have no header
        HuggingFaceGPT2(read(paths), shape)


def _memory(config: GPTConfig, files: ModelFiles, is_packed: bool) -> dict[int, dict[str, int]]:
    beside = 0 if is_packed else held_while_reading(files)
    found = {length: gpt2_memory(config, is_packed, length) for length in lengths(config.n_ctx)}
    return {
        length: {precision: size + beside for precision, size in sizes.items()}
        for length, sizes in found.items()
    }


def _language(said: Provenance, vocabulary: Vocabulary) -> str:
    return said.language or ("zh" if vocabulary.is_chinese else "")


def _other(files: ModelFiles, file: GGUFFile | None, vocabulary: Vocabulary) -> _Sizes:
    """Return the sizes of a model that is no GPT-2, as its headers say them."""
    if file is None:
        config = files.json("config.json") or {}
        parameters = _stored_parameters(files)
    else:
        config = gguf_config(file.fields)
        parameters = sum(map(math.prod, file.shapes.values()))
    n_ctx = context_of(config)
    memory = {
        length: {
            precision.value: foreign_bytes(config, parameters, precision, length)
            for precision in (Precision.INT8, Precision.BF16, Precision.FP32)
        }
        for length in lengths(n_ctx)
    }
    tokens = _size(config, "vocab_size") or vocabulary.size
    return _Sizes(parameters, n_ctx, tokens, memory)


def _stored_parameters(files: ModelFiles) -> int:
    """Return how many numbers the weights have."""
    read, paths = weight_files(files)
    if read is PickledWeights:  # no header: half of what is written is written in 2 bytes a number
        is_half = (files.json("config.json") or {}).get("torch_dtype") in ("float16", "bfloat16")
        return sum(path.stat().st_size for path in paths) // (2 if is_half else 4)
    return sum(map(math.prod, read(paths).shapes.values()))


def _size(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    return value if type(value) is int and 0 < value < 1 << 32 else 0


def _format(files: ModelFiles) -> str:
    read, paths = weight_files(files)
    name = "PyTorch" if read is PickledWeights else "safetensors"
    return name if len(paths) == 1 else f"{name}, {len(paths)} files"


def _gguf_format(file: GGUFFile) -> str:
    """Return “GGUF Q8_0”: what its header says that most of it is stored as."""
    names = {each.value: each.name for each in gguf.LlamaFileType}
    said: Any = file.fields.get("general.file_type")
    name = names.get(said) if type(said) is int else None
    name = name or ", ".join(sorted(file.formats))
    return f"GGUF {name.removeprefix('MOSTLY_').removeprefix('ALL_')}"
