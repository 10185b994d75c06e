"""What a model's configuration may say, and what is refused of it, in which words."""

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.foreign_models import write_foreign
from tests.checkpoints.tiny_models import change, refusal
from writer.checkpoints.foreign import read_foreign
from writer.errors import ErrorKind, WriterError

TOKENS = torch.tensor([[number * 37 % 370 + 5 for number in range(40)]])


@pytest.fixture
def folder(tmp_path):
    """A good model folder, to be damaged."""
    path = tmp_path / "a model"
    write_foreign(path)
    return path


def refused(path) -> WriterError:
    return refusal(read_foreign, path)


@pytest.mark.parametrize("changes", [
    {"num_hidden_layers": 10**6}, {"num_hidden_layers": 10**12}, {"num_hidden_layers": 40},
    {"num_hidden_layers": 4}, {"num_hidden_layers": 0}, {"num_hidden_layers": -1},
    {"num_hidden_layers": "3"}, {"num_hidden_layers": None}, {"num_hidden_layers": 2.5},
    {"vocab_size": 2**40}, {"vocab_size": 2**20}, {"vocab_size": 601}, {"vocab_size": 400},
    {"vocab_size": 0}, {"hidden_size": 2**24}, {"hidden_size": 33}, {"hidden_size": [32]},
    {"intermediate_size": 96}, {"intermediate_size": 47}, {"num_attention_heads": 5},
    {"num_attention_heads": 0}, {"num_key_value_heads": 3}, {"head_dim": 16},
    {"hidden_act": "nothing"}, {"hidden_act": ["silu"]}, {"model_type": "t5"},
    {"model_type": "vit"}, {"model_type": None}, {"model_type": ["llama"]}, {"model_type": "mamba"},
    {"rope_parameters": {"rope_type": "no such"}}, {"rope_parameters": 7},
    {"layer_types": ["full_attention"]}, {"rms_norm_eps": "small"}, {"pad_token_id": 10**9},
    {"attention_bias": True}, {"max_position_embeddings": 2**40}, {"num_experts": 10**8},
    {"text_config": {"num_hidden_layers": 10**9}}, {"pretraining_tp": 2**30},
    {"num_experts": 1025}, {"num_attention_heads": 2**20}, {"anything": [{"at_all": 2**30}]},
    {"quantization_config": {"quant_method": "gptq", "bits": 4}},
], ids=str)  # fmt: skip
def test_a_config_that_does_not_fit_is_refused(changes, folder):
    change(folder / "config.json", **changes)
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize("changes", [
    {"tie_word_embeddings": True}, {"use_cache": False}, {"return_dict": False},
    {"output_attentions": True}, {"torch_dtype": "float16"}, {"attn_implementation": "a/kernel"},
    {"_attn_implementation": "flash_attention_2"}, {"rope_theta": 10**12}, {"num_labels": 2**30},
    {"id2label": {"0": "a"}, "label2id": {"b": 2**30}}, {"max_position_embeddings": 2**30},
    {"num_experts": 1024},
], ids=str)  # fmt: skip
def test_a_config_may_say_what_does_not_matter(changes, folder):
    change(folder / "config.json", **changes)
    read_foreign(folder)


@pytest.mark.parametrize(
    ("kind", "length"),
    [("mpt", "max_seq_len"), ("ctrl", "n_positions"), ("gptj", "n_positions")],
)
def test_no_table_is_made_for_positions_that_are_never_read(kind, length, tmp_path):
    more = {"rotary_dim": 4} if kind == "gptj" else {}
    model = write_foreign(tmp_path, kind, **more)
    change(tmp_path / "config.json", **{length: 2**30, "max_position_embeddings": 2**30})
    network = read_foreign(tmp_path).network
    assert network.n_ctx == 8192
    with torch.inference_mode():
        found, _ = network(TOKENS, network.empty_state())
        assert_close(found, model(TOKENS).logits, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["bart", "marian", "mbart", "pegasus"])
def test_half_of_a_translator_is_refused_in_plain_words(kind, tmp_path):
    write_foreign(tmp_path, kind)
    assert "do not go on with a text" in str(refused(tmp_path))


def test_what_transformers_fails_on_is_refused_in_plain_words(folder):
    change(folder / "config.json", hidden_act="nothing")
    assert "its parts do not fit together" in str(refused(folder))
    change(folder / "config.json", hidden_act="silu", rms_norm_eps="small")
    assert "rms_norm_eps" in str(refused(folder))
    change(folder / "config.json", rms_norm_eps=1e-6, intermediate_size=47)
    assert "the weight model.layers.0.mlp.down_proj.weight has another shape" in str(
        refused(folder)
    )
