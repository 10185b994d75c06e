"""Writes a GPT-2 as a GGUF file, as llama.cpp's own converter lays it out."""

import json
from pathlib import Path

import gguf
import numpy as np

from writer.checkpoints.bpe import BPETokenizer
from writer.checkpoints.names import to_hugging_face
from writer.transformer.gpt import GPT

_OUTER = {
    "wte.weight": "token_embd.weight",
    "wpe.weight": "position_embd.weight",
    "ln_f.weight": "output_norm.weight",
    "ln_f.bias": "output_norm.bias",
}
_BLOCK = {
    "ln_1": "attn_norm",
    "ln_2": "ffn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}


def _their_name(name: str) -> str:
    if name == "lm_head.weight":
        return "output.weight"
    name = name.removeprefix("transformer.")
    if name in _OUTER:
        return _OUTER[name]
    _, layer, rest = name.split(".", 2)
    part, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{_BLOCK[part]}.{kind}"


def write_gguf(
    path: Path,
    network: GPT,
    tokenizer: BPETokenizer | None,
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
) -> None:
    """Write a GPT-2 with its matrices, but for the positions, in the number format `kind`."""
    config = network.config
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_block_count(config.n_layer)
    writer.add_context_length(config.n_ctx)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(config.inner)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    if tokenizer is None:
        writer.add_tokenizer_model("none")
        writer.add_vocab_size(config.vocab_size)
    else:
        _add_tokenizer(writer, tokenizer)
    is_exact = kind == gguf.GGMLQuantizationType.F32
    file_type = "ALL_F32" if is_exact else f"MOSTLY_{kind.name}"
    writer.add_file_type(gguf.LlamaFileType[file_type])
    for name, tensor in to_hugging_face(network.state_dict(), config).items():
        array = tensor.numpy()
        turned = array.ndim == 2 and ".h." in name
        array = np.ascontiguousarray(array.T if turned else array, dtype=np.float32)
        if array.ndim == 2 and "wpe" not in name and not is_exact:
            packed = gguf.quants.quantize(array, kind)
            writer.add_tensor(_their_name(name), packed, raw_dtype=kind)
        else:
            writer.add_tensor(_their_name(name), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: BPETokenizer) -> None:
    whole = tokenizer._tokenizer  # only the library's own has the merges
    numbers = whole.get_vocab()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(sorted(numbers, key=numbers.__getitem__))
    control = gguf.TokenType.CONTROL
    kinds = [gguf.TokenType.NORMAL] * len(numbers)
    for number in tokenizer.special_ids:
        kinds[number] = control
    writer.add_token_types(kinds)
    merges = json.loads(whole.to_str())["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    if tokenizer.end_id is not None:
        writer.add_eos_token_id(tokenizer.end_id)
