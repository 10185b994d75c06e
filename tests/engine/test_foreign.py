"""The engine over a model of another kind: candidates, begun words, edits, number formats."""

import json
import random
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from tests.checkpoints.foreign_models import KINDS, foreign_model, pieces, write_foreign
from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.checkpoints.folder import write_model
from writer.checkpoints.pieces import tokenizer_of
from writer.engine import foreign
from writer.engine.engine import Engine
from writer.engine.foreign import load_foreign
from writer.engine.precision import cache_dtype, precisions
from writer.engine.prefix import Prefixes
from writer.engine.quantized import Int8Linear
from writer.errors import ErrorKind, WriterError
from writer.settings import Precision, Sampling
from writer.suggestion.request import Answer, Request

SHORT = Sampling(length=10)
GREEDY = replace(SHORT, temperature=0, repetition_penalty=1.0)
CPU = torch.device("cpu")
needs_int8 = pytest.mark.skipif(Precision.INT8 not in precisions(CPU), reason="no 8-bit products")


def request(before: str = "", sampling: Sampling = SHORT, seed: int = 7):
    return Request(3, len(before), before, "", sampling, seed)


def texts(answer: Answer) -> list[str]:
    return [candidate.text for candidate in answer.candidates]


def last(engine: Engine, wanted: Request) -> Answer:
    *_, answer = engine.stream(wanted)
    return answer


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The folder of a model that has learned a page by heart, its spaces spelled “▁”."""
    torch.manual_seed(0)
    tokenizer = tokenizer_of(pieces(), 600, [2])
    model = foreign_model("llama", hidden_size=64, intermediate_size=128).train()
    model.apply(model._init_weights)
    model.requires_grad_(True)
    page = torch.tensor([*tokenizer.opening, *tokenizer.encode(PROSE * 2)])
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(150):
        starts = [0, *torch.randint(len(page) - 65, (5,)).tolist()]
        windows = torch.stack([page[start : start + 65] for start in starts])
        logits = model(windows[:, :-1]).logits
        F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
    folder = tmp_path_factory.mktemp("models") / "taught"
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(pieces()), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def engine(taught):
    return load_foreign(taught, Precision.FP32)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("", "The rain had not"),
        ("T", "he rain had not"),
        ("The rain had not s", "topped since noon."),
        ("stood at the window and counted the lam", "ps."),
        ("The rain had", " not stopped since noon."),
        ("The rain had ", "not stopped since noon."),
        ("The old house smelled of tea, of c", "oal, and of the sea."),
        ("雨停了，他走", "进屋子。"),
        ("He said “naïve café.", " 🙂🙂"),
    ],
)
def test_it_says_what_the_model_has_learned(before, wanted, engine):
    assert texts(last(engine, request(before, replace(GREEDY, length=24))))[0].startswith(wanted)


def test_a_character_said_in_parts_is_gone_on_with(engine):
    before = PROSE[: PROSE.index("🙂") + 1]
    assert texts(last(engine, request(before, GREEDY)))[0].startswith("🙂")


@pytest.mark.parametrize(
    "before", ["", "x", PROSE, PROSE * 6, "雨停了", "🙂", "\n\n", "a\ud83d<s>"]
)
def test_every_answer_is_sound(before, engine):
    sampling = replace(SHORT, candidates=5)
    answers = list(engine.stream(request(before, sampling)))
    assert [answer.done for answer in answers] == [False] * (len(answers) - 1) + [True]
    for answer in answers:
        said = [text.strip() for text in texts(answer)]
        assert len(set(said)) == len(said) <= 5
        assert not any(mark in text for text in said for mark in ("\ufffd", "▁", "<s>", "</s>"))
        assert 1 <= answer.tokens_read <= 127
        assert answer.characters_read <= len(before)


def test_the_same_seed_says_the_same_and_another_something_else(taught, engine):
    sampling = replace(SHORT, temperature=2.0, candidates=4)
    wanted = request(PROSE, sampling)
    cold = load_foreign(taught, Precision.FP32)
    assert texts(last(engine, wanted)) == texts(last(cold, wanted))
    assert texts(last(engine, request(PROSE, sampling, seed=8))) != texts(last(engine, wanted))


@pytest.mark.parametrize("edited", [PROSE[:200], PROSE[:200] + "The", PROSE[50:], PROSE + " She"])
def test_after_an_edit_it_says_what_it_would_say_cold(edited, taught, engine):
    last(engine, request(PROSE))
    cold = load_foreign(taught, Precision.FP32)
    assert texts(last(engine, request(edited))) == texts(last(cold, request(edited)))


@pytest.mark.parametrize("left_after", [1, 2, 5])
def test_left_between_any_two_answers_it_stays_right(left_after, taught, engine):
    stream = engine.stream(request(PROSE))
    for _, _ in zip(range(left_after), stream, strict=False):
        pass
    stream.close()
    wanted = request(PROSE + "The")
    cold = load_foreign(taught, Precision.FP32)
    assert texts(last(engine, wanted)) == texts(last(cold, wanted))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers(kind, tmp_path):
    write_foreign(tmp_path, kind)
    engine = load_foreign(tmp_path, Precision.FP32)
    assert (engine.n_ctx, engine.precision) == (128, Precision.FP32)
    for before in ("", "The rain had not stop", PROSE * 2):
        assert last(engine, request(before, replace(SHORT, candidates=3))).done


@pytest.mark.parametrize("precision", precisions(CPU))
@pytest.mark.parametrize("kind", ["llama", "mistral", "gemma2", "mixtral", "gpt_neo", "bloom"])
def test_no_history_changes_a_bit(kind, precision, tmp_path):
    write_foreign(tmp_path, kind, max_position_embeddings=512)
    engine = load_foreign(tmp_path, precision, CPU)
    network, chance, pages = engine._network, random.Random(6), PROSE * 6
    text = pages[:500]
    for seed in range(6):
        for _ in range(4):
            end = chance.choice([len(text), chance.randrange(len(text))])
            place = chance.randrange(len(pages) - 40)
            text = text[:end] + pages[place : place + chance.randrange(1, 40)]
            stream = engine.stream(request(text, SHORT, seed))
            for _, _ in zip(range(chance.choice([1, 3, 99])), stream, strict=False):
                pass
            stream.close()
        wanted = request(text, SHORT, seed)
        found, kept = last(engine, wanted), engine._prefixes
        engine._prefixes = Prefixes(network, cache_dtype(engine.precision))
        assert last(engine, wanted) == found
        engine._prefixes = kept


# Number formats


@pytest.mark.parametrize("precision", precisions(CPU))
def test_it_works_in_every_format(precision, taught):
    engine = load_foreign(taught, precision, CPU)
    assert engine.precision == precision
    found = texts(last(engine, request("The rain had not s", GREEDY)))[0]
    assert found == "topped since noon."


def test_the_fastest_is_found_and_remembered(taught, tmp_path):
    memory = tmp_path / "speeds.json"
    engine = load_foreign(taught, Precision.AUTO, CPU, memory=memory)
    assert engine.precision in precisions(CPU)
    assert json.loads(memory.read_text(encoding="utf-8"))
    assert texts(last(engine, request("The rain had not s", GREEDY)))[0] == "topped since noon."


def test_what_is_fastest_in_fp32_has_never_been_in_bf16(taught, monkeypatch):
    shapes = []

    def fp32(shape, device, memory):
        shapes.append(shape)
        return Precision.FP32

    monkeypatch.setattr(foreign, "fastest", fp32)
    chosen = load_foreign(taught, Precision.AUTO)._network.model
    wanted = load_foreign(taught, Precision.FP32)._network.model
    assert all(map(torch.equal, chosen.parameters(), wanted.parameters()))
    [shape] = shapes
    assert (shape.vocab_size, shape.n_ctx) == (600, 128)
    assert (shape.n_embd, shape.n_layer, shape.n_head, shape.inner) == (64, 3, 4, 128)


@pytest.mark.parametrize("precision", [Precision.AUTO, *precisions(CPU)])
def test_what_looks_ahead_is_refused_in_every_format(precision, tmp_path):
    write_foreign(tmp_path, "bert", spelling="bytes", pad_token_id=0)
    with pytest.raises(WriterError, match="looks ahead"):
        load_foreign(tmp_path, precision)


def test_what_this_machine_lacks_is_refused(taught, monkeypatch):
    monkeypatch.setattr(foreign, "precisions", lambda device: (Precision.FP32,))
    with pytest.raises(WriterError) as caught:
        load_foreign(taught, Precision.INT8)
    assert caught.value.kind is ErrorKind.PRECISION_UNAVAILABLE


@needs_int8
def test_matrices_are_packed(taught):
    network = load_foreign(taught, Precision.INT8)._network
    kinds = [type(part) for part in network.model.modules()]
    assert kinds.count(Int8Linear) == 3 * 7 + 1
    assert torch.nn.Linear not in kinds
    assert torch.nn.Embedding not in kinds


@needs_int8
def test_what_suffers_from_8_bits_stays_in_bf16(taught, monkeypatch):
    monkeypatch.setattr(foreign, "_FAR_APART", 0.0)
    engine = load_foreign(taught, Precision.INT8)
    assert engine.precision == Precision.BF16
    assert texts(last(engine, request("The rain had not s", GREEDY)))[0] == "topped since noon."


@needs_int8
def test_what_has_few_matrices_stays_in_bf16(tmp_path):
    write_foreign(tmp_path, "mixtral", num_local_experts=16)
    assert load_foreign(tmp_path, Precision.INT8).precision == Precision.BF16


@needs_int8
def test_what_looks_into_its_own_matrices_stays_in_bf16(taught, monkeypatch):
    class Other(torch.nn.Module):
        def forward(self, x):
            raise RuntimeError("self and mat2 must have the same dtype")

    monkeypatch.setattr(foreign, "Int8Linear", lambda linear: Other())
    assert load_foreign(taught, Precision.INT8).precision == Precision.BF16


def test_a_gpt_2_may_be_read_so_too(tmp_path):
    write_model(tmp_path, random_network(), tiny_tokenizer(), torch.float32)
    assert last(load_foreign(tmp_path, Precision.FP32), request("The rain")).done
