"""Every way in which a GPT-2 may lie on a disk, made by transformers or gguf themselves."""

import json
import shutil
import zipfile
from pathlib import Path

import gguf
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from benchmarks.gguf_file import write_gguf
from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.checkpoints.folder import model_kind, read_model, read_shape, write_model
from writer.errors import ErrorKind, WriterError
from writer.transformer.activations import ACTIVATIONS

TOKENS = torch.tensor([tiny_tokenizer().encode(PROSE)[:48]])


def their_model(transformers, seed=5, **config):
    """A GPT-2 of transformers' own in which every parameter tells."""
    torch.manual_seed(seed)
    sizes = {"vocab_size": 384, "n_positions": 64, "n_embd": 32, "n_layer": 3, "n_head": 2}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**{**sizes, **config})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(0, 0.25)
            if "ln_" in name and name.endswith("weight"):
                parameter.add_(1)
    return model


def assert_agrees(path: Path, theirs) -> None:
    with torch.inference_mode():
        wanted = theirs(TOKENS).logits.float()
        assert_close(read_model(path).network(TOKENS)[0], wanted, atol=1e-4, rtol=0)


def refusal(path: Path) -> WriterError:
    with pytest.raises(WriterError) as caught:
        read_model(path)
    return caught.value


OPTIONS = {
    "plain": {},
    "narrow": {"n_inner": 40},
    "untied": {"tie_word_embeddings": False},
    "untied and scaled by layer": {
        "tie_word_embeddings": False,
        "scale_attn_by_inverse_layer_idx": True,
    },
    "unscaled": {"scale_attn_weights": False},
    "reordered": {"reorder_and_upcast_attn": True, "attn_implementation": "eager"},
    "another epsilon": {"layer_norm_epsilon": 1e-3},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_option_of_the_config_means_the_same(options, transformers, tmp_path):
    theirs = their_model(transformers, **options)
    theirs.save_pretrained(tmp_path)
    tiny_tokenizer().write(tmp_path, 64)
    assert_agrees(tmp_path, theirs)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_means_the_same(name, transformers, tmp_path):
    theirs = their_model(transformers, activation_function=name, n_layer=1)
    theirs.save_pretrained(tmp_path)
    tiny_tokenizer().write(tmp_path, 64)
    assert_agrees(tmp_path, theirs)


def test_no_activation_is_left_out_but_those_with_weights(transformers):
    from transformers.activations import ACT2FN

    assert set(ACT2FN) - set(ACTIVATIONS) == {"prelu", "xielu"}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_every_number_format_of_weights_is_read(dtype, transformers, tmp_path):
    theirs = their_model(transformers).to(dtype)
    theirs.save_pretrained(tmp_path)
    tiny_tokenizer().write(tmp_path, 64)
    assert_agrees(tmp_path, theirs.float())


# Files of weights


def test_weights_in_several_files_are_one_model(transformers, tmp_path):
    theirs = their_model(transformers)
    theirs.save_pretrained(tmp_path, max_shard_size="40KB")
    tiny_tokenizer().write(tmp_path, 64)
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    assert not (tmp_path / "model.safetensors").exists()
    assert_agrees(tmp_path, theirs)


def pickle(theirs, folder, bare=False, **more):
    theirs.config.save_pretrained(folder)
    tiny_tokenizer().write(folder, 64)
    weights = {**theirs.state_dict(), **more}
    weights.pop("lm_head.weight")
    path = folder / "pytorch_model.bin"
    torch.save(weights, path, _use_new_zipfile_serialization=not bare)
    return path


@pytest.mark.parametrize("bare", [False, True], ids=["zip", "bare"])
def test_what_torch_saved_is_read_without_being_run(bare, transformers, tmp_path):
    theirs = their_model(transformers)
    masks = {"transformer.h.0.attn.bias": torch.ones(1, 1, 64, 64).tril().to(torch.uint8)}
    pickle(theirs, tmp_path, bare, **masks)
    assert_agrees(tmp_path, theirs)


def test_what_torch_saved_in_several_files_is_read(transformers, tmp_path):
    theirs = their_model(transformers)
    path = pickle(theirs, tmp_path)
    weights = torch.load(path, weights_only=True)
    path.unlink()
    names = sorted(weights)
    shares = {"a.bin": names[::2], "b.bin": names[1::2]}
    for name, share in shares.items():
        torch.save({each: weights[each] for each in share}, tmp_path / name)
    where = {each: name for name, share in shares.items() for each in share}
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))
    assert_agrees(tmp_path, theirs)


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def grown(_):
    return bytearray, (1 << 40,)


@pytest.mark.parametrize("bare", [False, True], ids=["zip", "bare"])
def test_a_pickle_that_is_more_than_weights_is_not_run(bare, transformers, tmp_path):
    folder, touched = tmp_path / "m", tmp_path / "touched"
    folder.mkdir()
    pickle(their_model(transformers), folder, bare, extra=Hostile(touched))
    assert refusal(folder).kind is ErrorKind.MODEL_DAMAGED
    assert not touched.exists()


def test_a_pickle_that_asks_for_memory_is_not_run(transformers, tmp_path):
    huge = type("Huge", (), {"__reduce__": grown})()
    pickle(their_model(transformers), tmp_path, extra=huge)
    assert "more than weights" in str(refusal(tmp_path))


def test_compressed_weights_are_refused(transformers, tmp_path):
    path = pickle(their_model(transformers), tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert "compressed" in str(refusal(tmp_path))


def test_a_storage_said_to_be_larger_than_the_file_is_refused(transformers, tmp_path):
    path = pickle(their_model(transformers), tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    numel = (384 * 32).to_bytes(2, "little")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            if name.endswith("data.pkl"):
                assert b"M" + numel in data
                data = data.replace(b"M" + numel, b"J" + (1 << 30).to_bytes(4, "little"))
            archive.writestr(name, data)
    assert refusal(tmp_path).kind is ErrorKind.MODEL_DAMAGED


# GGUF

EXACT = gguf.GGMLQuantizationType.F32
ROUNDED = [gguf.GGMLQuantizationType[n] for n in ("F16", "BF16", "Q8_0", "Q5_1", "Q4_0")]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("in_folder", [True, False])
def test_a_gguf_file_is_the_same_model(tied, in_folder, tmp_path):
    network = random_network(tie_word_embeddings=tied, n_inner=64)
    path = tmp_path / "novel.gguf"
    write_gguf(path, network, tiny_tokenizer())
    found = read_model(tmp_path if in_folder else path)
    assert found.name == (tmp_path.name if in_folder else "novel")
    assert found.network.config == network.config
    assert found.tokenizer.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert found.tokenizer.end_id == tiny_tokenizer().end_id
    assert found.tokenizer.special_ids == tiny_tokenizer().special_ids
    with torch.inference_mode():
        assert_close(found.network(TOKENS)[0], network(TOKENS)[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ROUNDED, ids=lambda kind: kind.name)
def test_a_rounded_gguf_file_says_nearly_the_same(kind, tmp_path):
    network = random_network(n_embd=64)
    write_gguf(tmp_path / "m.gguf", network, tiny_tokenizer(), kind)
    found = read_model(tmp_path / "m.gguf").network
    bits = {"F16": 10, "BF16": 8, "Q8_0": 7, "Q5_1": 4, "Q4_0": 3}[kind.name]
    for name, tensor in found.state_dict().items():
        wanted = network.state_dict()[name]
        step = wanted.abs().max().item() * 2.0**-bits
        assert_close(tensor, wanted, atol=step * 1.1, rtol=0)


def test_of_several_gguf_files_one_has_to_be_chosen(tmp_path):
    for name in ("a.gguf", "b.gguf"):
        write_gguf(tmp_path / name, random_network(), tiny_tokenizer())
    error = refusal(tmp_path)
    assert error.kind is ErrorKind.MODEL_MISSING
    assert "several" in str(error)
    assert read_model(tmp_path / "b.gguf").name == "b"


def test_a_gguf_file_of_another_kind_is_told_apart(tmp_path):
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert model_kind(path) == "llama"
    assert "llama" in str(refusal(path))


@pytest.mark.parametrize("kept", [0, 3, 20, 24, 100, 0.05, 0.5, -1])
def test_a_truncated_gguf_file_is_refused(kept, tmp_path):
    path = tmp_path / "m.gguf"
    write_gguf(path, random_network(), tiny_tokenizer())
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    assert refusal(path).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize("where", [8, 16])
def test_counts_that_the_file_does_not_hold_are_not_believed(where, tmp_path):
    path = tmp_path / "m.gguf"
    write_gguf(path, random_network(), tiny_tokenizer())
    data = bytearray(path.read_bytes())
    data[where : where + 8] = (1 << 60).to_bytes(8, "little")
    path.write_bytes(data)
    assert "its header speaks of more" in str(refusal(path))


# Where files may be


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "m"
    write_model(path, random_network(), tiny_tokenizer(), torch.float32)
    return path


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_link_out_of_the_folder_is_not_followed(name, folder, tmp_path):
    shutil.move(folder / name, tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    error = refusal(folder)
    assert error.kind is ErrorKind.MODEL_DAMAGED
    assert "out of the folder" in str(error)


@pytest.mark.parametrize("name", ["../elsewhere.safetensors", "/etc/passwd", "", "a/b", ".."])
def test_an_index_names_files_of_the_folder_only(name, folder, tmp_path):
    shutil.move(folder / "model.safetensors", tmp_path / "elsewhere.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"transformer.wte.weight": name}}))
    assert refusal(folder).kind is ErrorKind.MODEL_DAMAGED


def test_a_snapshot_of_the_hugging_face_cache_is_read(folder, tmp_path):
    repository = tmp_path / "models--someone--a-novel"
    snapshot, blobs = repository / "snapshots" / "0123abc", repository / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, path in enumerate(sorted(folder.iterdir())):
        shutil.copy(path, blobs / str(number))
        (snapshot / path.name).symlink_to(Path("../../blobs") / str(number))
    assert read_model(snapshot).name == "someone/a-novel"
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to(folder / "config.json")
    assert "out of the folder" in str(refusal(snapshot))


def test_a_link_to_a_model_folder_is_the_folder(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert read_model(tmp_path / "link").name == "link"


@pytest.mark.parametrize("format_", [torch.int8, torch.int64, torch.float8_e4m3fn, torch.bool])
def test_weights_that_are_no_floating_numbers_are_refused(format_, folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["transformer.ln_f.bias"] = torch.zeros(32).to(format_)
    save_file(weights, path)
    assert "is stored as" in str(refusal(folder))


def test_a_config_that_says_something_twice_is_refused(folder):
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"n_embd": 32', '"n_embd": 32, "n_embd": 64'))
    assert "twice" in str(refusal(folder))


def test_a_weight_in_two_files_is_refused(folder):
    shutil.copy(folder / "model.safetensors", folder / "a.safetensors")
    shutil.move(folder / "model.safetensors", folder / "b.safetensors")
    where = {"x": "a.safetensors", "y": "b.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    assert "two files" in str(refusal(folder))


def test_reading_tells_how_far_it_is_and_can_be_left(folder):
    seen = []
    read_model(folder, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[0] == 0

    class Left(Exception):
        pass

    def leave(share):
        raise Left

    with pytest.raises(Left):
        read_model(folder, on_progress=leave)


def test_the_shape_is_known_without_the_weights(folder):
    (folder / "model.safetensors").unlink()
    assert read_shape(folder).n_embd == 32


# What a sceptic has tried


def test_a_file_larger_than_the_memory_is_looked_at_all_the_same(folder):
    path = folder / "model.safetensors"
    weights = {"transformer.wte.weight": [2**20, 2**14], "transformer.wpe.weight": [64, 2**14]}
    header, end = {}, 0
    for name, shape in weights.items():
        start, end = end, end + 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    data = json.dumps(header).encode()
    path.write_bytes(len(data).to_bytes(8, "little") + data)
    with path.open("r+b") as file:
        file.truncate(8 + len(data) + end)  # 69 GB of nothing
    config = json.loads((folder / "config.json").read_text())
    sizes = {"vocab_size": 2**20, "n_embd": 2**14, "n_layer": 1}
    (folder / "config.json").write_text(json.dumps({**config, **sizes}))
    assert "is missing" in str(refusal(folder))


def test_a_header_larger_than_any_is_not_read(folder):
    path = folder / "model.safetensors"
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = {"x": "x" * (20 << 20)}
    body = json.dumps(header).encode()
    path.write_bytes(len(body).to_bytes(8, "little") + body + data[8 + size :])
    assert "header" in str(refusal(folder))


def test_a_config_larger_than_any_is_not_read(folder):
    path = folder / "config.json"
    path.write_text(path.read_text().replace("{", '{"x": [' + "[]," * 400_000 + "[]],", 1))
    assert "larger than any" in str(refusal(folder))


def test_links_that_lead_round_in_a_circle_are_no_model(tmp_path):
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert refusal(tmp_path / "round").kind is ErrorKind.MODEL_MISSING


def test_a_zip_file_with_two_directories_is_refused(transformers, tmp_path):
    path = pickle(their_model(transformers), tmp_path)
    path.write_bytes(b"something in front" + path.read_bytes())
    assert zipfile.is_zipfile(path)  # Python goes by where the directory is, torch by what is said
    assert refusal(tmp_path).kind is ErrorKind.MODEL_DAMAGED


@pytest.mark.parametrize("bare", [False, True], ids=["zip", "bare"])
def test_weights_that_are_one_number_over_and_over_are_refused(bare, transformers, tmp_path):
    model = their_model(transformers)
    path = pickle(model, tmp_path, bare)
    weights = torch.load(path, weights_only=True)
    weights["transformer.wte.weight"] = torch.zeros(1).expand(384, 32)
    torch.save(weights, path, _use_new_zipfile_serialization=not bare)
    assert "not stored plainly" in str(refusal(tmp_path))


def test_weights_are_found_behind_what_training_programs_put_in_front(transformers, tmp_path):
    theirs = their_model(transformers)
    path = pickle(theirs, tmp_path)
    weights = torch.load(path, weights_only=True)
    named = {f"module.{name}": tensor for name, tensor in weights.items()}
    torch.save({"epoch": 3, "state_dict": named}, path)
    assert_agrees(tmp_path, theirs)
