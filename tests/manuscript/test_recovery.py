import errno
import os
import subprocess
import sys

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.recovery import Recovery


def _gone(folder, id, text, name="Untitled"):
    """Leave a copy as a window that died does."""
    recovery = Recovery(folder)
    recovery.keep(id, text, name)
    recovery.close()


def test_a_copy_of_a_window_that_is_gone_is_offered(tmp_path):
    _gone(tmp_path / "recovery", "a", "Rain.\n\u2028他很好\u00a0😀", "My book")
    (found,) = Recovery(tmp_path / "recovery").pending()
    assert (found.id, found.name, found.text) == ("a", "My book", "Rain.\n\u2028他很好\u00a0😀")
    assert found.when.tzinfo is not None
    assert found.preview == "Rain."


def test_a_copy_is_plain_text_that_people_can_read(tmp_path):
    _gone(tmp_path, "a", "他很好\n")
    assert (tmp_path / "a.txt").read_bytes() == "他很好\n".encode()


def test_the_copies_of_a_living_window_are_not_offered_to_another(tmp_path):
    mine, other = Recovery(tmp_path), Recovery(tmp_path)
    mine.keep("a", "text", "")
    assert other.pending() == []
    assert mine.pending() == []
    with pytest.raises(WriterError, match="another window"):
        other.keep("a", "theirs", "")
    assert (tmp_path / "a.txt").read_text() == "text"


def test_two_windows_started_at_once_are_not_offered_the_same(tmp_path):
    _gone(tmp_path, "a", "text")
    first, second = Recovery(tmp_path), Recovery(tmp_path)
    assert [found.id for found in first.pending()] == ["a"]
    assert second.pending() == []
    first.close()
    assert [found.id for found in second.pending()] == ["a"]


def test_the_copy_of_a_process_that_crashed_is_offered(tmp_path):
    program = (
        "import os, sys; from pathlib import Path\n"
        "from writer.manuscript.recovery import Recovery\n"
        "recovery = Recovery(Path(sys.argv[1]))\n"
        "recovery.keep('a', 'last words', '')\n"
        "print('kept', flush=True); sys.stdin.readline(); os._exit(1)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "kept\n"
        assert Recovery(tmp_path).pending() == []
        process.communicate("\n")
    assert [found.text for found in Recovery(tmp_path).pending()] == ["last words"]


def test_a_newer_state_replaces_the_older_and_a_discarded_one_is_gone(tmp_path):
    recovery = Recovery(tmp_path)
    recovery.keep("a", "first", "")
    recovery.keep("a", "second", "")
    recovery.keep("b", "other", "")
    recovery.discard("a")
    recovery.discard("never-kept")
    recovery.close()
    assert [found.text for found in Recovery(tmp_path).pending()] == ["other"]
    assert not list(tmp_path.glob("a.*"))


def test_newest_first(tmp_path):
    for id in ("a", "b", "c"):
        _gone(tmp_path, id, id)
    assert [found.id for found in Recovery(tmp_path).pending()] == ["c", "b", "a"]


def test_an_offered_copy_may_be_continued(tmp_path):
    _gone(tmp_path, "a", "one")
    recovery = Recovery(tmp_path)
    recovery.pending()
    recovery.keep("a", "one two", "")
    assert recovery.pending() == []
    recovery.close()
    assert [found.text for found in Recovery(tmp_path).pending()] == ["one two"]


def test_damaged_copies_are_left_out_and_kept(tmp_path):
    _gone(tmp_path, "good", "text")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfa")
    (tmp_path / "zero.txt").write_bytes(bytes(64))
    (tmp_path / "folder.txt").mkdir()
    assert [found.id for found in Recovery(tmp_path).pending()] == ["good"]
    assert (tmp_path / "bad.txt").read_bytes() == b"\xff\xfe\xfa"
    assert (tmp_path / "zero.txt").exists()


@pytest.mark.parametrize(
    "sidecar", [b"", b"{", b"[]", b'{"name": "x", "when": 3}', b"\xff", b"[" * 9999]
)
def test_a_text_without_a_good_sidecar_is_offered_all_the_same(tmp_path, sidecar):
    _gone(tmp_path, "a", "text")
    (tmp_path / "a.json").write_bytes(sidecar)
    assert [found.text for found in Recovery(tmp_path).pending()] == ["text"]


def test_a_full_disk_leaves_the_copy_before(tmp_path, monkeypatch):
    recovery = Recovery(tmp_path)
    recovery.keep("a", "first", "")

    def full(*args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriterError) as caught:
        recovery.keep("a", "second", "")
    assert caught.value.kind is ErrorKind.SAVE_FAILED
    recovery.close()
    assert [found.text for found in Recovery(tmp_path).pending()] == ["first"]


def test_a_folder_that_cannot_be_made_is_a_failed_save(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriterError, match="the folder is gone"):
        Recovery(tmp_path / "file" / "recovery").keep("a", "text", "")
    assert Recovery(tmp_path / "none").pending() == []


@pytest.mark.parametrize("id", ["", "../a", "a/b", "a.b", "a" * 65])
def test_an_id_that_is_no_file_name_is_refused(tmp_path, id):
    with pytest.raises(ValueError, match="not an id"):
        Recovery(tmp_path).keep(id, "text", "")


def test_ids_differ_and_are_valid(tmp_path):
    ids = {Recovery.new_id() for _ in range(20)}
    assert len(ids) == 20
    Recovery(tmp_path).keep(ids.pop(), "text", "")
