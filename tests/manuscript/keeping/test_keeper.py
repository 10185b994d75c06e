import os
import shutil
from pathlib import Path

import pytest

from writer.errors import ErrorKind
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.recovery import left_behind
from writer.manuscript.keeping.told import (
    Closed,
    Journaled,
    NotSaved,
    NotWritten,
    OutOfStep,
    Saved,
    TextAbout,
    Trouble,
    Written,
)
from writer.manuscript.text_file import read_text_file


def unsaved(window):
    return [(each.error.kind, each.first) for each in window.all(NotSaved)]


def test_typing_is_journaled_and_saved_after_a_rest(window):
    path = window.open("a.txt", b"Once")
    window.type("a.txt", " upon")
    revision = window.type("a.txt", " a time")
    window.wait()
    assert window.all(Journaled)[-1] == Journaled("a.txt", revision)
    window.pass_time(4.9)
    assert path.read_bytes() == b"Once"
    window.pass_time(0.2)
    assert path.read_bytes() == b"Once upon a time"
    assert [(each.revision, each.file) for each in window.all(Saved)] == [
        (revision, read_text_file(path))
    ]


def test_a_text_is_saved_after_a_minute_of_typing_without_a_rest(window):
    path = window.open("a.txt", b"")
    for _ in range(15):
        window.type("a.txt", "x")
        window.pass_time(4.5)
        if window.all(Saved):
            break
    assert 60 <= window.clock.now - 1000 < 65
    assert path.read_text() == window.texts["a.txt"]


def test_a_text_is_saved_in_its_encoding_with_its_line_ends(window):
    path = window.open("a.txt", "é café\r\nnaïve\r\n".encode("latin-1") * 20)
    window.type("a.txt", "é\nfin")
    window.keeper.save("a.txt")
    window.wait()
    assert path.read_bytes() == ("é café\r\nnaïve\r\n" * 20 + "é\r\nfin").encode("latin-1")


def test_a_change_by_another_program_is_told_once_and_not_overwritten(window):
    path = window.open("a.txt", b"mine")
    window.type("a.txt", "!")
    path.write_bytes(b"theirs")
    window.pass_time(6)
    window.pass_time(60)
    window.type("a.txt", "!")
    window.pass_time(60)
    assert unsaved(window) == [(ErrorKind.CHANGED_ON_DISK, True)]
    assert path.read_bytes() == b"theirs"
    window.keeper.save("a.txt")
    window.wait()
    assert unsaved(window)[1:] == [(ErrorKind.CHANGED_ON_DISK, True)]  # asked for: said again
    window.keeper.save("a.txt", overwrite=True)
    window.wait()
    assert path.read_bytes() == b"mine!!"
    window.type("a.txt", "!")
    window.pass_time(6)
    assert path.read_bytes() == b"mine!!!"


def test_a_character_that_the_encoding_lacks_is_told_once_until_it_is_gone(window):
    path = window.open("a.txt", "é café\n".encode("latin-1") * 20)
    window.type("a.txt", "雨")
    window.pass_time(6)
    window.type("a.txt", "!")
    window.pass_time(6)
    window.pass_time(600)
    assert unsaved(window) == [(ErrorKind.UNENCODABLE, True), (ErrorKind.UNENCODABLE, False)]
    window.keeper.save("a.txt", encoding="utf-8")
    window.wait()
    assert path.read_text(encoding="utf-8") == "é café\n" * 20 + "雨!"
    assert window.all(Saved)[-1].file.encoding.codec == "utf-8"


def test_a_folder_that_is_gone_is_told_once_never_made_and_written_when_it_is_back(window):
    path = window.open("drive/a.txt", b"old")
    window.wait()
    shutil.move(window.folder / "drive", window.folder / "away")
    window.type("drive/a.txt", " new")
    for _ in range(4):
        window.pass_time(6)
    assert [first for _, first in unsaved(window)] == [True, False, False, False]
    assert "the folder is gone" in str(window.all(NotSaved)[0].error)
    assert not path.parent.exists()
    shutil.move(window.folder / "away", window.folder / "drive")
    window.pass_time(6)
    assert path.read_bytes() == b"old new"
    assert window.all(Saved)


def test_the_writer_says_where_instead(window):
    window.open("drive/a.txt", b"old")
    shutil.rmtree(window.folder / "drive")
    window.type("drive/a.txt", " new")
    window.pass_time(6)
    window.keeper.save("drive/a.txt", path=window.folder / "here.txt")
    window.type("drive/a.txt", "!")
    window.pass_time(6)
    assert (window.folder / "here.txt").read_bytes() == b"old new!"
    assert window.all(Saved)[-1].file.path == window.folder / "here.txt"


def test_a_failed_save_elsewhere_leaves_the_text_where_it_was(window):
    path = window.open("a.txt", b"old")
    (window.folder / "taken.txt").write_bytes(b"taken")
    window.type("a.txt", " new")
    window.keeper.save("a.txt", path=window.folder / "taken.txt")
    window.keeper.save("a.txt", path=window.folder / "gone" / "b.txt")
    window.pass_time(6)
    kinds = [ErrorKind.CHANGED_ON_DISK, ErrorKind.SAVE_FAILED]
    assert unsaved(window) == [(kind, True) for kind in kinds]
    assert (window.folder / "taken.txt").read_bytes() == b"taken"
    assert path.read_bytes() == b"old new"


def test_an_untitled_text_is_journaled_only_and_becomes_a_file_when_named(window):
    window.open("untitled 1")
    window.type("untitled 1", "words")
    window.pass_time(120)
    assert window.all(Journaled)
    assert not window.all(Saved)
    window.keeper.save("untitled 1", path=window.folder / "named.txt")
    window.type("untitled 1", " more")
    window.pass_time(6)
    assert (window.folder / "named.txt").read_bytes() == b"words more"


def test_a_drive_that_hangs_stops_no_journaling(window, gate):
    path = window.open("a.txt", b"")
    window.keeper.run(lambda: gate.wait(10) and None)
    window.type("a.txt", "x")
    window.keeper.save("a.txt")
    revision = window.type("a.txt", "y")
    while Journaled("a.txt", revision) not in window.told:
        window.clock.now += 1
        window.keeper.wait(0.01)
    assert path.read_bytes() == b""
    gate.set()
    window.pass_time(6)
    assert path.read_bytes() == b"xy"


def test_edits_during_a_save_keep_the_text_unsaved(window, gate):
    path = window.open("a.txt", b"")
    revision = window.type("a.txt", "x")
    window.keeper.run(lambda: gate.wait(10) and None)
    window.keeper.save("a.txt")
    window.type("a.txt", "y")
    gate.set()
    window.wait()
    assert path.read_bytes() == b"x"
    assert window.all(Saved)[0].revision == revision
    window.pass_time(6)
    assert path.read_bytes() == b"xy"


def test_jobs_run_in_order_after_what_was_asked_before(window):
    window.open("a.txt", b"")
    seen = []
    for words in ("one", " two", " three"):
        window.type("a.txt", words)
        window.keeper.save("a.txt")
        window.keeper.write(window.folder / "paper", words.encode())
        window.keeper.run(
            lambda: seen.append([(window.folder / n).read_text() for n in ("a.txt", "paper")])
        )
    window.wait()
    assert [text for text, _ in seen] == ["one", "one two", "one two three"]
    assert seen[-1][1] == " three"


def test_a_job_that_fails_is_told_and_stops_nothing(window):
    def fail():
        raise RuntimeError("what now")

    path = window.open("a.txt", b"")
    window.keeper.run(fail)
    window.type("a.txt", "x")
    window.keeper.save("a.txt")
    window.wait()
    assert [each.error.kind for each in window.all(Trouble)] == [ErrorKind.INTERNAL]
    assert path.read_bytes() == b"x"


def test_a_window_that_fails_to_listen_stops_nothing(new_window):
    window = new_window()
    listen = window.keeper._tell

    def deaf(told):
        listen(told)
        if isinstance(told, Journaled):
            raise RuntimeError("deaf")

    window.keeper._tell = deaf
    path = window.open("a.txt", b"")
    for _ in range(3):
        window.type("a.txt", "x")
        window.keeper.save("a.txt")
        window.wait()
    assert path.read_bytes() == b"xxx"


def test_an_edit_that_does_not_fit_is_told_and_nothing_wrong_is_saved(window):
    path = window.open("a.txt", b"good")
    window.keeper.edit("a.txt", LineEdit(7, 1, ("bad",)), 1)
    window.type("a.txt", "bad")
    window.keeper.save("a.txt")
    window.pass_time(120)
    assert window.all(OutOfStep) == [OutOfStep("a.txt")]
    assert path.read_bytes() == b"good"
    window.keeper.replace("a.txt", "good again", 9)
    window.pass_time(6)
    assert path.read_bytes() == b"good again"
    assert window.all(Saved)[-1].revision == 9


# Small files


def test_the_newest_bytes_of_a_small_file_win(window):
    for number in range(50):
        window.keeper.write(window.folder / "book.toml", b"%d" % number)
    window.wait()
    assert (window.folder / "book.toml").read_bytes() == b"49"
    assert window.all(Written)[-1] == Written(window.folder / "book.toml")
    assert window.journals() == []


def test_a_books_hidden_folder_is_made_but_never_the_books_own(window):
    hidden = Path(".writer") / "marks" / "k3f9x2ab.json"
    (window.folder / "Book").mkdir()
    window.keeper.write(window.folder / "Book" / hidden, b"{}")
    window.keeper.write(window.folder / "Away" / hidden, b"{}")
    window.keeper.write(window.folder / "Away" / "book.toml", b"")
    window.wait()
    assert (window.folder / "Book" / hidden).read_bytes() == b"{}"
    assert not (window.folder / "Away").exists()
    assert len(window.all(NotWritten)) == 2


def test_a_small_file_that_cannot_be_written_is_journaled_and_written_when_it_can(window):
    path = window.folder / "Away" / "book.toml"
    window.keeper.write(path, "título".encode("latin-1"))
    window.pass_time(6)
    window.pass_time(6)
    assert [each.first for each in window.all(NotWritten)] == [True, False, False]
    assert b"book.toml" in window.journals()[0].read_bytes()
    path.parent.mkdir()
    window.pass_time(6)
    assert path.read_bytes() == "título".encode("latin-1")
    assert window.all(Written) == [Written(path)]
    assert window.close()
    assert window.journals() == []


def test_a_small_file_behind_a_drive_that_hangs_is_journaled(window, gate):
    window.keeper.run(lambda: gate.wait(10) and None)
    window.keeper.write(window.folder / "book.toml", b"order")
    window.keeper.wait(0.01)
    while not window.journals():
        window.clock.now += 0.5
        window.keeper.wait(0.01)
    assert not (window.folder / "book.toml").exists()
    gate.set()


# Closing


def test_closing_saves_everything_and_leaves_no_journal(window):
    path = window.open("a.txt", b"")
    window.type("a.txt", "words")
    window.keeper.write(window.folder / "book.toml", b"order")
    assert window.close()
    assert path.read_bytes() == b"words"
    assert (window.folder / "book.toml").read_bytes() == b"order"
    assert window.journals() == []
    assert not window.close()  # again does no harm
    assert not window.keeper.wait(1)


def test_a_closed_text_is_saved_and_told(window):
    path = window.open("a.txt", b"")
    window.type("a.txt", "words")
    window.keeper.close_text("a.txt")
    window.pass_time(0)
    assert path.read_bytes() == b"words"
    assert window.told.index(Closed("a.txt")) > window.told.index(window.all(Saved)[0])
    window.keeper.save("a.txt")  # nobody's any more
    window.wait()
    assert len(window.all(Saved)) == 1


def test_a_discarded_text_is_neither_saved_nor_offered(window):
    path = window.open("a.txt", b"old")
    window.open("untitled")
    for key in ("a.txt", "untitled"):
        window.type(key, "words")
        window.keeper.close_text(key, discard=True)
    window.pass_time(60)
    assert {each.key for each in window.all(Closed)} == {"a.txt", "untitled"}
    assert path.read_bytes() == b"old"
    window.close()
    assert left_behind(window.folder / "journal").texts == ()


def test_an_untitled_text_that_is_closed_is_offered_unless_it_is_blank(window):
    for key, words in (("untitled 1", "words"), ("untitled 2", " \n")):
        window.open(key)
        window.type(key, words)
        window.keeper.close_text(key)
    assert window.close()
    found = left_behind(window.folder / "journal")
    assert [each.text for each in found.texts] == ["words"]
    found.give_back()


def test_what_cannot_be_saved_on_closing_is_offered(window):
    window.open("drive/a.txt", b"old")
    shutil.rmtree(window.folder / "drive")
    window.type("drive/a.txt", " new")
    window.keeper.close_text("drive/a.txt")
    window.keeper.write(window.folder / "drive" / "book.toml", b"order")
    window.wait()
    assert not window.all(Closed)
    assert not window.close()
    found = left_behind(window.folder / "journal")
    assert [each.text for each in found.texts] == ["old new"]
    assert [each.data for each in found.papers] == [b"order"]
    found.give_back()


def test_closing_does_not_wait_for_a_drive_that_hangs(new_window, gate):
    window = new_window()
    path = window.open("a.txt", b"")
    window.keeper.run(lambda: gate.wait(20) and None)
    window.type("a.txt", "words")
    assert not window.keeper.close(0.3)
    found = left_behind(window.folder / "journal")
    assert [each.text for each in found.texts] == ["words"]
    assert path.read_bytes() == b""
    found.give_back()


def test_what_a_reopened_text_leaves_unsaved_is_offered(window):
    path = window.open("a.txt", b"old")
    window.type("a.txt", " mine")
    path.write_bytes(b"theirs")
    window.pass_time(6)
    window.open("a.txt")
    window.type("a.txt", " too")
    assert not window.close()
    assert path.read_bytes() == b"theirs too"
    found = left_behind(window.folder / "journal")
    assert [(each.text, each.changed_since) for each in found.texts] == [("old mine", True)]
    found.give_back()


def test_a_restored_text_is_unsaved_from_the_start(window):
    path = window.folder / "a.txt"
    path.write_bytes(b"old")
    file = read_text_file(path)
    window.keeper.open_text("a.txt", TextAbout("a.txt"), "restored", file)
    window.wait()
    assert b"restored" in window.journals()[0].read_bytes()
    window.pass_time(6)
    assert path.read_bytes() == b"restored"


def test_reading_makes_no_journal(window):
    window.open("a.txt", b"old")
    window.pass_time(600)
    assert not (window.folder / "journal").exists()


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_journals_are_the_writers_alone(window):
    window.open("untitled")
    window.type("untitled", "secret")
    window.wait()
    assert (window.folder / "journal").stat().st_mode & 0o777 == 0o700
    assert window.journals()[0].stat().st_mode & 0o777 == 0o600
