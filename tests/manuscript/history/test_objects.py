import errno
import os
import random
import zlib

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.history.objects import Objects


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"a", "他很好\n".encode() * 999, os.urandom(5000)])
def test_what_is_put_is_read_and_equal_bytes_are_kept_once(tmp_path, data):
    objects = Objects(tmp_path / "objects")
    digest = objects.put(data)
    assert objects.put(data) == digest
    assert objects.holds(digest)
    assert objects.read(digest) == data
    assert _files(tmp_path) == [tmp_path / "objects" / digest[:2] / digest[2:]]


def test_an_intact_object_is_not_written_again(tmp_path):
    objects = Objects(tmp_path)
    path = objects.path(objects.put(b"text"))
    before = path.stat()
    objects.put(b"text")
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


_DAMAGE = [b"", b"\0" * 40, zlib.compress(b"other"), zlib.compress(b"text")[:-1], b"text"]


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_damaged_object_is_refused_and_left_and_put_replaces_it(tmp_path, damage):
    objects = Objects(tmp_path)
    digest = objects.put(b"text")
    objects.path(digest).write_bytes(damage)
    with pytest.raises(WriterError, match="damaged") as caught:
        objects.read(digest)
    assert caught.value.kind is ErrorKind.PAST_UNREADABLE
    assert objects.path(digest).read_bytes() == damage
    objects.put(b"text")
    assert objects.read(digest) == b"text"


def test_one_that_unpacks_to_more_than_any_text_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("writer.manuscript.history.objects.LIMIT_BYTES", 1000)
    objects = Objects(tmp_path)
    assert objects.read(objects.put(bytes(1000))) == bytes(1000)
    digest = objects.put(bytes(1001))
    with pytest.raises(WriterError, match="damaged"):
        objects.read(digest)


def test_one_that_is_gone_is_said_to_be(tmp_path):
    objects = Objects(tmp_path)
    assert not objects.holds("0" * 64)
    with pytest.raises(WriterError, match="it is gone"):
        objects.read("0" * 64)
    for name in ("", "../" * 21 + "a", "A" * 64, "0" * 63):
        with pytest.raises(ValueError, match="not a digest"):
            objects.path(name)


def test_a_full_disk_leaves_no_half_object(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriterError, match="the disk is full"):
        Objects(tmp_path).put(b"text")
    assert _files(tmp_path) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_sweep_leaves_what_is_wanted_and_what_is_not_ours(tmp_path, seed):
    chance = random.Random(seed)
    objects = Objects(tmp_path)
    digests = [objects.put(chance.randbytes(50)) for _ in range(30)]
    wanted = set(chance.sample(digests, 12))
    others = [tmp_path / "ab" / "notes.txt", tmp_path / "readme", tmp_path / "x" / ("0" * 62)]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    leftover = tmp_path / "ab" / ".writer-0123.tmp"
    leftover.write_bytes(b"half")
    assert objects.sweep(wanted) == 19
    assert {digest for digest in digests if objects.holds(digest)} == wanted
    assert all(path.exists() for path in others)
    assert not leftover.exists()
    assert Objects(tmp_path / "none").sweep(set()) == 0
