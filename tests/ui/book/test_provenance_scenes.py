"""Marks in a book: they stay with their words through every step that moves these."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from tests.ui.crashes import crash, decide
from tests.ui.marked_desks import (
    CONTROL,
    ON_DEMAND,
    books,
    marked,
    provenance,
    scene_stored,
    scenes,
    take,
    written,
)
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.provenance.marks_file import book_marks_path
from writer.ui.book.recovery_dialog import Decision

ONE, TWO = " the rain fell on the roofs", " a boat came in at last"
SCENE = ItemKind.SCENE


@pytest.fixture
def folder(tmp_path):
    sections = (
        Section(SCENE, "Dusk", 0, "She waited.\nNight."),
        Section(SCENE, "Dawn", 0, "He rose."),
        Section(SCENE, "Noon", 0, "Heat."),
    )
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "en", sections))
    book.close()
    return book.folder


@pytest.fixture
def open_book(open_desk, folder):
    def make(*script):
        return open_desk(*script, settings=ON_DEMAND, path=folder)

    return make


@pytest.fixture
def taken(open_book):
    """A book with something taken at the end of the first two scenes; the first is shown."""
    desk = open_book((ONE,), (TWO,))
    first, second, _ = scenes(desk)
    show_end(desk, first)
    take(desk, ONE)
    show_end(desk, second)
    take(desk, TWO)
    books(desk).open_book.show(first)
    return desk


def show_end(desk, scene):
    books(desk).open_book.show(scene)
    desk.page.go_to(len(desk.page.read()))


def all_stored(desk, folder):
    written(desk)
    items = books(desk).open_book.outline.scenes()
    return {item.title: scene_stored(folder, item.id) for item in items}


def test_each_scene_has_its_marks_back_with_its_undo_history(taken, folder):
    desk = taken
    assert marked(desk) == [ONE]
    books(desk).open_book.show(scenes(desk)[1])
    assert marked(desk) == [TWO]
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert marked(desk) == []
    books(desk).open_book.show(scenes(desk)[0])
    assert marked(desk) == [ONE]
    desk.page.undo()
    assert (desk.page.read(), marked(desk)) == ("She waited.\nNight.", [])
    desk.page.redo()
    assert all_stored(desk, folder) == {"Dusk": [ONE], "Dawn": [], "Noon": []}


def test_a_book_opened_again_has_all_marks(taken, open_book, folder):
    before = all_stored(taken, folder)
    assert before == {"Dusk": [ONE], "Dawn": [TWO], "Noon": []}
    assert taken.window.close()
    again = open_book()
    assert marked(again) == [ONE]
    assert not book_marks_path(folder, scenes(again)[2]).exists()
    show_end(again, scenes(again)[1])
    assert marked(again) == [TWO]


@pytest.mark.parametrize("place", [len("She waited.\n"), len("She waited.\nNight. the rain")])
def test_a_split_scene_has_its_marks_in_both_parts_and_undoing_it_in_one(taken, folder, place):
    desk, rearranging = taken, books(taken).rearranging
    before = all_stored(desk, folder)
    desk.page.go_to(place)
    new = rearranging.split()
    whole = " ".join(part.strip() for part in scene_stored_now(desk))
    assert whole == ONE.strip()
    assert marked(desk)[-1].endswith("on the roofs")
    rearranging.undo()
    assert marked(desk) == [ONE]
    assert all_stored(desk, folder) == before
    assert not book_marks_path(folder, new).exists()
    rearranging.redo()
    assert " ".join(part.strip() for part in scene_stored_now(desk)) == ONE.strip()
    assert books(desk).open_book.outline.scenes()[1].id == new


def scene_stored_now(desk):
    """Return what is marked in the first two scenes, as they are in hand."""
    marks = books(desk).open_book.marks
    found = []
    for id in scenes(desk)[:2]:
        text = books(desk).open_book.text(id)
        found += [text[mark.start : mark.end] for mark in marks.of(id, text).marks]
    return found


@pytest.mark.parametrize("is_first_shown", [True, False])
def test_merged_scenes_bring_their_marks_and_undoing_takes_them_back(taken, folder, is_first_shown):
    desk, rearranging = taken, books(taken).rearranging
    before, (first, second, third) = all_stored(desk, folder), scenes(taken)
    counts = provenance(desk).marks.stored().taken
    if not is_first_shown:
        books(desk).open_book.show(third)
    rearranging.merge((first, second, third))
    assert marked(desk) == [ONE, TWO]
    assert len(provenance(desk).marks.stored().taken) == 2
    assert all_stored(desk, folder) == {"Dusk": [ONE, TWO]}
    rearranging.undo()
    books(desk).open_book.show(first)
    assert marked(desk) == [ONE]
    assert provenance(desk).marks.stored().taken == counts
    assert all_stored(desk, folder) == before
    rearranging.redo()
    assert all_stored(desk, folder) == {"Dusk": [ONE, TWO]}


def test_what_is_cut_in_one_scene_is_marked_where_it_is_pasted(taken, folder):
    desk = taken
    desk.page.selectAll()
    desk.page.cut()
    show_end(desk, scenes(desk)[2])
    desk.page.paste()
    assert marked(desk) == [ONE]
    assert all_stored(desk, folder) == {"Dusk": [], "Dawn": [TWO], "Noon": [ONE]}


@pytest.mark.parametrize("is_in_hand", [True, False])
def test_replacing_in_other_scenes_leaves_what_it_does_not_touch(
    taken, open_book, folder, is_in_hand
):
    desk = taken
    all_stored(desk, folder)
    if not is_in_hand:
        assert desk.window.close()
        desk = open_book()
    book, rearranging = books(desk).open_book, books(desk).rearranging
    second = scenes(desk)[1]
    assert (desk.session.filing.document.find(book.key(second)) is not None) == is_in_hand
    said = book.text(second)
    rearranging.replace({second: said}, {second: said.replace("boat", "ship") + " So."})
    # Of a text that is not in hand, a short word alone is not found again.
    rest = [" a ", " came in at last"] if is_in_hand else [" came in at last"]
    assert all_stored(desk, folder)["Dawn"] == rest
    rearranging.undo()
    assert all_stored(desk, folder)["Dawn"] == [TWO]
    book.show(second)
    assert (desk.page.read(), marked(desk)) == (said, [TWO])


def test_undoing_in_a_scene_what_a_step_replaced_there_brings_its_mark_back(taken):
    desk = taken
    book, second = books(desk).open_book, scenes(desk)[1]
    said = book.text(second)
    books(desk).rearranging.replace({second: said}, {second: said.replace("boat", "ship")})
    book.show(second)
    assert marked(desk) == [" a ", " came in at last"]
    desk.page.undo()
    assert (desk.page.read(), marked(desk)) == (said, [TWO])


def test_a_scene_lost_in_a_crash_comes_back_marked(taken, open_desk, folder, monkeypatch, tmp_path):
    desk, second = taken, scenes(taken)[1]
    all_stored(desk, folder)
    book = books(desk).open_book
    path, id, said = book.book.scene_path(second), book.book.id, book.text(second)
    marks = book_marks_path(folder, second).read_bytes()
    assert desk.window.close()
    path.write_text("He rose.")
    crash(said, path, folder, id, second)
    book_marks_path(folder, second).write_bytes(marks)
    decide(monkeypatch, Decision.RESTORE)
    again = open_desk(settings=ON_DEMAND, path=folder)
    show_end(again, second)
    assert (again.page.read(), marked(again)) == (said, [TWO])


def test_a_book_that_is_read_only_shows_marks_and_writes_none(
    taken, open_book, folder, monkeypatch
):
    all_stored(taken, folder)
    assert taken.window.close()
    other = Book.open(folder)
    first, _, third = (item.id for item in other.outline.scenes())
    book_marks_path(folder, third).write_bytes(b"damaged")
    files = {path.name: path.read_bytes() for path in (folder / ".writer/marks").iterdir()}
    answer = QMessageBox.StandardButton.Open
    monkeypatch.setattr(QMessageBox, "exec", lambda box: answer)
    desk = open_book()
    assert marked(desk) == [ONE]
    books(desk).open_book.show(third)
    books(desk).open_book.show(first)
    written(desk)
    now = {path.name: path.read_bytes() for path in (folder / ".writer/marks").iterdir()}
    assert now == files
    other.close()
