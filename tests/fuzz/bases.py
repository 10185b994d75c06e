"""Small sound models of every kind that is read, as the bytes of their files."""

import io
import json
import tempfile
import warnings
from functools import cache
from pathlib import Path

import gguf
import torch
from safetensors.torch import load_file, save

from benchmarks.gguf_file import write_gguf
from tests.checkpoints.foreign_models import (
    foreign_model,
    pieces,
    write_foreign,
    write_foreign_gguf,
)
from tests.checkpoints.tiny_models import random_network, tiny_tokenizer
from writer.checkpoints.characters import CharacterTokenizer, learn_characters
from writer.checkpoints.folder import write_model
from writer.checkpoints.names import to_hugging_face

Files = dict[str, bytes]
_SIZES = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_ctx": 48}


@cache
def bases() -> dict[str, Files]:
    """Return the models, by kind; the first files of each are the most worth damaging."""
    network = random_network(vocab_size=384, **_SIZES)
    found = {}
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(name)
        write_model(root / "plain", network, tiny_tokenizer(), torch.float32)
        found["safetensors"] = _files(root / "plain")
        found["two vocabulary files"] = _in_parts(found["safetensors"])
        found["several files"] = _shared_out(root / "plain")
        found["half precision"] = _half(root / "half", network)
        found["characters"] = _characters(root / "characters")
        found["a pickle"] = _pickled(root / "zip", network, bare=False)
        found["an old pickle"] = _pickled(root / "bare", network, bare=True)
        for kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.Q8_0):
            path = root / f"{kind.name}.gguf"
            wide = random_network(vocab_size=384, **{**_SIZES, "n_embd": 32})
            write_gguf(path, wide, tiny_tokenizer(), kind)
            found[f"GGUF {kind.name}"] = {path.name: path.read_bytes()}
        found["pickles"] = _pickled_in_parts(found["a pickle"])
        found["words"] = _words(root / "words")
        found |= _others(root)
    return found


def _files(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _in_parts(files: Files) -> Files:
    model = json.loads(files["tokenizer.json"])["model"]
    merges = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
    kept = {name: data for name, data in files.items() if not name.startswith("tokenizer")}
    vocabulary = json.dumps(model["vocab"]).encode()
    return {**kept, "vocab.json": vocabulary, "merges.txt": "\n".join(merges).encode()}


def _shared_out(folder: Path) -> Files:
    files = _files(folder)
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    shares = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    where = {each: file for file, share in shares.items() for each in share}
    del files["model.safetensors"]
    files["model.safetensors.index.json"] = json.dumps({"weight_map": where}).encode()
    for file, share in shares.items():
        files[file] = save({each: weights[each] for each in share})
    return files


def _half(folder: Path, network: torch.nn.Module) -> Files:
    write_model(folder, network, tiny_tokenizer(), torch.float16)
    return _files(folder)


def _characters(folder: Path) -> Files:
    tokenizer = learn_characters(["雨停了，他走进屋子。屋里没有人。“有人吗？”他说。"], 384)
    write_model(folder, random_network(vocab_size=384, **_SIZES), tokenizer, torch.float32)
    return _files(folder)


def _pickled(folder: Path, network: torch.nn.Module, bare: bool) -> Files:
    write_model(folder, network, tiny_tokenizer(), torch.float32)
    (folder / "model.safetensors").unlink()
    weights = to_hugging_face(network.state_dict(), network.config)
    path = folder / "pytorch_model.bin"
    torch.save(weights, path, _use_new_zipfile_serialization=not bare)
    return _files(folder)


def _others(root: Path) -> dict[str, Files]:
    """Return small models that transformers runs, as folders and as a GGUF file."""
    write_foreign(root / "pieces", "llama", "pieces")
    write_foreign(root / "bytes", "qwen2", "bytes")
    path = root / "llama.gguf"
    size = len(pieces()["model"]["vocab"])
    write_foreign_gguf(path, foreign_model("llama", vocab_size=size), "llama")
    return {
        "a Llama": _files(root / "pieces"),
        "a Qwen": _files(root / "bytes"),
        "GGUF of a Llama": {path.name: path.read_bytes()},
    }


def _words(folder: Path) -> Files:
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = CharacterTokenizer([*marks, "他们", "走进", "屋子", "雨", "停", "了"], lowers=True)
    write_model(folder, random_network(vocab_size=16, **_SIZES), tokenizer, torch.float32)
    return _files(folder)


def _pickled_in_parts(files: Files) -> Files:
    weights = torch.load(io.BytesIO(files["pytorch_model.bin"]), weights_only=True)
    names = sorted(weights)
    found = {name: data for name, data in files.items() if not name.endswith(".bin")}
    where = {}
    for file, share in (("a.bin", names[::2]), ("b.bin", names[1::2])):
        written = io.BytesIO()
        torch.save({each: weights[each] for each in share}, written)
        found[file] = written.getvalue()
        where |= dict.fromkeys(share, file)
    found["pytorch_model.bin.index.json"] = json.dumps({"weight_map": where}).encode()
    return found
