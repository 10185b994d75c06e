"""Between Hugging Face's names and layouts for GPT-2's weights and our network's.

Hugging Face stores linear layers of GPT-2 as Conv1D, [in, out], with query, key and value side by
side; ours are `nn.Linear`, [out, in], and apart.
"""

from collections.abc import Mapping

import torch

from writer.transformer.config import GPTConfig

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
    out = {
        "transformer.wte.weight": weights["tokens.weight"],
        "transformer.wpe.weight": weights["positions.weight"],
        "transformer.ln_f.weight": weights["norm.weight"],
        "transformer.ln_f.bias": weights["norm.bias"],
    }
    if not config.tie_word_embeddings:
        out["lm_head.weight"] = weights["head.weight"]
    for layer in range(config.n_layer):
        theirs, ours = f"transformer.h.{layer}", f"blocks.{layer}"
        for their_name, our_name in _BLOCK.items():
            for kind in ("weight", "bias"):
                tensor = weights[f"{ours}.{our_name}.{kind}"]
                out[f"{theirs}.{their_name}.{kind}"] = tensor.T if tensor.ndim == 2 else tensor
        for kind in ("weight", "bias"):
            parts = [weights[f"{ours}.attention.qkv.{name}.{kind}"] for name in _QKV]
            joined = torch.cat(parts, dim=0)
            out[f"{theirs}.attn.c_attn.{kind}"] = joined.T if joined.ndim == 2 else joined
    return {name: tensor.contiguous() for name, tensor in out.items()}


def from_hugging_face(
    weights: Mapping[str, torch.Tensor], config: GPTConfig
) -> dict[str, torch.Tensor]:
    """Return our network's state dict from the weights of a GPT-2, with or without its prefix.

    Raises:
        KeyError: A weight is missing; its name is the argument.
        ValueError: Query, key and value are not side by side in one.
    """
    prefix = "transformer." if "transformer.wte.weight" in weights else ""
    out = {
        "tokens.weight": weights[f"{prefix}wte.weight"],
        "positions.weight": weights[f"{prefix}wpe.weight"],
        "norm.weight": weights[f"{prefix}ln_f.weight"],
        "norm.bias": weights[f"{prefix}ln_f.bias"],
    }
    tied = config.tie_word_embeddings
    out["head.weight"] = out["tokens.weight"] if tied else weights["lm_head.weight"]
    for layer in range(config.n_layer):
        theirs, ours = f"{prefix}h.{layer}", f"blocks.{layer}"
        for their_name, our_name in _BLOCK.items():
            for kind in ("weight", "bias"):
                tensor = weights[f"{theirs}.{their_name}.{kind}"]
                out[f"{ours}.{our_name}.{kind}"] = tensor.T if tensor.ndim == 2 else tensor
        for kind in ("weight", "bias"):
            joined = weights[f"{theirs}.attn.c_attn.{kind}"]
            if joined.shape[-1:] != (3 * config.n_embd,):
                raise ValueError(f"{theirs}.attn.c_attn.{kind} has the shape {tuple(joined.shape)}")
            parts = (joined.T if joined.ndim == 2 else joined).chunk(3, dim=0)
            for name, part in zip(_QKV, parts, strict=True):
                out[f"{ours}.attention.qkv.{name}.{kind}"] = part
    return out
