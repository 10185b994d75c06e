"""A writing session that goes on until it is killed: `python -m tests.crash.session FOLDER SEED`.

It writes on its standard output, one JSON list a line, what it is about to do, before it does it,
and what the keeper has told it. Times are of the monotonic clock, which all processes share.
"""

import json
import os
import random
import sys
import time
from hashlib import sha256
from pathlib import Path

from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import (
    Closed,
    Journaled,
    NotJournaled,
    NotSaved,
    OutOfStep,
    Pace,
    Saved,
    TextAbout,
    Trouble,
    Written,
)
from writer.manuscript.text_file import read_text_file

TEXTS = ("dusk.md", "night.md", "dawn.txt", "noon.txt")
PAPER = "book.toml"
UNTITLED = "untitled"
PACE = Pace(save=0.1, longest=0.4, retry=0.2)
"""Much quicker than a writer's, save for the journal: more of everything in a short life."""
JOURNAL_BYTES = 30_000
_WORDS = [
    "the",
    "rain",
    "had",
    "not",
    "stopped",
    "雨",
    "停了",
    "and",
    "nobody",
    "knew",
    "why",
    "it",
    "was",
    "so",
    "quiet—“never,”",
    "she",
    "said",
]
_MOST_LINES = 400


def report(*values: object) -> None:
    """Say something to whoever watches; one write, so that nothing is said by halves."""
    os.write(1, json.dumps(values).encode() + b"\n")


def digest(text: str) -> str:
    """Return a short name for a state of a text."""
    return sha256(text.encode("utf-8")).hexdigest()[:16]


def tell(told: object) -> None:
    """Report what the keeper has told."""
    match told:
        case Journaled(key, revision):
            report("journaled", key, revision)
        case Saved(key, revision):
            report("saved", key, revision)
        case Written():
            report("written")
        case Closed(key):
            report("closed", key)
        case NotSaved(error=error) | NotJournaled(error=error) | Trouble(error=error):
            report("wrong", str(error))
        case OutOfStep(key):
            report("wrong", f"{key} is out of step")


class Writer:
    """Somebody who types into several texts at once."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._lines: dict[str, list[str]] = {}
        self._revision = 0
        self._paper = 0
        self._closed: set[str] = set()
        self._keeper = Keeper(folder / "journal", tell, pace=PACE, journal_bytes=JOURNAL_BYTES)
        self._keeper.start()

    def begin(self) -> None:
        """Open everything."""
        for name in TEXTS:
            self._open(name)
        self._keeper.open_text(UNTITLED, TextAbout(), "", None)
        self._lines[UNTITLED] = [""]
        report("opened", UNTITLED, digest(""))

    def go_on(self) -> None:
        """Do one thing, and rest a little."""
        chance = self._chance.random()
        key = self._chance.choice(list(self._lines))
        if chance < 0.92:
            self._type(key)
        elif chance < 0.95:
            self._keeper.save(key)
        elif chance < 0.97:
            self._paper += 1
            report("paper", self._paper, time.monotonic())
            self._keeper.write(self._folder / PAPER, b"number = %d\n" % self._paper * 50)
        elif key != UNTITLED:
            self._switch(key)
        time.sleep(self._chance.choice((0, 0.001, 0.002, 0.004, 0.02)))

    def _open(self, name: str) -> None:
        file = read_text_file(self._folder / name)
        report("opened", name, digest(file.text))
        self._keeper.open_text(name, TextAbout(name), file.text, file)
        self._lines[name] = file.text.split("\n")

    def _switch(self, name: str) -> None:
        """Close a text, and open it again when that is done."""
        self._keeper.close_text(name)
        del self._lines[name]
        self._keeper.wait(10)
        while self._keeper.wait(10) and self._is_kept(name):
            time.sleep(0.01)
        self._open(name)

    def _is_kept(self, name: str) -> bool:
        return name in self._keeper._desk._texts

    def _type(self, key: str) -> None:
        edit = self._edit(self._lines[key])
        self._lines[key][edit.first : edit.first + edit.removed] = edit.added
        self._lines[key] = self._lines[key] or [""]
        self._revision += 1
        state = digest("\n".join(self._lines[key]))
        report("typed", key, self._revision, state, time.monotonic())
        self._keeper.edit(key, edit, self._revision)

    def _edit(self, lines: list[str]) -> LineEdit:
        chance = self._chance.random()
        at = self._chance.randrange(len(lines))
        if chance < 0.8:  # a few letters more, or one less
            place = self._chance.randint(0, len(lines[at]))
            typed = self._chance.choice(_WORDS)[: self._chance.randint(0, 5)]
            return LineEdit(at, 1, (lines[at][:place] + typed + lines[at][place + 1 :],))
        if chance < 0.9:
            return LineEdit(at, 1, (lines[at], " ".join(self._chance.choices(_WORDS, k=9))))
        if chance < 0.98 and len(lines) < _MOST_LINES:
            pasted = [" ".join(self._chance.choices(_WORDS, k=30)) for _ in range(12)]
            return LineEdit(at, 0, tuple(pasted))
        return LineEdit(at, min(len(lines) - at, len(lines) // 2), ())


def main() -> None:
    """Write until killed."""
    writer = Writer(Path(sys.argv[1]), int(sys.argv[2]))
    writer.begin()
    report("begun")
    while True:
        writer.go_on()


if __name__ == "__main__":
    main()
