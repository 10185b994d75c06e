import argparse
import json

import pytest

from tests.checkpoints.tiny_models import PROSE
from writer.__main__ import main
from writer.checkpoints.folder import read_model
from writer.commands.shape import add_shape, new_config
from writer.errors import ErrorKind, WriterError
from writer.training.extending import POSITIONS
from writer.training.saving import read_checkpoint
from writer.transformer.variants import KINDS, NEEDS, needed

KINDS_AND_MORE = [(key, kind) for key, kinds in KINDS.items() for kind in kinds]
FLAGS = ["--tokens", "512", "--batch", "128", "--threads", "1", "--precision", "fp32"]
SHAPE = ["--layers", "1", "--width", "16", "--heads", "2", "--n-ctx", "64", "--vocab", "300"]


def told(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_shape(parser)
    return parser.parse_args([*map(str, arguments)])


@pytest.fixture
def train(tmp_path, capsys):
    """Return (status, the last line of errors) of `writer train` on a little text."""
    text = tmp_path / "text.txt"
    text.write_text(PROSE * 6, encoding="utf-8")

    def run(*arguments: object, out: str = "out") -> tuple[int, str]:
        status = main(["train", str(text), "--out", str(tmp_path / out), "--hold-out", "0.2",
                       *FLAGS, *map(str, arguments)])  # fmt: skip
        return status, capsys.readouterr().err.strip().splitlines()[-1]

    return run


@pytest.mark.parametrize(("key", "kind"), KINDS_AND_MORE)
@pytest.mark.parametrize("n_ctx", [2, 100, 1024, 16384])
def test_every_kind_has_sizes_that_can_be_at_any_n_ctx(n_ctx, key, kind):
    config = new_config(told(f"--{key.replace('_', '-')}", kind, "--n-ctx", n_ctx))
    assert getattr(config, key) == kind
    assert all(getattr(config, each) is not None for each in NEEDS.get((key, kind), ()))


def test_what_is_set_stands_and_the_rest_goes_by_it():
    config = new_config(told("--attention", "longformer", "--set", "attention_window=600",
                             "--set", "dilated_heads=0"))  # fmt: skip
    assert (config.attention_window, config.last_window, config.dilated_heads) == (600, 600, 0)
    config = new_config(told("--memory", "compressive", "--set", "memory_length=2"))
    assert config.position_embedding == "relative"
    assert (config.memory_length, config.compression_rate) == (2, 2)
    assert needed(config) >= {"segment_length"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--attention", "banded", "--set", "attention_window=99", "--n-ctx", 64],
         ["attention_window is 99", "n_ctx, 64"]),
        (["--attention", "performer", "--position-embedding", "rotary"],
         ["rotary", "performer"]),
        (["--memory", "recurrent", "--position-embedding", "learned"], ["recurrent", "learned"]),
        (["--set", "experts=2"], ["experts is 2", "switch"]),
        (["--feed-forward", "switch", "--set", "experts=0"], ["experts is 0"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_the_key_and_both_values(arguments, words):
    with pytest.raises(WriterError) as caught:
        new_config(told(*arguments))
    assert caught.value.kind is ErrorKind.NETWORK_IMPOSSIBLE
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("setting", ["colour=2", "experts", "experts=x", "=3"])
def test_a_size_that_is_none_is_refused(setting, capsys):
    with pytest.raises(SystemExit):
        told("--set", setting)
    assert "--set" in capsys.readouterr().err


def test_a_kind_is_trained_goes_on_and_stays_what_it_is(train, tmp_path):
    kind = ["--memory", "recurrent", "--set", "segment_length=16"]
    assert train(*SHAPE, *kind)[0] == 0
    config = read_model(tmp_path / "out").network.config
    assert (config.memory, config.segment_length, config.memory_length) == ("recurrent", 16, 64)
    assert json.loads((tmp_path / "out" / "config.json").read_text())["memory"] == "recurrent"
    assert train("--resume", *kind)[0] == 0
    for other, words in (
        (["--memory", "none"], "memory is recurrent, and cannot become none"),
        (["--set", "segment_length=32"], "segment_length is 16, and cannot become 32"),
        (["--set", "experts=2"], "experts is not set, and cannot become 2"),
    ):
        status, said = train("--resume", *other)
        assert (status, words in said) == (1, True), said
        status, said = train("--from", tmp_path / "out", *other, out="second")
        assert (status, words in said) == (1, True), said


def test_windows_may_be_shorter_only_where_positions_need_no_training(train, tmp_path):
    assert train(*SHAPE, "--window", 32, "--position-embedding", "rotary")[0] == 0
    assert read_checkpoint(tmp_path / "out" / "work")["recipe"]["window"] == 32
    for flags, words in (
        (["--window", 32], "window” cannot be 32: it takes n_ctx, 64"),
        (["--window", 65], "window” cannot be 65: it takes at most n_ctx, 64"),
    ):
        status, said = train(*SHAPE, *flags, out="second")
        assert (status, words in said) == (1, True), said


def test_positions_that_must_be_learned_are_trained_to_the_end(train, tmp_path):
    assert train(*SHAPE, out="short")[0] == 0
    longer = ["--from", tmp_path / "short", "--extend-context", 200, "--window", 100]
    status, said = train(*longer)
    assert (status, "window” cannot be 100: it takes n_ctx, 200" in said) == (1, True), said


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_context_is_extended(positions, train, tmp_path):
    assert train(*SHAPE, out="short")[0] == 0
    longer = ["--from", tmp_path / "short", "--extend-context", 200, "--positions", positions]
    assert train(*longer, "--tokens", 1024)[0] == 0
    recipe = read_checkpoint(tmp_path / "out" / "work")["recipe"]
    assert (recipe["extended_from"], recipe["window"]) == (64, 200)
    assert read_model(tmp_path / "out").network.config.n_ctx == 200
    assert train("--resume", "--tokens", 1500)[0] == 0
    for flags, words in (
        (["--resume", "--extend-context", 300], "n_ctx is 200, and cannot become 300"),
        (["--from", tmp_path / "short", "--extend-context", 64], "reads 64 tokens"),
        ([*longer, "--window", 201], "window” cannot be 201: it takes at most n_ctx, 200"),
        (["--extend-context", 64], "--from"),
    ):
        status, said = train(*flags, out="out" if "--resume" in flags else "third")
        assert (status, words in said) == (1, True), said
