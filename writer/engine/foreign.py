"""An engine over a model that transformers runs, in the precision asked for where that is sound."""

import math
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from writer.checkpoints.folder import OnProgress
from writer.checkpoints.foreign import ForeignModel, read_foreign
from writer.engine.engine import Engine
from writer.engine.fingerprint import fingerprint
from writer.engine.precision import fastest, precisions
from writer.engine.quantized import Int8Embedding, Int8Linear
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision
from writer.transformer.config import GPTConfig

_PACKED_SHARE = 0.8
"""Of the weights that must be in matrices, for 8 bits to be worth it."""
_WIDEST = 16
"""Times as wide as its outside: the inside of a stand-in whose speed is measured."""
_FAR_APART = 0.15
"""Of the probability that may move to other tokens in 8 bits; of the bundled models, 0.03 does."""
_INT8_TOLERANCE = 0.1
"""Rounding falls otherwise where sums are taken in another order."""
_SAMPLE = "The rain had not stopped for three days, and nobody in the house spoke of it. 雨停了。"


def load_foreign(
    path: Path,
    precision: Precision = Precision.AUTO,
    device: torch.device | None = None,
    on_progress: OnProgress = lambda share: None,
    memory: Path | None = None,
) -> Engine:
    """Read another model than a GPT-2 into the precision asked for, or the fastest here.

    8 bits become bf16 where the model has little that can be packed, or suffers from it.

    Args:
        path: The model's folder, or its GGUF file.
        precision: What the network works in.
        device: Where; None is the processor.
        on_progress: See `checkpoints.folder.OnProgress`.
        memory: A file that keeps which precision is fastest; None measures it anew.

    Raises:
        WriterError: MODEL_MISSING, MODEL_DAMAGED or PRECISION_UNAVAILABLE.
    """
    device = device or torch.device("cpu")
    if precision not in (Precision.AUTO, *precisions(device)):
        raise WriterError(ErrorKind.PRECISION_UNAVAILABLE, precision=precision.value)

    def choose(config: Any, n_ctx: int) -> torch.dtype:  # noqa: ANN401 - no common type
        nonlocal precision
        if precision == Precision.AUTO:
            precision = fastest(_shape(config, n_ctx), device, memory)
        return torch.float32 if precision == Precision.FP32 else torch.bfloat16

    model = read_foreign(path, choose, on_progress, device)
    if precision == Precision.INT8:
        precision = Precision.BF16
        if _can_be_packed(model):
            if _packed(model):
                return _engine(model, Precision.INT8, path)
            model = read_foreign(path, choose, on_progress, device)
    return _engine(model, precision, path)


def _engine(model: ForeignModel, precision: Precision, path: Path) -> Engine:
    return Engine(model, precision, fingerprint(path), (f"transformers {version('transformers')}",))


def _shape(config: Any, n_ctx: int) -> GPTConfig:  # noqa: ANN401 - no common type
    """Return the shape of a GPT-2 whose matrices are about as large."""

    def size(name: str, otherwise: int) -> int:
        found = getattr(config, name, None)
        return found if isinstance(found, int) and found > 0 else otherwise

    width = size("hidden_size", GPTConfig().n_embd)
    return GPTConfig(
        vocab_size=config.vocab_size,
        n_ctx=n_ctx,
        n_embd=width,
        n_layer=size("num_hidden_layers", 2),
        n_head=math.gcd(width, size("num_attention_heads", 1)),
        # Not every kind heeds what is said of it.
        n_inner=min(size("intermediate_size", 4 * width), _WIDEST * width),
    )


def _can_be_packed(model: ForeignModel) -> bool:
    """Return whether most weights are in matrices that can be packed."""
    whole = model.network.model
    packed: dict[int, int] = {
        id(part.weight): part.weight.numel() for _, _, part in _packable(whole)
    }
    weights: int = sum(parameter.numel() for parameter in whole.parameters())
    return sum(packed.values()) >= _PACKED_SHARE * weights


@torch.inference_mode()
def _packed(model: ForeignModel) -> bool:
    """Pack the model to 8 bits in place; return whether it still says about the same.

    Where not, it is of no use any more.
    """
    from writer.transformer.foreign import verify  # it imports transformers

    network, tokenizer = model.network, model.tokenizer
    ids = [*tokenizer.opening, *tokenizer.encode(_SAMPLE)][: network.n_ctx]
    sample = torch.tensor([ids], device=network.device)
    before = network(sample, network.empty_state())[0].float().softmax(dim=-1)
    places = [(parent, name) for parent, name, _ in _packable(network.model)]
    for parent, name in places:  # none is held, so that each goes once it is packed
        part = getattr(parent, name)
        is_linear = isinstance(part, nn.Linear)
        setattr(parent, name, Int8Linear(part) if is_linear else Int8Embedding(part))
    network.model.float()
    try:
        after = network(sample, network.empty_state())[0].softmax(dim=-1)
        verify(network, _INT8_TOLERANCE)
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return False  # it looks into its own matrices, or is fed other numbers than fp32
    return float((after - before).abs().sum(dim=-1).mean() / 2) < _FAR_APART


def _packable(whole: Any) -> Iterator[tuple[nn.Module, str, Any]]:  # noqa: ANN401 - no common type
    """Yield the matrices that can be packed, each with its parent and its name there."""
    words = whole.get_input_embeddings()
    for parent in whole.modules():
        for name, part in parent.named_children():
            # Kinds of their own, scaled embeddings for example, do more than these.
            if type(part) is nn.Linear or (part is words and type(part) is nn.Embedding):
                yield parent, name, part
