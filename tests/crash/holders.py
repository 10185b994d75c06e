"""A process that wants a book for writing again and again: `python -m tests.crash.holders …`.

Each time it forks one that waits until it holds the book, counts in its scenes and its title, and
then closes it or is killed. What happened goes into one log, which several such processes share:
its order is the order in which things happened.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Timer

from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.book import Book
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.recovery import left_behind, settle
from writer.manuscript.keeping.told import Journaled, Pace, Saved, TextAbout, Told

LINES = 3_000
_PACE = Pace(save=0.01, longest=0.02, sync=0.005)


class Holder:
    """Holds the book once, or looks at it while another one does."""

    def __init__(self, folder: Path, log: int, chance: random.Random) -> None:
        self._folder = folder
        self._log = log
        self._chance = chance

    def run(self) -> None:
        """Wait for the book, work on it, and give it back or die."""
        while (book := Book.open(self._folder)).read_only:
            self._numbers(book)  # whole, whatever is being written
            book.close()
            time.sleep(self._chance.uniform(0, 0.004))
        self._restore(book)
        book.about = replace(book.about, title=title_of(self._folder))
        numbers = self._numbers(book)
        self._note("took", *numbers)
        keeper = Keeper(self._folder / "journal", self._hear, pace=_PACE, journal_bytes=200_000)
        keeper.start()
        if self._chance.random() < 0.6:
            Timer(self._chance.uniform(0, 0.08), os.kill, (os.getpid(), signal.SIGKILL)).start()
        self._count(book, keeper)
        assert keeper.close(30)
        self._note("gave", *self._numbers(book, int(book.about.title)))
        book.close()

    def _count(self, book: Book, keeper: Keeper) -> None:
        keys = [item.id for item in book.outline]
        for key in keys:
            file = book.read_scene(key)
            about = TextAbout(key, book.folder, book.id, key, book.about.title)
            keeper.open_text(key, about, file.text, file)
        number = max(self._numbers(book))
        for _ in range(self._chance.randint(2, 12)):
            number += 1
            self._note("asked", number)
            for key in keys:
                keeper.replace(key, said(number), number)
            book.about = replace(book.about, title=str(number))
            for path in book.toml_paths:
                keeper.write(path, book.toml())
            time.sleep(self._chance.uniform(0, 0.02))

    def _restore(self, book: Book) -> None:
        """Put back what the one before had not saved when it was killed."""
        found = left_behind(self._folder / "journal")
        for paper in found.papers:
            write_atomically(paper.path, paper.data)
            settle(paper, keep=True)
        for lost in found.texts:
            assert not lost.changed_since, lost.key
            book.read_scene(lost.about.item).save(lost.text)
            settle(lost, keep=True)

    def _numbers(self, book: Book, title: int | None = None) -> list[int]:
        numbers = [int(book.about.title) if title is None else title]
        for item in book.outline:
            lines = book.read_scene(item.id).text.split("\n")
            assert set(lines) == {lines[0]}, "a save of one is mixed with a save of another"
            assert len(lines) == LINES
            numbers.append(int(lines[0]))
        assert len(numbers) == 3, "a scene has come or gone"
        return numbers

    def _hear(self, told: Told) -> None:
        match told:
            case Journaled(key, revision):
                self._note("safe", key, revision)
            case Saved(key, revision):
                self._note("saved", key, revision)

    def _note(self, *words: object) -> None:
        line = " ".join(map(str, (os.getpid(), *words)))
        os.write(self._log, line.encode() + b"\n")


def said(number: int) -> str:
    """Return what a scene says that was counted to `number`."""
    return "\n".join([str(number)] * LINES)


def title_of(folder: Path) -> str:
    """Return the title that `book.toml` says."""
    text = (folder / "book.toml").read_text()
    return text.split('\ntitle = "', 1)[1].split('"', 1)[0]


def forked(work: Callable[[], None]) -> int:
    """Run `work` in a process of its own; return how that ended."""
    process = os.fork()
    if process == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)  # not before its trace is printed, where there is one
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main() -> int:
    """Hold the book so many times; return whether anything was not as it should be."""
    folder, log, times, seed = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5])
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    chance = random.Random(seed)
    wrong = 0
    for _ in range(times):
        holder = Holder(folder, descriptor, random.Random(chance.random()))

        def work(holder: Holder = holder) -> None:
            try:
                holder.run()
            except BaseException:
                sys.excepthook(*sys.exc_info())
                raise

        wrong += forked(work) not in (0, -signal.SIGKILL)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
