import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from tests.checkpoints.foreign_models import (
    KINDS,
    SIZES,
    foreign_model,
    pieces,
    write_foreign,
    write_foreign_gguf,
)
from tests.checkpoints.tiny_models import PROSE, change, refusal, tiny_tokenizer
from writer.checkpoints import foreign
from writer.checkpoints.foreign import context_of, foreign_bytes, gguf_config, read_foreign
from writer.checkpoints.gguf_file import GGUFFile
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision

TOKENS = torch.tensor([[number * 37 % 370 + 5 for number in range(40)]])
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """A good model folder, to be damaged."""
    path = tmp_path / "a model"
    write_foreign(path)
    return path


def refused(path) -> WriterError:
    return refusal(read_foreign, path)


def assert_says_the_same(network, model):
    with torch.inference_mode():
        found, _ = network(TOKENS, network.empty_state())
        assert_close(found, model(TOKENS).logits, atol=1e-4, rtol=0)


# What is read


@pytest.mark.parametrize("kind", KINDS)
def test_what_transformers_writes_is_read(kind, tmp_path, capfd):
    model = write_foreign(tmp_path / "m", kind)
    shares = []
    found = read_foreign(tmp_path / "m", on_progress=shares.append)
    assert found.name == "m"
    assert_says_the_same(found.network, model)
    assert found.tokenizer.decode(found.tokenizer.encode(PROSE)) == PROSE
    assert found.tokenizer.end_id == 2
    assert found.network.n_ctx == 128
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_is_read_in_the_format_asked_for(dtype, tmp_path):
    write_foreign(tmp_path)
    assert {p.dtype for p in read_foreign(tmp_path, dtype).network.model.parameters()} == {dtype}


def test_several_files_are_read(tmp_path):
    model = foreign_model("llama")
    model.save_pretrained(tmp_path, max_shard_size="40KB")
    (tmp_path / "tokenizer.json").write_text(json.dumps(pieces()), encoding="utf-8")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert_says_the_same(read_foreign(tmp_path).network, model)


def test_pytorch_files_are_read(folder):
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert_says_the_same(read_foreign(folder).network, foreign_model("llama"))


def test_a_tied_head_is_read(tmp_path):
    model = write_foreign(tmp_path, tie_word_embeddings=True)
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    assert_says_the_same(read_foreign(tmp_path).network, model)


def test_a_byte_level_tokenizer_is_read(tmp_path):
    write_foreign(tmp_path, "qwen2", spelling="bytes", eos_token_id=[0, 7])
    found = read_foreign(tmp_path).tokenizer
    assert found.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert (found.end_id, found.opening) == (tiny_tokenizer().end_id, tiny_tokenizer().opening)
    assert 7 in found.special_ids


def test_gpt_2s_own_tokenizer_files_are_read(tmp_path):
    write_foreign(tmp_path, "opt", spelling="bytes")
    model = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    merges = "\n".join(" ".join(merge) for merge in model["merges"])
    (tmp_path / "merges.txt").write_text(merges, encoding="utf-8")
    found = read_foreign(tmp_path).tokenizer
    assert found.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert {1, 2} <= found.special_ids  # as config.json says


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_gguf_file_is_read(kind, tmp_path, capfd):
    size = len(pieces()["model"]["vocab"]) if kind == "llama" else 384
    model = foreign_model(kind, vocab_size=size, use_sliding_window=False)
    path = tmp_path / "tiny.gguf"
    write_foreign_gguf(path, model, kind)
    found = read_foreign(path)
    assert found.name == "tiny"
    assert_says_the_same(found.network, model)
    assert found.tokenizer.decode(found.tokenizer.encode(PROSE)) == PROSE
    assert found.tokenizer.opening[0] == (1 if kind == "llama" else tiny_tokenizer().end_id)
    config = gguf_config(GGUFFile(path).fields)
    assert (config["num_hidden_layers"], config["vocab_size"]) == (3, size)
    assert capfd.readouterr() == ("", "")


# What is not run, and not looked at


def test_code_in_the_folder_is_not_run(folder):
    marker = folder / "ran"
    code = f"open({str(marker)!r}, 'w').close()\nclass Config: pass\nclass Model: pass\n"
    (folder / "custom.py").write_text(code)
    own = {"AutoConfig": "custom.Config", "AutoModelForCausalLM": "custom.Model"}
    change(folder / "config.json", auto_map=own)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"auto_map": {"AutoTokenizer": ["custom.Model", "custom.Model"]}})
    )
    assert_says_the_same(read_foreign(folder).network, foreign_model("llama"))
    change(folder / "config.json", model_type="custom")
    assert "custom" in str(refused(folder))
    assert not marker.exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_link_that_leads_out_of_the_folder_is_refused(name, folder, tmp_path):
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    assert "leads out" in str(refused(folder))


def test_pickles_that_do_something_are_refused(folder):
    class Evil:
        def __reduce__(self):
            return os.system, ("touch " + str(folder / "ran"),)

    (folder / "model.safetensors").unlink()
    torch.save({"a": Evil()}, folder / "pytorch_model.bin")
    refused(folder)
    assert not (folder / "ran").exists()


CODE = """
import sys
def forbid(event, arguments):
    if event == "socket.__new__" and arguments[1] in (2, 10) or event == "socket.getaddrinfo":
        sys.exit("the network was asked")
sys.addaudithook(forbid)
from pathlib import Path
import writer.engine.foreign, writer.checkpoints.card
assert "transformers" not in sys.modules
from writer.checkpoints.foreign import read_foreign
print(read_foreign(Path(sys.argv[1])).network.n_ctx)
"""


def test_no_network_is_asked_and_transformers_comes_late(folder):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder)],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("128\n", "")


# What is refused


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_MISSING
    assert name in str(error)


def test_nothing_there_is_refused(tmp_path):
    assert refused(tmp_path / "none").kind is ErrorKind.MODEL_MISSING


def test_what_fails_in_our_own_code_is_not_put_down_to_the_model(folder, monkeypatch):
    def broken(*_):
        raise IndexError

    monkeypatch.setattr(foreign, "_check_report", broken)
    with pytest.raises(IndexError):
        read_foreign(folder)


def test_a_format_may_be_chosen_before_it_is_read(folder):
    seen = []

    def choose(config, n_ctx):
        seen.append((config.hidden_size, n_ctx))
        return torch.bfloat16

    assert {p.dtype for p in read_foreign(folder, choose).network.model.parameters()} == {
        torch.bfloat16
    }
    assert seen == [(32, 128)]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b"{}"])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_json_that_is_none_is_refused(data, name, folder):
    (folder / name).write_bytes(data)
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, -1])
def test_truncated_weights_are_refused(kept, folder):
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    assert refused(folder).kind is ErrorKind.MODEL_DAMAGED


def with_value(value):
    def poison(tensor):
        tensor.view(-1)[3] = value
        return tensor

    return poison


DAMAGES = {
    "missing": ("model.layers.1.mlp.up_proj.weight", lambda tensor: None),
    "no head": ("lm_head.weight", lambda tensor: None),
    "turned": ("model.layers.1.mlp.up_proj.weight", lambda tensor: tensor.T.contiguous()),
    "short": ("model.norm.weight", lambda tensor: tensor[:5].clone()),
    "three dimensions": ("model.embed_tokens.weight", lambda tensor: tensor[None].clone()),
    "no number": ("model.layers.0.mlp.up_proj.weight", with_value(float("nan"))),
    "endless": ("model.embed_tokens.weight", with_value(float("inf"))),
    "too large": ("model.norm.weight", lambda tensor: tensor.double() * 1e300),
    "whole numbers": ("model.layers.2.mlp.up_proj.weight", lambda tensor: tensor.to(torch.int8)),
}


@pytest.mark.parametrize(("name", "damage"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_weights_are_refused(name, damage, folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    found = damage(weights.pop(name))
    if found is not None:
        weights[name] = found
    # So that it is not for their number that they are refused.
    weights["more"] = torch.zeros(20_000)
    save_file(weights, path)
    error = refused(folder)
    assert error.kind is ErrorKind.MODEL_DAMAGED
    assert name.rsplit(".", 1)[0] in str(error)


def test_what_old_folders_hold_besides_is_passed_over(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["model.layers.0.self_attn.bias"] = torch.ones(1, 1, 8, 8).tril().bool()
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    save_file(weights, path)
    assert_says_the_same(read_foreign(folder).network, foreign_model("llama"))


def test_a_tokenizer_larger_than_the_network_is_refused(tmp_path):
    write_foreign(tmp_path, vocab_size=450)
    error = refused(tmp_path)
    assert "450" in str(error)
    assert str(len(pieces()["model"]["vocab"])) in str(error)


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/etc"}')
    assert "adapter" in str(refused(folder))


@pytest.mark.parametrize("kept", [0, 3, 30, 2000, 0.5, -1])
def test_a_truncated_gguf_file_is_refused(kept, tmp_path):
    path = tmp_path / "tiny.gguf"
    size = len(pieces()["model"]["vocab"])
    write_foreign_gguf(path, foreign_model("llama", vocab_size=size), "llama")
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    assert refused(path).kind is ErrorKind.MODEL_DAMAGED


def test_a_gguf_file_whose_words_do_not_fit_together_is_refused(tmp_path):
    path = tmp_path / "tiny.gguf"
    write_foreign_gguf(path, foreign_model("qwen2", vocab_size=384), "qwen2")
    data = path.read_bytes()
    path.write_bytes(data.replace("Ġthe".encode(), b"Qqqqq", 1))
    assert "tokenizer" in str(refused(path))


# What it takes


def test_memory_is_told_from_the_headers():
    config = {**SIZES, "max_position_embeddings": 4096}
    few, many = (foreign_bytes(config, n, Precision.BF16) for n in (10**9, 2 * 10**9))
    assert many - few == 2 * 10**9
    assert foreign_bytes(config, 10**9, Precision.FP32) > 4 * 10**9
    assert 2 * 10**9 < foreign_bytes(config, 10**9, Precision.INT8) < 3 * 10**9
    wide = {"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32}
    keys = foreign_bytes({**wide, "max_position_embeddings": 8192}, 0, Precision.BF16)
    assert keys > 2 * 32 * 4096 * 2 * 8192  # 4 GiB
    grouped = {**wide, "num_key_value_heads": 8, "max_position_embeddings": 8192}
    assert foreign_bytes(grouped, 0, Precision.BF16) < keys / 2


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"max_position_embeddings": 2048}, 2048),
        ({"n_positions": 512}, 512),
        ({"max_position_embeddings": 131072}, 8192),
        ({"text_config": {"max_position_embeddings": 1024}}, 1024),
        ({"max_position_embeddings": "many"}, 2048),
        ({"max_position_embeddings": -3}, 2048),
        ({}, 2048),
        (
            {
                "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
                "rope_scaling": {"type": "longrope"},
            },
            4096,
        ),
    ],
)  # fmt: skip
def test_how_much_is_read_at_once(config, wanted):
    assert context_of(config) == wanted
