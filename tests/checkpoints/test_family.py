"""The long-context family on the disk: what is written is read, as the kind that it is."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from tests.checkpoints.tiny_models import change, random_network, refusal, tiny_tokenizer
from tests.transformer.family import FAMILY
from writer.checkpoints.folder import read_model, write_model
from writer.commands.model_conversion import convert
from writer.transformer.variants import KINDS as FAMILIES

KINDS = {
    **{name: kind for name, kind in FAMILY.items() if kind},
    "permutation": {"position_embedding": "relative", "objective": "permutation"},
    "masked": {"objective": "masked"},
}


@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS)
def test_what_is_written_is_read(config, tmp_path):
    network = random_network(**config)
    write_model(tmp_path, network, tiny_tokenizer(), torch.float32)
    found = read_model(tmp_path).network
    assert found.config == network.config
    tokens = torch.randint(384, (1, 40), generator=torch.Generator().manual_seed(1))
    if network.config.objective == "causal":
        assert_close(found.whole(tokens).features, network.whole(tokens).features, rtol=0, atol=0)
    for name, weight in network.state_dict().items():
        assert_close(found.state_dict()[name], weight, rtol=0, atol=0)
    said = json.loads((tmp_path / "config.json").read_text())
    assert {key: said[key] for key in config} == config


@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS)
def test_weights_are_not_taken_for_those_of_another_kind(config, tmp_path):
    write_model(tmp_path, random_network(**config), tiny_tokenizer())
    path = tmp_path / "config.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in said.items() if key not in config}))
    reason = str(refusal(read_model, tmp_path))
    key = next(each for each in FAMILIES if each in config)  # the first that is another
    assert key in reason
    assert str(config[key]) in reason


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [("reformer", "hash_buckets", 8), ("bigbird", "attention_seed", 2),
     ("rotary", "rotary_base", 9.0), ("interpolated", "n_ctx", 128),
     ("banded", "attention_window", 9)],
)  # fmt: skip
def test_a_size_that_weights_depend_on_cannot_be_changed(kind, key, value, tmp_path):
    write_model(tmp_path, random_network(**KINDS[kind]), tiny_tokenizer())
    change(
        tmp_path / "config.json", **{key: value, **({"n_positions": 128} if key == "n_ctx" else {})}
    )
    reason = str(refusal(read_model, tmp_path))
    assert f"{key} is {value}" in reason
    assert str({**KINDS[kind], "n_ctx": 64}[key]) in reason


@pytest.mark.parametrize("key", ["memory_length", "compressed_length", "segment_length"])
def test_a_memory_may_be_longer_than_it_was_in_training(key, tmp_path):
    write_model(tmp_path, random_network(**KINDS["compressive"]), tiny_tokenizer())
    change(tmp_path / "config.json", **{key: 32})
    assert getattr(read_model(tmp_path).network.config, key) == 32


def test_a_plain_model_stays_as_other_programs_read_it(tmp_path):
    write_model(tmp_path, random_network(), tiny_tokenizer())
    assert "attention" not in json.loads((tmp_path / "config.json").read_text())
    change(tmp_path / "config.json", **KINDS["longformer"])
    reason = str(refusal(read_model, tmp_path))
    assert "attention is longformer" in reason
    assert "dense" in reason


def test_a_weight_that_is_missing_is_named(tmp_path):
    write_model(tmp_path, random_network(**KINDS["recurrent"]), tiny_tokenizer())
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    gone = next(name for name in weights if "distances" in name)
    del weights[gone]
    note = {"writer.position_embedding": "relative", "writer.memory": "recurrent"}
    save_file(weights, path, metadata={"format": "pt", **note})
    assert gone in str(refusal(read_model, tmp_path))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"attention": "banded"}, ("attention_window is missing", "banded")),
        ({"memory": "recurrent", "segment_length": 8, "memory_length": 8},
         ("memory recurrent", "position_embedding relative", "learned")),
        ({"attention": "banded", "attention_window": 65}, ("attention_window", "65", "64")),
        ({"memory_length": 8}, ("memory_length is 8", "recurrent")),
        ({"attention": "quick"}, ("attention is 'quick'", "longformer")),
        ({"attention": ["dense"]}, ("attention", "dense")),
        ({"attention": "banded", "attention_window": "8"}, ("attention_window is '8'",)),
    ],
)  # fmt: skip
def test_bad_keys_are_refused_in_one_sentence_that_names_them(changes, says, tmp_path):
    write_model(tmp_path, random_network(), tiny_tokenizer())
    change(tmp_path / "config.json", **changes)
    reason = str(refusal(read_model, tmp_path))
    for each in says:
        assert each in reason


def test_a_conversion_keeps_the_kind(tmp_path):
    network = random_network(**KINDS["compressive"])
    write_model(tmp_path / "one", network, tiny_tokenizer())
    convert(tmp_path / "one", tmp_path / "two", torch.float32)
    assert read_model(tmp_path / "two").network.config == network.config
