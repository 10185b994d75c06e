import io
import json
import sys

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.__main__ import main
from writer.checkpoints.folder import write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    network = random_network(vocab_size=448)
    # Letters, so that there is something to print.
    tokenizer = tiny_tokenizer()
    network.tokens.weight[:, 0] += torch.tensor(
        [3.0 * (n < 384 and tokenizer.token_bytes(n).isalpha()) for n in range(448)]
    )
    network.norm.bias[0] += 3
    write_model(folder, network, tokenizer, torch.float32)
    return folder


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PROSE.strip(), encoding="utf-8")
    return path


@pytest.fixture
def complete(model, capsys):
    """Return (status, output, error output) of `writer complete`."""

    def run(*arguments: object) -> tuple[int, str, str]:
        flags = ["--length", "6", "--threads", "1", "--model", str(model)]
        status = main(["complete", *flags, *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run


def type_in(monkeypatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_json_says_everything(complete, page):
    status, out, err = complete(page, "--json", "--seed", 7, "--candidates", 4)
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["seed"] == 7
    assert found["tokens_read"] > 20
    assert 1 <= len(found["candidates"]) <= 4
    for candidate in found["candidates"]:
        assert candidate["text"].strip()
        assert candidate["mean_logprob"] < 0


def test_a_line_is_a_continuation(complete, page):
    status, out, _ = complete(page, "--seed", 7)
    lines = out.splitlines()
    assert status == 0
    assert [line.split(". ")[0] for line in lines] == [str(n + 1) for n in range(len(lines))]
    assert 1 <= len(lines) <= 3
    found = json.loads(complete(page, "--seed", 7, "--json")[1])
    assert lines == [f"{n}. {c['text'].strip()}" for n, c in enumerate(found["candidates"], 1)]


def test_a_seed_repeats_and_none_does_not(complete, page):
    assert complete(page, "--seed", 7) == complete(page, "--seed", 7)
    assert len({complete(page)[1] for _ in range(4)}) > 1


def test_flags_are_settings(complete, page):
    assert len(complete(page, "--candidates", 8, "--top-k", 1)[1].splitlines()) == 1
    short = json.loads(complete(page, "--context-length", 16, "--json")[1])
    assert short["tokens_read"] <= 16


@pytest.mark.parametrize("before", ["The rain had not", "", "\n", "\ufeffThe rain\r\n", "雨停了，"])
def test_text_can_come_from_the_input(before, complete, page, monkeypatch):
    type_in(monkeypatch, before.encode())
    piped = complete("-", "--seed", 7)
    assert piped[0] == 0
    page.write_bytes(before.encode())
    assert complete(page, "--seed", 7) == piped
    type_in(monkeypatch, before.encode())
    assert complete("--seed", 7) == piped


def test_input_that_is_no_text_is_refused(complete, monkeypatch):
    type_in(monkeypatch, b"caf\xe9")
    status, out, err = complete()
    assert (status, out) == (1, "")
    assert err == "writer: “standard input” cannot be read: it is not UTF-8.\n"


BAD_VALUES = [
    ("--temperature", "9"),
    ("--temperature", "-0.1"),
    ("--temperature", "nan"),
    ("--top-k", "201"),
    ("--context-length", "15"),
    ("--candidates", "0"),
    ("--candidates", "9"),
    ("--length", "0"),
    ("--top-p", "0"),
    ("--min-p", "0.9"),
    ("--repetition-penalty", "inf"),
    ("--seed", "-1"),
    ("--threads", "-1"),
    ("--threads", "65"),
]


@pytest.mark.parametrize(("flag", "value"), BAD_VALUES)
def test_a_value_out_of_range_is_one_sentence(flag, value, complete, page):
    status, out, err = complete(page, f"{flag}={value}")
    assert (status, out) == (1, "")
    assert err.startswith(f"writer: The setting “{flag[2:].replace('-', '_')}” cannot be")
    assert err.count("\n") == 1


def test_a_value_that_is_no_number_is_refused(complete, page, capsys):
    with pytest.raises(SystemExit) as caught:
        complete(page, "--top-k", "many")
    assert caught.value.code == 2
    assert "--top-k" in capsys.readouterr().err


def test_a_missing_file_is_one_sentence(complete, tmp_path):
    path = tmp_path / "none.txt"
    assert complete(path) == (1, "", f"writer: There is no file “{path}”.\n")
    assert complete(tmp_path)[0] == 1


@pytest.mark.parametrize("damage", ["missing", "empty", "damaged"])
def test_a_bad_model_is_one_sentence(damage, complete, page, tmp_path):
    folder = tmp_path / "bad"
    if damage != "missing":
        folder.mkdir()
    if damage == "damaged":
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            (folder / name).write_text("{")
    status, out, err = complete(page, "--model", folder)
    assert (status, out) == (1, "")
    assert str(folder) in err
    assert err.count("\n") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 80])
def test_on_a_terminal_they_grow_in_place(columns, complete, page, monkeypatch):
    plain = complete(page, "--seed", 7)[1]
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    assert complete(page, "--seed", 7)[0] == 0
    shown = screen.getvalue()
    assert "\033[J" in shown
    assert shown.endswith(plain)
    for frame in shown.split("\033[J")[:-1]:
        assert all(len(line) < columns for line in frame.splitlines() if "\033" not in line)


def test_help_names_every_setting(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["complete", "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    for flag in {flag for flag, _ in BAD_VALUES} | {"--model", "--json"}:
        assert flag in out
