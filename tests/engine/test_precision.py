import json
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.checkpoints.folder import Model, write_model
from writer.engine import precision as room
from writer.engine.engine import Engine
from writer.engine.loading import load_engine
from writer.engine.precision import adapt, cache_dtype, fastest, precisions
from writer.errors import WriterError
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request
from writer.transformer.config import GPTConfig

CPU = torch.device("cpu")
TOLERANCE = {Precision.INT8: 0.06, Precision.BF16: 0.06, Precision.FP32: 1e-5}
SHAPE = GPTConfig(vocab_size=384, n_embd=32, n_layer=2, n_head=2, n_ctx=64)


@pytest.mark.parametrize("precision", precisions(CPU))
@pytest.mark.parametrize("tied", [True, False])
def test_an_adapted_network_says_nearly_the_same(precision, tied):
    plain = random_network(tie_word_embeddings=tied)
    adapted = random_network(tie_word_embeddings=tied)
    adapt(adapted, precision, CPU)
    tokens = torch.arange(40)[None] * 7 % 384
    wanted = plain(tokens)[0].softmax(dim=-1)
    whole = adapted(tokens)[0].float().softmax(dim=-1)
    state = adapted.empty_state(cache_dtype(precision))
    onward = adapted(tokens, state)[0].float().softmax(dim=-1)
    for found in (whole, onward):
        assert (found - wanted).abs().sum(dim=-1).mean() < TOLERANCE[precision]


def test_full_precision_is_exact_to_1e_4_however_it_is_read():
    plain, adapted = random_network(), random_network()
    adapt(adapted, Precision.FP32, CPU)
    tokens = torch.arange(40)[None] * 7 % 384
    state = adapted.empty_state()
    for chunk in tokens.split((30, 1, 9), dim=1):
        logits, state = adapted(chunk, state)
    assert_close(logits, plain(tokens)[0][:, -9:], atol=1e-4, rtol=0)


@pytest.mark.parametrize("precision", precisions(CPU))
def test_adapting_part_by_part_is_adapting_the_whole(precision):
    parts, whole = random_network(), random_network()
    for block in parts.blocks:
        adapt(block, precision, CPU)
    adapt(parts, precision, CPU)
    adapt(whole, precision, CPU)
    tokens = torch.arange(40)[None]
    assert torch.equal(parts(tokens)[0], whole(tokens)[0])


def test_full_precision_weights_are_freed():
    network = random_network()
    before = sum(parameter.numel() for parameter in network.parameters())
    adapt(network, Precision.INT8, CPU)
    left = sum(parameter.numel() for parameter in network.parameters())
    # Positions and norms stay.
    assert left == 64 * 32 + 5 * 2 * 32 < before / 10


@pytest.mark.parametrize("precision", precisions(CPU))
def test_a_folder_is_loaded_in_the_precision_asked_for(precision, tmp_path):
    write_model(tmp_path / "m", random_network(), tiny_tokenizer(), torch.float32)
    engine = load_engine(tmp_path / "m", precision)
    assert engine.precision == precision
    network = random_network()
    adapt(network, precision, CPU)
    wanted = Engine(Model("m", network, tiny_tokenizer()), precision)
    request = Request(1, 9, PROSE[:90], "", Sampling(length=8), 3)
    found, same = list(engine.stream(request)), list(wanted.stream(request))
    assert [answer.candidates for answer in found] == [answer.candidates for answer in same]
    assert found[-1].identity.precision == precision.value


def test_a_precision_the_machine_lacks_is_refused_in_a_sentence(tmp_path, monkeypatch):
    write_model(tmp_path / "m", random_network(), tiny_tokenizer(), torch.float32)
    monkeypatch.setattr(room, "has_int8", lambda: False)
    with pytest.raises(WriterError, match="cannot work in int8"):
        load_engine(tmp_path / "m", Precision.INT8)


def test_logits_in_bf16_are_as_fine_as_they_are_large():
    network = random_network(tie_word_embeddings=False)
    network.head.weight.mul_(100)  # logits in the hundreds, as GPT-2 has them
    adapt(network, Precision.BF16, CPU)
    logits = network(torch.arange(30)[None])[0]
    assert logits.dtype == torch.float32
    assert (logits != logits.bfloat16()).any()


# What is fastest


def test_what_was_measured_is_remembered(tmp_path, monkeypatch):
    memory = tmp_path / "deep" / "precision.json"
    measured = []
    times = {Precision.INT8: 2.0, Precision.BF16: 1.0, Precision.FP32: 3.0}
    monkeypatch.setattr(room, "_step_seconds", lambda c, p, d: measured.append(p) or times[p])
    assert fastest(SHAPE, CPU, memory) == Precision.BF16
    count = len(measured)
    assert count == len(precisions(CPU))
    times[Precision.BF16] = 9.0
    assert fastest(SHAPE, CPU, memory) == Precision.BF16
    assert len(measured) == count
    # Another shape is another question.
    assert fastest(replace(SHAPE, n_layer=3), CPU, memory) != Precision.BF16
    assert len(json.loads(memory.read_text())) == 2


def test_what_a_device_cannot_do_is_left_out(monkeypatch):
    def measure(config, precision, device):
        if precision != Precision.FP32:
            raise RuntimeError("not implemented for this device")
        return 1.0

    monkeypatch.setattr(room, "_step_seconds", measure)
    assert fastest(SHAPE, CPU, None) == Precision.FP32
    monkeypatch.setattr(room, "precisions", lambda device: (Precision.BF16,))
    with pytest.raises(WriterError, match="cannot work"):
        fastest(SHAPE, CPU, None)


@pytest.mark.parametrize("said", ["", "[]", "{", '{"a": 1}', "\x00"])
def test_a_damaged_memory_is_measured_again(said, tmp_path):
    memory = tmp_path / "precision.json"
    memory.write_text(said)
    assert fastest(SHAPE, CPU, memory) in precisions(CPU)
    assert json.loads(memory.read_text())


def test_an_unwritable_memory_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    assert fastest(SHAPE, CPU, tmp_path / "file" / "precision.json") in precisions(CPU)
    assert fastest(SHAPE, CPU, None) in precisions(CPU)


def test_an_unknown_precision_in_the_memory_is_measured_again(tmp_path):
    memory = tmp_path / "precision.json"
    fastest(SHAPE, CPU, memory)
    memory.write_text(json.dumps(dict.fromkeys(json.loads(memory.read_text()), "int3")))
    assert fastest(SHAPE, CPU, memory) in precisions(CPU)
