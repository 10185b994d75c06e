"""Who answers: which model, in which numbers, on which machine."""

import os
import shutil

import pytest
import torch

from tests.checkpoints.tiny_models import random_network, tiny_tokenizer
from writer.checkpoints.folder import write_model
from writer.engine import fingerprint as fingerprints
from writer.engine.fingerprint import fingerprint
from writer.engine.loading import load_engine
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request


@pytest.fixture
def folder(tmp_path):
    write_model(tmp_path / "m", random_network(), tiny_tokenizer(), torch.float32)
    return tmp_path / "m"


def test_a_copy_under_another_name_is_the_same_model(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "other")
    (copy / "README.md").write_text("A card of its own.")
    one, other = (load_engine(path, Precision.FP32, threads=1) for path in (folder, copy))
    assert one.identity != other.identity
    assert one.identity.differences(other.identity) == ()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_any_file_of_a_small_model_tells(name, folder):
    before = fingerprint(folder)
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert fingerprint(folder) != before
    assert len(before) == len(fingerprint(folder)) == 64


def test_of_large_weights_both_ends_the_size_and_blocks_between_tell(folder, monkeypatch):
    monkeypatch.setattr(fingerprints, "_BUDGET", 1 << 10)
    monkeypatch.setattr(fingerprints, "_BLOCK", 64)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    found = {fingerprint(folder)}
    changes = [whole[:-1] + b"?", b"?" + whole[1:], whole + b"?", os.urandom(len(whole))]
    for content in changes:
        path.write_bytes(content)
        found.add(fingerprint(folder))
    assert len(found) == 1 + len(changes)


def test_what_cannot_be_read_has_no_fingerprint(tmp_path):
    (tmp_path / "one.gguf").write_bytes(b"1")
    (tmp_path / "two.gguf").write_bytes(b"2")
    assert fingerprint(tmp_path) == ""
    assert fingerprint(tmp_path / "one.gguf") != fingerprint(tmp_path / "two.gguf")


def test_every_answer_tells_with_what_it_was_made(folder):
    engine = load_engine(folder, Precision.FP32, threads=1)
    wanted = Request(1, 0, "The rain", "", Sampling(length=3), 1)
    one = [answer.identity for answer in engine.stream(wanted)]
    assert set(one) == {engine.identity}
    assert "1 thread," in one[0].machine
    assert torch.__version__ in one[0].machine
    engine.set_threads(2)
    try:
        other = [answer.identity for answer in engine.stream(wanted)]
    finally:
        engine.set_threads(1)
    assert one[0].differences(other[0]) == ("machine",)
    precise = load_engine(folder, Precision.BF16, threads=1)
    assert one[0].differences(precise.identity) == ("precision",)
