import json
import os

import pytest

from writer import places
from writer.shelf import speeds as module
from writer.shelf.speeds import LengthTime, LengthTimes, Speed, Speeds, length_times


@pytest.fixture
def speeds(tmp_path):
    return Speeds(tmp_path / "cache" / "speeds.json")


FAST = Speed(430.5, "int8")


def test_what_was_measured_is_known(speeds, novel, tmp_path):
    assert speeds.known(novel) is None
    speeds.remember(novel, FAST)
    assert speeds.known(novel) == FAST
    (tmp_path / "link").symlink_to(novel)
    assert speeds.known(tmp_path / "link") == FAST
    speeds.remember(novel, Speed(80, "fp32"))
    assert speeds.known(novel) == Speed(80, "fp32")


@pytest.mark.parametrize("change", ["size", "date", "gone"])
def test_other_weights_are_another_model(change, speeds, novel):
    speeds.remember(novel, FAST)
    weights = novel / "model.safetensors"
    before = weights.stat()
    if change == "gone":
        weights.unlink()
    else:
        weights.write_bytes(b"w" * (before.st_size + (change == "size")))
        later = before.st_mtime_ns + (change == "date") * 10**9
        os.utime(weights, ns=(later, later))
    assert speeds.known(novel) is None


def test_another_machine_has_its_own(speeds, novel, monkeypatch):
    speeds.remember(novel, FAST)
    with monkeypatch.context() as there:
        there.setattr(module, "_machine", lambda: "another one")
        assert speeds.known(novel) is None
        speeds.remember(novel, Speed(7, "bf16"))
    assert speeds.known(novel) == FAST


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', "\x00", "[" * 100_000, "null", "{}", "7"]
)
def test_it_is_only_a_memory(text, speeds, novel, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "speeds.json").write_text(text)
    assert speeds.known(novel) is None
    speeds.remember(novel, FAST)
    assert speeds.known(novel) == FAST


@pytest.mark.parametrize(
    "value", [None, [], {}, {"tokens_per_second": True}, {"precision": 1}, {"weights": None}]
)
def test_a_broken_entry_is_none(value, speeds, novel, tmp_path):
    speeds.remember(novel, FAST)
    store = tmp_path / "cache" / "speeds.json"
    found = json.loads(store.read_bytes())
    for here in found.values():
        for path, known in here.items():
            here[path] = {**known, **value} if value else value
    store.write_text(json.dumps(found))
    assert speeds.known(novel) is None


def test_what_cannot_be_kept_is_measured_again(novel, tmp_path):
    (tmp_path / "file").touch()
    speeds = Speeds(tmp_path / "file" / "speeds.json")
    speeds.remember(novel, FAST)
    assert speeds.known(novel) is None


def test_it_is_kept_in_the_cache(novel):
    Speeds().remember(novel, FAST)
    assert (places.cache_folder() / "speeds.json").is_file()


TIMES = LengthTimes((LengthTime(128, 0.05, 0.002), LengthTime(256, 0.1, 0.0021)), "bf16")


def test_speed_and_times_are_kept_beside_each_other(speeds, novel):
    assert speeds.known_times(novel) is None
    speeds.remember_times(novel, TIMES)
    assert (speeds.known(novel), speeds.known_times(novel)) == (None, TIMES)
    speeds.remember(novel, FAST)
    assert (speeds.known(novel), speeds.known_times(novel)) == (FAST, TIMES)
    (novel / "model.safetensors").write_bytes(b"others")
    assert speeds.known_times(novel) is None
    speeds.remember(novel, FAST)
    assert speeds.known_times(novel) is None


@pytest.mark.parametrize(
    "times",
    [None, [], {}, [7], [[128, 1]], [[128, 1, 0]], [[0, 1, 1]], [[1.5, 1, 1]], [[128, True, 1]],
     [[128, float("nan"), 1]]],
)  # fmt: skip
def test_broken_times_are_none(times):
    assert length_times({"times": times, "precision": "bf16"}) is None
    assert length_times({"times": [list(each) for each in TIMES.times]}) is None
    assert length_times(times) is None
