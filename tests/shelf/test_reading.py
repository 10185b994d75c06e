import json
from itertools import pairwise

import pytest

from writer.shelf.reading import Reading, Stretch, as_json, edges, lengths, of_json

SOUND = Reading(
    (Stretch(0, 16, 4.5), Stretch(16, 64, 4.1), Stretch(64, 100, 3.9)),
    ("validation.txt.xz", "雨.txt"), 5000, "0123abcd", "2024-05-01",
)  # fmt: skip


@pytest.mark.parametrize("n_ctx", [1, 16, 17, 100, 128, 1024, 1500, 4096, 16_384, 131_072])
def test_octaves_cover_a_context(n_ctx):
    found = edges(n_ctx)
    assert (found[0], found[-1]) == (0, n_ctx)
    assert found == sorted(set(found))
    assert all(end <= max(16, 4 * first) for first, end in pairwise(found))
    assert lengths(n_ctx)[-1] == n_ctx
    assert set(lengths(n_ctx)) <= set(found)


def test_json_gives_it_back():
    assert of_json(json.loads(json.dumps(as_json(SOUND))), n_ctx=100) == SOUND
    dateless = {key: value for key, value in as_json(SOUND).items() if key != "date"}
    assert of_json(dateless, n_ctx=100).date == ""


STRETCHES = as_json(SOUND)["loss by position"]


@pytest.mark.parametrize(
    "change",
    [
        {"loss by position": []},
        {"loss by position": STRETCHES[1:]},
        {"loss by position": [STRETCHES[0], STRETCHES[2]]},
        {"loss by position": [{**STRETCHES[0], "loss": float("nan")}]},
        {"loss by position": [{**STRETCHES[0], "loss": -1}]},
        {"loss by position": [{**STRETCHES[0], "loss": True}]},
        {"loss by position": [{**STRETCHES[0], "loss": 10**400}]},
        {"loss by position": [{**STRETCHES[0], "to": 0}]},
        {"loss by position": [{**STRETCHES[0], "to": 16.0}]},
        {"loss by position": [[0, 16, 4.5]]},
        {"loss by position": [{"from": n, "to": n + 1, "loss": 1} for n in range(99)]},
        {"loss by position": None},
        {"texts": []},
        {"texts": [7]},
        {"texts": ["a\nb"]},
        {"texts": ["x" * 500]},
        {"texts": "validation.txt"},
        {"tokens": 0},
        {"tokens": True},
        {"tokens": "many"},
        {"tokenizer": ""},
        {"tokenizer": None},
        {"date": 7},
        {"date": "x" * 500},
    ],
)
def test_what_is_not_sound_is_none(change):
    assert of_json({**as_json(SOUND), **change}, n_ctx=100) is None


@pytest.mark.parametrize("found", [None, [], "x", {}, 7])
def test_what_is_no_reading_is_none(found):
    assert of_json(found, n_ctx=100) is None


def test_positions_beyond_the_context_are_none():
    assert of_json(as_json(SOUND), n_ctx=99) is None


def test_losses_of_unlike_tokens_or_texts_do_not_compare():
    assert SOUND.is_like(Reading((Stretch(0, 16, 2.0),), SOUND.texts, 1, SOUND.tokenizer))
    assert not SOUND.is_like(Reading(SOUND.stretches, SOUND.texts, 5000, "another"))
    assert not SOUND.is_like(Reading(SOUND.stretches, ("other.txt",), 5000, SOUND.tokenizer))
