"""Whether a backup still holds a book: any change of what counts is seen, and nothing else."""

from datetime import datetime

import pytest

from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.history.backed_up import is_backed_up
from writer.manuscript.history.backup import back_up


@pytest.fixture
def book(tmp_path):
    sections = (Section(ItemKind.SCENE, "Dusk", 0, "Rain."), Section(ItemKind.SCENE, "雨", 0, "雨"))
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "", sections))
    book.close()
    marks = book.folder / ".writer" / "marks"
    marks.mkdir()
    (marks / "a.json").write_text("{}")
    return book.folder


@pytest.fixture
def backup(book, tmp_path):
    target = tmp_path / "Backups"
    target.mkdir()
    return back_up(book, target, 3, datetime(2026, 1, 1), book_id="abc")


def scene(book):
    return sorted((book / "scenes").iterdir())[0]


def test_a_backup_of_now_is_one(book, backup):
    assert is_backed_up(book, backup)


@pytest.mark.parametrize(
    "change",
    [
        lambda book: scene(book).write_text("Snow."),
        lambda book: scene(book).write_text("rain."),
        lambda book: scene(book).unlink(),
        lambda book: scene(book).rename(book / "scenes" / "other.md"),
        lambda book: (book / "notes.txt").write_text("mine"),
        lambda book: (book / "book.toml").write_text("version = 1\n"),
        lambda book: (book / ".writer" / "marks" / "a.json").write_text("[]"),
    ],
)
def test_any_change_of_the_writers_is_seen(book, backup, change):
    change(book)
    assert not is_backed_up(book, backup)


def test_what_can_be_made_again_does_not_count(book, backup):
    for name in ("place.json", "counts.json", "lock", "history/objects/x"):
        path = book / ".writer" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("anything")
    (book / "scenes" / ".writer-0123.tmp").write_text("half")
    assert is_backed_up(book, backup)


def test_a_backup_that_cannot_be_read_is_none(book, backup):
    data = backup.read_bytes()
    for length in range(0, len(data) - 1, 97):
        backup.write_bytes(data[:length])
        assert not is_backed_up(book, backup)
    backup.unlink()
    assert not is_backed_up(book, backup)
