"""Versions: taken while one writes, shown, named, and taken back; none is lost on the way."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QInputDialog

from tests.ui.book.test_books import QUIET, books_of, folder, scenes, written
from writer.ui.book.conflict_dialog import Choice, ConflictDialog
from writer.ui.book.history_dialog import HistoryDialog
from writer.ui.chronicle import TAKE_MS, Chronicle

__all__ = ["folder"]
CONTROL = Qt.KeyboardModifier.ControlModifier


def chronicle_of(desk) -> Chronicle:
    return desk.window.findChild(Chronicle)


def versions(desk):
    desk.session.filing.document.keeping.wait()
    return chronicle_of(desk)._history.snapshots()


@pytest.fixture
def dialogs(monkeypatch):
    """Keep the history dialogs that are shown, without waiting for a person."""
    shown = []
    monkeypatch.setattr(HistoryDialog, "exec", lambda dialog: shown.append(dialog))
    return shown


def test_opening_takes_a_version_and_each_minute_with_a_save_another(open_desk, tmp_path):
    path = tmp_path / "a.md"
    path.write_text("one")
    desk = open_desk(settings=QUIET, path=path)
    chronicle = chronicle_of(desk)
    assert len(versions(desk)) == 1
    chronicle._timer.timeout.emit()
    assert len(versions(desk)) == 1
    desk.type("x ")
    written(desk)
    chronicle._timer.timeout.emit()
    found = versions(desk)
    history = chronicle._history
    assert [history.text(each, "text") for each in found] == ["x one", "one"]
    assert chronicle._timer.interval() == TAKE_MS == 60_000


def test_closing_takes_a_version_of_what_was_written_last(open_desk, tmp_path):
    path = tmp_path / "a.md"
    path.write_text("one")
    desk = open_desk(settings=QUIET, path=path)
    desk.type("x ")
    history = chronicle_of(desk)._history
    desk.window.close()
    assert history.text(history.snapshots()[0], "text") == "x one"


def test_a_named_version_holds_what_is_on_the_page(open_desk, folder, monkeypatch):
    desk = open_desk(settings=QUIET, path=folder)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("First draft", True))
    desk.type("So ")
    chronicle_of(desk).name_version()
    newest = versions(desk)[0]
    scene = scenes(desk)[0]
    assert newest.name == "First draft"
    assert chronicle_of(desk)._history.text(newest, scene).startswith("So The rain")
    assert "book.toml" in newest.entries


def test_a_restored_scene_can_be_undone_and_is_in_the_file(open_desk, folder, dialogs):
    desk = open_desk(settings=QUIET, path=folder)
    first = scenes(desk)[0]
    before = desk.page.read()
    desk.type("Never ")
    written(desk)
    chronicle_of(desk).show_history()
    dialogs[0].restore_asked.emit(first, before)
    written(desk)
    assert desk.page.read() == before
    assert books_of(desk).open_book.book.scene_path(first).read_text() == before
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == f"Never {before}"
    found = versions(desk)
    history = chronicle_of(desk)._history
    assert any(history.text(each, first) == f"Never {before}" for each in found)
    dialogs[0].done(0)


def test_a_version_can_be_named_in_the_dialog(open_desk, folder, dialogs):
    desk = open_desk(settings=QUIET, path=folder)
    chronicle_of(desk).show_history()
    id = versions(desk)[0].id
    dialogs[0].name_asked.emit(id, "As it came")
    assert versions(desk)[0].name == "As it came"
    dialogs[0].done(0)


def test_an_untitled_text_has_no_history_yet(open_desk, dialogs):
    desk = open_desk(settings=QUIET)
    desk.type("a")
    chronicle_of(desk).show_history()
    assert not dialogs
    assert "saved" in desk.window.messages.text()
    QApplication.processEvents()


@pytest.mark.parametrize("choice", [Choice.THEIRS, Choice.MINE])
def test_after_a_conflict_both_versions_are_in_the_history(
    open_desk, tmp_path, monkeypatch, choice
):
    path = tmp_path / "a.md"
    path.write_text("one")
    desk = open_desk(settings=QUIET, path=path)
    desk.type("mine ")
    path.write_text("theirs, and longer")
    written(desk)
    monkeypatch.setattr(ConflictDialog, "exec", lambda _: None)
    monkeypatch.setattr(ConflictDialog, "choice", lambda _: choice)
    desk.window.messages.action_button.click()
    written(desk)
    assert path.read_text() == ("mine one" if choice is Choice.MINE else "theirs, and longer")
    history = chronicle_of(desk)._history
    said = {history.text(each, "text") for each in versions(desk)}
    assert {"mine one", "theirs, and longer"} <= said
