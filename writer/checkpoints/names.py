"""Between Hugging Face's names and layouts for GPT-2's weights and our network's.

Hugging Face stores linear layers of GPT-2 as Conv1D, [in, out], with query, key and value side by
side; ours are `nn.Linear`, [out, in], and apart.
"""

from collections.abc import Iterator, Mapping

import torch

from writer.checkpoints.weights import Weights
from writer.transformer.config import GPTConfig

_OUTER = {
    "tokens.weight": "wte.weight",
    "positions.weight": "wpe.weight",
    "norm.weight": "ln_f.weight",
    "norm.bias": "ln_f.bias",
}
_HEAD = "lm_head.weight"
_BODY = "transformer."
_BLOCK = {
    "ln_1": "attention_norm",
    "ln_2": "mlp_norm",
    "attn.c_proj": "attention.out",
    "mlp.c_fc": "up",
    "mlp.c_proj": "down",
}
_QKV = ("query", "key", "value")


def to_hugging_face(
    weights: Mapping[str, torch.Tensor], config: GPTConfig
) -> dict[str, torch.Tensor]:
    """Return our network's weights under the names and in the layout of `GPT2LMHeadModel`."""
    out = {_BODY + theirs: weights[ours] for ours, theirs in _OUTER.items()}
    if not config.tie_word_embeddings:
        out[_HEAD] = weights["head.weight"]
    for layer in range(config.n_layer):
        theirs, ours = f"{_BODY}h.{layer}", f"blocks.{layer}"
        for their_name, our_name in _BLOCK.items():
            for kind in ("weight", "bias"):
                tensor = weights[f"{ours}.{our_name}.{kind}"]
                out[f"{theirs}.{their_name}.{kind}"] = tensor.T if tensor.ndim == 2 else tensor
        for kind in ("weight", "bias"):
            parts = [weights[f"{ours}.attention.qkv.{name}.{kind}"] for name in _QKV]
            joined = torch.cat(parts, dim=0)
            out[f"{theirs}.attn.c_attn.{kind}"] = joined.T if joined.ndim == 2 else joined
    return {name: tensor.contiguous() for name, tensor in out.items()}


class HuggingFaceGPT2:
    """The weights of a GPT-2 as files hold them, part by part, as our network names them.

    Args:
        weights: With the prefix of the body, or, of a body without a head, without.
        config: The shape that they should have.

    Raises:
        ValueError: One of them is missing, or has another shape than `config` means.
    """

    def __init__(self, weights: Weights, config: GPTConfig) -> None:
        self._weights = weights
        self._config = config
        bodies = (_BODY, "module." + _BODY, "module.")  # the latter as several processors train
        embedding = _OUTER["tokens.weight"]
        self._prefix = next((each for each in bodies if each + embedding in weights.shapes), "")
        for name, shape in self._expected():
            found = weights.shapes.get(name)
            if found is None:
                raise ValueError(f"the weight {name} is missing")
            if found != shape:
                raise ValueError(f"{name} has the shape {found}, config.json means {shape}")

    def outer(self) -> dict[str, torch.Tensor]:
        """Return what stands around the blocks; a head only where it is one of its own."""
        out = {ours: self._read(self._prefix + theirs) for ours, theirs in _OUTER.items()}
        if not self._config.tie_word_embeddings:
            out["head.weight"] = self._read(_HEAD)
        return out

    def block(self, layer: int) -> dict[str, torch.Tensor]:
        """Return the weights of one block."""
        theirs = f"{self._prefix}h.{layer}"
        out = {}
        for their_name, our_name in _BLOCK.items():
            for kind in ("weight", "bias"):
                out[f"{our_name}.{kind}"] = self._read(f"{theirs}.{their_name}.{kind}", turn=True)
        for kind in ("weight", "bias"):
            joined = self._read(f"{theirs}.attn.c_attn.{kind}", turn=True)
            for name, part in zip(_QKV, joined.chunk(3, dim=0), strict=True):
                out[f"attention.qkv.{name}.{kind}"] = part
        return out

    def _read(self, name: str, turn: bool = False) -> torch.Tensor:
        """Return a weight in fp32, in memory of its own: its file may change on the disk."""
        stored = self._weights.read(name)
        stored = stored.T if turn and stored.ndim == 2 else stored
        tensor = stored.to(torch.float32, memory_format=torch.contiguous_format, copy=True)
        # The extremes tell, twenty times faster than looking at each: a NaN is both of them.
        if not torch.isfinite(torch.stack(tensor.aminmax())).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        return tensor

    def _expected(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield the name and the shape of each weight, lazily: there may be a million layers."""
        config, prefix = self._config, self._prefix
        width, inner = config.n_embd, config.inner
        yield f"{prefix}wte.weight", (config.vocab_size, width)
        yield f"{prefix}wpe.weight", (config.n_ctx, width)
        if not config.tie_word_embeddings:
            yield _HEAD, (config.vocab_size, width)
        matrices = {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, inner),
            "mlp.c_proj": (inner, width),
        }
        norms = [f"{prefix}ln_f"]
        for layer in range(config.n_layer):
            norms += [f"{prefix}h.{layer}.{name}" for name in ("ln_1", "ln_2")]
            for name, shape in matrices.items():
                yield f"{prefix}h.{layer}.{name}.weight", shape
                yield f"{prefix}h.{layer}.{name}.bias", shape[-1:]
            for norm in norms:
                yield f"{norm}.weight", (width,)
                yield f"{norm}.bias", (width,)
            norms.clear()
