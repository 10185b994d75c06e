"""An answer is a function of its request alone, to the last bit, whatever was asked before it."""

import random
from contextlib import closing
from dataclasses import replace

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, tiny_model
from tests.transformer.family import FAMILY
from writer import places
from writer.checkpoints.folder import read_model
from writer.engine.blocks import common_length, ends, most_shared
from writer.engine.engine import Engine
from writer.engine.precision import adapt, cache_dtype, precisions
from writer.engine.prefix import MEMORY_BYTES, Prefixes
from writer.engine.replay import replay
from writer.settings import Precision, Sampling
from writer.suggestion.replay import replay_of
from writer.suggestion.request import Answer, Request
from writer.transformer.state import State

CPU = torch.device("cpu")
PAGES = PROSE * 12
SHORT = Sampling(length=5)
KINDS = (
    "rotary", "longformer", "bigbird", "reformer", "performer", "hierarchical", "recurrent",
    "compressive", "reversible", "switch",
)  # fmt: skip


def last(engine: Engine, wanted: Request) -> Answer:
    *_, answer = engine.stream(wanted)
    return answer


def fresh(engine: Engine, memory_bytes: int = MEMORY_BYTES) -> Engine:
    """The engine as if nothing had ever been asked, with the same weights."""
    network = engine._network
    engine._prefixes = Prefixes(network, cache_dtype(engine.precision), memory_bytes)
    return engine


@pytest.fixture(scope="module", params=["tiny", "fiction-en", *KINDS])
def engines(request) -> dict[Precision, Engine]:
    found = {}
    for precision in precisions(CPU):
        if request.param != "fiction-en":
            model = tiny_model(n_ctx=512, **FAMILY.get(request.param, {}))
            adapt(model.network, precision, CPU)
        else:
            path = places.bundled_models() / request.param
            model = read_model(path, lambda part, it=precision: adapt(part, it, CPU))
        found[precision] = Engine(model, precision)
    return found


def edited(text: str, chance: random.Random) -> str:
    """What a writer makes of a text: goes on, takes back, goes elsewhere, changes a place."""
    place, count = chance.randrange(len(PAGES)), chance.randrange(1, 40)
    end = chance.randrange(len(text) + 1)
    return chance.choice(
        [
            text + PAGES[place : place + chance.randrange(1, 8)],
            text + PAGES[place : place + count],
            text[:-count],
            text[:end],
            text[:end] + "x" + text[end + 1 :],
            PAGES[:place],
        ]
    )


def disturb(engine: Engine, text: str, chance: random.Random) -> str:
    """Ask for all sorts of things, some of them to their end; return what the text has become."""
    for _ in range(chance.randrange(1, 8)):
        text = edited(text, chance)
        sampling = replace(
            SHORT,
            length=chance.choice([1, 3, 24]),
            candidates=chance.choice([1, 3, 8]),
            context_length=chance.choice([40, 300, 131072]),
        )
        ahead = PAGES[: chance.randrange(90)] if chance.random() < 0.3 else ""
        asked = Request(int(not ahead), 0, text + ahead, "", sampling, chance.randrange(99))
        with closing(engine.stream(asked)) as answers:
            for _, _ in zip(range(chance.choice([1, 2, 5, 99])), answers, strict=False):
                pass
    return text


@pytest.mark.parametrize("precision", list(precisions(CPU)))
@pytest.mark.parametrize("memory_bytes", [MEMORY_BYTES, 1])
def test_no_history_changes_a_bit(precision, memory_bytes, engines):
    engine = fresh(engines[precision], memory_bytes)
    text = PAGES[:900]
    for seed in range(8):
        text = disturb(engine, text, random.Random(seed))
        wanted = Request(1, 0, text, "", SHORT, seed)
        found = last(engine, wanted)
        assert found == last(engine, wanted)  # and its text stands as it was read
        kept, engine._prefixes = engine._prefixes, fresh(engine, memory_bytes)._prefixes
        assert last(engine, wanted) == found
        engine._prefixes = kept


def test_blocks_up_to_any_end_are_those_of_a_text_that_ends_there():
    for length in range(1, 700):
        found = ends(length)
        assert found[-1] == length
        assert found == sorted(set(found))
        for number, end in enumerate(found):
            assert ends(end) == found[: number + 1]


def test_what_two_texts_share_ends_no_later_than_they_are_the_same():
    chance = random.Random(2)
    for _ in range(300):
        one = [chance.randrange(2) for _ in range(chance.randrange(1, 12))] * 60
        other = one[: chance.randrange(len(one))] + [5] * chance.randrange(9)
        common = common_length(one, other)
        assert one[:common] == other[:common]
        assert one[common : common + 1] != other[common : common + 1] or common == len(other)
        shared = most_shared(len(one), len(other), common)
        assert shared in {0, *ends(len(one))} & {0, *ends(len(other))}
        assert shared <= common


def test_one_text_whose_numbers_are_none_does_not_spoil_the_next(engines, monkeypatch):
    engine = fresh(engines[Precision.FP32])
    wanted = Request(1, 0, PAGES[:400], "", SHORT, 1)
    found = last(engine, wanted)
    whole = engine._network.forward

    def spoil(tokens, state):
        logits, state = whole(tokens, state)
        if isinstance(state, State):  # the buffer that is kept
            state.entries.fill_(float("nan"))
        return logits * float("nan"), state

    monkeypatch.setattr(engine._network, "forward", spoil)
    with pytest.raises(Exception, match="not a number"):
        last(engine, wanted)
    monkeypatch.undo()
    assert last(engine, wanted) == found


def test_a_replay_says_what_was_taken_at_the_end_and_while_it_grew(engines):
    engine = fresh(engines[precisions(CPU)[0]])
    wanted = Request(4, 0, PAGES[:700], "", Sampling(length=20), 11)
    answers = list(engine.stream(wanted))
    disturb(engine, PAGES[:700], random.Random(5))
    found = replay_of(engine.stream(replace(wanted, serial=-1)))
    assert found is not None
    for answer in answers:
        for each in answer.candidates:
            assert found.says(each.number, each.text)
            assert not found.says(each.number, each.text + "☂")
    for each in answers[-1].candidates:
        assert replay(engine, wanted, each.number) == each.text
    assert replay(engine, wanted, 99) == ""
    assert not found.says(99, "x")
    assert replay_of(answers[:-1]) is None
