"""How well a model predicts a text: bits per byte, every byte counted once."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F

from writer.checkpoints.tokenizer import BPETokenizer
from writer.transformer.gpt import GPT


@torch.inference_mode()
def bits_per_byte(
    network: GPT,
    tokenizer: BPETokenizer,
    text: str,
    stride: int = 512,
    on_progress: Callable[[float], None] = lambda share: None,
    cache: torch.dtype | None = None,
) -> float:
    """Return the bits that the model needs for a byte of `text`, read in windows of n_ctx.

    Windows overlap by n_ctx - stride tokens, so that each scored token has read at least that
    many, but for the first ones of the text; the end token opens the first window. With `cache`,
    the network reads as it does for continuations, keys and values kept in that format.
    """
    start = [tokenizer.end_id] if tokenizer.end_id is not None else []
    ids = torch.tensor(start + tokenizer.encode(text))
    size = network.config.n_ctx
    stride = min(stride, size)
    nats, scored = 0.0, 1
    while scored < len(ids):
        end = min(scored + (size if scored == 1 else stride), len(ids))
        first = max(0, end - size - 1)
        window = ids[first:end]
        state = None if cache is None else network.empty_state(cache)
        features, _ = network.features(window[None, :-1], state)
        fresh = end - scored
        logits = network.head(features[0, -fresh:])  # (fresh, V)
        nats += F.cross_entropy(logits.float(), window[-fresh:], reduction="sum").item()
        scored = end
        on_progress(scored / len(ids))
    return nats / math.log(2) / len(text.encode("utf-8"))
