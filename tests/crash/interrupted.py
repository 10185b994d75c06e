"""One structural change of a book on a real page, in which one call of the system goes wrong.

`python -m tests.crash.interrupted FOLDER` forks one process for each line on standard input: it
opens a book without the window around the page, types, makes the change, and is killed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication

from tests.crash.watched import Watched, report, serve, whole
from tests.manuscript.keeping.faults import Fault, Faults
from writer import places
from writer.manuscript.book.book import Book
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.recent import RecentFiles
from writer.ui.book.open_book import OpenBook
from writer.ui.book.outline_pane import OutlinePane
from writer.ui.book.rearranging import Rearranging
from writer.ui.document import Document
from writer.ui.editor import Page

_ASIDE = "qqqqqqqqq"


class Desk:
    """A page with a book, and what can be done to that."""

    def __init__(self, folder: Path) -> None:
        self.page, pane = Page(), OutlinePane()
        self.keeping = Watched(places.data_folder() / "journal", self.page)
        recent = RecentFiles(places.data_folder() / "recent.json")
        self.document = Document(self.page, self.keeping, recent)
        self.book = OpenBook(Book.open(folder), self.document, pane)
        self.rearranging = Rearranging(self.book)
        self.book.begin()
        self.scenes = [item.id for item in self.book.outline.scenes()]

    def type(self, words: str) -> None:
        """Write at the caret, and let the keeper have it."""
        self.page.insert(words)
        self.document.recorder.hand_on()

    def split(self) -> None:
        """Split the scene on the page in its middle."""
        self.page.go_to(len(self.page.read()) // 2)
        self.rearranging.split()

    def split_and_take_back(self) -> None:
        """Split, and undo that."""
        self.split()
        self._undo()

    def split_and_take_again(self) -> None:
        """Split, undo that, and redo it at once."""
        self.split_and_take_back()
        self.rearranging.redo()

    def split_and_write(self) -> None:
        """Split, write in the new scene, and undo the split: that scene goes to the archive."""
        self.split()
        self.type("zzzzzzzzz ")
        self._undo()

    def merge(self) -> None:
        """Merge the scene on the page with the two after it."""
        self.rearranging.merge(self.scenes[:3])

    def add(self) -> None:
        """Add a scene and write in it."""
        if self.rearranging.add(ItemKind.SCENE, self.scenes[0]):
            self.type("yyyyyyyyy ")

    def archive(self) -> None:
        """Archive the scene on the page."""
        self.rearranging.archive(self.scenes[:1])

    def close(self) -> None:
        """Close the book and the page, as a window does."""
        self.book.close()
        self.document._leave()
        self.document.let_go_of_scenes()
        self.keeping.run(self.book.book.close)
        self.keeping.close()

    def _undo(self) -> None:
        made = self.book.scene
        self.rearranging.undo()
        if made not in self.book.outline:
            self.keeping.watch.forget(made)


CHANGES: dict[str, Callable[[Desk], None]] = {
    change.__name__: change
    for change in (
        Desk.split,
        Desk.split_and_take_back,
        Desk.split_and_take_again,
        Desk.split_and_write,
        Desk.merge,
        Desk.add,
        Desk.archive,
        Desk.close,
    )
}


def run(_folder: Path, wishes: dict) -> None:
    """Make one change with one fault; say how many calls there were and what went wrong."""
    report("process", os.getpid())
    app = QApplication.instance() or QApplication(["writer"])
    desk = Desk(Path(wishes["book"]))
    report("begun", *whole(desk.book))
    desk.book.step(1)
    desk.type(_ASIDE)  # of a scene that is put aside
    desk.book.step(-1)
    desk.keeping.wait()
    with Faults(Fault[wishes["fault"]], wishes["at"])() as faults:
        desk.type("xxxxxxxxx ")
        CHANGES[wishes["change"]](desk)
        app.processEvents()
        desk.document.recorder.hand_on()
        if wishes["change"] != "close":
            desk.keeping.wait()
        report("settled", time.monotonic(), faults.count)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Fork a process for each line."""
    serve(partial(run, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
