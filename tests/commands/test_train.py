import json

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE
from writer.__main__ import main
from writer.checkpoints.folder import read_model

FLAGS = [
    "--tokens", "16384", "--layers", "1", "--width", "16", "--heads", "2",
    "--n-ctx", "64", "--vocab", "300", "--threads", "1",
]  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text(PROSE * 4 + "\f" + PROSE, encoding="utf-8")
    (folder / "validation.md").write_text(PROSE, encoding="utf-8")
    return folder


@pytest.fixture
def train(corpus, tmp_path, capsys):
    """Return (status, error output) of `writer train` on a little corpus."""

    def run(*arguments: object) -> tuple[int, str]:
        status = main(["train", str(corpus), "--out", str(tmp_path / "out"), *FLAGS,
                       *map(str, arguments)])  # fmt: skip
        out, err = capsys.readouterr()
        assert out == ""
        return status, err

    return run


def test_text_becomes_a_model_that_goes_on_with_text(train, tmp_path, capsys):
    status, err = train()
    assert status == 0
    assert "validation, all:" in err
    model = read_model(tmp_path / "out")
    config = model.network.config
    assert (config.n_layer, config.n_embd, config.n_ctx) == (1, 16, 64)
    assert (model.tokenizer.vocab_size, config.vocab_size) == (300, 320)
    page = tmp_path / "page.txt"
    page.write_text("The rain")
    arguments = ["complete", str(page), "--model", str(tmp_path / "out"), "--json"]
    assert main([*arguments, "--threads", "1", "--seed", "7"]) == 0
    assert json.loads(capsys.readouterr().out)["candidates"]


def test_a_second_training_goes_on_only_if_told(train, tmp_path):
    assert train()[0] == 0
    status, err = train()
    assert status == 1
    assert "--resume" in err
    before = (tmp_path / "out" / "model.safetensors").read_bytes()
    status, err = train("--resume")
    assert status == 0
    assert "going on at step 2" in err
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == before
    status, err = train("--resume", "--layers", 2)
    assert status == 1
    assert err.count("\n") == 1


def test_what_failed_early_leaves_the_folder_free(train, corpus, tmp_path):
    good = (corpus / "a.txt").read_bytes()
    (corpus / "a.txt").write_bytes(b"caf\xe9")
    status, err = train()
    assert status == 1
    assert "a.txt" in err
    (corpus / "a.txt").unlink()
    assert train()[0] == 1
    (corpus / "a.txt").write_bytes(good)
    assert train()[0] == 0


@pytest.mark.parametrize("text", ["", "\f\f", "The rain."])
def test_too_little_text_is_one_sentence(text, train, corpus):
    (corpus / "a.txt").write_text(text)
    status, err = train()
    assert status == 1
    assert "training needs at least 65" in err


def test_validation_without_text_is_passed_over(train, corpus):
    (corpus / "validation.md").write_text("\n")
    assert train()[0] == 0


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--tokens", "0"), ("--layers", "-1"), ("--width", "x"), ("--n-ctx", "0"), ("--heads", "1.5")],
)
def test_a_size_that_is_none_is_refused(flag, value, train, capsys):
    with pytest.raises(SystemExit) as caught:
        train(f"{flag}={value}")
    assert caught.value.code == 2
    assert flag in capsys.readouterr().err


def test_heads_divide_the_width(train):
    status, err = train("--heads", 3)
    assert (status, err.count("\n")) == (1, 1)
    assert "heads" in err


def test_a_file_in_the_way_is_one_sentence(train, tmp_path):
    (tmp_path / "out").touch()
    status, err = train()
    assert (status, err.count("\n")) == (1, 1)
    assert "out" in err


def test_a_missing_corpus_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "none"
    assert main(["train", str(path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == f"writer: There is no file “{path}”.\n"
    assert not (tmp_path / "out").exists()


def test_interrupted_it_says_how_to_go_on(train, monkeypatch):
    backward = torch.Tensor.backward
    calls = []

    def interrupt(*arguments, **more):
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        backward(*arguments, **more)

    monkeypatch.setattr(torch.Tensor, "backward", interrupt)
    status, err = train()
    assert status == 130
    assert "--resume" in err
    assert train("--resume")[0] == 0
