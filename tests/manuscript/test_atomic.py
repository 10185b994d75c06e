import errno
import os
import stat

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically


def _failing(code):
    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "the folder does not allow writing"),
        (errno.EROFS, "the folder does not allow writing"),
        (errno.ENOENT, "the folder is gone"),
        (errno.EIO, os.strerror(errno.EIO).lower()),
    ],
)
def test_a_failed_save_leaves_the_old_bytes_and_nothing_else(
    tmp_path, monkeypatch, call, code, reason
):
    path = tmp_path / "book.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, call, _failing(code))
    with pytest.raises(WriterError) as caught:
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert caught.value.kind is ErrorKind.SAVE_FAILED
    assert caught.value.fields == {"path": path, "reason": reason}
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["book.txt"]


def test_a_disk_that_fills_in_the_middle_leaves_the_old_bytes(tmp_path, monkeypatch):
    path = tmp_path / "book.txt"
    path.write_bytes(b"old")
    real, room = os.write, [10]

    def write(descriptor, data):
        if not room[0]:
            raise OSError(errno.ENOSPC, "full")
        taken = real(descriptor, data[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(WriterError, match="the disk is full"):
        write_atomically(path, b"x" * 100)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["book.txt"]


def test_short_writes_are_continued(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    write_atomically(tmp_path / "book.txt", bytes(range(256)))
    assert (tmp_path / "book.txt").read_bytes() == bytes(range(256))


def test_an_interrupted_save_leaves_no_temporary_file(tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "book.txt", b"new")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not here")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "book.txt", b"new")
    assert (tmp_path / "book.txt").read_bytes() == b"new"


@pytest.mark.parametrize("bits", [0o600, 0o644, 0o660])
def test_permission_bits_survive(tmp_path, bits):
    path = tmp_path / "book.txt"
    path.write_bytes(b"old")
    path.chmod(bits)
    write_atomically(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == bits


def test_a_new_file_takes_the_bits_of_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "book.txt", b"new")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "book.txt").stat().st_mode) == 0o640


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "book.txt", tmp_path / "link.txt"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path / "real") == ["book.txt"]


def test_a_link_that_leads_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(WriterError):
        write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").is_symlink()


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WriterError, match="not an ordinary file"):
        write_atomically(tmp_path / "pipe", b"new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_read_only_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "book.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anything
    with pytest.raises(WriterError, match="read-only"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_missing_folder_and_a_folder_are_named(tmp_path):
    with pytest.raises(WriterError, match="the folder is gone"):
        write_atomically(tmp_path / "gone" / "book.txt", b"new")
    with pytest.raises(WriterError, match="it is a folder"):
        write_atomically(tmp_path, b"new")


def test_a_name_as_long_as_the_system_allows_can_be_saved(tmp_path):
    path = tmp_path / ("n" * 251 + ".txt")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
