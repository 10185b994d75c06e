"""What a training takes of the memory, told before it starts, and what is done where it is short.

An estimate by shape alone: it knows the network's parameters and how many bytes each kind keeps of
a token until the way back, not what the allocator makes of them.
"""

import gc
from dataclasses import dataclass, replace

import torch

from writer.errors import ErrorKind, WriterError
from writer.hardware import free_memory_bytes
from writer.training.objective import chunk_size
from writer.training.optimizers import is_matrix
from writer.training.recipe import Recipe
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_SPARE = 0.1
"""The share of the free memory that is left free, for other programs."""
_BUFFERS = 100_000_000
"""What matrix products work in, at the 124M shape, and what Python takes."""
_GAPS = 1.25
"""What the allocator takes for what is asked of it, measured at the 124M shape."""
_WAITING = 5
"""Bytes for each number that a layer begins with, while it is to be worked out again: fp32."""
_AROUND = 25
"""Bytes for each number of the residual stream that embedding, last norm and loss keep."""
_SENTENCES = ("not enough memory", "can't allocate memory")
"""What torch's allocator for the processor says; it has no kind of error of its own."""

# Bytes that a layer keeps of a token for the way back, for each number of the residual stream, in
# bf16 and fp32. Measured as the growth from two layers to four, at 4 heads x 64, with the sizes of
# kinds that `writer train` takes unasked, 512 to 4,096 tokens.
_PLAIN = (40, 64)
_ATTENTION = {
    "dense": _PLAIN,
    "banded": (51, 79),
    "longformer": (73, 111),
    "bigbird": (79, 123),
    "hierarchical": (75, 104),
    "reformer": (116, 142),
    "performer": (95, 121),
}
_RELATIVE = (8, 16)
"""Beyond those: distances, and queries with their biases."""
_SCORES = {"none": (1.0, 2.0), "recurrent": (1.8, 3.0), "compressive": (1.8, 3.0)}
_ALL_SCORES = 12.0, 21.0
"""For each head and token that a query may look at, by memory; and where a text is read in any
order, by two streams, none of whose scores a kernel spares."""
_COMPRESSIVE = (69, 110)
_SWITCH = (30, 50)


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a training takes."""

    kept: int
    """Weights, gradients, what optimizers know, the mean of the last weights, the loss's logits."""
    window: int
    """Activations of one window of the longest ones."""
    rows: int
    """Windows at once."""

    @property
    def total(self) -> int:
        """Return all of it."""
        return self.kept + self.rows * self.window


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that there was no memory left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(each in str(error) for each in _SENTENCES)


def free_bytes(device: torch.device) -> int:
    """Return how much memory can still be taken where training works."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory_bytes()


def release() -> None:
    """Give back what an update that ran out of memory had taken."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def training_need(network: GPT, recipe: Recipe, length: int) -> Need:
    """Return what training `network` takes in windows of `length` tokens at most."""
    config = network.config
    named = list(network.named_parameters())
    numbers = sum(each.numel() for _, each in named)
    by_muon = sum(each.numel() for name, each in named if is_matrix(name, each, config))
    # Weights, gradients, the mean; one momentum of Muon, two of AdamW: all in fp32.
    kept = 4 * (3 * numbers + by_muon + 2 * (numbers - by_muon))
    # The gradient of the head, and logits of some tokens, three times while they are worked with.
    kept += 4 * config.vocab_size * (config.n_embd + 3 * chunk_size(config.vocab_size))
    if recipe.bf16:  # copies of the matrices, and of the head
        kept += 2 * (config.vocab_size * config.n_embd + (0 if recipe.checkpointing else by_muon))
    rows = max(1, min(recipe.micro_tokens, recipe.batch_tokens) // length)
    return Need(kept + _BUFFERS, round(_GAPS * length * _by_token(config, recipe, length)), rows)


def _by_token(config: GPTConfig, recipe: Recipe, length: int) -> float:
    """Return how many bytes are kept of a token of a window of `length`."""
    layer = _by_layer(config, recipe.bf16, length)
    around = _AROUND * config.n_embd
    if config.blocks == "reversible":  # each layer is worked out again from what it made
        return around + 1.3 * layer
    if recipe.checkpointing:
        return around + layer + _WAITING * config.n_embd * config.n_layer
    return around + layer * config.n_layer


def _by_layer(config: GPTConfig, bf16: bool, length: int) -> float:
    """Return how many bytes one layer keeps of a token."""
    low = 0 if bf16 else 1
    kept: float = _ATTENTION[config.attention][low] * config.n_embd
    if config.position_embedding == "rotary":
        kept += (7, 14)[low] * config.n_embd
    if config.position_embedding == "relative":
        # What queries and keys of each head score, as far as a query looks.
        reach = min(length, (config.memory_length or length) + (config.segment_length or 0))
        in_order = config.objective != "permutation"
        scores = (_SCORES[config.memory] if in_order else _ALL_SCORES)[low]
        kept += _RELATIVE[low] * config.n_embd + scores * config.n_head * reach
    if config.memory == "compressive":
        kept += _COMPRESSIVE[low] * config.n_embd
    if config.feed_forward == "switch":
        kept += _SWITCH[low] * config.n_embd
    return kept


def fitted(network: GPT, recipe: Recipe, length: int, free: int) -> tuple[Recipe, Need]:
    """Return the recipe with as many windows at once as `free` bytes allow, and what it needs.

    No more than it has. Where not even one window fits, activations are worked out again.

    Raises:
        WriterError: TRAINING_TOO_LARGE.
    """
    need = training_need(network, recipe, length)
    rows = min(need.rows, int((free - need.kept) // need.window))
    if rows >= need.rows:
        return recipe, need
    if rows >= 1:
        fewer = replace(recipe, micro_tokens=rows * length)
        return fewer, training_need(network, fewer, length)
    if not recipe.checkpointing:
        return fitted(network, replace(recipe, checkpointing=True), length, free)
    least = in_words(replace(need, rows=1).total)
    raise WriterError(ErrorKind.TRAINING_TOO_LARGE, needed=least, free=in_words(free))


def fitted_here(
    network: GPT, recipe: Recipe, length: int, device: torch.device
) -> tuple[Recipe, str]:
    """Return `recipe` as `fitted` to what is free on `device`, and a line that says so.

    Raises:
        WriterError: TRAINING_TOO_LARGE.
    """
    held = sum(each.nbytes for each in network.parameters() if each.device.type == device.type)
    free = free_bytes(device) + held
    recipe, need = fitted(network, recipe, length, int(free * (1 - _SPARE)))
    again = ", activations worked out again" if recipe.checkpointing else ""
    windows = f"{need.rows} window{'s' * (need.rows > 1)} of {length:,} tokens at once"
    line = f"needs about {in_words(need.total)} of {in_words(free)} free: {windows}{again}"
    return recipe, line


def smaller(recipe: Recipe, rows: int, length: int) -> Recipe | None:
    """Return the recipe that takes less than `rows` windows of `length` at once did.

    Half of them; of one window activations worked out again; None if that has been tried.
    """
    if rows > 1:
        return replace(recipe, micro_tokens=rows // 2 * length)
    return None if recipe.checkpointing else replace(recipe, checkpointing=True)


def in_words(size: int) -> str:
    """Return a number of bytes as it is told.

    >>> in_words(2_140_000_000), in_words(87_000_000)
    ('2.1 GB', '87 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
