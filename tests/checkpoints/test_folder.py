import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from tests.checkpoints.tiny_models import (
    PROSE,
    change,
    random_network,
    refusal,
    tiny_model,
    tiny_tokenizer,
)
from writer.checkpoints.config_file import read_config
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.folder import read_model, write_model
from writer.errors import ErrorKind, WriterError

SHAPES = {
    "plain": {},
    "untied": {"tie_word_embeddings": False},
    "odd": {"n_inner": 24, "activation_function": "relu", "scale_attn_weights": False},
    "scores by layer": {"scale_attn_by_inverse_layer_idx": True, "layer_norm_epsilon": 1e-3},
}


@pytest.fixture
def folder(tmp_path):
    """A good model folder, to be damaged."""
    path = tmp_path / "a model"
    write_model(path, random_network(), tiny_tokenizer(), torch.float32)
    return path


@pytest.fixture
def offline(monkeypatch, transformers):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return transformers


def refused(path) -> WriterError:
    return refusal(read_model, path)


# What is written


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_written_folder_reads_as_it_was(config, dtype, tmp_path):
    network = random_network(**config)
    write_model(tmp_path / "m", network, tiny_tokenizer(), dtype)
    model = read_model(tmp_path / "m")
    assert (model.name, model.network.config) == ("m", network.config)
    assert model.tokenizer.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert not model.network.training
    for name, tensor in model.network.state_dict().items():
        assert_close(tensor, network.state_dict()[name].to(dtype).float(), atol=0, rtol=0)


def test_a_tied_head_is_one_matrix(folder):
    network = read_model(folder).network
    assert network.head.weight is network.tokens.weight


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_hugging_face_reads_what_is_written(config, tmp_path, offline):
    model = tiny_model(**config)
    write_model(tmp_path, model.network, model.tokenizer, torch.float32)
    theirs = offline.GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    their_tokenizer = offline.AutoTokenizer.from_pretrained(tmp_path)
    ids = model.tokenizer.encode(PROSE)
    assert their_tokenizer(PROSE)["input_ids"] == ids
    assert their_tokenizer.decode(ids) == PROSE
    assert their_tokenizer.eos_token_id == model.tokenizer.end_id
    tokens = torch.tensor([ids[:60]])
    with torch.inference_mode():
        wanted = theirs(tokens).logits
        assert wanted.dtype == torch.float32
        assert_close(model.network(tokens)[0], wanted, atol=1e-4, rtol=0)


# What Hugging Face writes


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_what_hugging_face_writes_is_read(tied, dtype, tmp_path, offline):
    torch.manual_seed(3)
    config = offline.GPT2Config(
        vocab_size=390, n_positions=48, n_embd=24, n_layer=2, n_head=3, tie_word_embeddings=tied
    )
    theirs = offline.GPT2LMHeadModel(config).eval().to(dtype)
    theirs.save_pretrained(tmp_path)
    tiny_tokenizer().write(tmp_path, 64)
    ours = read_model(tmp_path).network
    tokens = torch.randint(390, (2, 48))
    with torch.inference_mode():
        assert_close(ours(tokens)[0], theirs.float()(tokens).logits, atol=1e-4, rtol=0)


def test_a_body_without_a_head_is_read(tmp_path, offline):
    config = offline.GPT2Config(vocab_size=384, n_positions=32, n_embd=24, n_layer=2, n_head=2)
    theirs = offline.GPT2LMHeadModel(config).eval()
    theirs.transformer.save_pretrained(tmp_path)
    assert "wte.weight" in load_file(tmp_path / "model.safetensors")
    tiny_tokenizer().write(tmp_path, 64)
    tokens = torch.arange(20)[None]
    with torch.inference_mode():
        wanted = theirs(tokens).logits
        assert_close(read_model(tmp_path).network(tokens)[0], wanted, atol=1e-4, rtol=0)


def test_what_old_folders_hold_besides_is_passed_over(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["transformer.h.0.attn.bias"] = torch.ones(1, 1, 64, 64).tril().bool()
    weights["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    weights["lm_head.weight"] = weights["transformer.wte.weight"].clone()
    save_file(weights, path)
    change(folder / "config.json", resid_pdrop=0.1, task_specific_params={"a": {"b": 1}})
    assert torch.equal(read_model(folder).network.norm.bias, random_network().norm.bias)


def test_a_config_that_says_little_means_gpt2_small(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "gpt2"}')
    config = read_config(ModelFiles(tmp_path))
    assert (config.n_embd, config.n_layer, config.n_head, config.n_ctx) == (768, 12, 12, 1024)
    path.write_text('{"model_type": "gpt2", "n_ctx": 512}')
    assert read_config(ModelFiles(tmp_path)).n_ctx == 512
    path.write_text('{"model_type": "gpt2", "n_ctx": 512, "n_positions": 2048}')
    assert read_config(ModelFiles(tmp_path)).n_ctx == 2048


# What is damaged


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("instead", ["nothing", "folder"])
def test_a_missing_file_is_named(name, instead, folder):
    (folder / name).unlink()
    if instead == "folder":
        (folder / name).mkdir()
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_MISSING
    assert name in str(error)


def test_a_missing_folder_is_named(tmp_path):
    assert refused(tmp_path / "none").kind is ErrorKind.MODEL_MISSING
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file").kind is ErrorKind.MODEL_MISSING
    refused(tmp_path / ("long" * 200))


BAD_CONFIGS = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"model_type": "gpt2\xff"}',
    "UTF-16": '{"model_type": "gpt2"}'.encode("utf-16"),
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "endless brackets": b"[" * 100_000,
    "endless digits": b'{"model_type": "gpt2", "n_embd": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("data", BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_config_that_is_none_is_refused(data, folder):
    (folder / "config.json").write_bytes(data)
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_DAMAGED
    assert "config.json" in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model_type", "llama"),
        ("model_type", None),
        *((size, value) for size in ("n_embd", "n_layer", "n_head", "n_positions", "vocab_size")
          for value in (0, -1, 1.5, "32", None, True, [32], 10**12, 10**400)),
        ("n_embd", 33), ("n_embd", 64), ("n_embd", 2**20), ("n_head", 5),
        ("n_layer", 3), ("n_layer", 2**20), ("n_positions", 128), ("vocab_size", 2**20),
        ("vocab_size", 300), ("vocab_size", 385), ("n_inner", 64), ("n_inner", "wide"),
        ("n_inner", 0), ("activation_function", "softmax"), ("activation_function", ["relu"]),
        ("activation_function", None), ("layer_norm_epsilon", "small"),
        ("layer_norm_epsilon", -1e-5), ("layer_norm_epsilon", float("nan")),
        ("scale_attn_weights", "yes"), ("tie_word_embeddings", None),
        ("tie_word_embeddings", False),
    ],
)  # fmt: skip
def test_a_config_that_does_not_fit_is_refused(name, value, folder):
    change(folder / "config.json", **{name: value})
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, -1])
def test_truncated_weights_are_refused(kept, folder):
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize(
    "data", [b"\xff" * 64, b"PK\x03\x04" + b"\0" * 99, b"\x02" + b"\0" * 7 + b"{}"]
)
def test_weights_that_are_none_are_refused(data, folder):
    (folder / "model.safetensors").write_bytes(data)
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


def damaged_weights():
    def drop(name):
        return lambda weights: weights.pop(name)

    def put(name, make):
        return lambda weights: weights.update({name: make(weights[name])})

    def poison(value):
        def fill(tensor):
            tensor = tensor.clone()
            tensor.view(-1)[5] = value
            return tensor

        return fill

    block = "transformer.h.1"
    yield "no embedding", drop("transformer.wte.weight")
    yield "no norm", drop("transformer.ln_f.bias")
    yield "no layer norm", drop(f"{block}.ln_1.weight")
    yield "no attention", drop(f"{block}.attn.c_attn.weight")
    yield "attention turned", put(f"{block}.attn.c_attn.weight", lambda t: t.T.contiguous())
    yield "attention a number", put(f"{block}.attn.c_attn.bias", lambda t: torch.tensor(1.0))
    yield "attention of none", put(f"{block}.attn.c_attn.weight", lambda t: t[:0])
    yield "attention cut", put(f"{block}.attn.c_attn.weight", lambda t: t[:, :95].contiguous())
    yield "feed-forward turned", put(f"{block}.mlp.c_fc.weight", lambda t: t.T.contiguous())
    yield "a wide norm", put(f"{block}.ln_2.bias", lambda t: torch.zeros(33))
    yield "three dimensions", put(f"{block}.mlp.c_proj.weight", lambda t: t[None])
    yield "short positions", put("transformer.wpe.weight", lambda t: t[:10].contiguous())
    yield "not a number", put(f"{block}.mlp.c_fc.bias", poison(float("nan")))
    yield "endless", put("transformer.wte.weight", poison(float("inf")))
    yield "too large for fp32", put("transformer.ln_f.bias", lambda t: t.double() * 1e300)
    yield "all gone", lambda weights: weights.clear()


@pytest.mark.parametrize("damage", [d for _, d in damaged_weights()], ids=dict(damaged_weights()))
def test_damaged_weights_are_refused(damage, folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    damage(weights)
    save_file(weights, path)
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"model": {"type": "BPE"}}', b"null"]
)
def test_a_damaged_tokenizer_is_refused(data, folder):
    (folder / "tokenizer.json").write_bytes(data)
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_DAMAGED
    assert "tokenizer" in str(error)


def test_a_tokenizer_of_words_is_refused(folder):
    words = {"type": "WordLevel", "vocab": {"the": 0, "rain": 1}, "unk_token": "the"}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": words}))
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


def test_a_tokenizer_larger_than_the_network_is_refused(folder):
    tiny_tokenizer(400).write(folder, 64)
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_DAMAGED
    assert "400" in str(error)
    assert "384" in str(error)


def test_a_folder_that_was_mended_is_read_again(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    (folder / "config.json").write_text("{")
    refused(folder)
    shutil.copy(tmp_path / "copy" / "config.json", folder)
    assert read_model(folder).name == "a model"
