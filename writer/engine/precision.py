"""The number format of a network: which there are, which is fastest here, and the way there.

What is fastest depends on the processor and on the network's shape, not on its weights, so it is
measured once on a small stand-in of that shape, and remembered in a file.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

import torch
from torch import nn
from torch.nn import functional as F

from writer.engine.quantized import Int8Embedding, Int8Linear, has_int8
from writer.errors import ErrorKind, WriterError
from writer.hardware import processor_name
from writer.settings import Precision
from writer.transformer.attention import QueryKeyValue
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_DTYPES = {
    Precision.INT8: torch.float32,  # what passes between its layers
    Precision.BF16: torch.bfloat16,
    Precision.FP32: torch.float32,
}
_ROWS, _ENTRIES, _STEPS = 5, 256, 5


def best_device() -> torch.device:
    """Return the accelerator that torch has, or the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


class Float32Head(nn.Module):
    """The head of a network in bf16: logits of a hundred, in bf16, would be half a step apart."""

    def __init__(self, head: nn.Linear) -> None:
        super().__init__()
        self._weight = head.weight.detach().float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (..., V) of x (..., E), in fp32."""
        return F.linear(x.float(), self._weight)


def precisions(device: torch.device) -> tuple[Precision, ...]:
    """Return what `device` can work in."""
    int8 = (Precision.INT8,) if device.type == "cpu" and has_int8() else ()
    return (*int8, Precision.BF16, Precision.FP32)


def cache_dtype(precision: Precision) -> torch.dtype:
    """Return what keys and values are kept in: half the bytes, where that is exact enough."""
    return torch.float32 if precision == Precision.FP32 else torch.bfloat16


def adapt(part: nn.Module, precision: Precision, device: torch.device) -> None:
    """Change a network, or a part of it, to `precision` in place; what is replaced is freed."""
    part.to(device, _DTYPES[precision])
    int8 = precision == Precision.INT8
    for parent in list(part.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, QueryKeyValue):
                joined = _joined(child)
                setattr(parent, name, Int8Linear(joined) if int8 else joined)
            elif int8 and type(child) is nn.Linear:  # a router of experts stays as it is
                setattr(parent, name, Int8Linear(child))
            elif int8 and isinstance(child, nn.Embedding) and name == "tokens":
                setattr(parent, name, Int8Embedding(child))
            elif precision == Precision.BF16 and isinstance(child, nn.Linear) and name == "head":
                setattr(parent, name, Float32Head(child))


def _joined(qkv: QueryKeyValue) -> nn.Linear:
    parts = (qkv.query, qkv.key, qkv.value)
    with torch.device("meta"):
        joined = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
    weights = {
        name: torch.cat([getattr(part, name).detach() for part in parts])
        for name in ("weight", "bias")
    }
    joined.load_state_dict(weights, assign=True)
    return joined.requires_grad_(False)


def fastest(config: GPTConfig, device: torch.device, memory: Path | None) -> Precision:
    """Return the precision that is fastest for networks of this shape on this machine.

    Args:
        config: The shape.
        device: Where the network is to work.
        memory: A JSON file of what has been measured before; None measures anew.

    Raises:
        WriterError: PRECISION_UNAVAILABLE; the device can work in none.
    """
    known = _read(memory)
    key = _key(config, device)
    if known.get(key) in list(Precision):
        return Precision(known[key])
    measured = {}
    for each in precisions(device):
        try:
            measured[each] = _step_seconds(config, each, device)
        except (RuntimeError, NotImplementedError):
            continue  # an accelerator may lack some of it
    if not measured:
        raise WriterError(ErrorKind.PRECISION_UNAVAILABLE, precision=f"{device.type}")
    found = min(measured, key=lambda each: measured[each])
    _write(memory, {**known, key: found.value})
    return found


@torch.inference_mode()
def _step_seconds(config: GPTConfig, precision: Precision, device: torch.device) -> float:
    """Return how long a decoding step of two layers and the head takes."""
    entries = min(_ENTRIES, config.n_ctx - 1)
    with torch.device("meta"):
        network = GPT(_stand_in(config), initialized=False).eval()
    network = network.to_empty(device="cpu").requires_grad_(False)
    if config.tie_word_embeddings:
        network.head.weight = network.tokens.weight
    for each in (*network.parameters(), *network.buffers()):
        each.fill_(0.01)
    adapt(network, precision, device)
    text = torch.zeros(1, entries, dtype=torch.long, device=device)
    _, read = network.features(text, network.empty_state(cache_dtype(precision)))
    state = None if read is None else read.branch(_ROWS)
    tokens = torch.zeros(_ROWS, 1, dtype=torch.long, device=device)

    def step() -> None:
        network(tokens, state)[0].amax().item()  # item waits for an accelerator to be done

    return _median_seconds(step)


def _stand_in(config: GPTConfig) -> GPTConfig:
    """Return a shape small enough to be measured in a moment, its matrices as wide as the real."""
    return replace(config, n_layer=min(2, config.n_layer), vocab_size=min(16384, config.vocab_size))


def _median_seconds(step: Callable[[], None]) -> float:
    step()  # the first one prepares kernels
    times = []
    for _ in range(_STEPS):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return median(times)


def _key(config: GPTConfig, device: torch.device) -> str:
    """Return all that the measurement depends on."""
    machine = [platform.machine(), processor_name(), device.type, torch.__version__]
    shape = {name: value for name, value in asdict(config).items() if value is not None}
    return json.dumps([*machine, torch.get_num_threads(), shape], sort_keys=True)


def _read(memory: Path | None) -> dict[str, str]:
    try:
        found = json.loads(memory.read_text(encoding="utf-8")) if memory else {}
    except (OSError, ValueError):
        return {}  # it is only a memory: what is not known is measured
    return found if isinstance(found, dict) else {}


def _write(memory: Path | None, known: dict[str, str]) -> None:
    if memory is None:
        return
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(known, indent=1), encoding="utf-8")
    except OSError:
        pass  # measured again next time
