"""Changes of a book at whose every system call something goes wrong, or the process ends.

`WRITER_EVERY_CALL=1` goes through all calls, which takes some minutes; else it is a few of each.
"""

import os
import random
import shutil
import sys

import pytest

from tests.crash.nursery import Nursery
from tests.crash.putting_back import put_back
from tests.crash.window_story import Story, View
from tests.manuscript.keeping.faults import Fault, Faults, in_child
from writer.errors import WriterError
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and looks into /proc")

CHANGES = (
    "split",
    "split_and_take_back",
    "split_and_take_again",
    "split_and_write",
    "merge",
    "add",
    "archive",
    "close",
)
FAULTS = (Fault.EIO, Fault.ENOSPC, Fault.KILL_BEFORE, Fault.KILL_AFTER)
EVERY_CALL = "WRITER_EVERY_CALL" in os.environ
A_FEW = 2
TEXTS = (
    "aaaaaaaaa bbbbbbbbb\nccccccccc",
    "雨停了。 ddddddddd",
    "eeeeeeeee\nfffffffff",
    "ggggggggg",
)
_EXPECTED = ("NotSaved", "NotWritten", "NotJournaled")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    """Return a process that forks another for each change."""
    nursery = Nursery("tests.crash.interrupted", tmp_path_factory.mktemp("interrupted"))
    yield nursery
    nursery.close()


def compiled():
    """Return a chapter of some scenes."""
    scenes = [Section(ItemKind.SCENE, f"Scene {at}", 1, text) for at, text in enumerate(TEXTS)]
    return CompiledBook("", "", "en", (Section(ItemKind.CHAPTER, "One", 0), *scenes))


@pytest.fixture
def interrupt(nursery, tmp_path):
    """Return a function that makes a change with a fault; it returns calls and what is wrong."""
    Book.create(tmp_path / "whole", About("Novel"), compiled()).close()

    def interrupted(change, fault, at):
        folder = tmp_path / "book"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(nursery.journal, ignore_errors=True)
        shutil.copytree(tmp_path / "whole", folder)
        wishes = {"book": str(folder), "change": change, "fault": fault.name, "at": at}
        session = nursery.begin(wishes)
        assert session.wait_for("ended")
        return judged(session.said, folder, nursery.journal)

    return interrupted


def judged(said, folder, journal):
    """Return how many calls there were, if the session lived through them, and what is wrong."""
    begun = next(at for at, line in enumerate(said) if line[0] == "begun")
    settled = next((line for line in said if line[0] == "settled"), None)
    story, wrong = Story(), []
    story.settle(View(*said[begun][1:], []))
    for line in said[begun + 1 :]:
        story.read(line)
    wrong += [what for what in story.wrong if not what.startswith(_EXPECTED)]
    # A scene that no outline was to name was refused: its words are where they were.
    named = {item[0] for outline in story.outlines for item in outline.state}
    for name in set(story.texts) - named:
        del story.texts[name]
    story.killed_at = max(line[2] for line in said if line[0] == "said")
    wrong_then, missing_ms = story.check(put_back(journal, folder, [], wrong)[0])
    wrong += wrong_then
    if settled and missing_ms:
        wrong.append(f"{missing_ms:.0f} ms are missing, though all was dealt with")
    _, again = put_back(journal, folder, [], wrong)
    if again.texts or again.papers:
        wrong.append("what was settled is offered again")
    return (settled[2] if settled else None), wrong


def places(calls, chance):
    """Return the numbers of the calls that are to go wrong."""
    every = range(1, calls + 1)
    return every if EVERY_CALL else sorted(chance.sample(every, A_FEW))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_book_loses_nothing_whatever_call_goes_wrong(interrupt, change):
    calls, wrong = interrupt(change, Fault.EIO, 0)
    assert wrong == []
    assert calls > 10
    found = {}
    for fault in FAULTS:
        for at in places(calls, random.Random(f"{change} {fault.name}")):
            survived, wrong = interrupt(change, fault, at)
            if wrong:
                found[fault.name, at] = wrong
            assert not (survived and fault.is_deadly and at < calls // 2)
    assert found == {}


def create(folder):
    """Make a book; return whether it was made."""
    try:
        Book.create(folder, About("Novel"), compiled()).close()
    except WriterError:
        return False
    return True


@pytest.mark.parametrize("fault", FAULTS)
def test_a_book_is_made_whole_or_not_at_all_whatever_call_goes_wrong(tmp_path, fault):
    with Faults()() as faults:
        assert create(tmp_path / "counted")
    for at in range(1, faults.count + 1):
        folder = tmp_path / str(at)

        def work(report, folder=folder, at=at):
            with Faults(fault, at)():
                report(str(create(folder)))

        lines, _ = in_child(work)
        if (folder / "book.toml").exists() or lines == ["True"]:
            book = Book.open(folder)
            assert [book.read_scene(item.id).text for item in book.outline.scenes()] == [*TEXTS]
            assert not book.read_only
            book.close()
