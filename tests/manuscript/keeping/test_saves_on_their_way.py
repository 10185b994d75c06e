"""Killed while several saves of one text are on their way, the first of which reaches the disk."""

import os
import signal
import sys
import time
from threading import Event

import pytest

from tests.manuscript.keeping.faults import REAL, in_child
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.kept_text import digest_of
from writer.manuscript.keeping.recovery import left_behind
from writer.manuscript.keeping.told import Journaled, Pace, TextAbout
from writer.manuscript.text_file import read_text_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


@pytest.mark.parametrize("saves", [1, 2, 5])
def test_no_other_program_is_blamed_for_a_save_that_was_not_told_yet(tmp_path, saves):
    (tmp_path / "a.txt").write_text("old")
    last = saves + 1

    def work(report):
        all_journaled = Event()

        def tell(told):
            if isinstance(told, Journaled) and told.revision == last:
                all_journaled.set()

        def replace(source, target):
            all_journaled.wait(10)
            REAL["replace"](source, target)
            os.kill(os.getpid(), signal.SIGKILL)

        os.replace = replace
        keeper = Keeper(tmp_path / "journal", tell)
        keeper.start()
        file = read_text_file(tmp_path / "a.txt")
        keeper.open_text("a", TextAbout(), file.text, file)
        for number in range(1, last + 1):
            keeper.replace("a", f"state {number}", number)
            if number <= saves:
                keeper.save("a")
        keeper.wait(20)

    assert in_child(work) == ([], -signal.SIGKILL)
    assert (tmp_path / "a.txt").read_text() == "state 1"
    (lost,) = left_behind(tmp_path / "journal").texts
    assert (lost.text, lost.on_disk) == (f"state {last}", "state 1")
    assert lost.base == "state 1"
    assert not lost.changed_since


def test_no_other_program_is_blamed_for_a_small_file_written_before_its_newest_bytes(tmp_path):
    """On a slow disk: the first bytes arrive after the second ones went into the journal."""
    path = tmp_path / "book.toml"
    path.write_bytes(b"paper 0")

    def work(report):
        replaced = []

        def replace(source, target):
            replaced.append(target)
            if len(replaced) == 1:
                wait_for_journal(tmp_path, "paper 2")
                REAL["replace"](source, target)
            else:
                wait_for_journal(tmp_path, digest_of(b"paper 1"))
                os.kill(os.getpid(), signal.SIGKILL)

        os.replace = replace
        keeper = Keeper(tmp_path / "journal", lambda told: None, pace=Pace(paper=0.02))
        keeper.start()
        keeper.write(path, b"paper 1")
        while not replaced:
            time.sleep(0.001)
        keeper.write(path, b"paper 2")
        keeper.wait(20)

    assert in_child(work) == ([], -signal.SIGKILL)
    assert path.read_bytes() == b"paper 1"
    (lost,) = left_behind(tmp_path / "journal").papers
    assert lost.data == b"paper 2"
    assert not lost.changed_since


def wait_for_journal(folder, words):
    """Return when a journal has these words, or after a second."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        journals = folder.glob("journal/*.journal")
        if any(words.encode() in journal.read_bytes() for journal in journals):
            return
        time.sleep(0.005)
