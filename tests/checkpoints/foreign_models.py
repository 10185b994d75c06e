"""Tiny models of other kinds than GPT-2, as transformers and llama.cpp write them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.checkpoints.foreign_library import transformers_library

MARKS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SIZES = {
    "vocab_size": 600, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 48, "max_position_embeddings": 128,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
}  # fmt: skip
SOME_SLIDE = ["sliding_attention", "full_attention", "sliding_attention"]
KINDS: dict[str, dict[str, Any]] = {
    "gpt_neo": {
        "num_layers": 2, "num_hidden_layers": 2, "window_size": 6,
        "attention_types": [[["global", "local"], 1]],
    },
    "gpt_neox": {},
    "llama": {},
    "mistral": {"sliding_window": 5},
    "qwen2": {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
    "qwen3": {"head_dim": 8},
    "gemma": {"head_dim": 8},
    "gemma2": {"head_dim": 8, "sliding_window": 5, "query_pre_attn_scalar": 8},
    "gemma3_text": {
        "head_dim": 8, "sliding_window": 5, "query_pre_attn_scalar": 8, "layer_types": SOME_SLIDE,
    },
    "phi": {},
    "phi3": {"sliding_window": 6},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {},
    "falcon": {"alibi": True},
    "granite": {"logits_scaling": 4.0},
    "mixtral": {"num_local_experts": 4},
    "deepseek_v3": {
        "num_key_value_heads": 4, "q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 4, "v_head_dim": 6, "n_routed_experts": 4, "n_group": 1,
        "topk_group": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "head_dim": 4,
    },
}  # fmt: skip
_GGUF_BLOCK = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_GGUF_OUTER = {
    "lm_head.weight": "output.weight",
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
}


@cache
def _pieces(style: str, kind: str) -> str:
    """Learn from PROSE, without rain and smiles, which so are said byte by byte."""
    special = [*MARKS, *BYTES]
    model: Any
    if kind == "BPE":
        model = models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        trainer: Any = trainers.BpeTrainer(
            vocab_size=600, special_tokens=special, show_progress=False
        )
    else:
        model = models.Unigram([("<unk>", 0.0)], 0, True)
        trainer = trainers.UnigramTrainer(
            vocab_size=600, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    tokenizer = Tokenizer(model)
    if style == "metaspace":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    else:
        parts = [normalizers.Prepend("▁")] if style == "prepend" else []
        tokenizer.normalizer = normalizers.Sequence([*parts, normalizers.Replace(" ", "▁")])
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    text = PROSE.replace("雨", "").replace("🙂", "")
    tokenizer.train_from_iterator(text.split("\n"), trainer)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        "<s> $A", pair=None, special_tokens=[("<s>", 1)]
    )
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] in MARKS]
    data["model"]["byte_fallback"] = True
    if style != "metaspace":
        data["pre_tokenizer"] = None
    if kind == "Unigram":
        data["model"]["unk_id"] = 0
    return json.dumps(data)


def pieces(style: str = "prepend", kind: str = "BPE") -> dict[str, Any]:
    """Return the `tokenizer.json` of a vocabulary of SentencePiece's.

    Args:
        style: How a space comes before a text: “prepend”, “metaspace”, or “plain” for not at all.
        kind: “BPE” or “Unigram”.
    """
    data: dict[str, Any] = json.loads(_pieces(style, kind))
    return data


def foreign_model(kind: str, seed: int = 1, **changes: Any) -> Any:
    """Every parameter is random, norms and biases too, so that each of them tells."""
    transformers = transformers_library()
    sizes = {**SIZES, **KINDS.get(kind, {}), **changes}
    config = transformers.AutoConfig.for_model(kind, **sizes)
    model = transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(config)](config).eval()
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
        if "norm" in name and name.endswith("weight"):
            parameter.add_(1)
    return model


def write_foreign(
    folder: Path, kind: str = "llama", spelling: str = "pieces", **changes: Any
) -> Any:
    """Write a model folder as transformers does; return the model."""
    model = foreign_model(kind, **changes)
    model.save_pretrained(folder)
    if spelling == "pieces":
        data = json.dumps(pieces())
        (folder / "tokenizer.json").write_text(data, encoding="utf-8")
    else:
        tiny_tokenizer().write(folder, 128)
    return model


def write_foreign_gguf(path: Path, model: Any, kind: str) -> None:
    """Write a Llama with pieces, or a Qwen with bytes, as llama.cpp's converter lays it out."""
    config = model.config
    writer = gguf.GGUFWriter(path, kind)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    _add_pieces(writer) if kind == "llama" else _add_bytes(writer)
    for name, tensor in model.state_dict().items():
        array = tensor.float().numpy()
        if kind == "llama" and ("q_proj" in name or "k_proj" in name):
            query = "q_proj" in name
            heads = config.num_attention_heads if query else config.num_key_value_heads
            halves = array.reshape(heads, 2, -1, *array.shape[1:])
            array = halves.swapaxes(1, 2).reshape(array.shape)
        writer.add_tensor(_gguf_name(name), np.ascontiguousarray(array, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_name(name: str) -> str:
    if name in _GGUF_OUTER:
        return _GGUF_OUTER[name]
    _, _, layer, rest = name.split(".", 3)
    part, suffix = rest.rsplit(".", 1)
    return f"blk.{layer}.{_GGUF_BLOCK[part]}.{suffix}"


def _add_pieces(writer: gguf.GGUFWriter) -> None:
    numbers = pieces()["model"]["vocab"]
    tokens = sorted(numbers, key=numbers.__getitem__)
    kinds = {"<unk>": gguf.TokenType.UNKNOWN, "<s>": gguf.TokenType.CONTROL}
    kinds |= {"</s>": gguf.TokenType.CONTROL, **dict.fromkeys(BYTES, gguf.TokenType.BYTE)}
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _add_bytes(writer: gguf.GGUFWriter) -> None:
    model = json.loads(tiny_tokenizer()._tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    end = tiny_tokenizer().end_id
    types = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [types.CONTROL if n == end else types.NORMAL for n in range(len(tokens))]
    )
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
    writer.add_eos_token_id(end)
