"""What a GPT-2 takes of the memory at work, told from its shape before it is loaded.

Measured as growth of a process's largest resident size while it loads a model and answers two
requests of 8 candidates at 950 tokens, in MB for int8, bf16 and fp32: 124M 375, 604, 682 (said
here: 459, 612, 747); 102M with a Chinese vocabulary 245, 387, 572 (328, 477, 657); 355M 627, 1127,
1774 (692, 1200, 1834); 1.5B in int8 2194 (2206).
"""

import zipfile
from dataclasses import replace
from functools import lru_cache

import torch

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.weights import PickledWeights, weight_files
from writer.settings import Precision
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.streams import MARK_BYTES
from writer.transformer.variants import is_buffered, is_plain

_PROGRAM = 150_000_000
"""The tokenizer, the kernels' own buffers, what a step works on, what glibc keeps of reading."""
_LOADING, _UNPACKING = 8, 10
"""Bytes for each number of the embedding while it is read: as it is stored, and in fp32, and what
unpacking a GGUF takes. It is read first; nothing else is there at that time."""
_BLOCKS_LOADING = 2
"""Blocks in fp32: the last one as it is read, and as it becomes what it will be."""
_ROOM = 320
"""Entries beyond the context: what candidates say, and room for what is typed next."""


def gpt2_memory(
    config: GPTConfig, is_packed: bool = False, length: int | None = None
) -> dict[str, int]:
    """Return the bytes that a GPT-2 of this shape takes at work, by `Precision` value.

    With a context of `length` tokens, by default a full one.
    Of one that `is_packed` the weights are in a GGUF file. One text's keys and values count; the
    engine keeps those of several, where they are small.
    """
    embedding = config.vocab_size * config.n_embd
    loading = embedding * (_UNPACKING if is_packed else _LOADING)
    loading += 0 if config.tie_word_embeddings else 4 * embedding
    return {
        precision.value: _PROGRAM
        + max(loading, _at_work(config, precision, length or config.n_ctx))
        for precision in (Precision.INT8, Precision.BF16, Precision.FP32)
    }


def held_while_reading(files: ModelFiles) -> int:
    """Return the bytes of files that are in memory as long as a model is read from them."""
    read, paths = weight_files(files)
    is_bare = read is PickledWeights and not all(map(zipfile.is_zipfile, paths))
    return sum(path.stat().st_size for path in paths) if is_bare else 0


def gpt2_parameters(config: GPTConfig) -> int:
    """Return how many numbers a GPT-2 of this shape has learned; a tied head counts once."""
    if not is_plain(config):
        return sum(_family(config))
    matrices = 1 if config.tie_word_embeddings else 2
    outer = matrices * config.vocab_size * config.n_embd + config.n_ctx * config.n_embd
    return outer + config.n_layer * _block(config) + 2 * config.n_embd


def _at_work(config: GPTConfig, precision: Precision, length: int) -> int:
    embedding = config.vocab_size * config.n_embd
    size = {Precision.INT8: 1, Precision.BF16: 2, Precision.FP32: 4}[precision]
    head = {Precision.INT8: 1, Precision.BF16: 4, Precision.FP32: 4}[precision]
    is_shared = precision == Precision.FP32 and config.tie_word_embeddings
    # The scales of int8: one for each row of the embedding, and each output of the head.
    scales = 8 * config.vocab_size if precision == Precision.INT8 else 0
    outer = embedding * (size if is_shared else size + head) + scales
    positions = 4 * (config.n_ctx * config.n_embd if is_plain(config) else _family(config)[1])
    entry = 4 if precision == Precision.FP32 else 2
    cache = 2 * config.n_embd * _entries(config, length + _ROOM) * entry
    if not is_buffered(config):
        cache += max(2 * cache, MARK_BYTES)
    # The last block is read before there is anything in the cache.
    more = max(cache, _BLOCKS_LOADING * 4 * _block(config))
    return outer + positions + config.n_layer * _block(config) * size + more


def _entries(config: GPTConfig, length: int) -> int:
    """Return how many tokens' keys and values all layers together keep of a text of `length`."""
    layers = config.n_layer
    if config.memory != "none":
        compressed = config.compressed_length or 0
        # Raw layer inputs of what is yet to be compressed, and of the slots, stand beside them.
        kept = (config.size("memory_length") + compressed) * (1.25 if compressed else 1)
    elif config.attention == "banded":
        window = config.size("attention_window")
        return (layers + 1) // 2 * length + layers // 2 * min(length, window)
    elif config.attention == "longformer":
        far = config.size("dilated_heads") * (config.size("dilation") - 1) / config.n_head
        mean = (config.size("attention_window") + config.size("last_window")) / 2
        kept = mean * (1 + far) + config.size("global_tokens")
    elif config.attention == "hierarchical":
        kept = 1.5 * config.size("segment_length") + length / config.size("summary_length")
    elif config.attention == "performer":
        return layers * config.size("random_features")  # of each head a sum, in fp32
    elif config.attention == "reformer":
        return round(1.4 * layers * length)  # with the bucket of each, in order of the buckets
    else:
        return layers * length
    return layers * min(length, round(kept))


@lru_cache(maxsize=64)
def _family(config: GPTConfig) -> tuple[int, int, int]:
    """Return how many numbers embedding and head, positions, and all layers have.

    All layers have as many; only one is made, as a damaged file may ask for a million.
    """
    with torch.device("meta"):
        network = GPT(replace(config, n_layer=1), initialized=False)
    layer = sum(each.numel() for each in network.blocks.parameters())
    outer = config.vocab_size * config.n_embd * (1 if config.tie_word_embeddings else 2)
    whole = sum(each.numel() for each in network.parameters())
    return outer, whole - outer - layer, config.n_layer * layer


def _block(config: GPTConfig) -> int:
    """Return how many numbers a layer has."""
    if not is_plain(config):
        return _family(config)[2] // config.n_layer
    width, inner = config.n_embd, config.inner
    attention = 4 * width * width + 4 * width
    return attention + 2 * width * inner + inner + width + 4 * width
