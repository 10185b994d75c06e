import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.manuscript.keeping.conftest import Window
from writer.errors import ErrorKind
from writer.manuscript.keeping.claims import OLD
from writer.manuscript.keeping.recovery import JournalNotice, left_behind, settle
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.text_file import read_text_file


@pytest.fixture
def crashed(tmp_path, new_window):
    """A function that does some work in a window and leaves its journal as a crash would."""

    def crash(work):
        window = new_window()
        work(window)
        window.wait()
        kept = {path: path.read_bytes() for path in window.journals()}
        after = {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()}
        window.close()
        for path, data in (kept | after).items():  # closing has saved what a crash would not have
            path.write_bytes(data)
        return tmp_path / "journal"

    return crash


def names(folder):
    return sorted(path.name for path in folder.glob("*.*"))


def test_a_text_that_its_file_does_not_hold_is_offered_with_all_that_a_dialog_shows(crashed):
    before = datetime.now(UTC).timestamp()

    def work(window):
        (window.folder / "dusk.md").write_bytes("Dusk\r\n雨".encode())
        file = read_text_file(window.folder / "dusk.md")
        about = TextAbout("Dusk", window.folder, "book1", "k3f9x2ab", "My Novel")
        window.keeper.open_text("k3f9x2ab", about, file.text, file)
        window.texts["k3f9x2ab"] = file.text
        window.type("k3f9x2ab", "停了")
        window.folder_about = about

    folder = crashed(work)
    found = left_behind(folder)
    [lost] = found.texts
    assert lost.key == "k3f9x2ab"
    assert lost.about == TextAbout("Dusk", folder.parent, "book1", "k3f9x2ab", "My Novel")
    assert lost.path == folder.parent / "dusk.md"
    assert (lost.text, lost.base, lost.on_disk) == ("Dusk\n雨停了", "Dusk\n雨", "Dusk\n雨")
    assert lost.file == read_text_file(lost.path)
    assert (lost.changed_since, lost.is_whole, lost.error) == (False, True, None)
    assert before - 1 <= lost.when.timestamp() <= time.time() + 1
    assert found.notices == ()
    settle(lost, keep=True)


@pytest.mark.parametrize("keep", [True, False])
def test_a_settled_journal_is_kept_among_the_old_ones_for_thirty_days(crashed, keep):
    def work(window):
        for key in ("untitled 1", "untitled 2"):
            window.open(key)
            window.type(key, key)

    folder = crashed(work)
    first, second = left_behind(folder).texts
    settle(first, keep)
    journals = names(folder)
    assert len(journals) == 2  # a note of what is settled beside it
    settle(second, keep)
    settle(second, keep)
    assert names(folder) == []
    [old] = (folder / OLD).iterdir()
    os.utime(old, (0, 0))
    left_behind(folder, now=30 * 24 * 3600 - 1)
    assert old.exists()
    left_behind(folder, now=30 * 24 * 3600 + 1)
    assert not old.exists()


def test_a_crash_between_two_answers_does_not_offer_the_first_again(crashed):
    def work(window):
        for key in ("untitled 1", "untitled 2"):
            window.open(key)
            window.type(key, key)

    folder = crashed(work)
    found = left_behind(folder)
    settle(found.texts[0], keep=True)
    found.give_back()
    again = left_behind(folder)
    assert again.texts == found.texts[1:]
    settle(again.texts[0], keep=False)
    assert left_behind(folder).texts == ()


def test_no_other_window_is_offered_what_one_is_deciding_on(crashed):
    folder = crashed(lambda window: (window.open("untitled"), window.type("untitled", "words")))
    found = left_behind(folder)
    assert left_behind(folder).texts == ()
    found.give_back()
    again = left_behind(folder)
    assert again.texts == found.texts
    again.give_back()


def test_a_living_window_keeps_its_journals_to_itself(window):
    window.open("untitled")
    window.type("untitled", "words")
    window.wait()
    assert left_behind(window.folder / "journal").texts == ()
    assert len(window.journals()) == 1


def test_what_was_saved_is_not_offered_and_its_journal_goes(crashed):
    def work(window):
        window.open("a.txt", b"old")
        window.type("a.txt", " new")
        window.keeper.save("a.txt")

    folder = crashed(work)
    assert len(names(folder)) == 1
    assert left_behind(folder).texts == ()
    assert names(folder) == []
    assert not (folder / OLD).exists()


def test_a_file_that_holds_the_text_already_is_not_offered(crashed):
    folder = crashed(lambda window: (window.open("a.txt", b"old"), window.type("a.txt", " new")))
    (folder.parent / "a.txt").write_bytes(b"old new")
    assert left_behind(folder).texts == ()


def test_a_saved_text_that_somebody_has_changed_since_is_not_offered(crashed):
    def work(window):
        window.open("a.txt", b"old")
        window.type("a.txt", " new")
        window.keeper.save("a.txt")

    folder = crashed(work)
    (folder.parent / "a.txt").write_bytes(b"newer still")
    assert left_behind(folder).texts == ()


@pytest.mark.parametrize("harm", ["emptied", "removed"])
def test_a_saved_text_whose_file_was_lost_is_offered(crashed, harm):
    def work(window):
        window.open("a.txt", b"old")
        window.type("a.txt", " new")
        window.keeper.save("a.txt")

    folder = crashed(work)
    path = folder.parent / "a.txt"
    path.write_bytes(b"") if harm == "emptied" else path.unlink()
    found = left_behind(folder)
    assert [lost.text for lost in found.texts] == ["old new"]
    found.give_back()


def test_another_programs_change_is_said(crashed):
    folder = crashed(lambda window: (window.open("a.txt", b"old"), window.type("a.txt", " new")))
    (folder.parent / "a.txt").write_bytes(b"theirs")
    [lost] = left_behind(folder).texts
    assert (lost.text, lost.base, lost.on_disk) == ("old new", "old", "theirs")
    assert lost.changed_since
    lost.claim.give_back()


def test_our_own_save_is_no_change_even_if_the_journal_does_not_know_that_it_worked(crashed, gate):
    def work(window):
        window.open("a.txt", b"old")
        window.type("a.txt", " new")
        window.keeper.run(lambda: gate.wait(10) and None)
        window.keeper.save("a.txt")
        window.type("a.txt", "er")
        while b'"er"' not in b"".join(path.read_bytes() for path in window.journals()):
            time.sleep(0.001)
        gate.set()

    folder = crashed(work)
    [journal] = folder.glob("*.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'["s"' not in line))
    [lost] = left_behind(folder).texts
    assert (lost.text, lost.base, lost.on_disk) == ("old newer", "old new", "old new")
    assert not lost.changed_since
    lost.claim.give_back()


@pytest.mark.parametrize("harm", ["the folder is gone", "it is no text any more"])
def test_a_file_that_cannot_be_read_is_no_reason_not_to_offer_the_text(crashed, harm):
    def work(window):
        window.open("drive/a.txt", b"old")
        window.type("drive/a.txt", " new")

    folder = crashed(work)
    path = folder.parent / "drive" / "a.txt"
    if "gone" in harm:
        shutil.rmtree(path.parent)
    else:
        path.write_bytes(b"\x7fELF\0\0\1\2\3\4" * 99)
    [lost] = left_behind(folder).texts
    assert (lost.text, lost.on_disk, lost.file) == ("old new", None, None)
    assert lost.error.kind in (ErrorKind.FILE_MISSING, ErrorKind.FILE_BINARY)
    lost.claim.give_back()


def test_of_two_journals_of_one_window_the_newer_complete_one_counts(crashed):
    def work(window):
        window.open("untitled")
        window.type("untitled", "one ")
        window.wait()
        [old] = window.journals()
        kept = old.read_bytes()
        window.type("untitled", "two " * 3_000_000)
        window.pass_time(1)
        window.type("untitled", "three")
        window.wait()
        assert old not in window.journals()
        old.write_bytes(kept)  # as if the process had ended before it went

    folder = crashed(work)
    newest = sorted(folder.glob("*.journal"))[-1]
    data = newest.read_bytes()
    found = left_behind(folder)
    assert [lost.text[-9:] for lost in found.texts] == ["two three"]
    found.give_back()
    newest.write_bytes(data[: data.index(b'["r"]')])  # it was not complete yet
    found = left_behind(folder)
    assert [lost.text for lost in found.texts] == ["one "]
    settle(found.texts[0], keep=True)
    assert len(list((folder / OLD).iterdir())) == 2


def test_a_torn_end_is_cut_with_a_notice(crashed):
    folder = crashed(lambda window: (window.open("untitled"), window.type("untitled", "words")))
    [journal] = folder.glob("*.journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'1a2b3c4d ["e",0,2,')
    found = left_behind(folder)
    assert [lost.text for lost in found.texts] == ["words"]
    assert [notice.kind for notice in found.notices] == [JournalNotice.TORN]
    assert str(journal) in str(found.notices[0])
    found.give_back()


def test_a_journal_of_which_nothing_can_be_read_is_kept_and_said(tmp_path):
    journal = tmp_path / "20260102-030405-0123abcd-0000.journal"
    journal.write_bytes(b"\n".join([b"\0" * 50] * 50))
    found = left_behind(tmp_path)
    assert [notice.kind for notice in found.notices] == [JournalNotice.DAMAGED]
    assert (tmp_path / OLD / journal.name).exists()


def test_a_journal_of_a_newer_program_is_left_alone(crashed, monkeypatch):
    monkeypatch.setattr("writer.manuscript.keeping.journal.VERSION", 2)
    folder = crashed(lambda window: (window.open("untitled"), window.type("untitled", "words")))
    assert left_behind(folder).texts == ()
    assert len(names(folder)) == 1
    monkeypatch.undo()


def test_other_files_and_a_missing_folder_are_nobodys_business(tmp_path):
    (tmp_path / "notes.journal").write_bytes(b"mine")
    assert left_behind(tmp_path) == left_behind(tmp_path / "gone")
    assert (tmp_path / "notes.journal").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("on_disk", "changed"), [(None, False), (b"old order", False), (b"another's", True)]
)
def test_a_small_file_that_never_reached_the_disk_is_offered(
    tmp_path, new_window, on_disk, changed
):
    window = new_window()
    path = tmp_path / "Book" / "book.toml"
    path.parent.mkdir()
    if on_disk is not None:
        window.keeper.write(path, b"old order")
        window.wait()
    shutil.move(path.parent, tmp_path / "away")
    window.keeper.write(path, b"new order \xff")
    window.pass_time(1)
    window.close()
    shutil.move(tmp_path / "away", path.parent)
    if on_disk is not None:
        path.write_bytes(on_disk)
    [paper] = left_behind(tmp_path / "journal").papers
    assert (paper.path, paper.data, paper.on_disk) == (path, b"new order \xff", on_disk)
    assert paper.changed_since == changed
    settle(paper, keep=True)
    assert left_behind(tmp_path / "journal").papers == ()


def test_where_nothing_can_be_locked_a_living_process_keeps_its_journal(crashed, monkeypatch):
    def cannot(descriptor):
        raise OSError(95, "no locks here")

    folder = crashed(lambda window: (window.open("untitled"), window.type("untitled", "words")))
    monkeypatch.setattr("writer.manuscript.keeping.claims.lock_descriptor", cannot)
    assert left_behind(folder).texts == ()  # this process wrote it, and lives
    monkeypatch.setattr("psutil.pid_exists", lambda process: False)
    found = left_behind(folder)
    assert [lost.text for lost in found.texts] == ["words"]
    found.give_back()


def test_a_path_that_is_no_unicode_is_found_again(tmp_path, crashed):
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        (tmp_path / name).write_bytes(b"old")
    except OSError:
        pytest.skip("the file system has Unicode names only")
    folder = crashed(lambda window: (window.open(name), window.type(name, "!")))
    [lost] = left_behind(folder).texts
    assert lost.path == Path(tmp_path / name)
    assert lost.on_disk == "old"
    lost.claim.give_back()


def test_the_next_session_goes_on_in_the_same_folder(tmp_path, crashed):
    folder = crashed(lambda window: (window.open("untitled"), window.type("untitled", "words")))
    window = Window(tmp_path)
    [lost] = left_behind(folder).texts
    window.keeper.open_text("untitled", lost.about, lost.text, lost.file)
    window.wait()
    settle(lost, keep=True)
    window.close()
    found = left_behind(folder)
    assert [each.text for each in found.texts] == ["words"]
    found.give_back()


def test_halves_of_interrupted_saves_are_cleared_away_and_nothing_else(crashed):
    folder = crashed(lambda window: (window.open("a.txt", b"old"), window.type("a.txt", " new")))
    place = folder.parent
    half, fresh = (place / f".writer-0123456789abcde{number}.tmp" for number in range(2))
    others = [
        place / name for name in ("notes.tmp", ".writer-x.tmp", ".writer-0123456789abcdef.md")
    ]
    for path in (half, fresh, *others):
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    os.utime(fresh)
    left_behind(folder).give_back()
    assert not half.exists()
    assert all(path.exists() for path in (fresh, *others, place / "a.txt"))


def test_the_first_save_of_a_text_is_no_change_by_another_program_either(crashed, gate):
    def work(window):
        window.open("a.txt", b"old")
        window.keeper.run(lambda: gate.wait(10) and None)
        window.type("a.txt", " new")
        window.keeper.save("a.txt")  # in one batch with the first edit
        window.type("a.txt", "er")
        while b'"er"' not in b"".join(path.read_bytes() for path in window.journals()):
            time.sleep(0.001)
        gate.set()

    folder = crashed(work)
    [journal] = folder.glob("*.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'["s"' not in line))
    [lost] = left_behind(folder).texts
    assert (lost.text, lost.on_disk, lost.changed_since) == ("old newer", "old new", False)
    lost.claim.give_back()
