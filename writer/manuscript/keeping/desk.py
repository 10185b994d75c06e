"""All that the keeper's thread knows and does; every method but `pause` runs on that thread.

It never waits for a file of the writer's: those are written by the `Saver`.
"""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from writer.errors import WriterError
from writer.manuscript.keeping.kept_text import KeptText, Paper, SaveSlot, Wish, digest_of
from writer.manuscript.keeping.ledger import Ledger
from writer.manuscript.keeping.mirror import LineEdit, Mirror, difference
from writer.manuscript.keeping.places import Places
from writer.manuscript.keeping.saver import Saver
from writer.manuscript.keeping.told import (
    Closed,
    NotSaved,
    NotWritten,
    OutOfStep,
    Pace,
    Saved,
    TextAbout,
    Told,
    Trouble,
    Written,
)
from writer.manuscript.text_file import TextFile

T = TypeVar("T")

_UNASKED = Wish()


class Desk:
    """The texts and small files of one keeper."""

    def __init__(
        self,
        ledger: Ledger,
        report: Callable[[Callable[[], None]], None],
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        self.said: deque[Told] = ledger.said
        """What is to be told, oldest first."""
        self.reached: deque[Callable[[], None]] = deque()
        """What is to be called once that has been told."""
        self.is_done = False
        self.is_safe = False
        self._pace = pace
        self._clock = clock
        self._texts: dict[str, KeptText] = {}
        self._left: list[KeptText] = []
        self._papers: dict[Path, Paper] = {}
        self._places = Places()
        self._saver = Saver(report)
        self._ledger = ledger
        ledger.contents = self._contents
        self._barriers: list[Callable[[], None]] = []
        self._on_their_way = 0
        self._give_up_at: float | None = None

    # What a window asks

    def open_text(self, key: str, about: TextAbout, text: str, file: TextFile | None) -> None:
        """Keep a text; what an earlier one of that name leaves unsaved stays in the journal."""
        if (old := self._texts.pop(key, None)) is not None:
            self._leave(old)
        mirror = Mirror(file.text if file else "")
        kept = KeptText(key, about, file, mirror, SaveSlot(file))
        self._texts[key] = kept
        if file is not None:
            self._ask(partial(self._places.note, file.path.parent), self._noted)
        if text != (file.text if file else ""):
            self.replace(key, text, 0)

    def edit(self, key: str, edit: LineEdit, revision: int) -> None:
        """Journal an edit and make it in the mirror."""
        text = self._texts.get(key)
        if text is None or text.is_out_of_step:
            return
        try:
            self._make(text, edit, revision)
        except ValueError:
            text.is_out_of_step = True
            self.said.append(OutOfStep(key))

    def replace(self, key: str, text: str, revision: int) -> None:
        """Make the edit that leads to `text`."""
        if (kept := self._texts.get(key)) is not None:
            kept.is_out_of_step = False
            edit = difference(kept.mirror.lines, text.split("\n"))
            self._make(kept, edit, revision)

    def describe(self, key: str, about: TextAbout) -> None:
        """Note another name."""
        if (text := self._texts.get(key)) is not None:
            text.about = about
            self._ledger.about(text)

    def save(self, key: str, wish: Wish) -> None:
        """Have a text written now."""
        text = self._texts.get(key)
        if text is None or text.is_out_of_step or (text.file is None and wish.path is None):
            return
        self._issue(text, wish)

    def close_text(self, key: str, discard: bool) -> None:
        """Settle a text, now or when its save has worked."""
        if (text := self._texts.get(key)) is None:
            return
        text.is_closing = True
        if discard:
            text.saved = text.edits
        self._settle_if_done(text)

    def write(self, path: Path, data: bytes) -> None:
        """Have a small file written now."""
        paper = self._papers.setdefault(path, Paper(path))
        if paper.is_written:
            paper.since = self._clock()
        paper.newest, paper.retry_at = (paper.asked + 1, data), None
        self._send(paper)

    def run(self, job: Callable[[], None]) -> None:
        """Run a job of others after what was asked before."""
        self._ledger.flush()
        self._ask(job, self._ran)

    def barrier(self, reached: Callable[[], None]) -> None:
        """Call `reached` when everything asked before has been dealt with."""
        self._barriers.append(reached)

    def close(self, seconds: float) -> None:
        """Save everything once more, give that `seconds`, and be done."""
        self._give_up_at = time.monotonic() + seconds
        for text in self._texts.values():
            if text.may_be_saved:
                self._issue(text, _UNASKED)
        for paper in self._papers.values():
            if not paper.is_written and not paper.on_its_way:
                self._send(paper)

    # What is due

    def pause(self) -> float | None:
        """Return how many seconds there is nothing to do; None for as long as nothing is asked."""
        times = [self._ledger.due()]
        hurried = self._ledger.is_failing
        times += [text.save_due(self._pace, hurried) for text in self._texts.values()]
        times += [self._paper_due(paper) for paper in self._papers.values()]
        waits = [max(0.0, due - self._clock()) for due in times if due is not None]
        if self._give_up_at is not None:
            waits.append(max(0.0, self._give_up_at - time.monotonic()))
        return min(waits, default=None)

    def act(self) -> None:
        """Journal what was asked and do what is due."""
        now = self._clock()
        self._ledger.act(now, urgent=bool(self._barriers) or self._give_up_at is not None)
        hurried = self._ledger.is_failing
        for text in list(self._texts.values()):
            if (due := text.save_due(self._pace, hurried)) is not None and due <= now:
                self._issue(text, _UNASKED)
        for paper in self._papers.values():
            if (due := self._paper_due(paper)) is not None and due <= now:
                self._attend(paper, now)
        for reached in self._barriers:
            self._ask(_nothing, partial(self._pass_barrier, reached))
        self._barriers.clear()
        if self._give_up_at is not None:
            self._end_if_done(self._give_up_at)

    def _end_if_done(self, give_up_at: float) -> None:
        if self._on_their_way and time.monotonic() < give_up_at:
            return
        texts, papers = self._contents()
        self._ledger.end()
        unsafe = [text for text in texts if not text.is_settled]
        # What has no file is safe in the journal, if that works.
        titled = [text for text in unsafe if text.file is not None]
        self.is_safe = not titled and all(paper.is_written for paper in papers)
        self.is_safe &= not (unsafe and self._ledger.is_failing)
        self._saver.stop()
        self.is_done = True

    # Texts

    def _make(self, text: KeptText, edit: LineEdit, revision: int) -> None:
        splice = text.mirror.splice(edit)
        self._ledger.edit(text, splice)
        text.mirror.apply_splice(splice)
        text.note_edit(revision, self._clock())
        self._ledger.edited(text)

    def _issue(self, text: KeptText, wish: Wish) -> None:
        """Have a text written as it is now; the journal has it first."""
        self._ledger.saving(text)
        text.saving += 1
        job = partial(text.slot.save, self._places, text.mirror.text, wish)
        state = (text.edits, text.revision, self._clock())
        self._ask(job, partial(self._saved, text, wish, state))

    def _saved(
        self,
        text: KeptText,
        wish: Wish,
        state: tuple[int, int, float],
        outcome: TextFile | WriterError,
    ) -> None:
        self._on_their_way -= 1
        text.saving -= 1
        is_current = self._texts.get(text.key) is text
        if isinstance(outcome, WriterError):
            self._not_saved(text, wish, outcome, is_current)
        else:
            edits, revision, begun = state
            has_moved = text.file is None or text.file.path != outcome.path
            text.note_saved(edits, begun, outcome)
            if has_moved:
                self._ledger.about(text)
            self._ledger.saved(text, edits)
            if is_current:
                self.said.append(Saved(text.key, revision, outcome))
        self._settle_if_done(text)

    def _not_saved(self, text: KeptText, wish: Wish, error: WriterError, is_current: bool) -> None:
        first = True
        if wish.path is None or (text.file and text.file.path == wish.path):
            first = text.note_failure(error, self._clock(), self._pace)
        if is_current:
            self.said.append(NotSaved(text.key, error, first or wish.asked))

    def _settle_if_done(self, text: KeptText) -> None:
        """Let a text go that is closed and safe."""
        if text.saving:
            return
        if text in self._left:
            if text.is_settled:
                self._left.remove(text)
                self._ledger.settled(text)
        elif text.is_closing and (text.is_settled or text.file is None):
            del self._texts[text.key]
            self._leave(text)
            self.said.append(Closed(text.key))

    def _leave(self, text: KeptText) -> None:
        """Keep a text in the journal only, as long as it is not safe without."""
        if text.is_settled:
            self._ledger.settled(text)
        else:
            self._left.append(text)

    # Small files

    def _paper_due(self, paper: Paper) -> float | None:
        if paper.is_written:
            return None
        if paper.journaled < paper.asked and not self._ledger.is_failing:
            return paper.since + self._pace.paper
        return paper.retry_at

    def _attend(self, paper: Paper, now: float) -> None:
        """Journal a small file that is late, or try it again."""
        if paper.journaled < paper.asked and not self._ledger.is_failing:
            self._ledger.paper(paper)
            self._ledger.act(now)
        if paper.retry_at is not None and paper.retry_at <= now:
            paper.retry_at = None
            self._send(paper)

    def _send(self, paper: Paper) -> None:
        paper.on_its_way += 1
        self._ask(partial(_write, paper, self._places), partial(self._written, paper))

    def _written(self, paper: Paper, outcome: tuple[int, str] | WriterError) -> None:
        self._on_their_way -= 1
        paper.on_its_way -= 1
        if isinstance(outcome, WriterError):
            first, paper.cause = str(outcome) != paper.cause, str(outcome)
            if not paper.on_its_way:
                paper.retry_at = self._clock() + self._pace.retry
            if paper.journaled < paper.asked:
                self._ledger.paper(paper)
            self.said.append(NotWritten(paper.path, outcome, first))
            return
        asked, digest = outcome
        paper.cause = ""
        if asked > paper.written:
            paper.written, paper.digest = asked, digest
            if paper.is_written:
                self._ledger.written(paper)
                paper.journaled, paper.retry_at = 0, None
                paper.newest = (paper.asked, b"")  # no longer needed
            elif paper.journaled:
                self._ledger.paper(paper)  # what is there now is no other program's
        if paper.is_written and not paper.on_its_way:
            self.said.append(Written(paper.path))

    # Others

    def _contents(self) -> tuple[list[KeptText], list[Paper]]:
        return [*self._texts.values(), *self._left], list(self._papers.values())

    def _ask(self, job: Callable[[], T], done: Callable[[T | WriterError], None]) -> None:
        self._on_their_way += 1
        self._saver.ask(job, done)

    def _noted(self, outcome: WriterError | None) -> None:
        self._on_their_way -= 1

    def _ran(self, outcome: WriterError | None) -> None:
        self._on_their_way -= 1
        if isinstance(outcome, WriterError):
            self.said.append(Trouble(outcome))

    def _pass_barrier(self, reached: Callable[[], None], outcome: WriterError | None) -> None:
        self._on_their_way -= 1
        self.reached.append(reached)


def _write(paper: Paper, places: Places) -> tuple[int, str]:
    """Write the newest bytes of a small file, on the saving thread."""
    asked, data = paper.newest
    if paper.tried == asked:
        return paper.written, paper.digest
    places.write(paper.path, data)
    paper.tried = asked
    return asked, digest_of(data)


def _nothing() -> None:
    """Take a place in the queue."""
