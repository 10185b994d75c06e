"""Between Hugging Face's names and layouts for GPT-2's weights and our network's.

Hugging Face stores linear layers of GPT-2 as Conv1D, [in, out], with query, key and value side by
side; ours are `nn.Linear`, [out, in], and apart.

Weights that GPT-2 has none of, those of the long-context family, stand beside the others under our
own names, behind `writer.`. A note in the file says what kinds they were trained as.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import nn

from writer.checkpoints.weights import Weights
from writer.transformer.block import Block
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT
from writer.transformer.variants import KINDS, is_plain, needed

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
_OWN = "writer."
_FREE = frozenset({"memory_length", "compressed_length"})


def to_hugging_face(
    weights: Mapping[str, torch.Tensor], config: GPTConfig
) -> dict[str, torch.Tensor]:
    """Return our network's weights under the names and in the layout of `GPT2LMHeadModel`."""
    out = {}
    if not config.tie_word_embeddings:
        out[_HEAD] = weights["head.weight"]
    for name, tensor in weights.items():
        if name.startswith("blocks.") or name == "head.weight":
            continue
        out[_BODY + _OUTER.get(name, _OWN + name)] = tensor
    for layer in range(config.n_layer):
        ours = f"blocks.{layer}."
        block = {name.removeprefix(ours): each for name, each in weights.items()
                 if name.startswith(ours)}  # fmt: skip
        for name, tensor in _their_block(block).items():
            out[f"{_BODY}h.{layer}.{name}"] = tensor
    return {name: tensor.contiguous() for name, tensor in out.items()}


def note_of_kinds(config: GPTConfig) -> dict[str, str]:
    """Return what a file of weights says of the kinds they were trained as; nothing if plain.

    With their sizes, but for those that may well be others when a model is used: how long its
    memory is.
    """
    if is_plain(config):
        return {}
    return {_OWN + key: str(getattr(config, key)) for key in (*KINDS, *_fixed_sizes(config))}


def _fixed_sizes(config: GPTConfig) -> list[str]:
    """Return the sizes with which weights mean something else if they are changed."""
    sizes = needed(config) - _FREE
    if config.position_embedding == "interpolated":
        sizes |= {"n_ctx"}
    if config.memory != "none":  # what is read does not depend on the segments it is read in
        sizes -= {"segment_length"}
    return sorted(sizes)


def _their_block(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return one block's weights under their names, in their layout."""
    left = dict(weights)
    out = {}
    for their_name, our_name in _BLOCK.items():
        for kind in ("weight", "bias"):
            tensor = left.pop(f"{our_name}.{kind}", None)
            if tensor is not None:  # a switch has no `up` and `down`
                out[f"{their_name}.{kind}"] = tensor.T if tensor.ndim == 2 else tensor
    for kind in ("weight", "bias"):
        names = [f"attention.qkv.{name}.{kind}" for name in _QKV]
        if all(name in left for name in names):  # shared queries and keys are no three
            joined = torch.cat([left.pop(name) for name in names], dim=0)
            out[f"attn.c_attn.{kind}"] = joined.T if joined.ndim == 2 else joined
    return out | {_OWN + name: tensor for name, tensor in left.items()}


class HuggingFaceGPT2:
    """The weights of a GPT-2, or of one of its family, part by part, as our network names them.

    Args:
        weights: With the prefix of the body, or, of a body without a head, without.
        config: The shape that they should have.

    Raises:
        ValueError: One of them is missing, has another shape than `config` means, or was trained
            as another kind than it says.
    """

    def __init__(self, weights: Weights, config: GPTConfig) -> None:
        self._weights = weights
        self._config = config
        bodies = (_BODY, "module." + _BODY, "module.")  # the latter as several processors train
        embedding = _OUTER["tokens.weight"]
        self._prefix = next((each for each in bodies if each + embedding in weights.shapes), "")
        self._refuse_other_kinds()
        for name, shape in self._expected():
            found = weights.shapes.get(name)
            if found is None:
                raise ValueError(f"the weight {name} is missing")
            if found != shape:
                raise ValueError(f"{name} has the shape {found}, config.json means {shape}")

    def _refuse_other_kinds(self) -> None:
        """Refuse weights that mean something else than the configuration says."""
        noted = self._weights.metadata
        plain = {key: kinds[0] for key, kinds in KINDS.items()}
        for key in (*KINDS, *_fixed_sizes(self._config)):
            said = str(getattr(self._config, key))
            trained = noted.get(_OWN + key, plain.get(key, said))
            if trained != said:
                raise ValueError(
                    f"config.json says that {key} is {said}, and the weights were trained with "
                    f"{trained:.40}"
                )

    def outer(self) -> dict[str, torch.Tensor]:
        """Return what stands around the blocks; a head only where it is one of its own."""
        out = {ours: self._read(self._prefix + theirs) for ours, theirs in self._outer_names()}
        if not self._config.tie_word_embeddings:
            out["head.weight"] = self._read(_HEAD)
        return out

    def block(self, layer: int) -> dict[str, torch.Tensor]:
        """Return the weights of one block."""
        theirs = f"{self._prefix}h.{layer}."
        shapes = _their_block(_empty_block(self._config, layer))
        out = {}
        for their_name in shapes:
            if their_name.startswith(_OWN):
                out[their_name.removeprefix(_OWN)] = self._read(theirs + their_name)
                continue
            part, kind = their_name.rsplit(".", 1)
            tensor = self._read(theirs + their_name, turn=True)
            if part in _BLOCK:
                out[f"{_BLOCK[part]}.{kind}"] = tensor
            else:
                for name, each in zip(_QKV, tensor.chunk(3, dim=0), strict=True):
                    out[f"attention.qkv.{name}.{kind}"] = each
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

    def _outer_names(self) -> Iterator[tuple[str, str]]:
        for name in _empty_outer(self._config):
            yield name, _OUTER.get(name, _OWN + name)

    def _expected(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield the name and the shape of each weight, lazily: there may be a million layers."""
        config, prefix = self._config, self._prefix
        if not config.tie_word_embeddings:
            yield _HEAD, (config.vocab_size, config.n_embd)
        for name, tensor in _empty_outer(config).items():
            yield prefix + _OUTER.get(name, _OWN + name), tuple(tensor.shape)
        for layer in range(config.n_layer):
            for name, tensor in _their_block(_empty_block(config, layer)).items():
                yield f"{prefix}h.{layer}.{name}", tuple(tensor.shape)


def _empty_outer(config: GPTConfig) -> dict[str, torch.Tensor]:
    """Return the weights around the blocks, without numbers, by our names; no head."""
    with torch.device("meta"):
        outer = GPT(replace(config, n_layer=0), initialized=False).state_dict()
    del outer["head.weight"]
    return outer


def _empty_block(config: GPTConfig, layer: int) -> dict[str, torch.Tensor]:
    """Return the weights of a block, without numbers, by our names."""
    with torch.device("meta"):
        block: nn.Module = Block(config, layer)
    return block.state_dict()
