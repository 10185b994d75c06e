"""Windows at work until they are killed: `python -m tests.crash.window_session FOLDER`.

Each line on its standard input, a JSON object, forks one session, so that Qt and the program are
imported only once. A session says on standard output, one JSON list a line, every state of every
text before the keeper is handed it, and what the keeper has told. Times are of the monotonic clock.
"""

import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox

from tests.crash.watched import Watched, report, serve, whole
from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.outline import STATUSES, ItemKind
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.told import Pace
from writer.manuscript.search import Search
from writer.ui import app as app_module
from writer.ui import keeping as keeping_module
from writer.ui.book.book_search import BookSearch
from writer.ui.book.books import Books
from writer.ui.book.open_book import OpenBook
from writer.ui.book.recovery_dialog import Decision, RecoveryDialog
from writer.ui.chronicle import Chronicle

PACE = Pace(save=0.6, longest=1.5, retry=0.2)
"""Quicker than a writer's, save for the journal: more of everything in a short life."""
_JOURNAL_BYTES = 60_000
_CONTROL = Qt.KeyboardModifier.ControlModifier
_COMMON = ("rain", "snow", "the", "and", "nobody", "said", "never")
_CHINESE = ("雨停了。", "她说：", "没有人知道", "黄昏")
_RESTS_MS = (0, 0, 1, 2, 5, 10, 30, 50)
_MOST_CHARACTERS = 2_500
_MOST_SCENES, _FEWEST_SCENES = 26, 4
_HOMEWARD = 0.12
_WRITING = ("typed", "inserted", "deleted", "undone", "redone")


class Session:
    """One window, and somebody who does in it whatever comes to their mind."""

    def __init__(self, folder: Path, wishes: dict) -> None:
        self._chance = random.Random(wishes["seed"])
        self._folder = folder
        self._book = Path(wishes["book"])
        self._end = time.monotonic() + wishes["close_after"] if wishes["close_after"] else None
        self._absorbed_until = 0.0
        self._singles = folder / "singles"
        self._watch = Watched.watch
        self._answer_dialogs()
        self._app = QApplication.instance() or QApplication(["writer"])
        self.session, self.window, self.sampler = app_module.build(self._app, _no_engine)
        self._filing = self.session.filing
        self._document = self._filing.document
        self._books = self.window.findChild(Books)
        self._search = self.window.findChild(BookSearch)
        self._chronicle = self.window.findChild(Chronicle)
        self._filing._ask_about_unsaved = self._save_untitled
        path = self._book if wishes["at_book"] else folder / "new.md"
        self.window.show()
        self._filing.begin(path)
        self.window.activateWindow()
        self.window.page.setFocus()
        self._document.refused.connect(_on_refused)  # “new.md” is not there, which is said
        self.sampler.start()
        self._acts = self._weighed()
        self._say_all()
        QTimer.singleShot(0, self._on_due)

    @property
    def _page(self):
        return self.window.page

    def _say_all(self) -> None:
        """Say what the whole book and the page say now, as the window sees them."""
        if self._books.open_book is None and self._document.text.is_scene:
            report("wrong", "a scene is on the page, and no book is open")
        if self._books.open_book is None and self._document.text.file is None:
            name = self._watch.names[self._document.text.key]
            report("untitled", name, self._page.read())
            self._books.open(self._book)
        book = self._books.open_book
        if book is None or book.book.read_only:
            report("wrong", "the book does not open to be written")
            return
        items, texts, missing = whole(book)
        singles = self._singles.glob("*.md")
        texts |= {str(path): path.read_text(encoding="utf-8") for path in singles}
        report("begun", items, texts, missing)

    def _answer_dialogs(self) -> None:
        """Be the person in front of every dialog that comes up."""

        def recover(dialog: RecoveryDialog) -> int:
            for item in dialog._items.values():
                report("offered", item.title, item.book, item.typed, item.changed_since)
            dialog.decide_all(Decision.RESTORE)
            dialog.accept()
            return 1

        def refuse(box: QMessageBox) -> int:
            report("wrong", f"asked: {box.text()}")
            return 0

        RecoveryDialog.exec = recover
        QMessageBox.exec = refuse
        QInputDialog.getText = lambda *_: (f"Version {self._chance.randrange(1000)}", True)

        discard = OpenBook.discard

        def watched_discard(book: OpenBook, item) -> None:
            discard(book, item)
            self._watch.forget(item.id)

        OpenBook.discard = watched_discard

    def _save_untitled(self) -> bool:
        """Answer that the text on the page is to be saved, and where."""
        self._singles.mkdir(exist_ok=True)
        path = self._singles / f"{time.monotonic_ns()}.md"
        report("moved", self._watch.names[self._document.text.key], str(path))
        if self._document.save_as(path):
            return True
        report("wrong", "an untitled text could not be saved")
        return False

    # What is done

    def _weighed(self) -> list[tuple[int, str, Callable[[], object]]]:
        return [
            (500, "typed", self._type),
            (80, "inserted", self._insert),
            (100, "deleted", self._delete),
            (15, "undone", lambda: self._press(Qt.Key.Key_Z, _CONTROL)),
            (8, "redone", lambda: self._press(Qt.Key.Key_Y, _CONTROL)),
            (40, "switched", self._switch),
            (12, "added", self._add),
            (18, "split", self._split),
            (12, "merged", self._merge),
            (10, "archived", self._archive),
            (6, "restored", self._restore),
            (12, "renamed", self._rename),
            (12, "synopsis", self._synopsis),
            (10, "moved", self._move),
            (10, "replaced", self._replace),
            (14, "step taken back", self._take_back),
            (5, "version named", self._chronicle.name_version),
            (12, "saved", self._filing.save),
            (6, "untitled", self._new),
            (6, "single file", self._open_single),
        ]

    def _on_due(self) -> None:
        """Do one thing, rest a little, and go on."""
        if self._end is not None and time.monotonic() > self._end:
            report("closing")
            self.window.close()
            self._app.quit()
            return
        if self._chance.random() < 0.02:  # lost in writing
            self._absorbed_until = time.monotonic() + self._chance.uniform(0.1, 0.8)
        is_away = self._books.open_book is None
        if is_away or time.monotonic() < self._absorbed_until:
            weights = [each for each in self._acts if each[1] in _WRITING]
            if is_away and self._chance.random() < _HOMEWARD:
                weights = [(1, "book opened", lambda: self._books.open(self._book))]
        else:
            weights = self._acts
        _, kind, act = self._chance.choices(weights, [each[0] for each in weights])[0]
        at = time.monotonic()
        if act() is not False:
            report("did", kind)
        self._note(at)
        QTimer.singleShot(self._chance.choice(_RESTS_MS), self._on_due)

    def _note(self, at: float) -> None:
        """Say what the page says since then."""
        name = self._watch.names[self._document.text.key]
        self._watch.say(name, self._page.read(), at)

    def _press(self, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self._page, key, modifier)

    def _type(self) -> None:
        if len(self._page.read()) > _MOST_CHARACTERS:
            self._page.go_to(_MOST_CHARACTERS // 2)
            QTest.keyClick(self._page, Qt.Key.Key_End, _CONTROL | Qt.KeyboardModifier.ShiftModifier)
            self._press(Qt.Key.Key_Delete)
        if self._chance.random() < 0.1:
            self._page.go_to(self._chance.randint(0, len(self._page.read())))
        word = self._chance.choice(_COMMON)
        if self._chance.random() < 0.7:  # one that there was never before
            word = "".join(self._chance.choices("abcdefghijklmnop", k=9))
        for letter in word + self._chance.choice(("  ", " ", ", ", ". ", "\n")):
            at = time.monotonic()
            if letter == "\n":
                self._press(Qt.Key.Key_Return)
            else:
                QTest.keyClicks(self._page, letter)
            self._note(at)

    def _insert(self) -> None:
        self._page.insert(self._chance.choice(_CHINESE))

    def _delete(self) -> None:
        key = self._chance.choice((Qt.Key.Key_Backspace, Qt.Key.Key_Delete))
        by_word = self._chance.random() < 0.3
        for _ in range(self._chance.randint(1, 6)):
            at = time.monotonic()
            self._press(key, _CONTROL if by_word else Qt.KeyboardModifier.NoModifier)
            self._note(at)

    def _scenes(self) -> list[str]:
        return [item.id for item in self._books.open_book.outline.scenes()]

    def _any_item(self) -> str:
        return self._chance.choice(list(self._books.open_book.outline.living())).id

    def _switch(self) -> None:
        self.window.outline.opened.emit(self._chance.choice(self._scenes()))
        if self._chance.random() < 0.5:
            self._press(Qt.Key.Key_End, _CONTROL)

    def _add(self) -> object:
        if len(self._scenes()) > _MOST_SCENES:
            return False
        kind = ItemKind.CHAPTER if self._chance.random() < 0.2 else ItemKind.SCENE
        self.window.outline.add_asked.emit(kind, self._any_item())
        return None

    def _split(self) -> object:
        if len(self._scenes()) > _MOST_SCENES:
            return False
        self._page.go_to(self._chance.randint(0, len(self._page.read())))
        return bool(self._books.rearranging.split())

    def _merge(self) -> object:
        scenes = self._scenes()
        if len(scenes) < _FEWEST_SCENES:
            return False
        at, count = self._chance.randrange(len(scenes) - 2), self._chance.choice((2, 2, 3))
        self.window.outline.merge_asked.emit(tuple(scenes[at : at + count]))
        return None

    def _archive(self) -> object:
        id = self._any_item()
        outline = self._books.open_book.outline
        if len(self._scenes()) - len(outline.scenes(id)) < _FEWEST_SCENES:
            return False
        self.window.outline.archive_asked.emit((id,))
        return None

    def _restore(self) -> object:
        archived = self._books.open_book.outline.archived()
        if not archived:
            return False
        self.window.outline.restore_asked.emit((self._chance.choice(archived).id,))
        return None

    def _rename(self) -> None:
        title = " ".join(self._chance.choices((*_COMMON, *_CHINESE), k=2))
        self.window.outline.renamed.emit(self._any_item(), title)

    def _synopsis(self) -> None:
        words = " ".join(self._chance.choices(_COMMON, k=12))
        self.window.outline.synopsis_changed.emit(self._any_item(), words)
        self.window.outline.status_changed.emit(self._any_item(), self._chance.choice(STATUSES))

    def _move(self) -> object:
        outline = self._books.open_book.outline
        id, parent = self._any_item(), self._chance.choice([*self._homes(), None])
        if not outline.may_move((id,), parent):
            return False
        beside = [item.id for item in outline.children(parent) if item.id != id]
        before = self._chance.choice([*beside, None])
        self.window.outline.moved.emit((id,), parent, before)
        return None

    def _homes(self) -> list[str]:
        living = self._books.open_book.outline.living()
        return [item.id for item in living if item.kind is not ItemKind.SCENE]

    def _replace(self) -> object:
        one, other = self._chance.sample(_COMMON, 2)
        self._search.open(True)
        self._search.search(Search(one))
        end = time.monotonic() + 0.5
        while self._search._is_searching and time.monotonic() < end:
            QApplication.processEvents()
        is_known = not self._search._is_searching
        self._search.replace(other)
        self._search.close()
        return is_known

    def _take_back(self) -> None:
        rearranging = self._books.rearranging
        for _ in range(self._chance.randint(1, 2)):
            rearranging.undo()
            if self._chance.random() < 0.5:
                rearranging.redo()

    def _new(self) -> None:
        self._filing.new()
        if self._books.open_book is not None:
            report("wrong", "the book stays open with a new text")

    def _open_single(self) -> object:
        singles = sorted(self._singles.glob("*.md"))
        if not singles:
            return False
        self._filing.open(self._chance.choice(singles[-5:]))
        return None


def _no_engine(*_: object) -> object:
    raise WriterError(ErrorKind.MODEL_MISSING, path=Path("nowhere"), reason="none is wanted")


def _on_refused(error: WriterError) -> None:
    report("wrong", f"refused: {error}")


def run(folder: Path, wishes: dict) -> None:
    """Work until killed, or until the window was closed."""
    report("process", os.getpid())
    sys.excepthook = lambda *parts: report("wrong", "".join(traceback.format_exception(*parts)))
    keeping_module.Keeper = lambda journal, hear: Keeper(
        journal, hear, pace=PACE, journal_bytes=_JOURNAL_BYTES
    )
    app_module.Keeping = Watched
    session = Session(folder, wishes)
    session._app.exec()
    report("closed")


def main() -> None:
    """Fork a window for each line."""
    serve(partial(run, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
