"""Two processes that hammer one book: one after the other writes it, and none undoes the other."""

import subprocess
import sys
from collections import Counter

import pytest

from tests.crash.holders import said
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL, and no fork")

TIMES = 12


def test_no_update_is_lost_whoever_holds_the_book_and_however_that_ends(tmp_path):
    scenes = tuple(Section(ItemKind.SCENE, name, 0, said(0)) for name in ("One", "Two"))
    book = Book.create(tmp_path / "book", About("0"), CompiledBook("", "", "", scenes))
    book.close()
    command = [sys.executable, "-m", "tests.crash.holders"]
    arguments = [str(tmp_path / "book"), str(tmp_path / "log"), str(TIMES)]
    processes = [
        subprocess.Popen([*command, *arguments, str(seed)], stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    errors = [process.communicate()[1].decode() for process in processes]
    assert errors == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]
    events = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    ended = check(events, [item.id for item in book.outline])
    assert ended["gave"] + ended["killed"] == 2 * TIMES
    assert min(ended["gave"], ended["killed"]) > 3
    assert ended["handed over"] > 3


def check(events, keys):
    """Assert that holders follow each other, each going on from all the one before had done."""
    ended, holder, gave = Counter(), None, True
    asked, safe = 0, {}
    for process, what, *rest in events:
        if what == "took":
            ended["gave" if gave else "killed"] += holder is not None
            ended["handed over"] += holder is not None and process != holder
            title, *numbers = map(int, rest)
            # All that was told to be safe is there, and nothing that nobody has asked for.
            assert max(title, *numbers) <= asked
            for key, number in zip(keys, numbers, strict=True):
                assert number >= safe.get(key, 0)
            if gave:
                assert {title, *numbers} == {asked}
            holder, gave = process, False
            asked, safe = max(title, *numbers), {}
        else:
            assert process == holder, "two hold the book at once"
            assert not gave
        if what == "asked":
            asked = int(rest[0])
        elif what in ("safe", "saved"):
            safe[rest[0]] = max(int(rest[1]), safe.get(rest[0], 0))
        elif what == "gave":
            gave = True
            assert set(map(int, rest)) == {asked}
    ended["gave" if gave else "killed"] += 1
    return ended
