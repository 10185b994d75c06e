"""From the disk to the page and back: nothing changes unasked, nothing typed is lost."""

import errno
import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer import places
from writer.manuscript import atomic
from writer.manuscript.recovery import Recovery

CONTROL = Qt.KeyboardModifier.ControlModifier
QUIET = '[suggesting]\nmode = "off"\n'


@pytest.fixture
def quiet_desk(open_desk):
    """Return a function that opens a window which suggests nothing."""
    return lambda path=None: open_desk(settings=QUIET, path=path)


def autosave(desk) -> None:
    """Let the time pass that follows the last key."""
    timer = desk.session.filing.document.autosave_timer
    assert timer.isActive()
    timer.timeout.emit()


def choose(monkeypatch, path: Path | None) -> None:
    """Let the person in front of the save dialog choose `path`, or cancel."""

    def fill_in(dialog):
        if path is not None:
            dialog.selectFile(str(path))
        return path is not None

    monkeypatch.setattr(QFileDialog, "exec", fill_in)


def recovery_texts(home: Path) -> list[str]:
    return sorted(path.read_text() for path in (places.data_folder() / "recovery").glob("*.txt"))


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


def test_every_key_puts_the_autosave_off(quiet_desk, monkeypatch):
    desk = quiet_desk()
    timer = desk.session.filing.document.autosave_timer
    starts = []
    start = timer.start
    monkeypatch.setattr(timer, "start", lambda: (starts.append(1), start()))
    desk.type("abc")
    assert len(starts) == 3
    assert (timer.interval(), timer.isSingleShot()) == (5000, True)


def test_an_untitled_text_goes_into_a_recovery_copy_and_is_offered(quiet_desk, home, qtbot):
    desk = quiet_desk()
    desk.type("Call me Ishmael.")
    autosave(desk)
    assert recovery_texts(home) == ["Call me Ishmael."]
    desk.session.filing.document.close()  # as a killed process leaves it: the copy is nobody's now
    other = quiet_desk()
    assert "Call me Ishmael." in other.window.messages.text()
    other.window.messages.action_button.click()
    assert other.page.read() == "Call me Ishmael."
    assert other.page.caret() == len("Call me Ishmael.")
    assert other.page.document().isModified()


def test_a_living_windows_copy_is_not_offered_to_another(quiet_desk, home):
    desk = quiet_desk()
    desk.type("Mine.")
    autosave(desk)
    assert Recovery(places.data_folder() / "recovery").pending() == []


def test_saving_an_untitled_text_drops_its_copy(quiet_desk, home, tmp_path, monkeypatch):
    desk = quiet_desk()
    desk.type("Kept.")
    autosave(desk)
    choose(monkeypatch, tmp_path / "kept")
    desk.press(Qt.Key.Key_S, CONTROL)
    assert (tmp_path / "kept.md").read_text() == "Kept."
    assert recovery_texts(home) == []


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
    assert recovery_texts(home) == ["new old"]
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home))
    desk.press(Qt.Key.Key_S, CONTROL)
    assert path.read_text() == "new old"
    assert recovery_texts(home) == []


def test_another_programs_change_is_not_overwritten(quiet_desk, tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    desk = quiet_desk(path)
    desk.type("mine ")
    path.write_text("theirs, and longer")
    autosave(desk)
    assert path.read_text() == "theirs, and longer"
    assert "another program" in desk.window.messages.text()
    choose(monkeypatch, tmp_path / "mine.txt")
    desk.window.messages.action_button.click()
    assert (tmp_path / "mine.txt").read_text() == "mine old"
    assert path.read_text() == "theirs, and longer"
    assert desk.window.messages.text() == ""


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


def test_two_copies_are_offered_one_by_one(quiet_desk, home):
    recovery = Recovery(places.data_folder() / "recovery")
    for number in ("one", "two"):
        recovery.keep(Recovery.new_id(), f"Chapter One\n{number}", "")
    recovery.close()
    desk = quiet_desk()
    assert desk.window.messages.waiting() == 1


def test_a_copy_of_a_named_file_goes_back_where_it_belongs(quiet_desk, home, tmp_path):
    path = tmp_path / "book.md"
    path.write_text("old")
    recovery = Recovery(places.data_folder() / "recovery")
    recovery.keep(Recovery.new_id(), "old and new", str(path))
    recovery.close()
    desk = quiet_desk()
    assert "book.md" in desk.window.messages.text()
    desk.window.messages.action_button.click()
    assert desk.page.read() == "old and new"
    desk.press(Qt.Key.Key_S, CONTROL)
    assert path.read_text() == "old and new"
    assert recovery_texts(home) == []


def test_a_copy_older_than_its_file_does_not_replace_it(quiet_desk, home, tmp_path):
    path = tmp_path / "book.md"
    recovery = Recovery(places.data_folder() / "recovery")
    recovery.keep(Recovery.new_id(), "older", str(path))
    recovery.close()
    path.write_text("newer")
    os.utime(path, (2**31, 2**31))
    desk = quiet_desk()
    desk.window.messages.action_button.click()
    assert desk.page.read() == "older"
    assert desk.session.filing.document.path is None


def test_an_offer_that_is_put_off_comes_back(quiet_desk, home, monkeypatch):
    recovery = Recovery(places.data_folder() / "recovery")
    recovery.keep(Recovery.new_id(), "older", "")
    recovery.close()
    desk = quiet_desk()
    desk.type("new")
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Cancel)
    desk.window.messages.action_button.click()
    assert desk.page.read() == "new"
    assert "older" in desk.window.messages.text()


def test_discarding_for_a_file_that_does_not_open_keeps_the_copy(
    quiet_desk, home, tmp_path, monkeypatch
):
    desk = quiet_desk()
    desk.type("mine")
    autosave(desk)
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
    desk.session.filing.open(tmp_path / "missing.txt")
    assert desk.page.read() == "mine"
    assert recovery_texts(home) == ["mine"]


def test_an_emptied_text_leaves_no_copy(quiet_desk, home):
    desk = quiet_desk()
    desk.type("mine")
    autosave(desk)
    desk.page.selectAll()
    desk.press(Qt.Key.Key_Delete)
    desk.window.close()
    assert recovery_texts(home) == []


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
    desk.session.filing.reload()
    assert desk.page.read() == "from elsewhere"
    desk.type("mine ")
    path.write_text("from elsewhere again")
    desk.session.filing.reload()
    assert desk.page.read() == "mine from elsewhere"


def test_a_new_name_on_the_command_line_is_where_it_will_be_saved(
    quiet_desk, tmp_path, monkeypatch
):
    desk = quiet_desk(tmp_path / "new.md")
    assert "new.md" in desk.window.messages.text()
    desk.type("begun")
    monkeypatch.setattr(QFileDialog, "exec", lambda _: True)
    assert desk.session.filing.save()
    assert (tmp_path / "new.md").read_text() == "begun"
