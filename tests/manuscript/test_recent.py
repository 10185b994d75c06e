import json
import os

import pytest

from writer.errors import WriterError
from writer.manuscript.recent import LIMIT, RecentFiles


def _paths(recent):
    return [entry.path for entry in recent.entries()]


def test_most_recent_first_each_once_ten_at_most(tmp_path):
    recent = RecentFiles(tmp_path / "data" / "recent.json")
    paths = [tmp_path / f"{number}.txt" for number in range(12)]
    for path in [*paths, paths[5]]:
        recent.add(path)
    assert _paths(recent) == [paths[n] for n in (5, 11, 10, 9, 8, 7, 6, 4, 3, 2)]
    assert len(_paths(recent)) == LIMIT
    assert _paths(RecentFiles(tmp_path / "data" / "recent.json")) == _paths(recent)


def test_the_cursor_is_remembered(tmp_path):
    recent = RecentFiles(tmp_path / "recent.json")
    recent.add(tmp_path / "a.txt")
    recent.set_cursor(tmp_path / "a.txt", 42)
    recent.add(tmp_path / "b.txt")
    recent.add(tmp_path / "a.txt")
    assert recent.cursor(tmp_path / "a.txt") == 42
    assert recent.cursor(tmp_path / "b.txt") == 0
    assert recent.cursor(tmp_path / "never.txt") == 0


def test_one_path_written_two_ways_is_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recent = RecentFiles(tmp_path / "recent.json")
    recent.add(tmp_path / "a.txt")
    recent.add(type(tmp_path)("a.txt"))
    assert _paths(recent) == [tmp_path / "a.txt"]


def test_missing_files_stay_and_are_flagged(tmp_path):
    recent = RecentFiles(tmp_path / "recent.json")
    (tmp_path / "here.txt").write_text("text")
    recent.add(tmp_path / "gone.txt")
    recent.add(tmp_path / "here.txt")
    assert [entry.exists for entry in recent.entries()] == [True, False]
    recent.remove(tmp_path / "gone.txt")
    assert _paths(recent) == [tmp_path / "here.txt"]


def test_two_windows_do_not_lose_each_others_files(tmp_path):
    one, other = RecentFiles(tmp_path / "recent.json"), RecentFiles(tmp_path / "recent.json")
    one.add(tmp_path / "a.txt")
    other.add(tmp_path / "b.txt")
    assert _paths(one) == [tmp_path / "b.txt", tmp_path / "a.txt"]


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xff",
        b'{"files": 3}',
        b'{"files": [3]}',
        b'{"files": [{}]}',
        b'{"files": [{"path": 3}]}',
        b"[" * 100_000,
    ],
)
def test_a_broken_store_is_an_empty_list_and_can_be_written(tmp_path, stored):
    (tmp_path / "recent.json").write_bytes(stored)
    recent = RecentFiles(tmp_path / "recent.json")
    assert recent.entries() == []
    recent.add(tmp_path / "a.txt")
    assert _paths(recent) == [tmp_path / "a.txt"]


@pytest.mark.parametrize("cursor", [-1, True, "7", None, 1.5])
def test_a_cursor_that_is_none_counts_as_the_start(tmp_path, cursor):
    files = [{"path": "/a.txt", "cursor": cursor}]
    (tmp_path / "recent.json").write_text(json.dumps({"files": files}))
    assert [entry.cursor for entry in RecentFiles(tmp_path / "recent.json").entries()] == [0]


def test_a_name_that_is_no_unicode_survives(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    recent = RecentFiles(tmp_path / "recent.json")
    recent.add(path)
    assert _paths(recent) == [path]


def test_a_store_that_cannot_be_written_is_a_failed_save(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriterError, match="a file is where its folder should be"):
        RecentFiles(tmp_path / "file" / "recent.json").add(tmp_path / "a.txt")
