"""Killing writing sessions at random moments, and looking whether anything is missing.

A `World` is a folder that one session after another works in; each is killed, its texts are
recovered as a window would, compared with what the session said it did, and the next one goes on.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.session import PAPER, TEXTS, UNTITLED, digest
from writer.manuscript.keeping.recovery import (
    JournalNotice,
    LeftBehind,
    Lost,
    left_behind,
    settle,
)
from writer.manuscript.text_file import read_text_file

LONGEST_LIFE_SECONDS = 1.5
_START_SECONDS = 60


@dataclass(slots=True)
class Version:
    """A state of a text that a session reported."""

    revision: int
    digest: str
    time: float
    """Of the monotonic clock, before the keeper was told."""


@dataclass(slots=True)
class Log:
    """What one session said before it was killed."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    journaled: dict[str, int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    papers: list[tuple[int, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    edits: int = 0
    saves: int = 0

    def read(self, line: list) -> None:
        match line:
            case ["opened", key, state]:
                known = self.versions.setdefault(key, [])
                revision = known[-1].revision if known else 0
                if known and known[-1].digest != state:
                    self.wrong.append(f"{key} was opened as it was not when it was closed")
                known.append(Version(revision, state, 0.0))
            case ["typed", key, revision, state, at]:
                self.versions[key].append(Version(revision, state, at))
                self.edits += 1
            case ["journaled", key, revision]:
                self.journaled[key] = revision
            case ["saved", key, revision]:
                self.saved[key] = max(revision, self.saved.get(key, 0))
                self.saves += 1
            case ["paper", number, at]:
                self.papers.append((number, at))
            case ["wrong", what]:
                self.wrong.append(what)


@dataclass(slots=True)
class Result:
    """What came of one kill."""

    wrong: list[str]
    missing_ms: float
    """The age of the oldest edit that is missing; 0 if none is."""
    edits: int
    saves: int
    offered: int
    """Texts and small files."""
    renewed: int
    """How often a new journal was begun in place of a long one."""
    is_between: bool
    """Whether the kill came between a new journal and the removal of the old one."""


class World:
    """A folder with texts, and what became of them."""

    def __init__(self, folder: Path, seed: int, session: str = "tests.crash.session") -> None:
        self.longest_life_seconds = LONGEST_LIFE_SECONDS
        self._folder = folder
        self._chance = random.Random(seed)
        self._session = session
        folder.mkdir(parents=True, exist_ok=True)
        for name in TEXTS:
            (folder / name).touch()

    def kill_one(self) -> Result:
        """Start a session, kill it, recover, and say what was wrong."""
        log, killed_at = self._watch(self._chance.uniform(0, self.longest_life_seconds))
        journals = sorted((self._folder / "journal").glob("*.journal"))
        found = left_behind(self._folder / "journal")
        notices = [each for each in found.notices if each.kind is not JournalNotice.TORN]
        wrong = [*log.wrong, *(f"notice: {notice}" for notice in notices)]
        oldest = killed_at
        for key in (*TEXTS, UNTITLED):
            oldest = min(oldest, self._check(key, found, log, killed_at, wrong))
        oldest = min(oldest, self._check_paper(found, log, killed_at, wrong))
        self._settle(found, wrong)
        missing_ms = (killed_at - oldest) * 1000
        if missing_ms > 1000:
            wrong.append(f"{missing_ms:.0f} ms of typing are missing")
        offered = len(found.texts) + len(found.papers)
        number = int(journals[-1].stem.rsplit("-", 1)[1]) if journals else 0
        return Result(wrong, missing_ms, log.edits, log.saves, offered, number, len(journals) > 1)

    def _watch(self, life_seconds: float) -> tuple[Log, float]:
        command = [sys.executable, "-m", self._session, str(self._folder)]
        command.append(str(self._chance.randrange(1 << 30)))
        session = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
        assert session.stdout is not None
        lines = []
        end = time.monotonic() + _START_SECONDS
        while (line := session.stdout.readline()) and time.monotonic() < end:
            lines.append(line)
            if line == b'["begun"]\n':
                break
        end = time.monotonic() + life_seconds
        descriptor = session.stdout.fileno()
        os.set_blocking(descriptor, False)
        data = b""
        while time.monotonic() < end:  # a full pipe would hold it up
            with contextlib.suppress(BlockingIOError):
                data += os.read(descriptor, 1 << 20)
            time.sleep(min(0.005, max(0.0, end - time.monotonic())))
        killed_at = time.monotonic()
        session.send_signal(signal.SIGKILL)
        session.wait()
        os.set_blocking(descriptor, True)
        with session.stdout:
            while more := os.read(descriptor, 1 << 20):
                data += more
        log = Log()
        for line in [*lines, *data.splitlines(keepends=True)]:
            if line.endswith(b"\n"):
                log.read(json.loads(line))
        if session.returncode != -signal.SIGKILL:
            log.wrong.append(f"the session ended by itself: {session.returncode}")
        return log, killed_at

    def _check(
        self, key: str, found: LeftBehind, log: Log, killed_at: float, wrong: list[str]
    ) -> float:
        """Compare one text; return the time of its oldest edit that is missing."""
        versions = log.versions.get(key, [])
        on_disk = "" if key == UNTITLED else read_text_file(self._folder / key).text
        disk = self._place(on_disk, versions)
        offered = [lost for lost in found.texts if lost.key == key]
        best = disk
        if versions and disk is None:
            wrong.append(f"{key}: the file is no state that there was")
        if disk is not None and key in log.saved and versions[disk].revision < log.saved[key]:
            wrong.append(f"{key}: the file is older than a save that was told")
        if len(offered) > 1:
            wrong.append(f"{key} is offered {len(offered)} times")
        for lost in offered:
            best = self._check_offered(lost, disk, versions, wrong)
        if best is None:
            return killed_at
        if versions[best].revision < log.journaled.get(key, 0):
            wrong.append(f"{key}: an edit that was told to be in the journal is missing")
        later = versions[best + 1 :]
        return later[0].time if later and later[0].time else killed_at

    def _check_offered(
        self, lost: Lost, disk: int | None, versions: list[Version], wrong: list[str]
    ) -> int | None:
        place = self._place(lost.text, versions)
        if place is None:
            wrong.append(f"{lost.key}: what is offered is no state that there was")
        elif disk is not None and place < disk:
            wrong.append(f"{lost.key}: what is offered is older than the file")
        if lost.changed_since:
            wrong.append(f"{lost.key}: said to be changed by another program")
        return place

    @staticmethod
    def _place(text: str, versions: list[Version]) -> int | None:
        """Return the newest version that a text may be; None if there is none."""
        state = digest(text)
        places = [at for at, version in enumerate(versions) if version.digest == state]
        return places[-1] if places else None

    def _check_paper(
        self, found: LeftBehind, log: Log, killed_at: float, wrong: list[str]
    ) -> float:
        path = self._folder / PAPER
        states = [path.read_bytes()] if path.exists() else []
        states += [paper.data for paper in found.papers]
        numbers = [self._number(data, wrong) for data in states]
        known = {number for number, _ in log.papers}
        newest = max((number for number in numbers if number in known), default=0)
        path.unlink(missing_ok=True)  # so that the next session's are told apart
        later = [at for number, at in log.papers if number > newest]
        return min(later, default=killed_at)

    @staticmethod
    def _number(data: bytes, wrong: list[str]) -> int:
        lines = set(data.splitlines())
        if len(lines) != 1 or data.count(b"\n") != 50:
            wrong.append(f"{PAPER} is half of one and half of another")
            return 0
        return int(lines.pop().split()[-1])

    def _settle(self, found: LeftBehind, wrong: list[str]) -> None:
        """Restore what is offered, as a window would."""
        for lost in found.texts:
            if lost.path is not None and lost.file is not None:
                lost.file.save(lost.text)
            settle(lost, keep=lost.path is not None)
        for paper in found.papers:
            settle(paper, keep=False)
        again = left_behind(self._folder / "journal")
        if again.texts or again.papers:
            wrong.append("what was settled is offered again")
            again.give_back()
        if list((self._folder / "journal").glob("*.journal")):
            wrong.append("a journal stays that nobody needs")

    def close(self) -> None:
        """Nothing of a world is at work between two kills."""

    def temporary_files(self) -> int:
        """Return how many half-written files lie about."""
        return len(list(self._folder.rglob(".writer-*.tmp")))
