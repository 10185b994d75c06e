"""Killing real windows at random moments, and looking whether anything of a book is missing.

A `WindowWorld` is a home folder with books, one window after another at work on them. After a kill
either the program's library puts everything back here, or the next window does.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.window_story import Story, View
from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.keeping.recovery import JournalNotice, Lost, left_behind, settle
from writer.manuscript.text_file import new_text_file, read_text_file

_KILLS_A_BOOK = 20
_PATIENCE_SECONDS = 60
_HARMLESS = (BookNotice.FOUND, BookNotice.LEFT_OPEN, JournalNotice.TORN)


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
        self._folder = folder
        self._chance = random.Random(seed)
        self._kills = 0
        self._story = Story()
        self._book = folder
        self._missing_ms = 0.0
        home = folder / "home"
        home.mkdir(parents=True)
        environment = {**os.environ, "HOME": str(home), "PYTHONWARNINGS": "ignore"}
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            environment.pop(name, None)
        config = home / ".config" / "writer"
        config.mkdir(parents=True)
        (config / "settings.toml").write_text('version = 1\n[suggesting]\nmode = "off"\n')
        self._journal = home / ".local" / "share" / "writer" / "journal"
        command = [sys.executable, "-m", "tests.crash.window_session", str(folder)]
        self._nursery = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment
        )

    def close(self) -> None:
        """End what forks the windows."""
        assert self._nursery.stdin is not None and self._nursery.stdout is not None
        self._nursery.stdin.close()
        self._nursery.wait()
        self._nursery.stdout.close()

    def kill_one(self) -> WindowResult:
        """Let a window work, kill it, look what is left, and say what was wrong."""
        if self._kills % _KILLS_A_BOOK == 0:
            self._begin_book()
        self._kills += 1
        story, self._missing_ms = self._story, 0.0
        story.edits, story.saves, story.wrong, story.did = 0, 0, [], Counter()
        phase = self._watch()
        offered = 0
        # Before another book is begun all is put back here; else by lot, or by the next window.
        if self._kills % _KILLS_A_BOOK == 0 or self._chance.random() < 0.5:
            offered = self._recover(phase)
        return WindowResult(
            story.wrong, self._missing_ms, story.edits, story.saves, offered, phase, story.did
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
        self._story.settle(self._view(self._open_book()))

    # The window

    def _watch(self) -> str:
        """Let a window live for a while; return what it was at when it was killed."""
        plan = self._chance.choices(("opening", "closing", "working"), (15, 20, 65))[0]
        life = self._chance.uniform(0, 0.9) if plan == "opening" else self._chance.uniform(0.3, 2.2)
        wishes = {
            "seed": self._chance.randrange(1 << 30),
            "book": str(self._book),
            "at_book": self._chance.random() < 0.8,
            "close_after": life if plan == "closing" else None,
        }
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(json.dumps(wishes).encode() + b"\n")
        lines = _Lines(self._nursery)
        if not lines.wait_for("process"):
            raise RuntimeError("no window was forked")
        process = lines.said[-1][1]
        if plan == "closing":
            if lines.wait_for("closing"):
                lines.read_until(time.monotonic() + self._chance.uniform(0, 0.08))
        else:
            lines.read_until(time.monotonic() + life)
        killed_at = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        lines.wait_for("ended")
        return self._listen(lines.said, killed_at)

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
            if status != 0:
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
        untitled, page = [], None
        for line in before:
            match line:
                case ["offered", title, _, typed, changed]:
                    if changed:
                        self._story.wrong.append(f"“{title}” is said to be changed since")
                    if not title:
                        untitled.append(typed)
                case ["untitled", name, said]:
                    page = (name, said)
                case ["wrong", what]:
                    self._story.wrong.append(what)
                case ["moved", name, _] if page and page[0] == name and page[1] in untitled:
                    untitled.remove(page[1])
        view = View(items, texts, missing, untitled)
        self._check(view)

    # Putting back

    def _recover(self, phase: str) -> int:
        """Put everything back as a window would; return how much was offered."""
        found = left_behind(self._journal)
        wrong = self._story.wrong
        wrong += [f"notice: {n}" for n in found.notices if n.kind not in _HARMLESS]
        wrong += [f"{each.path} is said to be changed since"
                  for each in (*found.texts, *found.papers) if each.changed_since]  # fmt: skip
        if phase == "closed" and (found.papers or any(each.path for each in found.texts)):
            wrong.append("something is offered after the window was closed")
        for paper in found.papers:
            with contextlib.suppress(WriterError):
                write_atomically(paper.path, paper.data)
                settle(paper, keep=True)
        book = self._open_book()
        untitled = [lost.text for lost in found.texts if lost.path is None]
        for lost in found.texts:
            if lost.path is not None and self._restore(lost, book):
                settle(lost, keep=True)
        view = self._view(book)
        found.give_back()
        view.untitled += untitled
        self._check(view)
        return len(found.texts) + len(found.papers)

    def _restore(self, lost: Lost, book: Book) -> bool:
        if lost.path is None or (lost.about.item and lost.about.item not in book.outline):
            self._story.wrong.append(f"“{lost.about.name}” belongs nowhere")
            return False
        file = lost.file or new_text_file(lost.path)
        if lost.about.item:
            file = book.read_scene(lost.about.item)
        file.save(lost.text)
        return True

    def _open_book(self) -> Book:
        book = Book.open(self._book)
        wrong = self._story.wrong
        wrong += [f"notice: {n}" for n in book.notices if n.kind not in _HARMLESS]
        if book.read_only:
            wrong.append("the book does not open to be written")
        return book

    def _view(self, book: Book) -> View:
        scenes = [item for item in book.outline if item.file]
        texts = {item.id: book.read_scene(item.id).text for item in scenes}
        missing = [item.id for item in scenes if not book.scene_path(item.id).is_file()]
        items = [[item.id, item.kind.value, item.title, item.depth, item.status, item.synopsis,
                  item.archived] for item in book.outline]  # fmt: skip
        book.close()
        singles = (self._folder / "singles").glob("*.md")
        texts |= {str(path): read_text_file(path).text for path in singles}
        return View(items, texts, missing, [])

    def _check(self, view: View) -> None:
        wrong, missing_ms = self._story.check(view)
        self._story.wrong += wrong
        self._missing_ms = max(self._missing_ms, missing_ms)
        self._story.settle(view)


class _Lines:
    """What one window says."""

    def __init__(self, process: subprocess.Popen) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self.said: list[list] = []
        self._rest = b""

    def wait_for(self, kind: str) -> bool:
        """Read until a line of that kind, or until the window has ended; return which."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._has(kind) and not self._has("ended") and time.monotonic() < end:
            self._read(0.5)
        return self._has(kind)

    def read_until(self, moment: float) -> None:
        """Read what comes until then, for a full pipe would hold the window up."""
        while (left := moment - time.monotonic()) > 0:
            self._read(left)

    def _has(self, kind: str) -> bool:
        return any(line[0] == kind for line in self.said)

    def _read(self, seconds: float) -> None:
        import select

        if not select.select([self._pipe], [], [], seconds)[0]:
            return
        *lines, self._rest = (self._rest + os.read(self._pipe.fileno(), 1 << 20)).split(b"\n")
        for line in lines:
            if line:
                with contextlib.suppress(ValueError):  # the half of a line
                    self.said.append(json.loads(line))
