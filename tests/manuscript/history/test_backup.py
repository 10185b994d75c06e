import errno
import os
import random
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.history.backup import back_up, backups, restore_backup

NOW = datetime(2026, 11, 24, 15, 2)


@pytest.fixture
def book(tmp_path):
    """A book's folder, with all that may lie in one."""
    folder = tmp_path / "My Novel"
    for name, text in {
        "book.toml": 'version = 1\nid = "abc"\n',
        "scenes/dusk-k3f9x2ab.md": "The rain fell.\n" * 5000,
        "scenes/雨-aaaaaaaa.md": "他很好。\n",
        "notes/deep/plan.txt": "",
        ".writer/marks/k3f9x2ab.json": "{}",
        ".writer/lock": "1234",
        ".writer/counts.json": "{}",
        ".writer/history/objects/ab/cd": "x",
        "scenes/.writer-0a1b.tmp": "half",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def _tree(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _belonging(book):
    left_out = (".writer/lock", ".writer/counts.json", ".writer/history", "scenes/.writer-")
    return {name: data for name, data in _tree(book).items() if not name.startswith(left_out)}


def _backed_up(book, target, when=NOW, keep=5, **other):
    return back_up(book, target, keep, when, book_id="abc", **other)


def test_a_backup_restored_is_the_book(book, target, tmp_path):
    before = _tree(book)
    path = _backed_up(book, target)
    assert path == target / "My Novel 2026-11-24 15.02.zip"
    restore_backup(path, tmp_path / "again")
    assert _tree(tmp_path / "again") == _belonging(book)
    assert len(_belonging(book)) == 5
    assert _tree(book) == before
    assert os.listdir(target) == [path.name]


def test_any_program_can_unpack_it_into_one_folder(book, target, tmp_path):
    path = _backed_up(book, target)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", path, tmp_path / "out"], check=True)
    assert os.listdir(tmp_path / "out") == ["My Novel"]
    assert _tree(tmp_path / "out" / "My Novel") == _belonging(book)


def test_the_newest_few_stay(book, target):
    made = [_backed_up(book, target, NOW + timedelta(minutes=at), keep=3) for at in range(6)]
    assert [each.path for each in backups(target, "abc")] == made[:-4:-1]
    assert backups(target, "abc")[0].when == NOW + timedelta(minutes=5)
    assert sorted(target.iterdir()) == sorted(made[-3:])


def test_two_in_one_minute_are_two_and_the_later_is_newer(book, target):
    made = [_backed_up(book, target, keep=3) for _ in range(12)][-3:]
    assert [each.path for each in backups(target, "abc")] == made[::-1]
    assert made[-1].name == "My Novel 2026-11-24 15.02 (12).zip"


def test_only_backups_of_this_very_book_are_ever_removed(book, target, tmp_path):
    others = {
        target / "My Novel 2020-01-01 10.00.zip": b"not a zip",
        target / "My Novel 2020-01-02 10.00.zip": None,  # a zip of somebody else's
        target / "holiday.zip": b"PK",
        target / "My Novel.txt": b"text",
    }
    for path, data in others.items():
        if data is None:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a", "b")
        else:
            path.write_bytes(data)
    other_book = back_up(book, target, 9, NOW - timedelta(days=9), book_id="other")
    renamed = target / "First draft, keep.zip"
    os.rename(_backed_up(book, target, NOW - timedelta(days=8)), renamed)
    (target / "My Novel 2020-01-03 10.00.zip").mkdir()
    old = _backed_up(book, target, NOW - timedelta(days=7))
    before = set(target.iterdir())
    new = _backed_up(book, target, keep=1)
    assert set(target.iterdir()) == before - {old} | {new}
    assert other_book.exists()
    assert renamed.exists()


def test_a_renamed_folder_is_the_same_book(book, target, tmp_path):
    old = _backed_up(book, target)
    os.rename(book, tmp_path / "A better title")
    new = _backed_up(tmp_path / "A better title", target, NOW + timedelta(days=1), keep=1)
    assert not old.exists()
    assert new.name == "A better title 2026-11-25 15.02.zip"


def test_the_one_just_made_stays_though_the_clock_was_set_back(book, target):
    future = _backed_up(book, target, NOW + timedelta(days=400), keep=1)
    made = _backed_up(book, target, keep=1)
    assert {each.path for each in backups(target, "abc")} == {future, made}


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("call", range(12))
def test_a_cancelled_backup_leaves_nothing_behind_and_removes_nothing(book, target, call):
    old = _backed_up(book, target, NOW - timedelta(days=1))
    seen = []

    def progress(done, whole):
        seen.append((done, whole))
        if len(seen) > call:
            raise Cancelled

    try:
        _backed_up(book, target, keep=1, progress=progress)
    except Cancelled:
        assert os.listdir(target) == [old.name]
    else:
        assert len(seen) <= call


def test_progress_rises_to_the_whole(book, target, tmp_path):
    for work in (
        lambda progress: _backed_up(book, target, progress=progress),
        lambda progress: restore_backup(
            backups(target, "abc")[0].path, tmp_path / "again", progress
        ),
    ):
        seen = []
        work(lambda done, whole, seen=seen: seen.append((done, whole)))
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert len({whole for _, whole in seen}) == 1
        assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "does not allow writing")],
)
def test_a_failure_is_said_and_leaves_nothing_behind(book, target, monkeypatch, call, code, reason):
    old = _backed_up(book, target, NOW - timedelta(days=1))

    def fail(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(WriterError, match=reason) as caught:
        _backed_up(book, target, keep=1)
    assert caught.value.kind is ErrorKind.BACKUP_FAILED
    assert os.listdir(target) == [old.name]


def test_a_disk_that_fills_up_in_the_middle_is_said(book, target, monkeypatch):
    real = zipfile.ZipFile.open

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            self.file.__enter__()
            return self

        def __exit__(self, *args):
            return self.file.__exit__(*args)

        def write(self, data):
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *args: Full(real(*args)))
    with pytest.raises(WriterError, match="the disk is full"):
        _backed_up(book, target)
    assert os.listdir(target) == []


def test_a_backup_that_reads_back_otherwise_replaces_no_older_one(book, target, monkeypatch):
    old = _backed_up(book, target, NOW - timedelta(days=1))
    real = os.fsync

    def spoil(descriptor):
        if os.fstat(descriptor).st_size > 500:
            os.pwrite(descriptor, b"spoiled", 300)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", spoil)
    with pytest.raises(WriterError) as caught:
        _backed_up(book, target, keep=1)
    assert caught.value.kind is ErrorKind.BACKUP_FAILED
    assert os.listdir(target) == [old.name]


def test_where_it_cannot_be_is_said(book, tmp_path, target):
    (tmp_path / "link").symlink_to(book / "notes")
    for place in (book, book / "notes", tmp_path / "link"):
        with pytest.raises(WriterError, match="inside the book's own folder"):
            _backed_up(book, place)
    with pytest.raises(WriterError, match="the folder is gone"):
        _backed_up(book, tmp_path / "none")
    with pytest.raises(WriterError, match="the book's folder is gone"):
        _backed_up(tmp_path / "none", target)
    with pytest.raises(ValueError, match="newest"):
        _backed_up(book, target, keep=0)
    assert backups(tmp_path / "none", "abc") == []


def test_a_text_that_cannot_be_read_is_no_silent_gap(book, target, monkeypatch):
    real = zipfile.ZipInfo.from_file

    def from_file(path, *args, **kwargs):
        if path.name.startswith("dusk"):
            raise PermissionError(errno.EACCES, "no")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(zipfile.ZipInfo, "from_file", from_file)
    with pytest.raises(WriterError, match=r"dusk-k3f9x2ab.*cannot be read"):
        _backed_up(book, target)
    assert os.listdir(target) == []


def test_odd_files_are_packed_or_passed_over(book, target, tmp_path):
    os.mkfifo(book / "pipe")
    (book / "loop").symlink_to(book)
    (book / "gone").symlink_to(tmp_path / "nowhere")
    os.close(os.open(os.fsencode(book) + b"/caf\xe9.txt", os.O_CREAT | os.O_WRONLY))
    os.utime(book / "book.toml", (0, 0))  # before the years that a zip knows
    restore_backup(_backed_up(book, target), tmp_path / "again")
    assert _tree(tmp_path / "again").keys() >= {"caf\ufffd.txt", "book.toml"}


def test_nothing_is_unpacked_over_something(book, target, tmp_path):
    path = _backed_up(book, target)
    before = _tree(book)
    for place in (book, book / "book.toml"):
        with pytest.raises(WriterError, match="not an empty folder") as caught:
            restore_backup(path, place)
        assert caught.value.kind is ErrorKind.BACKUP_DAMAGED
    assert _tree(book) == before
    (tmp_path / "empty").mkdir()
    restore_backup(path, tmp_path / "empty")
    assert (tmp_path / "empty" / "book.toml").exists()


def _zip(path, *names, mode=0o644):
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("Novel/book.toml", *names):
            info = zipfile.ZipInfo(name)
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, "text")
    return path


@pytest.mark.parametrize(
    "name",
    [
        "Novel/../../evil",
        "Novel//evil",
        "Novel/./evil",
        "Novel/a/..",
        "Novel/C:evil",
        "Novel/..\\evil",
        "Novel/...",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path, name):
    path = _zip(tmp_path / "a.zip", name)
    with pytest.raises(WriterError, match="it would write to"):
        restore_backup(path, tmp_path / "deep" / ".." / "again")
    assert os.listdir(tmp_path) == ["a.zip"]


def test_what_lies_beside_the_book_is_passed_over(tmp_path):
    path = _zip(tmp_path / "a.zip", "/evil", "../evil", "evil", "Novel/good")
    restore_backup(path, tmp_path / "again")
    assert sorted(_tree(tmp_path)) == ["a.zip", "again/book.toml", "again/good"]


def test_links_and_zips_of_something_else_are_refused(tmp_path):
    with pytest.raises(WriterError, match="it would write to"):
        restore_backup(_zip(tmp_path / "a.zip", mode=0o120777), tmp_path / "again")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.txt", "b")
    with pytest.raises(WriterError, match="no book in it"):
        restore_backup(tmp_path / "b.zip", tmp_path / "again")
    with pytest.raises(WriterError, match="it is gone"):
        restore_backup(tmp_path / "none.zip", tmp_path / "again")
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "b.zip"]


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_a_damaged_backup_is_unpacked_as_it_was_or_refused_with_nothing_left(
    book, target, tmp_path, first
):
    sound = _backed_up(book, target).read_bytes()
    whole = _belonging(book)
    damaged = tmp_path / "damaged.zip"
    for seed in range(first, first + 100):
        chance = random.Random(seed)
        data = bytearray(sound)
        for _ in range(chance.choice((1, 1, 5))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        damaged.write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
        again = tmp_path / f"again{seed}"
        backups(tmp_path, "abc")
        try:
            restore_backup(damaged, again)
        except WriterError as error:
            refused = error
        else:
            refused = None
        if refused:
            assert refused.kind is ErrorKind.BACKUP_DAMAGED
            assert not again.exists()
        else:
            found = _tree(again)
            assert {data for data in found.values() if data} <= set(whole.values())
    assert not list(tmp_path.glob(".writer-*"))
