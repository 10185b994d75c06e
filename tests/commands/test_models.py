import io
import json
import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer import places
from writer.__main__ import main
from writer.checkpoints.card import describe
from writer.checkpoints.folder import read_model, write_model
from writer.shelf.reading import Reading, Stretch, write_reading
from writer.shelf.shelf import Shelf
from writer.shelf.speeds import Speeds


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    network, tokenizer = random_network(n_ctx=256), tiny_tokenizer()
    # Letters, so that there is something to print.
    letters = [3.0 * tokenizer.token_bytes(number).isalpha() for number in range(384)]
    network.tokens.weight[:, 0] += torch.tensor(letters)
    network.norm.bias[0] += 3
    write_model(folder, network, tokenizer, torch.float32)
    return folder


@pytest.fixture
def novel(tiny, tmp_path):
    """A model of the writer's, to be damaged."""
    return shutil.copytree(tiny, tmp_path / "novel")


@pytest.fixture
def own(tiny):
    return shutil.copytree(tiny, places.own_models() / "my-emma")


@pytest.fixture
def models(capsys):
    """Return (status, output, error output) of `writer models`."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main(["models", *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# Looking


def test_the_list_is_a_table(models, novel, own):
    assert models("add", novel, "--unchecked", "--name", "长篇")[0] == 0
    status, out, err = models("list")
    assert (status, err) == (0, "")
    head, *lines = out.splitlines()
    assert head.split() == [
        "name", "origin", "language", "size", "parameters", "n_ctx", "memory", "tokens/s"
    ]  # fmt: skip
    found = [line.split()[:2] for line in lines]
    assert found == [
        ["fiction-en", "bundled"],
        ["fiction-zh", "bundled"],
        ["my-emma", "own"],
        ["长篇", "linked"],
    ]


def test_the_list_says_what_is_wrong(models, novel, own):
    models("add", novel, "--unchecked")
    shutil.rmtree(novel)
    (own / "model.safetensors").write_bytes(b"{")
    status, out, _ = models("list")
    assert status == 0
    assert f"The model in “{own}” cannot be used: " in out
    assert f"There is no model in “{novel}”" in out
    found = {each["name"]: each for each in json.loads(models("list", "--json")[1])}
    assert found["fiction-en"]["card"]["n_ctx"] == 1024
    assert found["fiction-en"]["error"] == ""
    assert not found["novel"]["is_there"]
    assert found["my-emma"]["card"] is None
    assert found["my-emma"]["error"]


def test_a_card_says_everything(models, novel):
    (novel / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n")
    models("add", novel, "--unchecked")
    status, out, _ = models("card", "novel")
    assert status == 0
    for words in ("novel", "linked", str(novel), "GPT-2", "safetensors", "256 tokens", "en", "mit"):
        assert words in out
    by_path = json.loads(models("card", novel / "config.json", "--json")[1])
    assert by_path == json.loads(models("card", "novel", "--json")[1])
    assert by_path["card"]["licence"] == "mit"
    assert by_path["origin"] == "linked"


def test_a_card_of_what_was_not_added(models, novel):
    assert json.loads(models("card", novel, "--json")[1])["name"] is None
    status, out, err = models("card", "none")
    assert (status, out, err.count("\n")) == (1, "", 1)


# Checking


def test_a_check_says_what_it_found_and_remembers_the_speed(models, novel):
    status, out, err = models("check", novel, "--threads", 1, "--precision", "fp32")
    assert (status, err) == (0, "")
    for words in ("GPT-2", "fp32", "tokens a second", "▸"):
        assert words in out
    found = json.loads(models("card", novel, "--json")[1])
    assert found["precision"] == "fp32"
    assert found["tokens_per_second"] > 0


def test_a_check_can_be_followed(models, novel):
    status, out, _ = models("check", novel, "--json", "--threads", 1, "--precision", "fp32")
    *progress, found = map(json.loads, out.splitlines())
    assert status == 0
    phases = list(dict.fromkeys(each["phase"] for each in progress))
    assert phases == ["reading", "writing", "measuring"]
    for phase in phases:
        shares = [each["share"] for each in progress if each["phase"] == phase]
        assert shares == sorted(shares)
        assert shares[-1] == 1
    assert found["ok"] is True
    assert found["continuation"].strip()
    assert found["tokens_per_second"] > 0
    assert found["card"]["path"] == str(novel)


@pytest.mark.parametrize("damage", ["missing", "weights", "numbers"])
def test_what_cannot_be_used_is_one_sentence(damage, models, novel):
    if damage == "missing":
        shutil.rmtree(novel)
    elif damage == "weights":
        (novel / "model.safetensors").write_bytes(b"{" * 100)
    else:
        data = (novel / "model.safetensors").read_bytes()
        (novel / "model.safetensors").write_bytes(data[: -len(data) // 2].ljust(len(data), b"\xff"))
    status, out, err = models("check", novel)
    assert (status, out, err.count("\n")) == (1, "", 1)
    status, out, again = models("check", novel, "--json")
    assert (status, again) == (1, err)
    last = json.loads(out.splitlines()[-1])
    assert last["ok"] is False
    assert err == f"writer: {last['error']}\n"
    assert last["kind"] in ("MODEL_MISSING", "MODEL_DAMAGED")


def test_a_model_that_writes_nothing_is_of_no_use(models, novel, monkeypatch):
    monkeypatch.setattr("writer.engine.engine.trimmed", lambda *_: "")
    status, _, err = models("check", novel)
    assert (status, err.count("\n")) == (1, 1)
    assert "it writes nothing" in err


def test_what_is_too_large_is_not_read(models, novel, monkeypatch):
    monkeypatch.setattr("writer.engine.loading.free_memory_bytes", lambda: 1000)
    status, _, err = models("check", novel)
    assert status == 1
    assert "needs" in err
    assert "1 KB are free" in err


# Adding


def test_adding_checks_first(models, novel):
    status, out, _ = models("add", novel)
    assert status == 0
    assert "--model novel" in out
    assert json.loads(models("card", "novel", "--json")[1])["tokens_per_second"] > 0
    assert "already" in models("add", novel, "--unchecked")[1]


@pytest.mark.parametrize("copy", [(), ("--copy",)])
def test_what_does_not_work_is_not_added(copy, models, novel):
    (novel / "tokenizer.json").write_text("{")
    status, _, err = models("add", novel, *copy)
    assert (status, err.count("\n")) == (1, 1)
    assert Shelf().named("novel") is None
    assert not places.own_models().exists()


def test_a_copy_is_ones_own(models, novel, page, capsys):
    assert models("add", novel, "--copy", "--name", "emma")[0] == 0
    shutil.rmtree(novel)
    assert json.loads(models("card", "emma", "--json")[1])["tokens_per_second"] > 0
    assert main(["complete", str(page), "--model", "emma", "--threads", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens_read"] > 1


def test_on_a_terminal_progress_is_shown(models, novel, monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert models("add", novel, "--copy")[0] == 0
    shown = screen.getvalue()
    for phase in ("reading", "writing", "measuring", "copying: 100%"):
        assert phase in shown
    assert shown.endswith("\r\033[K")
    assert "\n" not in shown


# Names


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PROSE * 3, encoding="utf-8")
    return path


@pytest.mark.parametrize("origin", ["own", "linked"])
@pytest.mark.usefixtures("own")
def test_every_command_knows_names(origin, models, novel, page, tmp_path):
    name = "my-emma" if origin == "own" else "novel"
    models("add", novel, "--unchecked")
    assert main(["complete", str(page), "--model", name, "--threads", "1"]) == 0
    assert main(["evaluate", name, str(page), "--samples", "0", "--threads", "1"]) == 0
    out = tmp_path / "out"
    flags = ["--tokens", "600", "--threads", "1", "--hold-out", "0.3"]
    assert main(["train", str(page), "--from", name, "--out", str(out), *flags]) == 0
    assert read_model(out).network.config.n_ctx == 256
    assert main(["models", "convert", name, str(tmp_path / "converted")]) == 0


# Removing


def test_ones_own_is_deleted_only_if_that_is_meant(models, own, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    status, _, err = models("remove", "my-emma")
    assert (status, err.count("\n")) == (1, 1)
    assert "--yes" in err
    for answer in ("\n", "n\n", "", "yes, please\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        status, out, _ = models("remove", "my-emma")
        assert status == 1
        assert str(own) in out
    assert own.is_dir()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert models("remove", "my-emma")[0] == 0
    assert not own.exists()


def test_ones_own_is_deleted_unasked_where_that_was_said(models, own):
    assert models("remove", "my-emma", "--yes") == (0, "“my-emma” was removed.\n", "")
    assert not own.exists()


def test_a_linked_one_is_forgotten_unasked(models, novel):
    models("add", novel, "--unchecked")
    assert models("remove", "novel")[0] == 0
    assert (novel / "model.safetensors").exists()


@pytest.mark.parametrize("name", ["fiction-en", "none"])
def test_what_cannot_be_removed_is_one_sentence(name, models):
    status, out, err = models("remove", name, "--yes")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"“{name}” was not removed" in err


# Measuring


def test_lengths_are_measured_and_remembered(models, novel):
    options = ("--threads", 1, "--precision", "fp32")
    status, out, _ = models("measure", novel, *options, "--json")
    assert status == 0
    *progress, found = [json.loads(line) for line in out.splitlines()]
    assert {each["phase"] for each in progress} == {"reading", "lengths"}
    assert (found["ok"], found["precision"]) == (True, "fp32")
    assert [length for length, _, _ in found["by_length"]] == [128, 256]
    known = Speeds().known_times(novel)
    assert [list(each) for each in known.times] == found["by_length"]
    status, out, err = models("measure", novel, *options)
    assert (status, err) == (0, "")
    assert "in fp32" in out


def test_one_that_cannot_be_used_is_not_measured(models, novel):
    (novel / "model.safetensors").write_bytes(b"torn")
    status, out, err = models("measure", novel, "--json")
    assert (status, err.count("\n")) == (1, 1)
    assert json.loads(out.splitlines()[-1])["ok"] is False


# Converting


@pytest.mark.parametrize("dtype", ["bf16", "fp16", "fp32"])
def test_a_conversion_is_a_standard_folder(dtype, models, novel, tmp_path):
    (novel / "README.md").write_text("---\nlicense: mit\n---\n")
    (novel / "LICENSE").write_text("MIT License")
    weights = load_file(novel / "model.safetensors")
    torch.save(weights, novel / "pytorch_model.bin")
    (novel / "model.safetensors").unlink()
    out = tmp_path / "deep" / "out"
    assert models("convert", novel, out, "--dtype", dtype)[0] == 0
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[dtype]
    found = load_file(out / "model.safetensors")
    assert found.keys() == weights.keys()
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, weights[name].to(kind), atol=0, rtol=0)
    assert (out / "LICENSE").read_text() == "MIT License"
    assert read_model(out).tokenizer.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize(("dtype", "goes_along"), [("fp32", True), ("bf16", False)])
def test_what_was_measured_goes_along_with_the_same_weights(
    dtype, goes_along, models, novel, tmp_path
):
    reading = Reading((Stretch(0, 256, 4.5),), ("text.txt",), 2560, "0123")
    write_reading(novel, reading)  # whose weights are in fp32
    assert models("convert", novel, tmp_path / "out", "--dtype", dtype)[0] == 0
    assert describe(tmp_path / "out").reading == (reading if goes_along else None)


def test_nothing_is_written_over(models, novel, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for taken in (out, out / "notes.txt"):
        status, _, err = models("convert", novel, taken)
        assert (status, err.count("\n")) == (1, 1)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]
    (out / "notes.txt").unlink()
    assert models("convert", novel, out)[0] == 0


def test_weights_too_large_for_a_format_are_refused(models, tmp_path):
    network = random_network()
    network.norm.weight[0] = 1e6
    write_model(tmp_path / "large", network, tiny_tokenizer(), torch.float32)
    status, _, err = models("convert", tmp_path / "large", tmp_path / "out", "--dtype", "fp16")
    assert (status, err.count("\n")) == (1, 1)
    assert "too large for fp16" in err
    assert [path.name for path in tmp_path.iterdir()] == ["large"]
    assert models("convert", tmp_path / "large", tmp_path / "out")[0] == 0


def test_a_failed_conversion_leaves_nothing(models, novel, tmp_path, monkeypatch):
    def fail(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("writer.checkpoints.folder.save_file", fail)
    assert models("convert", novel, tmp_path / "out")[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["novel"]


@pytest.mark.parametrize(
    "command", ["", "list", "card", "add", "check", "remove", "measure", "convert"]
)
def test_each_has_its_own_help(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["models", *command.split(), "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    assert out.startswith(f"usage: writer models {command}".rstrip())
    assert "None" not in out


def test_without_a_command_it_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["models"])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
