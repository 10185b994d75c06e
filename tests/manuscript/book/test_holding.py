import json
import os
import subprocess
import sys

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book import holding as holding_module
from writer.manuscript.book.book import Book
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.holding import hold
from writer.manuscript.lock import FileLock

OPEN = """
import sys, pathlib
from writer.manuscript.book.book import Book
book = Book.open(pathlib.Path(sys.argv[1]))
print(book.read_only, flush=True)
sys.stdin.read()
"""


def note(folder):
    return folder / ".writer" / "owner.json"


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_second_window_only_reads_and_knows_the_first(folder):
    first = Book.open(folder)
    before = everything(folder)
    second = Book.open(folder)
    assert (first.read_only, first.owner) == (False, "")
    assert (second.read_only, second.needs_writing) == (True, False)
    assert second.owner.startswith(f"another window, process {os.getpid()}, since ")
    second.close()
    assert everything(folder) == before
    assert Book.open(folder).read_only
    first.close()
    assert not note(folder).exists()
    third = Book.open(folder)
    assert not third.read_only
    third.close()


def test_a_process_that_was_killed_holds_nothing(folder):
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"False\n"
        second = Book.open(folder)
        assert f"process {other.pid}" in second.owner
        other.kill()
        other.wait()
    assert note(folder).exists()
    book = Book.open(folder)
    assert (book.read_only, book.owner, book.notices) == (False, "", ())
    book.close()


def test_a_book_left_open_on_another_machine_says_so(folder):
    about = {"host": "attic", "pid": 9, "since": "2024-02-03T14:02:00+00:00"}
    note(folder).write_text(json.dumps(about))
    book = Book.open(folder)
    assert [notice.kind for notice in book.notices] == [BookNotice.LEFT_OPEN]
    assert "a window on “attic”, process 9, since 03 February" in str(book.notices[0])
    book.close()


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b'{"host": 1}', b"\xff", b"[" * 9000])
def test_a_broken_note_is_none(folder, stored):
    lock = FileLock(folder / ".writer" / "lock")
    assert lock.acquire()
    note(folder).write_bytes(stored)
    assert Book.open(folder).owner == "another window"
    lock.release()
    book = Book.open(folder)
    assert not book.read_only
    book.close()


def test_a_note_of_somebody_else_is_not_taken_away(folder):
    held = hold(folder)
    other = b'{"host": "attic", "pid": 9, "since": "2024-02-03T14:02:00+00:00"}'
    note(folder).write_bytes(other)
    held.release()
    held.release()
    assert note(folder).read_bytes() == other


@pytest.mark.parametrize("reason", ["medium", "note"])
def test_where_nothing_can_be_written_the_book_is_read(folder, monkeypatch, reason):
    def forbidden(*arguments):
        raise OSError(30, "Read-only file system")

    if reason == "medium":
        monkeypatch.setattr(FileLock, "acquire", forbidden)
    else:
        monkeypatch.setattr("writer.manuscript.atomic._write_new", forbidden)
    book = Book.open(folder)
    assert (book.read_only, book.owner) == (True, "")
    assert [notice.kind for notice in book.notices] == [BookNotice.UNWRITABLE]
    assert "does not allow writing" in str(book.notices[0])
    monkeypatch.undo()
    again = Book.open(folder)
    assert not again.read_only
    again.close()


def test_a_full_disk_does_not_keep_a_book_from_being_written_later(folder, monkeypatch):
    def full(path, data):
        try:
            raise OSError(28, "full")
        except OSError as error:
            raise WriterError(ErrorKind.SAVE_FAILED, path=path, reason="full") from error

    monkeypatch.setattr(holding_module, "write_atomically", full)
    book = Book.open(folder)
    assert not book.read_only
    book.close()
