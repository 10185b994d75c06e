"""Every call of a save and of a journal fails once, or is the last one of the process."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.manuscript.keeping.conftest import Window
from tests.manuscript.keeping.faults import REAL, Fault, Faults, in_child
from writer.errors import ErrorKind, WriterError
from writer.manuscript.keeping.recovery import left_behind
from writer.manuscript.keeping.replay import replay
from writer.manuscript.keeping.told import (
    Journaled,
    JournaledAgain,
    NotJournaled,
    NotSaved,
    Saved,
    Trouble,
    Written,
)
from writer.manuscript.text_file import read_text_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and looks into /proc")

LIVING = [fault for fault in Fault if not fault.is_deadly]
DEADLY = [fault for fault in Fault if fault.is_deadly]
OLD, NEW = b"old\r\n" * 300, b"new\r\n" * 400


# A save by itself


def save(path):
    read_text_file(path).save(NEW.decode().replace("\r\n", "\n"))


def saves(path):
    try:
        save(path)
    except WriterError as error:
        return error.kind not in (ErrorKind.SAVE_FAILED, ErrorKind.FILE_UNREADABLE)
    return True


def calls_of_a_save(folder):
    path = folder / "counted.txt"
    path.write_bytes(OLD)
    with Faults()() as faults:
        save(path)
    path.unlink()
    return faults.calls


def test_a_save_makes_the_calls_that_make_it_safe(tmp_path):
    calls = calls_of_a_save(tmp_path)
    assert [name for name in calls if name in ("write", "fsync", "replace")] == [
        "write",
        "fsync",
        "replace",
        "fsync",
    ]


@pytest.mark.parametrize("fault", LIVING)
def test_a_save_fails_whole_or_works_whole_at_every_call(tmp_path, fault):
    path = tmp_path / "a.txt"
    names = calls_of_a_save(tmp_path)
    for at, name in enumerate(names, 1):
        path.write_bytes(OLD)
        with Faults(fault, at)() as faults:
            failed = not saves(path)
        assert faults.struck
        assert path.read_bytes() == (OLD if failed else NEW)
        if isinstance(fault.value, int) and name in ("write", "replace"):
            assert failed
        if isinstance(fault.value, int) and at == names.index("fsync") + 1:
            assert failed  # of the file itself; the folder's may
        if fault is Fault.SHORT:
            assert not failed


@pytest.mark.parametrize("fault", DEADLY)
def test_a_save_that_is_killed_at_any_call_leaves_a_whole_file(tmp_path, fault):
    path = tmp_path / "a.txt"
    found = set()
    for at in range(1, len(calls_of_a_save(tmp_path)) + 1):
        path.write_bytes(OLD)

        def work(report, at=at):
            with Faults(fault, at)():
                save(path)

        assert in_child(work) == ([], -signal.SIGKILL)
        assert path.read_bytes() in (OLD, NEW)
        found.add(path.read_bytes())
    assert found == {OLD, NEW}


# A whole session


class Session:
    """Some writing into two texts and a small file; every state of each is known."""

    def __init__(self, folder, report):
        self.report = report
        self.window = Window(folder, journal_bytes=600)
        self.window.keeper._tell = self._tell
        self.told = []
        (folder / "a.txt").write_bytes(b"")
        for key in ("a.txt", "untitled"):
            self.window.open(key)

    def _tell(self, told):
        self.told.append(told)
        match told:
            case Journaled() | Saved():
                self.report(f"{type(told).__name__} {told.key} {told.revision}")
            case Written():
                self.report("Written paper 1")

    def run(self):
        window = self.window
        for word in ("one ", "two\n"):
            for key in ("a.txt", "untitled"):
                self._type(key, word)
            window.keeper.wait(10)
        self._save("a.txt")
        window.keeper.write(window.folder / "paper", b"paper")
        self._type("a.txt", "four " * 30)
        window.keeper.wait(10)
        self._type("untitled", "five\n")
        self._save("a.txt")
        self._type("a.txt", "six")
        window.keeper.wait(10)
        window.clock.now += 10
        window.keeper.wait(10)

    def _type(self, key, words):
        self.report(f"Typed {key} {self.window._revision + 1} {words!r}")
        self.window.type(key, words)

    def _save(self, key):
        self.window.keeper.save(key)
        self.window.keeper.wait(10)


def states(lines, key):
    """Return the texts that there were, by revision, from the report of a session."""
    found, text = {0: ""}, ""
    for line in lines:
        kind, of, rest = line.split(" ", 2)
        if kind == "Typed" and of == key:
            revision, words = rest.split(" ", 1)
            text += eval(words)  # our own repr
            found[int(revision)] = text
    return found


def acknowledged(lines, kind, key):
    said = [line.split(" ") for line in lines]
    return max((int(each[2]) for each in said if each[:2] == [kind, key]), default=0)


def revision_of(text, known):
    """Return the newest revision at which the text was this; it must have been."""
    assert text in known.values()
    return max(revision for revision, state in known.items() if state == text)


def check(folder, lines):
    """Recover from a session that is over: what was acknowledged is there, and nothing else."""
    found = left_behind(folder / "journal")
    offered = {lost.key: lost for lost in found.texts}
    known = states(lines, "a.txt")
    on_disk = (folder / "a.txt").read_bytes().decode()
    assert revision_of(on_disk, known) >= acknowledged(lines, "Saved", "a.txt")
    best = offered["a.txt"].text if "a.txt" in offered else on_disk
    assert revision_of(best, known) >= acknowledged(lines, "Journaled", "a.txt")
    assert revision_of(best, known) >= revision_of(on_disk, known)
    untitled = offered["untitled"].text if "untitled" in offered else ""
    journaled = acknowledged(lines, "Journaled", "untitled")
    assert revision_of(untitled, states(lines, "untitled")) >= journaled
    if acknowledged(lines, "Written", "paper"):
        assert (folder / "paper").read_bytes() == b"paper"
    assert not any(lost.changed_since for lost in found.texts)
    found.give_back()


def calls_to_spoil(folder, fault):
    """Return the numbers of a session's calls; those errors that are much alike share them.

    Every third of them, for speed, unless `WRITER_EVERY_CALL=1` asks for all.
    """
    folder.mkdir()
    session = Session(folder, lambda line: None)
    with Faults()() as faults:
        session.run()
        session.window.close()
    step, first = {Fault.ENOSPC: (3, 1), Fault.EDQUOT: (3, 2), Fault.FULL: (3, 3)}.get(
        fault, (1, 1)
    )
    step *= 1 if "WRITER_EVERY_CALL" in os.environ else 3
    return range(first, len(faults.calls) + 1, step)


@pytest.mark.parametrize("fault", LIVING)
def test_after_any_one_failure_everything_is_safe_on_closing(memory_path, fault):
    for at in calls_to_spoil(memory_path / "counted", fault):
        folder = memory_path / str(at)
        folder.mkdir()
        lines = []
        session = Session(folder, lines.append)
        with Faults(fault, at)():
            session.run()
            session.window.close()
        assert not [each for each in session.told if isinstance(each, Trouble)]
        check(folder, lines)
        last = states(lines, "a.txt")
        closed_well = [each for each in session.told if isinstance(each, NotSaved)] == []
        if closed_well:
            assert (folder / "a.txt").read_bytes().decode() == last[max(last)]


@pytest.mark.parametrize("fault", Fault)
def test_killed_at_any_call_or_after_a_failure_nothing_acknowledged_is_missing(memory_path, fault):
    ends = []
    for at in calls_to_spoil(memory_path / "counted", fault):
        folder = memory_path / str(at)
        folder.mkdir()

        def work(report, folder=folder, at=at):
            session = Session(folder, report)
            with Faults(fault, at)():
                session.run()
                os.kill(os.getpid(), signal.SIGKILL)

        lines, status = in_child(work)
        assert status == -signal.SIGKILL
        check(folder, lines)
        ends.append(len(lines))
    assert len(set(ends)) > 5 or not fault.is_deadly


def test_what_was_told_to_be_journaled_survives_a_power_cut(tmp_path):
    """Of a journal that alone counts which the system was asked to put on the disk."""
    durable, lines, checked = {}, [], []

    def fsync(descriptor):
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        REAL["fsync"](descriptor)
        if path.suffix == ".journal":
            durable.clear()
            durable[path.stem] = path.read_bytes()

    def report(line):
        lines.append(line)
        kind, key, revision = line.split(" ")[:3]
        if kind != "Journaled":
            return
        [(name, data)] = durable.items()
        text = next((each for each in replay(data, name).texts if each.key == key), None)
        if text is not None:  # else it had been saved when the journal was begun
            found = revision_of(text.mirror.text, states(lines, key))
            checked.append(found >= int(revision))

    session = Session(tmp_path, report)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        session.run()
    session.window.close()
    assert len(checked) > 5
    assert all(checked)


# A disk that stays full


def test_while_the_journals_disk_is_full_texts_are_saved_at_once(new_window):
    window = new_window()
    path = window.open("a.txt", b"")
    window.open("untitled")
    window.type("untitled", "first ")
    window.type("a.txt", "one ")
    window.wait()

    def is_journal(name, path):
        return name == "write" and path.endswith(".journal")

    with Faults(Fault.ENOSPC, match=is_journal)() as faults:
        window.type("a.txt", "two ")
        window.type("untitled", "second ")
        window.pass_time(0)
        for _ in range(5):
            window.pass_time(1)
        revision = window.type("a.txt", "three")
        window.pass_time(0)
        assert path.read_bytes() == b"one two three"
        assert faults.struck > 5
        assert [each.error.kind for each in window.all(NotJournaled)] == [ErrorKind.JOURNAL_FAILED]
        assert "the disk is full" in str(window.all(NotJournaled)[0].error)
        assert Journaled("a.txt", revision) not in window.told
        assert not window.all(JournaledAgain)
        assert len(window.journals()) == 1  # the old one, which has what no new one has yet
    window.pass_time(1)
    window.pass_time(1)
    assert len(window.all(JournaledAgain)) == 1
    assert window.told[-1] == Journaled("untitled", revision - 1)
    window.type("untitled", "third")
    assert window.close()
    found = left_behind(window.folder / "journal")
    assert [lost.text for lost in found.texts] == ["first second third"]
    found.give_back()


def test_a_journal_folder_that_cannot_be_made_is_told_once_and_tried_on(new_window):
    window = new_window()
    path = window.open("a.txt", b"")
    (window.folder / "journal").write_bytes(b"in the way")
    for _ in range(3):
        window.type("a.txt", "x")
        window.pass_time(2)
    assert len(window.all(NotJournaled)) == 1
    assert path.read_bytes() == b"xxx"
    with suppress(FileNotFoundError):
        (window.folder / "journal").unlink()
    window.pass_time(2)
    assert len(window.all(JournaledAgain)) == 1


def test_a_journal_that_fails_to_sync_is_replaced_by_a_new_one(new_window):
    window = new_window()
    window.open("untitled")
    window.type("untitled", "one ")
    window.wait()
    first = window.journals()
    with Faults(Fault.EIO, match=lambda name, path: name == "fsync" and path == str(first[0]))():
        revision = window.type("untitled", "two")
        window.pass_time(2)
    window.pass_time(2)
    assert window.journals() != first
    assert len(window.journals()) == 1
    assert window.told[-1] == Journaled("untitled", revision)
