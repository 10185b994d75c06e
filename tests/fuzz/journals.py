"""`python -m tests.fuzz.journals --count 2000`: damaged journals, each read as after a crash.

A journal passes if no exception gets out, every text that is offered is one that there was, and
whatever is missing is said in a notice while the journal is kept. It fails by anything else.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from writer.manuscript.keeping.journal import NAME
from writer.manuscript.keeping.kept_text import KeptText, Paper, SaveSlot, Wish
from writer.manuscript.keeping.ledger import Ledger
from writer.manuscript.keeping.mirror import LineEdit, Mirror
from writer.manuscript.keeping.places import Places
from writer.manuscript.keeping.recovery import left_behind, settle
from writer.manuscript.keeping.told import Pace, TextAbout
from writer.manuscript.text_file import read_text_file

BASES = 12
_EDITS = 80
_WORDS = ["rain", "雨停了", "", "\ud83d", "x" * 300, " ", "“Never,”", "\x00", "\u2028"]


@dataclass
class Session:
    """What was written before the damage: the journals, and every state that a text was in."""

    folder: Path
    journals: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, set[str]] = field(default_factory=dict)
    papers: set[bytes] = field(default_factory=set)
    offered: dict[str, str] = field(default_factory=dict)
    """What is offered without damage."""


@dataclass(frozen=True)
class Outcome:
    """What came of one damaged journal."""

    damage: str
    offered: int
    is_less: bool
    """Whether less was offered than without the damage."""
    wrong: str = ""


class Work:
    """Writes a session by chance, through the ledger, with files that are really saved."""

    def __init__(self, session: Session, seed: int) -> None:
        self._chance = random.Random(seed)
        self._session = session
        self._ledger = Ledger(session.folder / "journal", Pace(), self._chance.choice((500, 10**9)))
        self._ledger.rebase_characters = self._chance.choice((300, 10**9))
        self._texts: list[KeptText] = []
        self._papers: list[Paper] = []
        self._ledger.contents = lambda: (self._texts, self._papers)
        self._places = Places()
        self._now = 0.0

    def do(self) -> None:
        for key in ("a.txt", "b.txt", "untitled"):
            self._open(key)
        for _ in range(_EDITS):
            self._now += self._chance.choice((0.0, 0.1, 1.0))
            self._one()
            self._ledger.act(self._now, urgent=self._chance.random() < 0.3)
        self._ledger.act(self._now, urgent=True)

    def _open(self, key: str) -> None:
        path = self._session.folder / key
        file = None
        if key != "untitled":
            path.touch()
            file = read_text_file(path)
        text = KeptText(
            key, TextAbout(key), file, Mirror(file.text if file else ""), SaveSlot(file)
        )
        self._texts.append(text)
        self._session.states.setdefault(key, set()).add(text.mirror.text)

    def _one(self) -> None:
        text = self._chance.choice(self._texts)
        chance = self._chance.random()
        if chance < 0.8:
            self._edit(text)
        elif chance < 0.9 and text.file is not None:
            self._save(text)
        elif chance < 0.95:
            self._paper()
        elif text.is_settled:
            self._ledger.settled(text)
            self._texts.remove(text)
            self._open(text.key)

    def _edit(self, text: KeptText) -> None:
        lines = text.mirror.lines
        at = self._chance.randrange(len(lines))
        added = [lines[at] + self._chance.choice(_WORDS)]
        added += self._chance.choices(_WORDS, k=self._chance.choice((0, 0, 0, 1, 3)))
        removed = self._chance.choice((0, 1, 1, 1, min(3, len(lines) - at)))
        splice = text.mirror.splice(LineEdit(at, removed, tuple(added)))
        self._ledger.edit(text, splice)
        text.mirror.apply_splice(splice)
        text.note_edit(text.edits + 1, self._now)
        self._ledger.edited(text)
        self._session.states[text.key].add(text.mirror.text)

    def _save(self, text: KeptText) -> None:
        self._ledger.saving(text)
        text.note_saved(
            text.edits, self._now, text.slot.save(self._places, text.mirror.text, Wish())
        )
        self._ledger.saved(text, text.edits)
        # A file has no lone halves of surrogate pairs, hence what it holds was there as well.
        assert text.file is not None
        self._session.states[text.key].add(text.file.text)

    def _paper(self) -> None:
        paper = Paper(self._session.folder / f"paper {len(self._papers)}")
        paper.newest = (1, self._chance.randbytes(self._chance.randrange(200)))
        self._papers.append(paper)
        self._session.papers.add(paper.data)
        self._ledger.paper(paper)
        if self._chance.random() < 0.5:
            paper.written = 1
            self._ledger.written(paper)


_ROOT = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)


@cache
def session(number: int) -> Session:
    """Return one of a few sessions; its journals are taken out of their folder."""
    made = Session(Path(_ROOT.name) / str(number))
    made.folder.mkdir()
    work = Work(made, number)
    work.do()
    work._ledger._leave()
    folder = made.folder / "journal"
    for path in sorted(folder.glob("*.journal")):
        assert NAME.fullmatch(path.name)
        made.journals[path.name] = path.read_bytes()
    made.offered = offered_of(made, made.journals, [])
    return made


def offered_of(made: Session, journals: dict[str, bytes], wrong: list[str]) -> dict[str, str]:
    """Return what is offered of these journals, by name of the text; then clear everything away."""
    folder = made.folder / "journal"
    for name, data in journals.items():
        (folder / name).write_bytes(data)
    found = left_behind(folder)
    for lost in found.texts:
        known = made.states.get(lost.key) if lost.key else set().union(*made.states.values())
        if known is None or lost.text not in known:
            wrong.append(f"{lost.key!r} was never like that")
    wrong += [
        "a paper was never like that" for each in found.papers if each.data not in made.papers
    ]
    offered = {lost.key: lost.text for lost in found.texts}
    offered |= {str(paper.path): paper.data.hex() for paper in found.papers}
    if any(offered.get(key) != text for key, text in made.offered.items()) and not found.notices:
        wrong.append("something is missing and nothing is said")
    for each in (*found.texts, *found.papers):
        settle(each, keep=True)
    kept = {path.name for path in (folder / "old").glob("*.journal")}
    if (found.notices or offered) and not kept:
        wrong.append("the journal was not kept")
    for path in [*folder.glob("*.*"), *(folder / "old").glob("*")]:
        if path.is_file():
            path.unlink()
            if path.parent == folder:
                wrong.append(f"{path.name} was left where it was")
    return offered


def _flip(data, chance):
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 30))):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _digits(data, chance):
    changed = bytearray(data)
    places = [place for place, byte in enumerate(data) if chr(byte).isdigit()]
    for place in chance.sample(places, min(3, len(places))):
        changed[place] = ord(chance.choice("0123456789"))
    return bytes(changed)


def _bytes(data, chance):
    """Cut, overwrite, insert, lose, double or swap some bytes."""
    at, length = chance.randrange(len(data) + 1), chance.choice((1, 2, 8, 64, 512))
    head, piece, rest = data[:at], data[at : at + length], data[at + length :]
    return chance.choice(
        (
            head,
            data[: len(data) - chance.randint(1, 60)],
            head + b"\0" * length + rest,
            head + chance.randbytes(length) + piece + rest,
            head + rest,
            head + piece + piece + rest,
            head + rest[:length] + piece + rest[length:],
        )
    )


def _lines(data, chance):
    """Lose, double or swap whole lines, as damage by blocks might; add some at the end."""
    lines = data.splitlines(keepends=True)
    at, count = chance.randrange(len(lines) + 1), chance.randint(1, 4)
    head, piece, rest = lines[:at], lines[at : at + count], lines[at + count :]
    chosen = chance.choice(
        (
            head + rest,
            head + piece + piece + rest,
            head + rest[:count] + piece + rest[count:],
            [*lines, chance.choice((chance.randbytes(9), lines[-1], b"\n"))],
        )
    )
    return b"".join(chosen)


def _mix(data, chance):
    """Put lines of another journal into this one."""
    other = next(iter(session(chance.randrange(BASES)).journals.values()))
    lines, foreign = data.splitlines(keepends=True), other.splitlines(keepends=True)
    at, place = chance.randrange(len(lines) + 1), chance.randrange(len(foreign))
    return b"".join(lines[:at] + foreign[place : place + chance.randint(1, 9)] + lines[at:])


_DAMAGES = (_flip, _flip, _digits, _bytes, _bytes, _bytes, _lines, _lines, _mix)


def run(seed: int) -> Outcome:
    """Damage a journal by the chance of `seed`, and read it."""
    chance = random.Random(seed)
    made = session(chance.randrange(BASES))
    journals = dict(made.journals)
    name = chance.choice(sorted(journals))
    kinds, whole = [], journals[name]
    data = whole
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if data:
            damage = chance.choice(_DAMAGES)
            data = damage(data, chance)
            kinds.append(damage.__name__)
    journals[name] = data
    wrong: list[str] = []
    try:
        offered = offered_of(made, journals, wrong)
    except Exception as error:
        return Outcome(", ".join(kinds), 0, False, f"{type(error).__name__}: {error}")
    if whole.startswith(data) and (data.endswith(b"\n") or not data):
        # Cut off between two records it is a journal of somebody who stopped there.
        wrong = [each for each in wrong if "nothing is said" not in each]
    is_less = any(offered.get(key) != text for key, text in made.offered.items())
    return Outcome(", ".join(kinds), len(offered), is_less, "; ".join(wrong))


def main() -> int:
    """Run many seeds, and count."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.journals", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    arguments = parser.parse_args()
    counts = Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.count):
        outcome = run(seed)
        counts["less" if outcome.is_less else "all"] += 1
        if outcome.wrong:
            counts["wrong"] += 1
            print(f"seed {seed}, {outcome.damage}: {outcome.wrong}", flush=True)
    print(
        f"{counts.total() - counts['wrong']} journals: all was offered of {counts['all']}, ", end=""
    )
    print(f"an earlier state or less of {counts['less']}; {counts['wrong']} wrong")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
