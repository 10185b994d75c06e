"""A GPT-2 in a GGUF file: what its header says of the network and of the tokenizer."""

from pathlib import Path
from typing import Any

import numpy as np

from writer.checkpoints.bpe import END_OF_TEXT, BPETokenizer
from writer.checkpoints.config_file import checked
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.gguf_file import GGUFFile, GGUFWeights
from writer.checkpoints.tokenizer import Tokenizer, has_tokenizer, read_tokenizer
from writer.transformer.config import GPTConfig

_BPE = "gpt2"
_CONTROL, _UNUSED = 3, 5


class GGUFSource:
    """A GGUF file as a model is read from it; a tokenizer beside it goes before its own.

    Raises:
        ValueError: It is no GGUF file, or damaged.
    """

    def __init__(self, files: ModelFiles, path: Path) -> None:
        self._files = files
        self._file = GGUFFile(path)

    @property
    def kind(self) -> str:
        """Return the architecture that it names."""
        return self._file.kind

    def config(self) -> GPTConfig:
        """See `gguf_config`."""
        return gguf_config(self._file)

    def tokenizer(self, size: int) -> Tokenizer:
        """Return the tokenizer for a network of so many tokens."""
        is_beside = not self._files.is_single and has_tokenizer(self._files)
        return read_tokenizer(self._files, size) if is_beside else gguf_tokenizer(self._file)

    def weights(self) -> GGUFWeights:
        """Return the weights, none of them read yet."""
        return GGUFWeights(self._file)


def gguf_config(file: GGUFFile) -> GPTConfig:
    """Return the shape of the GPT-2 in `file`.

    Raises:
        ValueError: It is not a GPT-2, or says something that the network cannot mean.
    """
    if file.kind != _BPE:
        raise ValueError(f"it is not a GPT-2 but of the kind {file.kind}")
    shapes = GGUFWeights(file).shapes
    embedding = shapes.get("wte.weight", ())
    if len(embedding) != 2:
        raise ValueError("the weight token_embd.weight is missing")
    config = GPTConfig(
        vocab_size=embedding[0],
        n_ctx=_field(file, "context_length"),
        n_embd=_field(file, "embedding_length"),
        n_layer=_field(file, "block_count"),
        n_head=_field(file, "attention.head_count"),
        n_inner=_field(file, "feed_forward_length"),
        # Stored in fp32: the shortest number that it may have been before.
        layer_norm_epsilon=float(str(np.float32(_field(file, "attention.layer_norm_epsilon")))),
        tie_word_embeddings="lm_head.weight" not in shapes,
    )
    return checked(config, file.path.name)


def gguf_tokenizer(file: GGUFFile) -> BPETokenizer:
    """Return the tokenizer in `file`.

    Raises:
        ValueError: It has none, or no byte-level BPE.
    """
    kind = file.fields.get("tokenizer.ggml.model")
    if kind != _BPE:
        raise ValueError(f"its tokenizer is of the kind {kind!r:.40}")
    tokens = _strings(file, "tokens")
    kinds = np.atleast_1d(file.fields.get("tokenizer.ggml.token_type", ()))[: len(tokens)]
    marks = {tokens[number] for number in np.flatnonzero(np.isin(kinds, (_CONTROL, _UNUSED)))}
    end = file.fields.get("tokenizer.ggml.eos_token_id")
    closing = tokens[end] if type(end) is int and 0 <= end < len(tokens) else END_OF_TEXT
    vocabulary = {token: number for number, token in enumerate(tokens)}
    if len(vocabulary) < len(tokens):
        raise ValueError("its vocabulary has tokens twice")
    return BPETokenizer.of(vocabulary, _strings(file, "merges"), marks, closing)


def _field(file: GGUFFile, name: str) -> Any:  # noqa: ANN401 - `checked` will see
    found = file.fields.get(f"{_BPE}.{name}")
    if found is None:
        raise ValueError(f"its header does not say {name}")
    return found


def _strings(file: GGUFFile, name: str) -> list[str]:
    found = file.fields.get(f"tokenizer.ggml.{name}")
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"its header has no {name}")
    return found
