import json

import pytest

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.__main__ import main
from writer.checkpoints.card import describe
from writer.checkpoints.folder import write_model


@pytest.fixture
def evaluate(tmp_path, capsys):
    """Return (status, output, errors) of `writer evaluate` with a tiny model of chance."""
    write_model(tmp_path / "model", random_network(), tiny_tokenizer())
    (tmp_path / "text.txt").write_text(PROSE * 3 + "\f" + PROSE, encoding="utf-8")

    def run(*arguments: object) -> tuple[int, str, str]:
        words = ["evaluate", str(tmp_path / "model"), str(tmp_path / "text.txt")]
        status = main([*words, "--threads", "1", *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run


def test_all_is_measured(evaluate, tmp_path):
    copied = tmp_path / "training.txt"
    copied.write_text(PROSE, encoding="utf-8")
    status, out, _ = evaluate("--json", "--samples", 3, "--training", copied, "--show")
    assert status == 0
    found = json.loads(out)
    sizes = [len(text.strip().encode()) for text in (PROSE * 3, PROSE)]
    assert [each["bytes"] for each in found["texts"]] == sizes
    assert found["all"]["bytes"] == sum(sizes)
    mean = sum(each["bits per byte"] * each["bytes"] for each in found["texts"]) / sum(sizes)
    assert found["all"]["bits per byte"] == pytest.approx(mean, abs=1e-3)
    assert found["writing"]["rep-1"][0] >= 0
    assert found["copies"]["longest, in words"] >= 0
    assert len(found["samples"]) == 3


def test_a_table_says_the_same(evaluate):
    status, out, _ = evaluate("--samples", 0)
    assert status == 0
    assert "bits/byte" in out
    assert "all" in out
    assert "repetition" not in out


def test_equal_seeds_write_the_same(evaluate):
    one, two, other = (
        json.loads(evaluate("--json", "--samples", 2, "--show", "--seed", seed)[1])["samples"]
        for seed in (1, 1, 2)
    )
    assert one == two
    assert one != other


def test_only_the_beginning_is_read_where_that_is_asked(evaluate):
    found = json.loads(evaluate("--json", "--samples", 0, "--characters", 50)[1])
    assert all(each["bytes"] <= 200 for each in found["texts"])


def test_a_text_of_nothing_is_one_sentence(evaluate, tmp_path):
    (tmp_path / "text.txt").write_text("\n")
    status, _, err = evaluate()
    assert (status, err.count("\n")) == (1, 1)


def test_all_that_stands_there_counts(evaluate, tmp_path):
    text = "「好。」\n\n* * *\n\nSee www.example.com [Illustration] — and so on.\n"
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    found = json.loads(evaluate("--json", "--samples", 0)[1])
    assert found["all"]["bytes"] == len(text.strip().encode())


@pytest.mark.parametrize("text", ["x", "雨"])
def test_a_text_of_a_letter_can_be_measured(text, evaluate, tmp_path):
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    status, out, _ = evaluate("--samples", 1)
    assert status == 0
    assert "bits/byte" in out


def test_the_loss_by_position_is_measured_and_written(evaluate, tmp_path):
    status, out, _ = evaluate("--by-position", "--windows", 5, "--json")
    assert status == 0
    found = json.loads(out)
    places = [(each["from"], each["to"]) for each in found["loss by position"]]
    assert places == [(0, 16), (16, 64)]
    assert (found["texts"], found["tokens"]) == (["text.txt"], 5 * 64)
    assert not (tmp_path / "model" / "reading.json").exists()
    status, table, _ = evaluate("--by-position", "--windows", 5, "--write")
    assert status == 0
    assert "16 to 64" in table
    written = (tmp_path / "model" / "reading.json").read_text(encoding="utf-8")
    assert json.loads(written) == found
    assert str(tmp_path) not in written
    assert describe(tmp_path / "model").reading.tokens == 320


def test_a_folder_that_cannot_be_written_is_one_sentence(evaluate, tmp_path):
    (tmp_path / "model" / "reading.json").mkdir()
    status, _, err = evaluate("--by-position", "--write")
    assert (status, err.count("\n")) == (1, 1)
