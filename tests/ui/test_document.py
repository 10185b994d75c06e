"""From the disk to the page and back: nothing changes unasked, nothing typed is lost."""

import errno
import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from tests.ui.crashes import crash, decide, lost_texts
from writer.manuscript import atomic
from writer.ui.book.conflict_dialog import Choice, ConflictDialog
from writer.ui.book.recovery_dialog import Decision

CONTROL = Qt.KeyboardModifier.ControlModifier
QUIET = '[suggesting]\nmode = "off"\n'


@pytest.fixture
def quiet_desk(open_desk):
    """Return a function that opens a window which suggests nothing."""
    return lambda path=None: open_desk(settings=QUIET, path=path)


def autosave(desk) -> None:
    """Let what follows the last key be done at once, and be told."""
    document = desk.session.filing.document
    document.keep()
    assert document.keeping.wait()
    QApplication.processEvents()


def choose(monkeypatch, path: Path | None) -> None:
    """Let the person in front of the save dialog choose `path`, or cancel."""

    def fill_in(dialog):
        if path is not None:
            dialog.selectFile(str(path))
        return path is not None

    monkeypatch.setattr(QFileDialog, "exec", fill_in)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbfa\r\nb\r\n",
        "a\u00a0b\u2028c\nd".encode(),
        b"mixed\r\nends\nand\rmore",
        "雨停了。\n".encode("gb18030") * 40,
        "déjà vu, naïve\n".encode("latin-1") * 20,
        "😀 שלום\n".encode("utf-16"),
    ],
)
def test_opening_and_saving_untouched_gives_the_same_bytes(quiet_desk, tmp_path, data):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    desk = quiet_desk(path)
    assert not desk.page.document().isModified()
    desk.press(Qt.Key.Key_S, CONTROL)
    assert path.read_bytes() == data


def test_a_long_line_comes_back_as_it_was(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    data = ("the rain fell and " * 60_000).encode()
    path.write_bytes(data)
    desk = quiet_desk(path)
    desk.type("X")
    desk.press(Qt.Key.Key_S, CONTROL)
    assert path.read_bytes() == b"X" + data


def test_a_named_file_is_saved_after_the_last_key(quiet_desk, tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"one\r\ntwo")
    desk = quiet_desk(path)
    desk.press(Qt.Key.Key_End, CONTROL)
    desk.type("!")
    assert path.read_bytes() == b"one\r\ntwo"
    autosave(desk)
    assert path.read_bytes() == b"one\r\ntwo!"
    assert not desk.page.document().isModified()


def test_what_a_dead_window_had_typed_is_offered_and_put_back(quiet_desk, home, monkeypatch):
    crash("Call me Ishmael.")
    shown = decide(monkeypatch, Decision.RESTORE)
    desk = quiet_desk()
    assert [(item.typed, item.on_disk) for item in shown[0]] == [("Call me Ishmael.", None)]
    assert desk.page.read() == "Call me Ishmael."
    assert desk.page.caret() == len("Call me Ishmael.")
    assert desk.page.document().isModified()
    assert lost_texts() == []


def test_an_untitled_text_gets_a_file_where_another_is_on_the_page(
    quiet_desk, home, tmp_path, monkeypatch
):
    crash("Call me Ishmael.")
    (tmp_path / "other.md").write_text("other")
    decide(monkeypatch, Decision.RESTORE)
    desk = quiet_desk(tmp_path / "other.md")
    found = list(home.glob("Recovered text*.md"))
    assert [path.read_text() for path in found] == ["Call me Ishmael."]
    assert lost_texts() == []
    assert desk.page.read() == "other"
    desk.window.messages.action_button.click()
    assert desk.page.read() == "Call me Ishmael."


def test_what_a_living_window_has_typed_is_not_offered_to_another(quiet_desk, home):
    desk = quiet_desk()
    desk.type("Mine.")
    autosave(desk)
    assert lost_texts() == []


def test_saving_an_untitled_text_leaves_nothing_to_recover(quiet_desk, home, tmp_path, monkeypatch):
    desk = quiet_desk()
    desk.type("Kept.")
    choose(monkeypatch, tmp_path / "kept")
    desk.press(Qt.Key.Key_S, CONTROL)
    assert (tmp_path / "kept.md").read_text() == "Kept."
    desk.type(" And more.")
    assert desk.window.close()
    assert "And more." in (tmp_path / "kept.md").read_text()
    assert lost_texts() == []


def test_closing_a_named_text_saves_it_and_asks_nothing(quiet_desk, tmp_path, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda _: pytest.fail("it asked"))
    path = tmp_path / "a.txt"
    path.write_text("a")
    desk = quiet_desk(path)
    desk.type("b")
    assert desk.window.close()
    assert path.read_text() == "ba"


@pytest.mark.parametrize("answer", ["Cancel", "Discard"])
def test_closing_an_untitled_text_asks(quiet_desk, monkeypatch, answer):
    desk = quiet_desk()
    desk.type("b")
    button = QMessageBox.StandardButton[answer]
    monkeypatch.setattr(QMessageBox, "exec", lambda _: button)
    assert desk.window.close() == (answer == "Discard")
    assert desk.page.read() == "b"


def test_closing_an_empty_untitled_text_asks_nothing(quiet_desk, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda _: pytest.fail("it asked"))
    desk = quiet_desk()
    desk.type("b")
    desk.press(Qt.Key.Key_Backspace)
    assert desk.window.close()


def test_a_full_disk_is_said_once_and_the_text_is_kept(quiet_desk, tmp_path, home, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    desk = quiet_desk(path)
    desk.type("new ")
    real = atomic.os.replace

    def full(source, target, **more):
        if Path(target) == path:
            raise OSError(errno.ENOSPC, "no space")
        return real(source, target, **more)

    monkeypatch.setattr(atomic.os, "replace", full)
    autosave(desk)
    assert path.read_text() == "old"
    assert desk.page.read() == "new old"
    assert "a.txt" in desk.window.messages.text()
    assert "full" in desk.window.messages.text()
    assert "copy is kept" in desk.window.status.save_state.text()
    monkeypatch.setattr(atomic.os, "replace", real)
    desk.press(Qt.Key.Key_S, CONTROL)
    assert path.read_text() == "new old"
    assert desk.window.messages.text() == ""


@pytest.mark.parametrize(
    ("choice", "page", "file"),
    [
        (Choice.THEIRS, "theirs, and longer", "theirs, and longer"),
        (Choice.MINE, "mine old", "mine old"),
        (Choice.LATER, "mine old", "theirs, and longer"),
    ],
)
def test_another_programs_change_is_not_overwritten_unasked(
    quiet_desk, tmp_path, monkeypatch, choice, page, file
):
    path = tmp_path / "a.txt"
    path.write_text("old")
    desk = quiet_desk(path)
    desk.type("mine ")
    path.write_text("theirs, and longer")
    autosave(desk)
    assert path.read_text() == "theirs, and longer"
    assert "another program" in desk.window.messages.text()
    monkeypatch.setattr(ConflictDialog, "exec", lambda _: None)
    monkeypatch.setattr(ConflictDialog, "choice", lambda _: choice)
    desk.window.messages.action_button.click()
    autosave(desk)
    assert desk.page.read() == page
    assert path.read_text() == file
    assert ("another program" in desk.window.messages.text()) == (choice is Choice.LATER)
    desk.press(Qt.Key.Key_Z, CONTROL)
    if choice is Choice.THEIRS:
        assert desk.page.read() == "mine old"


def test_both_changes_can_be_kept(quiet_desk, tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("The first line.\n\nThe last line.")
    desk = quiet_desk(path)
    desk.type("Now: ")
    path.write_text("The first line.\n\nThe very last line.")
    autosave(desk)
    monkeypatch.setattr(ConflictDialog, "exec", lambda _: None)
    monkeypatch.setattr(ConflictDialog, "choice", lambda _: Choice.BOTH)
    desk.window.messages.action_button.click()
    autosave(desk)
    both = "Now: The first line.\n\nThe very last line."
    assert desk.page.read() == path.read_text() == both


def test_a_character_the_encoding_lacks_is_asked_about(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("déjà vu, naïve\n".encode("latin-1") * 20)
    desk = quiet_desk(path)
    desk.page.insert("雨")
    autosave(desk)
    assert "雨" in desk.window.messages.text()
    desk.window.messages.action_button.click()
    assert path.read_text(encoding="utf-8").startswith("雨déjà")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("gone.txt", lambda path: None, "no file"),
        ("folder", lambda path: path.mkdir(), "folder"),
        ("a.png", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0"), "not a text file"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_the_page_stays(
    quiet_desk, tmp_path, name, make, words
):
    desk = quiet_desk()
    desk.type("still here")
    desk.page.document().setModified(False)
    make(tmp_path / name)
    desk.session.filing.open(tmp_path / name)
    assert words in desk.window.messages.text()
    assert desk.page.read() == "still here"


def test_an_unusual_encoding_is_said(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("雨停了，他走进屋子。\n".encode("gb18030") * 40)
    desk = quiet_desk(path)
    assert "GB18030" in desk.window.messages.text().upper()


def test_the_last_book_opens_at_the_last_place(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("😀 one\ntwo\n")
    desk = quiet_desk(path)
    for _ in range(4):
        desk.press(Qt.Key.Key_Right)
    place = desk.page.caret()
    assert place > 1
    desk.window.close()
    again = quiet_desk()
    assert again.page.read() == "😀 one\ntwo\n"
    assert again.page.caret() == place


def test_undo_goes_back_to_unmodified(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a")
    desk = quiet_desk(path)
    desk.type("b")
    assert desk.window.isWindowModified()
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert not desk.window.isWindowModified()
    assert "*" not in desk.window.windowTitle().replace("[*]", "")


def test_the_save_dialog_asks_about_the_very_file_it_would_replace(quiet_desk, monkeypatch):
    desk = quiet_desk()
    seen = []

    def look(dialog):
        seen.append((dialog.defaultSuffix(), dialog.acceptMode(), dialog.options()))
        return False

    monkeypatch.setattr(QFileDialog, "exec", look)
    assert not desk.session.filing.save_as_dialog()
    suffix, mode, options = seen[0]
    assert (suffix, mode) == ("md", QFileDialog.AcceptMode.AcceptSave)
    assert not options & QFileDialog.Option.DontConfirmOverwrite


def test_saving_elsewhere_keeps_the_encoding(quiet_desk, tmp_path, monkeypatch):
    data = "雨停了，他走进屋子。\r\n".encode("gb18030") * 40
    (tmp_path / "a.txt").write_bytes(data)
    desk = quiet_desk(tmp_path / "a.txt")
    choose(monkeypatch, tmp_path / "b.txt")
    assert desk.session.filing.save_as_dialog()
    assert (tmp_path / "b.txt").read_bytes() == data


def test_what_is_put_off_leaves_the_page_alone(quiet_desk, home, monkeypatch):
    crash("older")
    shown = decide(monkeypatch, Decision.LATER)
    desk = quiet_desk()
    assert len(shown) == 1
    assert desk.page.read() == ""


def test_a_named_text_is_put_back_where_it_belongs(quiet_desk, home, tmp_path, monkeypatch):
    path = tmp_path / "book.md"
    path.write_text("old")
    crash("old and new", path)
    shown = decide(monkeypatch, Decision.RESTORE)
    desk = quiet_desk(path)
    assert [(item.title, item.on_disk) for item in shown[0]] == [("book.md", "old")]
    assert desk.page.read() == "old and new"
    assert path.read_text() == "old and new"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "old"


def test_a_text_that_is_not_on_the_page_is_put_back_too(quiet_desk, home, tmp_path, monkeypatch):
    path = tmp_path / "book.md"
    path.write_text("old")
    crash("old and new", path)
    decide(monkeypatch, Decision.RESTORE)
    desk = quiet_desk(tmp_path / "other.md")
    assert desk.page.read() == ""
    assert path.read_text() == "old and new"


def test_what_is_on_the_disk_can_be_kept(quiet_desk, home, tmp_path, monkeypatch):
    path = tmp_path / "book.md"
    path.write_text("old")
    crash("old and new", path)
    decide(monkeypatch, Decision.KEEP)
    desk = quiet_desk(path)
    assert desk.page.read() == path.read_text() == "old"
    assert lost_texts() == []


def test_a_file_changed_since_the_crash_is_said_to_be(quiet_desk, home, tmp_path, monkeypatch):
    path = tmp_path / "book.md"
    path.write_text("old")
    crash("old and new", path)
    path.write_text("newer")
    shown = decide(monkeypatch, Decision.LATER)
    quiet_desk()
    assert [item.changed_since for item in shown[0]] == [True]


def test_discarding_for_a_file_that_does_not_open_keeps_the_text(
    quiet_desk, home, tmp_path, monkeypatch
):
    desk = quiet_desk()
    desk.type("mine")
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
    desk.session.filing.open(tmp_path / "missing.txt")
    assert desk.page.read() == "mine"


def test_an_emptied_text_leaves_nothing_to_recover(quiet_desk, home):
    desk = quiet_desk()
    desk.type("mine")
    autosave(desk)
    desk.page.selectAll()
    desk.press(Qt.Key.Key_Delete)
    desk.window.close()
    assert lost_texts() == []


def test_a_failure_while_closing_leaves_the_window_open(quiet_desk, tmp_path, monkeypatch, qtbot):
    path = tmp_path / "a.txt"
    path.write_text("a")
    desk = quiet_desk(path)
    desk.type("b")

    def fail():
        raise RuntimeError("a test")

    with monkeypatch.context() as patched, qtbot.captureExceptions() as failures:
        patched.setattr(desk.session.filing, "may_leave", fail)
        assert not desk.window.close()
    assert len(failures) == 1
    assert desk.sampler.isRunning()


def test_what_was_said_about_saving_goes_when_it_is_over(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("déjà vu, naïve\n".encode("latin-1") * 20)
    desk = quiet_desk(path)
    desk.page.insert("雨")
    autosave(desk)
    assert "雨" in desk.window.messages.text()
    desk.press(Qt.Key.Key_Z, CONTROL)
    desk.type("x")
    autosave(desk)
    assert "雨" not in desk.window.messages.text()


def test_an_untouched_page_follows_its_file(quiet_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    desk = quiet_desk(path)
    path.write_text("from elsewhere")
    desk.session.filing.following.look()
    assert desk.page.read() == "from elsewhere"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "old"
    desk.press(Qt.Key.Key_Y, CONTROL)
    desk.type("mine ")
    path.write_text("from elsewhere again")
    desk.session.filing.following.look()
    assert "mine " in desk.page.read()
    assert "another program" in desk.window.messages.text()


def test_a_change_from_elsewhere_is_seen_without_being_looked_for(quiet_desk, tmp_path, qtbot):
    path = tmp_path / "a.txt"
    path.write_text("old")
    desk = quiet_desk(path)
    path.write_text("written in place")
    qtbot.waitUntil(lambda: desk.page.read() == "written in place")
    (tmp_path / "b").write_text("replaced, as careful programs do")
    os.replace(tmp_path / "b", path)
    qtbot.waitUntil(lambda: desk.page.read() == "replaced, as careful programs do")


def test_a_new_name_on_the_command_line_is_where_it_will_be_saved(
    quiet_desk, tmp_path, monkeypatch
):
    desk = quiet_desk(tmp_path / "new.md")
    assert "new.md" in desk.window.messages.text()
    desk.type("begun")
    monkeypatch.setattr(QFileDialog, "exec", lambda _: True)
    assert desk.session.filing.save()
    assert (tmp_path / "new.md").read_text() == "begun"
