"""A book in the window, asked for one thing before the keeper has done the one before."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from tests.ui.book.test_books import QUIET, SECTIONS, books_of, scenes, written
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.book.outline import ItemKind


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return the folder of a book of three scenes."""
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "en", SECTIONS))
    book.close()
    return book.folder


@pytest.fixture
def desk(open_desk, folder):
    """Return a window with the book, which suggests nothing."""
    return open_desk(settings=QUIET, path=folder)


@pytest.fixture
def asked(monkeypatch):
    """Return what is asked from now on; it is answered with yes."""
    asked = []

    def answer(box):
        asked.append(box.text())
        return QMessageBox.StandardButton.Open

    monkeypatch.setattr(QMessageBox, "exec", answer)
    return asked


@pytest.mark.parametrize("waits", [True, False])
def test_a_split_taken_back_and_made_again_keeps_the_second_half(desk, waits):
    rearranging = books_of(desk).rearranging
    desk.page.go_to(len("The rain fell.\n"))
    new = rearranging.split()
    books_of(desk).open_book.step(-1)
    for step in (rearranging.undo, rearranging.redo) * 2:
        step()
        if waits:
            written(desk)
    written(desk)
    assert books_of(desk).open_book.book.scene_path(new).read_text() == "She waited."
    assert books_of(desk).open_book.text(new) == "She waited."


def test_a_scene_added_taken_back_and_added_again_has_a_file(desk):
    rearranging = books_of(desk).rearranging
    new = rearranging.add(ItemKind.SCENE, scenes(desk)[0])
    rearranging.undo()
    rearranging.redo()
    books_of(desk).open_book.show(new)
    desk.type("Begun.")
    written(desk)
    assert books_of(desk).open_book.book.scene_path(new).read_text() == "Begun."


def test_a_book_that_was_just_left_opens_for_writing(desk, folder, asked):
    for _ in range(10):
        desk.type("So ")
        desk.session.filing.new()
        assert books_of(desk).open(folder)
        assert not books_of(desk).open_book.book.read_only
    assert asked == []


@pytest.mark.parametrize("name", ["", "book.toml"])
def test_the_open_book_opened_again_stays_as_it_is(desk, folder, asked, name):
    before = books_of(desk).open_book
    desk.type("So ")
    assert books_of(desk).open(folder / name)
    assert books_of(desk).open_book is before
    assert not before.book.read_only
    assert desk.page.read().startswith("So The")
    assert asked == []


def test_a_split_is_not_taken_back_by_halves(desk, folder):
    """The first half was written on, and stays: the second is then in no other scene."""
    rearranging = books_of(desk).rearranging
    desk.page.go_to(len("The rain fell.\n"))
    first, *rest = scenes(desk)
    new = rearranging.split()
    books_of(desk).open_book.step(-1)
    desk.type("Later. ")
    rearranging.undo()
    written(desk)
    book = books_of(desk).open_book
    assert scenes(desk) == [first, new, *rest]
    assert (book.text(first), book.text(new)) == ("The rain fell.Later. ", "She waited.")
    assert book.book.scene_path(new).read_text() == "She waited."


def test_a_scene_that_cannot_be_read_is_not_removed(desk, folder):
    """One imported, say, never opened, whose drive fails when the import is taken back."""
    book, rearranging = books_of(desk).open_book, books_of(desk).rearranging
    made = book.new_item(ItemKind.SCENE, "Made")
    book.create(made, "Imported.")
    rearranging.append({made: "Imported."})
    path = book.book.scene_path(made.id)
    path.write_bytes(b"\0\1\2" * 100)  # what another program has made of it
    rearranging.undo()
    written(desk)
    assert path.read_bytes() == b"\0\1\2" * 100
    assert book.outline.is_archived(made.id)
