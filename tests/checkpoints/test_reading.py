import json

import pytest

from tests.checkpoints.tiny_models import random_network, tiny_tokenizer
from writer.checkpoints.card import describe
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.folder import write_model
from writer.checkpoints.reading import read_reading
from writer.errors import ErrorKind, WriterError
from writer.shelf.reading import LARGEST_BYTES, Reading, Stretch, as_json, write_reading

READING = Reading((Stretch(0, 16, 4.5), Stretch(16, 64, 4.25)), ("雨.txt",), 640, "0123abcd")


@pytest.fixture
def model(tmp_path):
    write_model(tmp_path / "model", random_network(), tiny_tokenizer())
    return tmp_path / "model"


def test_a_card_says_what_was_measured(model):
    assert describe(model).reading is None
    write_reading(model, READING)
    assert describe(model).reading == READING
    assert not [path for path in model.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"tokens": ' + b"9" * 5000 + b"}",
        json.dumps({**as_json(READING), "more": "x" * LARGEST_BYTES}).encode(),
    ],
)  # fmt: skip
def test_what_is_damaged_or_large_is_no_curve_and_no_harm(text, model):
    (model / "reading.json").write_bytes(text)
    assert describe(model).reading is None


def test_a_link_out_of_the_folder_is_not_followed(model, tmp_path):
    (tmp_path / "elsewhere.json").write_text(json.dumps(as_json(READING)))
    (model / "reading.json").symlink_to(tmp_path / "elsewhere.json")
    assert read_reading(ModelFiles(model), 64) is None


def test_new_weights_are_not_said_to_be_what_was_measured(model):
    write_reading(model, READING)
    write_model(model, random_network(seed=2), tiny_tokenizer())
    assert describe(model).reading is None


def test_where_there_is_no_folder_nothing_is_written(model):
    with pytest.raises(WriterError) as caught:
        write_reading(model / "model.gguf", READING)
    assert caught.value.kind is ErrorKind.OUTPUT_UNWRITABLE


@pytest.mark.parametrize("n_ctx", [64, 1000])
def test_memory_by_length_grows_to_that_of_a_full_context(n_ctx, tmp_path):
    write_model(tmp_path / "model", random_network(n_ctx=n_ctx), tiny_tokenizer())
    card = describe(tmp_path / "model")
    assert card.memory_by_length[n_ctx] == card.memory_bytes
    for precision, most in card.memory_bytes.items():
        sizes = [card.memory_by_length[each][precision] for each in sorted(card.memory_by_length)]
        assert sizes == sorted(sizes)
        assert sizes[-1] == most
