"""Backups from a real window: of all that was typed, on closing, and out of them again."""

import zipfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer import places
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.settings_file import read_settings
from writer.ui.book.backups_dialog import BackupsDialog
from writer.ui.book.books import Books
from writer.ui.book.errand import ErrandDialog
from writer.ui.book.exchange import Exchange

SECTIONS = (
    Section(ItemKind.CHAPTER, "One", 0),
    Section(ItemKind.SCENE, "Dusk", 1, "The rain fell."),
    Section(ItemKind.SCENE, "Dawn", 1, "雨停了。"),
)


@pytest.fixture
def folder(tmp_path) -> Path:
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "", SECTIONS))
    book.close()
    return book.folder


@pytest.fixture
def target(tmp_path) -> Path:
    target = tmp_path / "Backups"
    target.mkdir()
    return target


@pytest.fixture
def open_book(open_desk, folder, target):
    def make(*, to: Path | None = target, keep: int = 10, when: str = "on-closing"):
        backup = f"\n[backup]\nfolder = '{to or ''}'\nkeep = {keep}\nwhen = '{when}'\n"
        return open_desk(settings='[suggesting]\nmode = "off"\n' + backup, path=folder)

    return make


def backing_up(desk):
    return desk.window.findChild(Exchange).backing_up


def texts_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/scenes/" in name]
        return sorted(archive.read(name).decode("utf-8") for name in names)


def act(monkeypatch, run) -> list[BackupsDialog]:
    """Let the person in front of the dialog do something; return the dialogs that were shown."""
    shown = []

    def exec_(dialog):
        shown.append(dialog)
        run(dialog)

    monkeypatch.setattr(BackupsDialog, "exec", exec_)
    return shown


def test_a_backup_holds_what_was_typed_a_moment_ago(open_book, target):
    desk = open_book()
    desk.type("So ")
    assert backing_up(desk).back_up()
    (made,) = target.iterdir()
    assert texts_in(made) == ["So The rain fell.", "雨停了。"]
    assert made.name in desk.window.messages.text()


def test_only_the_newest_stay(open_book, target):
    desk = open_book(keep=2)
    for letter in "abc":
        desk.type(letter)
        assert backing_up(desk).back_up()
    kept = [texts_in(path)[0] for path in target.iterdir()]
    assert sorted(kept) == ["abThe rain fell.", "abcThe rain fell."]


def test_closing_backs_up_what_was_typed_last(open_book, target):
    desk = open_book()
    desk.type("So ")
    assert desk.window.close()
    (made,) = target.iterdir()
    assert texts_in(made) == ["So The rain fell.", "雨停了。"]


def test_closing_backs_up_once_until_something_changes(open_book, target):
    for typed, expected in (("", 1), ("", 1), ("So ", 2), ("", 2)):
        desk = open_book()
        desk.type(typed)
        assert desk.window.close()
        assert len(list(target.iterdir())) == expected


@pytest.mark.parametrize("settings", [{"when": "when-asked"}, {"to": None}])
def test_closing_makes_none_where_none_is_wanted(open_book, target, settings):
    desk = open_book(**settings)
    desk.type("So ")
    assert desk.window.close()
    assert list(target.iterdir()) == []


def test_closing_backs_up_a_book_that_was_closed_before(open_book, target, tmp_path):
    (tmp_path / "single.md").write_text("alone")
    desk = open_book()
    desk.type("So ")
    desk.session.filing.open(tmp_path / "single.md")
    assert desk.window.close()
    (made,) = target.iterdir()
    assert texts_in(made)[0] == "So The rain fell."


def test_a_failure_on_closing_is_said_once_and_the_window_goes(open_book, target, monkeypatch):
    said = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    desk = open_book(to=target / "gone")
    desk.type("So ")
    assert desk.window.close()
    assert len(said) == 1
    assert str(target / "gone") in said[0]


def test_closing_can_skip_the_backup(open_book, target, monkeypatch):
    monkeypatch.setattr("writer.ui.book.errand._UNSEEN_MS", 0)
    words = []
    shown = ErrandDialog.exec

    def skip(dialog):
        words.append((dialog.label.text(), dialog.stop_button.text()))
        dialog.stop_button.click()
        return shown(dialog)

    monkeypatch.setattr(ErrandDialog, "exec", skip)
    desk = open_book()
    assert desk.window.close()
    assert "Novel" in words[0][0]
    assert words[0][1] == "Skip"
    assert list(target.iterdir()) == []


def test_a_book_that_is_only_read_is_not_backed_up(open_book, folder, target, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: QMessageBox.StandardButton.Open)
    other = Book.open(folder)
    desk = open_book()
    assert desk.window.close()
    assert list(target.iterdir()) == []
    other.close()


def test_the_dialog_sets_what_is_kept_in_the_settings(open_book, target, monkeypatch):
    desk = open_book(to=None)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(target))

    def run(dialog):
        assert not dialog.step_button.isEnabled()
        dialog.choose_button.click()
        dialog.keep.setValue(3)
        dialog.on_closing.click()
        dialog.step_button.click()
        assert dialog.list.count() == 1

    act(monkeypatch, run)
    backing_up(desk).show_dialog()
    assert desk.window.close()
    backup = read_settings(places.config_folder() / "settings.toml")[0].backup
    assert (backup.folder, backup.keep, backup.when) == (str(target), 3, "when-asked")
    assert len(list(target.iterdir())) == 1


def test_the_dialog_says_why_there_is_no_backup(open_book, target, monkeypatch):
    desk = open_book(to=target / "gone", when="when-asked")

    def run(dialog):
        dialog.step_button.click()
        assert str(target / "gone") in dialog.notice.text()

    shown = act(monkeypatch, run)
    backing_up(desk).show_dialog()
    assert len(shown) == 1


def test_a_copy_opens_in_a_folder_of_its_own(open_book, folder, target, tmp_path, monkeypatch):
    desk = open_book()
    assert backing_up(desk).back_up()
    desk.type("Later ")
    copy = tmp_path / "Copy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(copy), ""))
    act(monkeypatch, lambda dialog: dialog.copy_button.click())
    backing_up(desk).show_dialog()
    assert desk.window.findChild(Books).open_book.book.folder == copy
    assert desk.page.read() == "The rain fell."
    assert desk.session.filing.document.keeping.wait()
    texts = {path.read_text() for path in (folder / "scenes").iterdir()}
    assert "Later The rain fell." in texts


def test_a_damaged_backup_opens_nothing(open_book, folder, target, tmp_path):
    desk = open_book()
    assert backing_up(desk).back_up()
    (made,) = target.iterdir()
    made.write_bytes(made.read_bytes()[:400])
    assert not backing_up(desk).open_copy(made, tmp_path / "Copy")
    assert str(made) in desk.window.messages.text()
    assert not (tmp_path / "Copy").exists()
    assert desk.window.findChild(Books).open_book.book.folder == folder
