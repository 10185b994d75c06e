import errno
import io
import json
import shutil
import signal

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.__main__ import main
from writer.checkpoints.folder import read_model
from writer.manuscript.lock import FileLock
from writer.training.saving import read_checkpoint

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
    assert "held-out loss" in err
    assert "▸" in err  # what it writes, on the way
    assert (tmp_path / "out" / "loss.png").read_bytes().startswith(b"\x89PNG")
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
    assert "going on at step 1" in err
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == before
    status, err = train("--resume", "--layers", 2)
    assert status == 1
    assert "layers is 1, and cannot become 2" in err


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
def test_too_little_text_is_one_sentence(text, train, corpus, tmp_path):
    (corpus / "a.txt").write_text(text)
    status, err = train()
    assert status == 1
    assert "training needs at least 65" in err
    assert not (tmp_path / "out" / "model.safetensors").exists()


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
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        backward(*arguments, **more)

    monkeypatch.setattr(torch.Tensor, "backward", interrupt)
    status, err = train("--batch", 1024)
    assert status == 130
    assert "--resume" in err
    assert train("--resume")[0] == 0


def test_in_the_background_it_ends_with_its_input(train, monkeypatch):
    monkeypatch.setattr("writer.commands.train.lower_priority", lambda: None)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    status, err = train("--background", "--tokens", 10**9)
    assert status == 130
    assert "--resume" in err


def test_it_goes_on_from_a_model(train, tmp_path):
    assert train()[0] == 0
    first = tmp_path / "first"
    (tmp_path / "out").rename(first)
    before = read_model(first)
    status, _ = train("--from", first, "--rate", 0.1)
    assert status == 0
    after = read_model(tmp_path / "out")
    assert after.network.config == before.network.config
    assert after.tokenizer.encode(PROSE) == before.tokenizer.encode(PROSE)
    moved = after.network.tokens.weight - before.network.tokens.weight
    assert 0 < moved.abs().mean() < 0.05


def test_a_vocabulary_that_is_not_the_models_is_refused(train, tmp_path):
    assert train()[0] == 0
    first = tmp_path / "first"
    (tmp_path / "out").rename(first)
    (tmp_path / "other").mkdir()
    tiny_tokenizer().write(tmp_path / "other", 64)
    status, err = train("--from", first, "--tokenizer", tmp_path / "other")
    assert (status, err.count("\n")) == (1, 1)
    assert "384 tokens" in err
    assert "300" in err


def test_chinese_is_learned_by_characters(train, corpus, tmp_path):
    lines = [f"雨停了{n}次，他走进屋子。屋里没有人。“有人吗？”他说。" for n in range(20)]
    (corpus / "a.txt").unlink()
    articles = json.dumps(["\n".join(lines), "\n".join(lines[::2])], ensure_ascii=False)
    (corpus / "train.json").write_text(articles, encoding="utf-8")
    status, _ = train("--tokenizer", "characters", "--vocab", 400)
    assert status == 0
    model = read_model(tmp_path / "out")
    assert model.tokenizer.decode(model.tokenizer.encode("他说。")) == "他说。"
    said = json.loads((tmp_path / "out" / "config.json").read_text())
    assert said["bos_token_id"] == model.tokenizer.opening[0]
    assert said["eos_token_id"] == model.tokenizer.end_id


def test_without_a_validation_file_the_end_of_the_text_is_held_out(train, corpus):
    (corpus / "validation.md").unlink()
    (corpus / "a.txt").write_text(PROSE * 20, encoding="utf-8")
    assert "held-out" in train("--hold-out", "0.1")[1]


def test_a_budget_is_needed(corpus, tmp_path, capsys):
    assert main(["train", str(corpus), "--out", str(tmp_path / "out")]) == 1
    assert "--minutes" in capsys.readouterr().err


def test_two_trainings_into_one_folder_are_one_too_many(train, tmp_path):
    (tmp_path / "out" / "work").mkdir(parents=True)
    lock = FileLock(tmp_path / "out" / "work" / "lock")
    assert lock.acquire()
    status, err = train()
    assert (status, err.count("\n")) == (1, 1)
    assert "Another training" in err
    lock.release()
    assert train()[0] == 0


def test_a_text_that_changed_is_read_again(train, corpus):
    assert train()[0] == 0
    assert "reading the texts" not in train("--resume")[1]
    (corpus / "a.txt").write_text(PROSE * 6, encoding="utf-8")
    assert "reading the texts" in train("--resume")[1]


@pytest.mark.parametrize("where", ["shard", "checkpoint", "weights"])
def test_a_full_disk_is_one_sentence_and_room_makes_it_go_on(where, train, tmp_path, monkeypatch):
    def fill(*_arguments, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    places = {
        "shard": "writer.training.preparation.write_shard",
        "checkpoint": "torch.save",
        "weights": "writer.checkpoints.folder.save_file",
    }
    with monkeypatch.context() as full:
        full.setattr(places[where], fill)
        status, err = train()
    assert status == 1
    assert "no space left" in err.splitlines()[-1]
    assert not (tmp_path / "out" / "model.safetensors").exists()
    assert train("--resume")[0] == 0
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_new_weights_replace_the_old_ones_whole_or_not_at_all(train, tmp_path, monkeypatch):
    assert train()[0] == 0
    good = (tmp_path / "out" / "model.safetensors").read_bytes()

    def cut(weights, path, metadata):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("writer.checkpoints.folder.save_file", cut)
    assert train("--resume")[0] == 1
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == good


def test_it_goes_on_as_it_was_begun_without_being_told_again(train, tmp_path):
    assert train("--batch", 1024, "--seed", 5, "--short-share", 0.2)[0] == 0
    first = read_checkpoint(tmp_path / "out" / "work")["recipe"]
    assert train("--resume", "--tokens", 20000)[0] == 0
    again = read_checkpoint(tmp_path / "out" / "work")["recipe"]
    assert {**again, "tokens": first["tokens"]} == first
    assert again["tokens"] == 20000
    assert train("--resume", "--tokens", 24000, "--rate", 0.5)[0] == 0
    lower = read_checkpoint(tmp_path / "out" / "work")["recipe"]
    assert lower["muon_lr"] == first["muon_lr"] / 2


def test_a_folder_with_a_model_is_replaced_only_if_that_is_wanted(train, tmp_path):
    assert train()[0] == 0
    shutil.rmtree(tmp_path / "out" / "work")
    status, err = train()
    assert (status, err.count("\n")) == (1, 1)
    assert "--replace" in err
    assert train("--replace", "--tokenizer", "characters", "--vocab", 300)[0] == 0
    assert not (tmp_path / "out" / "tokenizer.json").exists()
    assert read_model(tmp_path / "out").tokenizer.encode("雨") != []


def test_a_model_keeps_its_shape(train, tmp_path):
    assert train()[0] == 0
    (tmp_path / "out").rename(tmp_path / "first")
    status, err = train("--from", tmp_path / "first", "--layers", 3)
    assert (status, err.count("\n")) == (1, 1)
    assert "layers is 1" in err


@pytest.mark.parametrize("value", ["x", "nan", "-1", "inf"])
def test_minutes_that_are_none_are_refused(value, train, capsys):
    with pytest.raises(SystemExit):
        train(f"--minutes={value}")
    assert "is not a number above 0" in capsys.readouterr().err
