"""A book in the window: its scenes on the page, its outline beside it, nothing lost on the way."""

import errno
import os
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from tests.ui.crashes import crash, decide, lost_texts
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.ui.book.books import Books
from writer.ui.book.recovery_dialog import Decision

CONTROL = Qt.KeyboardModifier.ControlModifier
QUIET = '[suggesting]\nmode = "off"\n'
SECTIONS = (
    Section(ItemKind.PART, "Autumn", 0),
    Section(ItemKind.CHAPTER, "One", 1),
    Section(ItemKind.SCENE, "Dusk", 2, "The rain fell.\nShe waited."),
    Section(ItemKind.SCENE, "", 2, "雨停了。"),
    Section(ItemKind.CHAPTER, "Two", 1),
    Section(ItemKind.SCENE, "Dawn", 2, "He came."),
)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A book of three scenes in two chapters."""
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "en", SECTIONS))
    book.close()
    return book.folder


@pytest.fixture
def open_book(open_desk, folder):
    """Return a function that opens the book in a window which suggests nothing."""
    return lambda path=None: open_desk(settings=QUIET, path=path or folder)


def books_of(desk):
    return desk.window.findChild(Books)


def scenes(desk) -> list[str]:
    return [item.id for item in books_of(desk).open_book.outline.scenes()]


def written(desk) -> None:
    """Let all that was asked be written and told."""
    document = desk.session.filing.document
    document.keep()
    assert document.keeping.wait()
    QApplication.processEvents()


def texts_on_disk(folder: Path) -> dict[str, str]:
    """Return what the living scenes say, by their titles, as another program finds them."""
    items = tomllib.loads((folder / "book.toml").read_text())["item"]
    return {
        item["title"]: (folder / item["file"]).read_text(encoding="utf-8")
        for item in items
        if item["kind"] == "scene" and not item.get("archived")
    }


def test_a_book_opens_at_its_first_scene_with_its_outline(open_book):
    desk = open_book()
    assert desk.page.read() == "The rain fell.\nShe waited."
    assert desk.window.outline.isVisible()
    assert "Dusk — Novel" in desk.window.windowTitle()
    assert not desk.window.isWindowModified()


def test_the_undo_history_of_a_scene_survives_switching(open_book):
    desk = open_book()
    book = books_of(desk).open_book
    first, _, third = scenes(desk)
    desk.type("So ")
    book.show(third)
    assert desk.page.read() == "He came."
    desk.press(Qt.Key.Key_End)
    desk.type(" Late.")
    book.show(first)
    assert (desk.page.read()[:6], desk.page.caret()) == ("So The", 3)
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "The rain fell.\nShe waited."
    book.show(third)
    assert desk.page.read() == "He came. Late."
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "He came."


def test_leaving_a_scene_saves_it(open_book, folder):
    desk = open_book()
    desk.type("So ")
    books_of(desk).open_book.step(1)
    written(desk)
    assert texts_on_disk(folder)["Dusk"] == "So The rain fell.\nShe waited."
    books_of(desk).open_book.step(-1)
    assert not desk.window.isWindowModified()


def test_a_book_opens_again_at_the_last_scene_and_place(open_book, folder):
    desk = open_book()
    books_of(desk).open_book.step(2)
    desk.press(Qt.Key.Key_End)
    assert desk.window.close()
    again = open_book(folder / "book.toml")
    assert again.page.read() == "He came."
    assert again.page.caret() == len("He came.")


def test_closing_gives_the_lock_back_when_all_is_saved(open_book, folder):
    desk = open_book()
    desk.type("So ")
    assert desk.window.close()
    assert texts_on_disk(folder)["Dusk"].startswith("So The")
    book = Book.open(folder)
    assert not book.read_only
    book.close()
    assert lost_texts() == []


def test_another_window_is_offered_to_read_only(open_book, open_desk, folder, monkeypatch):
    other = Book.open(folder)
    asked = []
    monkeypatch.setattr(
        QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.Open
    )
    desk = open_book()
    assert "Novel" in asked[0]
    desk.type("never")
    assert desk.page.read() == "The rain fell.\nShe waited."
    assert books_of(desk).rearranging.add(ItemKind.SCENE, None) == ""
    other.close()
    assert texts_on_disk(folder)["Dusk"] == "The rain fell.\nShe waited."


def test_splitting_and_taking_it_back_leaves_all_as_it_was(open_book, folder):
    desk = open_book()
    before = texts_on_disk(folder)
    files = sorted((folder / "scenes").iterdir())
    desk.page.go_to(len("The rain fell.\n"))
    rearranging = books_of(desk).rearranging
    new = rearranging.split()
    assert desk.page.read() == "She waited."
    written(desk)
    assert len(scenes(desk)) == 4
    assert scenes(desk)[1] == new
    rearranging.undo()
    written(desk)
    assert desk.page.read() == "The rain fell.\nShe waited."
    assert texts_on_disk(folder) == before
    assert sorted((folder / "scenes").iterdir()) == files
    rearranging.redo()
    written(desk)
    assert len(scenes(desk)) == 4


def test_what_was_written_after_a_split_is_never_lost_by_taking_it_back(open_book):
    desk = open_book()
    rearranging = books_of(desk).rearranging
    desk.page.go_to(len("The rain fell.\n"))
    new = rearranging.split()
    desk.type("Later ")
    rearranging.undo()
    outline = books_of(desk).open_book.outline
    assert outline.is_archived(new)
    assert books_of(desk).open_book.text(new) == "Later She waited."


def test_merging_joins_texts_and_archives_the_rest(open_book, folder):
    desk = open_book()
    book, rearranging = books_of(desk).open_book, books_of(desk).rearranging
    first, second, _ = scenes(desk)
    rearranging.merge((first, second))
    written(desk)
    assert texts_on_disk(folder)["Dusk"] == "The rain fell.\nShe waited.\n雨停了。"
    assert book.outline.is_archived(second)
    assert book.text(second) == "雨停了。"
    rearranging.undo()
    written(desk)
    assert len(scenes(desk)) == 3
    assert texts_on_disk(folder)["Dusk"] == "The rain fell.\nShe waited."


def test_archiving_the_scene_on_the_page_shows_another(open_book, folder):
    desk = open_book()
    first, second, _ = scenes(desk)
    rearranging = books_of(desk).rearranging
    rearranging.archive((first,))
    written(desk)
    assert books_of(desk).open_book.scene == second
    assert "Dusk" not in texts_on_disk(folder)
    rearranging.restore((first,))
    written(desk)
    assert texts_on_disk(folder)["Dusk"] == "The rain fell.\nShe waited."


def test_a_new_scene_is_on_the_disk_at_once(open_book, folder):
    desk = open_book()
    new = books_of(desk).rearranging.add(ItemKind.SCENE, scenes(desk)[0])
    assert scenes(desk)[1] == new
    assert desk.page.read() == ""
    desk.type("Begun.")
    written(desk)
    assert texts_on_disk(folder)[""] in ("Begun.", "雨停了。")
    assert books_of(desk).open_book.book.scene_path(new).read_text() == "Begun."


def test_an_outline_changed_by_another_program_is_followed(open_book, folder, qtbot):
    desk = open_book()
    path = folder / "book.toml"
    path.write_text(path.read_text().replace('"Dusk"', '"Nightfall"'))
    first = scenes(desk)[0]
    qtbot.waitUntil(lambda: books_of(desk).open_book.outline.item(first).title == "Nightfall")
    assert "another program" in desk.window.messages.text()


def test_a_file_opened_in_its_place_closes_the_book(open_book, folder, tmp_path):
    desk = open_book()
    (tmp_path / "single.md").write_text("alone")
    desk.type("So ")
    desk.session.filing.open(tmp_path / "single.md")
    written(desk)
    assert desk.page.read() == "alone"
    assert books_of(desk).open_book is None
    assert not desk.window.outline.isVisible()
    assert texts_on_disk(folder)["Dusk"].startswith("So The")
    book = Book.open(folder)
    assert not book.read_only
    book.close()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_scene_lost_in_a_crash_is_put_back(open_desk, folder, tmp_path, monkeypatch, is_open):
    book = Book.open(folder)
    scene = book.outline.scenes()[2].id
    path = book.scene_path(scene)
    book.close()
    crash("He came, late.", path, folder, book.id, scene)
    shown = decide(monkeypatch, Decision.RESTORE)
    (tmp_path / "other.md").write_text("other")
    desk = open_desk(settings=QUIET, path=folder if is_open else tmp_path / "other.md")
    written(desk)
    assert [(item.on_disk, item.typed) for item in shown[0]] == [("He came.", "He came, late.")]
    assert path.read_text() == "He came, late."
    assert lost_texts() == []


def test_a_model_reads_the_scenes_before_as_a_reader_has(open_desk, folder):
    desk = open_desk((" one",), path=folder)
    books_of(desk).open_book.step(2)
    desk.session.ask()
    desk.wait_for_ghost(" one")
    assert desk.engine.requests[-1].before == "The rain fell.\nShe waited.\n雨停了。\n"
    desk.press(Qt.Key.Key_End)
    desk.session.ask()
    desk.bot.waitUntil(lambda: len(desk.engine.requests) == 2)
    assert desk.engine.requests[-1].before.endswith("雨停了。\nHe came.")


def test_a_scene_that_cannot_be_saved_is_said_kept_and_written_when_it_can(
    open_book, folder, tmp_path, monkeypatch
):
    desk = open_book()
    third = scenes(desk)[2]
    book = books_of(desk).open_book
    desk.type("So ")
    (folder / "scenes").rename(folder / "away")
    written(desk)
    assert "could not be saved" in desk.window.messages.text()
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: dialog.selectFile("copy.md") or True)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(tmp_path / "copy.md")])
    desk.window.messages.action_button.click()
    assert (tmp_path / "copy.md").read_text().startswith("So The rain")
    desk.type("it was. ")
    assert desk.page.read().startswith("So it was. The rain")
    (folder / "away").rename(folder / "scenes")
    written(desk)
    assert texts_on_disk(folder)["Dusk"].startswith("So it was. The rain")
    book.show(third)
    assert desk.page.read() == "He came."


def test_saving_a_scene_elsewhere_saves_a_copy(open_book, folder, tmp_path, monkeypatch):
    desk = open_book()
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: True)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(tmp_path / "copy.md")])
    assert desk.session.filing.save_as_dialog()
    desk.type("So ")
    written(desk)
    assert (tmp_path / "copy.md").read_text() == "The rain fell.\nShe waited."
    assert texts_on_disk(folder)["Dusk"].startswith("So The")


def test_a_replaced_scene_that_cannot_be_saved_says_what_it_was_made_to_say(
    open_book, folder, monkeypatch
):
    desk = open_book()
    book, rearranging = books_of(desk).open_book, books_of(desk).rearranging
    third = scenes(desk)[2]
    path, real = book.book.scene_path(third), os.replace

    def full(source, target, **more):
        if Path(target) == path:
            raise OSError(errno.ENOSPC, "no space")
        return real(source, target, **more)

    monkeypatch.setattr(os, "replace", full)
    rearranging.replace({third: "He came."}, {third: "She came."})
    assert book.text(third) == "She came."
    book.show(third)
    assert desk.page.read() == "She came."
    assert path.read_text() == "He came."
    monkeypatch.setattr(os, "replace", real)
    written(desk)
    assert texts_on_disk(folder)["Dawn"] == "She came."


def test_a_scene_aside_follows_another_program(open_book):
    desk = open_book()
    book = books_of(desk).open_book
    first = scenes(desk)[0]
    book.step(1)
    book.book.scene_path(first).write_text("Written elsewhere.")
    desk.session.filing.following._on_look_due()
    assert book.text(first) == "Written elsewhere."
    book.step(-1)
    assert desk.page.read() == "Written elsewhere."
    assert not desk.window.isWindowModified()
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "The rain fell.\nShe waited."


def test_a_title_given_by_another_program_is_kept_and_said_once(open_book, folder):
    desk = open_book()
    path = folder / "book.toml"
    path.write_text(path.read_text().replace('title = "Novel"', 'title = "Novel Two"'))
    for _ in range(3):
        desk.session.filing.following._on_look_due()
    assert books_of(desk).open_book.book.about.title == "Novel Two"
    assert desk.window.messages.waiting() == 0
    books_of(desk).rearranging.rename(scenes(desk)[0], "Night")
    written(desk)
    assert 'title = "Novel Two"' in path.read_text()


def test_a_scene_typed_in_between_is_not_unsaved_for_ever(open_book):
    desk = open_book()
    book = books_of(desk).open_book
    first, second, _ = scenes(desk)
    desk.type("a")
    book.show(second)
    desk.type("b")
    book.show(first)
    written(desk)
    assert not desk.window.isWindowModified()


def test_a_larger_letter_is_no_reason_to_save(open_book):
    desk = open_book()
    path = books_of(desk).open_book.book.scene_path(scenes(desk)[0])
    inode = path.stat().st_ino
    desk.session.zoom(2)
    desk.session.filing.document.recorder.hand_on()
    desk.session.filing.document.keeping.wait()
    assert path.stat().st_ino == inode
    assert desk.session.filing.document.recorder.revision == 0


def test_splitting_keeps_unreadable_bytes_as_they_were_found(open_book, folder):
    book = Book.open(folder)
    path = book.scene_path(book.outline.scenes()[0].id)
    book.close()
    data = ("雨停了，他走进屋子。" * 40 + "\nBad ").encode() + b"\x80 byte \xff."
    path.write_bytes(data)
    desk = open_book()
    desk.page.go_to(desk.page.read().index("Bad"))
    new = books_of(desk).rearranging.split()
    written(desk)
    assert books_of(desk).open_book.book.scene_path(new).read_bytes() == b"Bad \x80 byte \xff."
