"""What a model is, told from its headers and the files beside its weights; none is read whole.

A GPT-2 is told from its shape, any other kind from its configuration and the headers of its weights
(see `foreign`, which knows what such a one takes).
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import gguf

from writer.checkpoints.files import ModelFiles, gguf_file
from writer.checkpoints.folder import model_kind, read_shape, refusing
from writer.checkpoints.foreign import context_of, foreign_bytes, gguf_config
from writer.checkpoints.gguf_file import GGUFFile, GGUFWeights
from writer.checkpoints.memory import gpt2_memory, gpt2_parameters, held_while_reading
from writer.checkpoints.names import HuggingFaceGPT2
from writer.checkpoints.provenance import Provenance, file_provenance, folder_provenance
from writer.checkpoints.vocabulary import Vocabulary, file_vocabulary, folder_vocabulary
from writer.checkpoints.weights import PickledWeights, weight_files
from writer.settings import Precision
from writer.shelf.card import GPT2, Card
from writer.shelf.model_files import size_of
from writer.transformer.config import GPTConfig


class _Sizes(NamedTuple):
    parameters: int
    n_ctx: int
    vocabulary: int
    memory_bytes: dict[str, int]


def describe(path: Path) -> Card:
    """Return what can be said of the model in a folder or a GGUF file before it is loaded.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED, with the reason.
    """
    kind = model_kind(path)
    shape = read_shape(path) if kind == GPT2 else None
    with refusing(path):
        files = ModelFiles(path)
        single = gguf_file(files)
        file = None if single is None else GGUFFile(single)
        vocabulary = folder_vocabulary(files) if file is None else file_vocabulary(file)
        if shape is not None:
            _refuse_other_shapes(files, file, shape)
            memory = gpt2_memory(shape, is_packed=file is not None)
            beside = held_while_reading(files) if file is None else 0
            memory = {precision: size + beside for precision, size in memory.items()}
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
            memory_bytes=sizes.memory_bytes,
        )


def _refuse_other_shapes(files: ModelFiles, file: GGUFFile | None, shape: GPTConfig) -> None:
    """Refuse headers that do not say what a GPT-2 of this shape has."""
    if file is not None:
        HuggingFaceGPT2(GGUFWeights(file), shape)
        return
    read, paths = weight_files(files)
    if read is not PickledWeights:  # which have no header
        HuggingFaceGPT2(read(paths), shape)


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
    memory = {
        precision.value: foreign_bytes(config, parameters, precision)
        for precision in (Precision.INT8, Precision.BF16, Precision.FP32)
    }
    tokens = _size(config, "vocab_size") or vocabulary.size
    return _Sizes(parameters, context_of(config), tokens, memory)


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
