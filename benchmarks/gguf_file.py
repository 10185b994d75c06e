"""Writes a GPT-2 folder as a GGUF file in Q8_0, for llama.cpp."""

from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

from writer.checkpoints.folder import read_shape

_NORMS = {"ln_1": "attn_norm", "ln_2": "ffn_norm"}
_MATRICES = {
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}


def write_gguf(folder: Path, file: Path) -> None:
    """Write the model in `folder` to `file`, without its tokenizer."""
    config = read_shape(folder)
    weights = load_file(folder / "model.safetensors")
    writer = gguf.GGUFWriter(file, "gpt2")
    writer.add_block_count(config.n_layer)
    writer.add_context_length(config.n_ctx)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(config.inner)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)

    def add(name: str, array: np.ndarray) -> None:
        writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))

    def add_quantized(name: str, array: np.ndarray) -> None:
        kind = gguf.GGMLQuantizationType.Q8_0
        packed = gguf.quants.quantize(np.ascontiguousarray(array), kind)
        writer.add_tensor(name, packed, raw_dtype=kind)

    add_quantized("token_embd.weight", weights["transformer.wte.weight"])
    add("position_embd.weight", weights["transformer.wpe.weight"])
    for kind in ("weight", "bias"):
        add(f"output_norm.{kind}", weights[f"transformer.ln_f.{kind}"])
        for layer in range(config.n_layer):
            for theirs, ours in _NORMS.items():
                add(f"blk.{layer}.{ours}.{kind}", weights[f"transformer.h.{layer}.{theirs}.{kind}"])
    for layer in range(config.n_layer):
        for theirs, ours in _MATRICES.items():
            prefix = f"transformer.h.{layer}.{theirs}"
            add_quantized(f"blk.{layer}.{ours}.weight", weights[f"{prefix}.weight"].T)
            add(f"blk.{layer}.{ours}.bias", weights[f"{prefix}.bias"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
