import errno
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.history.objects import Objects
from writer.manuscript.history.snapshot_file import HistoryNotice
from writer.manuscript.history.snapshots import History

NOW = datetime(2026, 11, 24, 15, 2, tzinfo=UTC)


@pytest.fixture
def sources(tmp_path):
    """Three scenes that were written long ago."""
    found = {}
    for key in ("dusk", "rain", "dawn"):
        found[key] = tmp_path / f"{key}.md"
        _write(found[key], f"This is {key}.\n")
    return found


def _write(path: Path, text, age=100.0):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    then = path.stat().st_mtime_ns - int(age * 1e9)
    os.utime(path, ns=(then, then))


def _minute(number):
    return NOW + timedelta(minutes=number)


def _tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _objects(folder):
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


@pytest.fixture
def opened(monkeypatch):
    """The names of the scenes that were opened."""
    names, real = [], Path.open

    def open(self, *args, **kwargs):
        if self.suffix == ".md":
            names.append(self.name)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open)
    return names


def test_a_snapshot_holds_what_the_files_held(tmp_path, sources):
    history = History(tmp_path / "history")
    taken = history.take(sources, NOW)
    for path in sources.values():
        _write(path, "Other words.")
    for found in (history, History(tmp_path / "history")):
        assert found.snapshots() == [taken]
        for key in sources:
            assert found.text(taken, key) == f"This is {key}.\n"
            assert found.read(taken.entries[key]) == f"This is {key}.\n".encode()
        assert found.notices == ()


@pytest.mark.parametrize("seed", range(8))
def test_every_state_that_was_taken_comes_back(tmp_path, seed):
    chance = random.Random(seed)
    paths = {str(number): tmp_path / f"{number}.md" for number in range(6)}
    history, states = History(tmp_path / "history"), {}
    for number in range(25):
        for path in chance.sample(list(paths.values()), chance.randrange(4)):
            if chance.random() < 0.2:
                path.unlink(missing_ok=True)
            else:
                _write(path, chance.choice("abcd") * chance.randrange(3), chance.choice((0, 0, 50)))
        if chance.random() < 0.2:
            history = History(tmp_path / "history")
        here = {key: path.read_text() for key, path in paths.items() if path.exists()}
        taken = history.take(paths, _minute(number))
        assert (taken is None) == (here == (list(states.values()) or [{}])[-1])
        if taken:
            states[taken.id] = here
    found = History(tmp_path / "history").snapshots()
    assert [each.id for each in found] == list(states)[::-1]
    for each in found:
        assert {key: history.text(each, key) for key in each.entries} == states[each.id]


def test_unchanged_is_none_unless_named_or_always(tmp_path, sources):
    history = History(tmp_path / "history")
    first = history.take(sources, NOW)
    assert history.take(sources, _minute(1)) is None
    assert History(tmp_path / "history").take(sources, _minute(2)) is None
    named = history.take(sources, _minute(3), "First draft")
    always = history.take(sources, _minute(4), always=True)
    assert named.name == "First draft"
    assert history.snapshots() == [always, named, first]
    assert len(_objects(tmp_path / "history")) == 3


def test_after_a_clock_was_set_back_unchanged_is_still_none(tmp_path, sources):
    history = History(tmp_path / "history")
    history.take(sources, _minute(9999))
    _write(sources["rain"], "Changed.")
    assert history.take(sources, NOW)
    assert history.take(sources, _minute(1)) is None
    history.thin(_minute(2))
    assert history.take(sources, _minute(3)) is None


def test_nothing_there_is_no_snapshot(tmp_path):
    history = History(tmp_path / "history")
    assert history.take({"a": tmp_path / "gone.md", "b": tmp_path / "x" / "y"}, NOW) is None
    assert not (tmp_path / "history").exists()
    assert history.snapshots() == []


def test_what_looks_unchanged_is_not_read_again_even_after_a_restart(tmp_path, sources, opened):
    history = History(tmp_path / "history")
    history.take(sources, NOW)
    assert sorted(opened) == ["dawn.md", "dusk.md", "rain.md"]
    for found in (history, History(tmp_path / "history")):
        _write(sources["rain"], f"Rain {id(found)}.")
        opened.clear()
        assert found.take(sources, _minute(1))
        assert opened == ["rain.md"]


def test_a_file_that_was_written_just_now_is_read_again_though_its_stamp_is_the_same(
    tmp_path, sources
):
    path = sources["rain"]
    for number in (0, 10):
        history = History(tmp_path / "history")
        _write(path, "one", age=0)
        stamp = path.stat()
        history.take(sources, _minute(number))
        with path.open("r+b") as file:  # within the same tick of a coarse clock
            file.write(b"two")
        os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
        assert history.text(history.take(sources, _minute(number + 1)), "rain") == "two"


def test_a_source_that_cannot_be_read_keeps_its_last_state_with_a_notice(
    tmp_path, sources, monkeypatch
):
    history = History(tmp_path / "history")
    before = history.take(sources, NOW)
    real = Path.stat

    def stat(self, **kwargs):
        if self.name == "rain.md":
            raise OSError(errno.EIO, "Input/output error")
        return real(self, **kwargs)

    monkeypatch.setattr(Path, "stat", stat)
    _write(sources["dusk"], "Changed.")
    taken = history.take(sources, _minute(1))
    assert taken.entries["rain"] == before.entries["rain"]
    assert [notice.kind for notice in history.notices] == [HistoryNotice.SOURCE_UNREADABLE]
    monkeypatch.undo()
    history.take(sources, _minute(2))
    _write(sources["rain"], "There again.")
    assert history.text(history.take(sources, _minute(3)), "rain") == "There again."
    assert history.notices == ()


def test_a_folder_or_a_pipe_is_no_source(tmp_path, sources):
    os.mkfifo(tmp_path / "pipe")
    more = {**sources, "pipe": tmp_path / "pipe", "folder": tmp_path}
    assert History(tmp_path / "history").take(more, NOW).entries.keys() == sources.keys()


def test_texts_are_decoded_as_when_they_are_opened(tmp_path):
    texts = {"gb": "他很好，雨停了。屋里没有人。".encode("gb18030"), "crlf": b"a\r\nb\r\n"}
    paths = {key: tmp_path / key for key in (*texts, "zip")}
    for key, path in paths.items():
        _write(path, texts.get(key, b"PK\x03\x04\0"))
    history = History(tmp_path / "history")
    taken = history.take(paths, NOW)
    assert history.text(taken, "gb") == "他很好，雨停了。屋里没有人。"
    assert history.text(taken, "crlf") == "a\nb\n"
    with pytest.raises(WriterError, match="no text"):
        history.text(taken, "zip")
    with pytest.raises(KeyError):
        history.text(taken, "none")


def test_prepared_bit_by_bit_it_is_the_same(tmp_path, sources, opened):
    history = History(tmp_path / "history")
    assert not history.prepare(sources, -1.0)
    assert history.prepare(sources, 60.0)
    assert history.snapshots() == []
    opened.clear()
    taken = history.take(sources, NOW)
    assert opened == []
    assert history.text(taken, "dawn") == "This is dawn.\n"


def test_renaming_changes_the_name_alone_and_lasts(tmp_path, sources, opened):
    history = History(tmp_path / "history")
    taken = history.take(sources, NOW)
    renamed = history.rename(taken.id, "初稿")
    assert (renamed.id, renamed.when, renamed.entries) == (taken.id, taken.when, taken.entries)
    again = History(tmp_path / "history")
    assert again.snapshots() == history.snapshots() == [renamed]
    opened.clear()
    assert again.take(sources, _minute(1)) is None
    assert opened == []
    for id in ("none", "../snapshots/" + taken.id, ""):
        with pytest.raises(KeyError):
            history.rename(id, "x")


def test_what_was_stored_for_a_snapshot_that_failed_is_there_for_the_next(
    tmp_path, sources, monkeypatch
):
    history = History(tmp_path / "history")
    for number in range(9):
        _write(sources["rain"], f"Rain {number}.")
        history.take(sources, _minute(number))
    _write(sources["rain"], "The last words.")

    def fail(*args):
        raise WriterError(ErrorKind.SAVE_FAILED, path="", reason="the disk is full")

    monkeypatch.setattr("writer.manuscript.history.snapshots.write_atomically", fail)
    with pytest.raises(WriterError):
        history.take(sources, _minute(10))
    monkeypatch.undo()
    assert history.thin(NOW + timedelta(days=2)) > 0
    taken = history.take(sources, _minute(11))
    assert history.text(taken, "rain") == "The last words."


def test_a_snapshot_that_somebody_took_away_is_taken_again(tmp_path, sources):
    history = History(tmp_path / "history")
    history.take(sources, NOW)
    _write(sources["rain"], "Changed.")
    taken = history.take(sources, _minute(1))
    (tmp_path / "history" / "snapshots" / f"{taken.id}.json").unlink()
    assert history.take(sources, _minute(2)).entries == taken.entries


@pytest.mark.parametrize("seed", range(6))
def test_thinning_leaves_every_text_of_the_snapshots_that_stay(tmp_path, sources, seed):
    chance = random.Random(seed)
    history, states = History(tmp_path / "history"), {}
    for number in range(40):
        _write(chance.choice(list(sources.values())), f"Words {chance.randrange(15)}.")
        here = {key: path.read_text() for key, path in sources.items()}
        name = "kept" if chance.random() < 0.1 else ""
        if taken := history.take(sources, _minute(number * 7), name):
            states[taken.id] = here
    before = history.snapshots()
    removed = history.thin(_minute(40 * 7))
    left = history.snapshots()
    assert removed == len(before) - len(left) > 0
    assert {each.id for each in before if each.name} <= {each.id for each in left}
    again = History(tmp_path / "history")
    assert again.snapshots() == left
    for each in left:
        assert {key: again.text(each, key) for key in each.entries} == states[each.id]
    named = {digest for each in left for digest in each.entries.values()}
    assert {path.parent.name + path.name for path in _objects(tmp_path / "history")} == named
    assert history.thin(_minute(40 * 7)) == 0


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 300])
def test_a_damaged_snapshot_is_left_out_and_left_there_and_no_text_goes(tmp_path, sources, damage):
    history = History(tmp_path / "history")
    for number in range(30):
        _write(sources["rain"], f"Rain {number}.")
        history.take(sources, _minute(number))
    damaged = history.snapshots()[7]
    path = tmp_path / "history" / "snapshots" / f"{damaged.id}.json"
    path.write_bytes(damage)
    texts = _objects(tmp_path / "history")
    for found in (history, History(tmp_path / "history")):
        assert damaged.id not in [each.id for each in found.snapshots()]
        assert [notice.kind for notice in found.notices] == [HistoryNotice.SNAPSHOT_DAMAGED]
        assert str(path) in str(found.notices[0])
        found.thin(NOW + timedelta(days=1))
        assert _objects(tmp_path / "history") == texts
        assert path.read_bytes() == damage
    assert len(history.snapshots()) < 29


def test_the_newest_being_damaged_the_one_before_it_counts(tmp_path, sources):
    history = History(tmp_path / "history")
    history.take(sources, NOW)
    _write(sources["rain"], "Changed.")
    newest = history.take(sources, _minute(1))
    (tmp_path / "history" / "snapshots" / f"{newest.id}.json").write_bytes(b"{")
    taken = History(tmp_path / "history").take(sources, _minute(2))
    assert taken.entries == newest.entries


def test_without_any_snapshot_no_text_is_swept(tmp_path, sources):
    history = History(tmp_path / "history")
    history.take(sources, NOW)
    for path in (tmp_path / "history" / "snapshots").iterdir():
        path.unlink()
    history.thin(_minute(9))
    History(tmp_path / "history").thin(_minute(9))
    assert len(_objects(tmp_path / "history")) == 3


def test_a_damaged_text_is_said_and_stored_again_while_a_source_has_it(tmp_path, sources):
    history = History(tmp_path / "history")
    taken = history.take(sources, NOW)
    path = Objects(tmp_path / "history" / "objects").path(taken.entries["rain"])
    path.write_bytes(b"damage")
    with pytest.raises(WriterError) as caught:
        history.text(taken, "rain")
    assert caught.value.kind is ErrorKind.PAST_UNREADABLE
    assert [notice.kind for notice in history.notices] == [HistoryNotice.TEXT_DAMAGED]
    assert history.take(sources, _minute(1)) is None
    assert history.text(taken, "rain") == "This is rain.\n"
    path.unlink()
    assert History(tmp_path / "history").take(sources, _minute(1)) is None
    assert history.text(taken, "rain") == "This is rain.\n"


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "open"])
@pytest.mark.parametrize("nth", range(5))
def test_a_failure_anywhere_leaves_the_history_as_it_was_and_the_next_goes_well(
    tmp_path, sources, monkeypatch, call, nth
):
    history = History(tmp_path / "history")
    before = history.take(sources, NOW)
    files = _tree(tmp_path / "history")
    for key in ("rain", "dusk"):
        _write(sources[key], f"New {key}.")
    left, real = [nth], getattr(os, call)

    def fail(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "full")
        return real(*args, **kwargs)

    monkeypatch.setattr(os, call, fail)
    done = error = None
    try:
        done = history.take(sources, _minute(1))
    except WriterError as caught:
        error = caught
    monkeypatch.undo()
    if error:
        assert error.kind is ErrorKind.SAVE_FAILED
        assert History(tmp_path / "history").snapshots() == [before]
        assert files.items() <= _tree(tmp_path / "history").items()
    done = done or history.take(sources, _minute(2))
    for found in (history, History(tmp_path / "history")):
        assert found.snapshots() == [done, before]
        assert {key: found.text(done, key) for key in sources} == {
            "rain": "New rain.",
            "dusk": "New dusk.",
            "dawn": "This is dawn.\n",
        }
        assert found.text(before, "rain") == "This is rain.\n"
