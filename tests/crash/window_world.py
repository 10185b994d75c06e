"""Killing real windows at random moments, and looking whether anything of a book is missing.

A `WindowWorld` is a home folder with books, one window after another at work on them. After a kill
either the program's library puts everything back here, or the next window does.
"""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.nursery import Nursery
from tests.crash.putting_back import opened, put_back, view_of
from tests.crash.window_story import Story, View
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

LONGEST_LIFE_SECONDS = 2.2
_KILLS_A_BOOK = 20


@dataclass(slots=True)
class WindowResult:
    """What came of one kill."""

    wrong: list[str]
    missing_ms: float
    """The age of the oldest change that is missing; 0 if none is."""
    edits: int
    saves: int
    offered: int
    phase: str
    """What the window was at: opening, working, closing, closed."""
    did: Counter[str] = field(default_factory=Counter)


class WindowWorld:
    """Books in a folder, and what became of them; it ends with `close`."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.longest_life_seconds = LONGEST_LIFE_SECONDS
        self._folder = folder
        self._chance = random.Random(seed)
        self._kills = 0
        self._story = Story()
        self._book = folder
        self._missing_ms, self._offered = 0.0, 0
        self._nursery = Nursery("tests.crash.window_session", folder)

    def close(self) -> None:
        """End what forks the windows."""
        self._nursery.close()

    def temporary_files(self) -> int:
        """Return how many half-written files lie about."""
        return len(list(self._folder.rglob(".writer-*.tmp")))

    def kill_one(self) -> WindowResult:
        """Let a window work, kill it, look what is left, and say what was wrong."""
        if self._kills % _KILLS_A_BOOK == 0:
            self._begin_book()
        self._kills += 1
        story, self._missing_ms, self._offered = self._story, 0.0, 0
        story.edits, story.saves, story.wrong, story.did = 0, 0, [], Counter()
        phase = self._watch()
        # Before another book is begun all is put back here; else by lot, or by the next window.
        if self._kills % _KILLS_A_BOOK == 0 or self._chance.random() < 0.5:
            self._recover(phase)
        return WindowResult(
            story.wrong,
            self._missing_ms,
            story.edits,
            story.saves,
            self._offered,
            phase,
            story.did,
        )

    def _begin_book(self) -> None:
        """Make a new book of a dozen scenes; the untitled texts before are nobody's business."""
        self._book = self._folder / f"book {self._kills // _KILLS_A_BOOK}"
        sections = [Section(ItemKind.PART, "Autumn", 0)]
        for number in range(12):
            if number % 4 == 0:
                sections.append(Section(ItemKind.CHAPTER, f"Chapter {number // 4 + 1}", 1))
            words = ["".join(self._chance.choices("qrstuvwxyz", k=9)) for _ in range(60)]
            text = " ".join(words[:30]) + ".\n雨停了。 The rain, " + " ".join(words[30:])
            sections.append(Section(ItemKind.SCENE, f"Scene {number}", 2, text))
        compiled = CompiledBook("", "", "en", tuple(sections))
        Book.create(self._book, About("Novel"), compiled).close()
        singles = (self._folder / "singles").glob("*.md")
        self._story.settle(view_of(opened(self._book, self._story.wrong), singles))

    # The window

    def _watch(self) -> str:
        """Let a window live for a while; return what it was at when it was killed."""
        plan = self._chance.choices(("opening", "closing", "working"), (15, 20, 65))[0]
        life = (
            self._chance.uniform(0, 0.4)
            if plan == "opening"
            else self._chance.uniform(0.3, self.longest_life_seconds)
        )
        wishes = {
            "seed": self._chance.randrange(1 << 30),
            "book": str(self._book),
            "at_book": self._chance.random() < 0.8,
            "close_after": life if plan == "closing" else None,
        }
        window = self._nursery.begin(wishes)
        if plan == "closing":
            if window.wait_for("closing"):
                window.read_until(time.monotonic() + self._chance.uniform(0, 0.05))
        else:
            window.read_until(time.monotonic() + life)
        return self._listen(window.said, window.kill())

    def _listen(self, said: list[list], killed_at: float) -> str:
        """Take in all that the window said."""
        story, kinds = self._story, [line[0] for line in said]
        status = said[-1][1]
        if "begun" in kinds:
            at = kinds.index("begun")
            self._begin(said[:at], said[at])
            for line in said[at:]:
                story.read(line)
            story.killed_at = killed_at
        else:
            story.wrong += [line[1] for line in said if line[0] == "wrong"]
        if "closed" in kinds:
            if status not in (0, -signal.SIGKILL):
                story.wrong.append(f"the window closed with {status}")
            return "closed"
        if status != -signal.SIGKILL:
            story.wrong.append(f"the window ended by itself: {status}")
        if "begun" not in kinds:
            return "opening"
        return "closing" if "closing" in kinds else "working"

    def _begin(self, before: list[list], begun: list) -> None:
        """See whether a window has everything back, as it says itself."""
        _, items, texts, missing = begun
        untitled, saved, page = [], [], None
        for line in before:
            match line:
                case ["offered", title, _, typed, changed]:
                    self._offered += 1
                    if changed:
                        self._story.wrong.append(f"“{title}” is said to be changed since")
                    if not title:
                        untitled.append(typed)
                case ["untitled", name, said]:
                    page = (name, said)
                case ["wrong", what]:
                    self._story.wrong.append(what)
                case ["moved", name, _] if page and page[0] == name and page[1] in untitled:
                    saved.append(page[1])  # it has a file from now on
        view = View(items, texts, missing, untitled)
        self._check(view)
        for said in saved:
            view.untitled.remove(said)
        self._story.settle(view)

    # Putting back

    def _recover(self, phase: str) -> None:
        singles = (self._folder / "singles").glob("*.md")
        wrong = self._story.wrong
        view, found = put_back(self._nursery.journal, self._book, singles, wrong)
        if phase == "closed" and (found.papers or any(each.path for each in found.texts)):
            wrong.append("something is offered after the window was closed")
        self._check(view)
        self._story.settle(view)
        self._offered += len(found.texts) + len(found.papers)

    def _check(self, view: View) -> None:
        wrong, missing_ms = self._story.check(view)
        self._story.wrong += wrong
        self._missing_ms = max(self._missing_ms, missing_ms)
