"""The journals of one keeper: which text is in which, and what to do when one cannot be written.

Whatever is wrong with a journal, it is left as it is and a new one is begun, with everything that
is not saved in it; only when that is on the disk does the old one go. It is of the keeper's thread.
"""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed
from writer.manuscript.keeping.journal import Journal, new_session
from writer.manuscript.keeping.kept_text import KeptText, Paper
from writer.manuscript.keeping.mirror import Mirror, Splice, difference
from writer.manuscript.keeping.records import Tag, pieces_of
from writer.manuscript.keeping.told import Journaled, JournaledAgain, NotJournaled, Pace, Told

_Record = Sequence[object]

SIZE_LIMIT = 4_000_000
"""Bytes after which a new journal is begun."""
_LONGEST_SPLICE = 1 << 18
"""Characters; with more changed since the last save, the whole text is written instead."""
_REBASE_CHARACTERS = 1 << 14
"""After so many characters of edits, and twice a text's own, it is written as a whole once more: \
damage to the journal then costs what was typed until there, and not all that came after it."""
_EDIT_CHARACTERS = 40
"""Of a record beside what was typed."""
_CLOCK_SECONDS = 1.0
"""How exactly the journal knows when a text was edited."""


class Ledger:
    """Journals of the texts and papers that `contents` returns."""

    contents: Callable[[], tuple[list[KeptText], list[Paper]]]
    """All that there is; set by who keeps the texts."""

    def __init__(self, folder: Path, pace: Pace, size_limit: int = SIZE_LIMIT) -> None:
        self.said: deque[Told] = deque()
        """What is to be told, oldest first."""
        self.rebase_characters = _REBASE_CHARACTERS
        self._folder = folder
        self._pace = pace
        self._size_limit = size_limit
        self._session = new_session()
        self._numbers = itertools.count()
        self._text_numbers = itertools.count()
        self._journal: Journal | None = None
        self._renew_at = 0
        self._stale: list[Journal] = []
        self._records: list[_Record] = []
        self._entering: list[KeptText] = []
        self._rebasing: set[KeptText] = set()
        self._unsynced: dict[KeptText, int] = {}
        self._has_unsynced = False
        self._sync_at: float | None = None
        self._retry_at: float | None = None
        self._clock_told = 0.0

    @property
    def is_failing(self) -> bool:
        """Whether edits do not reach the journal."""
        return self._retry_at is not None

    def due(self) -> float | None:
        """Return when `act` has something to do; None if it has not."""
        return self._retry_at if self.is_failing else self._sync_at

    # What there is to note; it is written by the next `act` or `flush`

    def edit(self, text: KeptText, splice: Splice) -> None:
        """Note an edit that `text.mirror` is about to get; `text.edits` does not count it yet."""
        number = self._number(text)
        if number is None:
            self._enter(text)
        else:
            self._records.append([Tag.EDIT, number, text.edits + 1, *_fields(splice)])
            text.journaled += len(splice.middle or "") + _EDIT_CHARACTERS
            if text.journaled > max(self.rebase_characters, 2 * text.size):
                self._rebasing.add(text)

    def edited(self, text: KeptText) -> None:
        """Note the revision of the text that the edit has made."""
        self._unsynced[text] = text.revision

    def about(self, text: KeptText) -> None:
        """Note that a text is called something else now, or is in another file."""
        if (number := self._number(text)) is not None:
            self._records.append([Tag.ABOUT, number, _about(text)])

    def saving(self, text: KeptText) -> None:
        """Journal the text as it is now, and that it is about to be written into its file."""
        self.flush()  # which gives a new text its number
        if (number := self._number(text)) is not None:
            self._records.append([Tag.SAVING, number, text.edits])
            self.flush()

    def saved(self, text: KeptText, edits: int) -> None:
        """Note that `text.file` holds the text as it was at `edits`."""
        if (number := self._number(text)) is not None and text.file and text.file.on_disk:
            digest = text.file.on_disk.digest.hex()
            self._records.append([Tag.SAVED, number, edits, digest])

    def settled(self, text: KeptText) -> None:
        """Note that nothing of a text is to be recovered any more."""
        if (number := self._number(text)) is not None:
            self._records.append([Tag.CLOSED, number])
        self._unsynced.pop(text, None)
        self._entering = [other for other in self._entering if other is not text]

    def paper(self, paper: Paper) -> None:
        """Note a small file that does not reach the disk."""
        paper.journaled = paper.asked
        self._records.append(_paper_record(paper))

    def written(self, paper: Paper) -> None:
        """Note that the disk has a small file that was noted before."""
        if paper.journaled:
            self._records.append([Tag.WRITTEN, str(paper.path), paper.digest])

    # Writing

    def flush(self) -> None:
        """Hand what was noted to the system."""
        if not (self._records or self._entering) or self.is_failing:
            self._records.clear()  # a new journal is written from the texts themselves
            return
        try:
            if self._journal is None:
                self._renew()
                self._tell_synced()
                return
            self._journal.append(self._pending(self._journal))
        except OSError as error:
            self._fail(error)
        else:
            self._note_written()

    def act(self, now: float, urgent: bool = False) -> None:
        """Write what was noted, sync it when that is due, and begin a new journal where needed."""
        if self._retry_at is not None:
            if now < self._retry_at and not urgent:
                self._records.clear()
                return
            self._retry(now)
        self.flush()
        if self._retry_at is not None:
            self._retry_at = self._retry_at or now + self._pace.journal_retry
            return
        if self._has_unsynced and self._sync_at is None:
            self._sync_at = now + self._pace.sync
        if self._has_unsynced and (urgent or (self._sync_at or 0.0) <= now):
            self._sync(now)

    def end(self) -> None:
        """Remove the journals if nothing in them would be lost, else leave them to recovery."""
        texts, papers = self.contents()
        if any(not text.is_settled for text in texts) or any(not p.is_written for p in papers):
            for paper in papers:
                if not paper.is_written and paper.journaled < paper.asked:
                    self.paper(paper)
            self.act(0.0, urgent=True)
            self._leave()
        else:
            self._remove_all()

    def _renew(self) -> None:
        """Begin a journal with everything unsaved in it; the old ones go. Raise OSError."""
        texts, papers = self.contents()
        unsettled = [text for text in texts if not text.is_settled]
        unwritten = [p for p in papers if not p.is_written and (p.journaled or self.is_failing)]
        journal = Journal(self._folder, self._session, next(self._numbers))
        entries = {text: (journal, next(self._text_numbers)) for text in unsettled}
        try:
            journal.append([[Tag.TIME, round(time.time(), 1)]])
            for text, (_, number) in entries.items():
                for record in _whole(text, number):
                    journal.append([record])
            journal.append([*map(_paper_record, unwritten), [Tag.READY]])
            journal.sync()
        except OSError:
            journal.remove()
            raise
        old, self._journal = [*self._stale, *filter(None, [self._journal])], journal
        self._renew_at = max(self._size_limit, 2 * journal.size)
        self._stale = [each for each in old if not each.remove()]
        for text, entry in entries.items():
            text.entry = entry
        for paper in unwritten:
            paper.journaled = paper.asked
        self._clear()

    def _retry(self, now: float) -> None:
        try:
            self._renew()
        except OSError:
            self._retry_at = now + self._pace.journal_retry
        else:
            self._retry_at = None
            self.said.append(JournaledAgain())
            self._tell_synced()

    def _sync(self, now: float) -> None:
        assert self._journal is not None
        try:
            self._journal.sync()
        except OSError as error:
            self._fail(error)
            self._retry_at = now + self._pace.journal_retry
            return
        self._tell_synced()
        if self._journal.size > self._renew_at:
            self._rotate()

    def _rotate(self) -> None:
        """Begin a new journal, for the old one is long; if that fails, the old one goes on."""
        texts, papers = self.contents()
        if all(text.is_settled for text in texts) and all(p.is_written for p in papers):
            self._remove_all()
            return
        try:
            self._renew()
        except OSError:
            self._renew_at += self._size_limit
        else:
            self._tell_synced()

    def _fail(self, error: OSError) -> None:
        """Give the journal up; what it holds is kept until a new one holds it too."""
        if self._journal is not None:
            self._stale.append(self._journal)
            self._journal = None
        self._clear()
        self._sync_at, self._has_unsynced = None, False
        self._retry_at = 0.0
        reason = save_failed(self._folder, error).fields["reason"]
        failure = WriterError(ErrorKind.JOURNAL_FAILED, path=self._folder, reason=reason)
        self.said.append(NotJournaled(failure))

    def _pending(self, journal: Journal) -> Iterator[_Record]:
        """Yield what was noted, after the time and the texts that the journal does not have yet."""
        now = time.time()
        if abs(now - self._clock_told) >= _CLOCK_SECONDS:
            self._clock_told = now
            yield [Tag.TIME, round(now, 1)]
        for text in self._entering:
            text.entry = (journal, next(self._text_numbers))
            yield from _whole(text, text.entry[1])
        yield from self._records
        for text in self._rebasing:
            if (number := self._number(text)) is not None:
                yield from _base(number, text.edits, text.mirror.lines)
                _count(text)

    def _note_written(self) -> None:
        self._clear()
        self._has_unsynced = True

    def _clear(self) -> None:
        self._records.clear()
        self._entering.clear()
        self._rebasing.clear()

    def _tell_synced(self) -> None:
        self._sync_at, self._has_unsynced = None, False
        self.said.extend(Journaled(text.key, at) for text, at in self._unsynced.items())
        self._unsynced.clear()

    def _remove_all(self) -> None:
        self._stale = [each for each in self._stale if not each.remove()]
        if self._journal is not None and not self._journal.remove():
            self._stale.append(self._journal)
        self._journal = None

    def _leave(self) -> None:
        for journal in [*self._stale, *filter(None, [self._journal])]:
            journal.close()
        self._journal = None

    def _enter(self, text: KeptText) -> None:
        if text not in self._entering:
            self._entering.append(text)

    def _number(self, text: KeptText) -> int | None:
        if text.entry is None or text.entry[0] is not self._journal:
            return None
        return text.entry[1]


def _whole(text: KeptText, number: int) -> Iterator[_Record]:
    """Yield the records of a text as it is: what its file had, and the way from there."""
    yield [Tag.OPENED, number, text.key, _about(text)]
    splice = None
    base, at = text.mirror.lines, text.edits
    if text.file is not None and text.edits:
        saved = Mirror(text.file.text)
        splice = saved.splice(difference(saved.lines, text.mirror.lines))
        if len(splice.middle or "") <= _LONGEST_SPLICE:
            base, at = saved.lines, text.edits - 1
        else:
            splice = None
    yield from _base(number, at, base)
    _count(text)
    if splice is not None:
        yield [Tag.EDIT, number, text.edits, *_fields(splice)]


def _base(number: int, edits: int, lines: Sequence[str]) -> Iterator[_Record]:
    pieces = pieces_of(lines)
    for index, piece in enumerate(pieces):
        yield [Tag.BASE, number, edits, index, len(pieces), piece]


def _count(text: KeptText) -> None:
    """Note that the journal has the whole of a text."""
    text.journaled, text.size = 0, sum(map(len, text.mirror.lines))


def _about(text: KeptText) -> dict[str, str]:
    about, file = text.about, text.file
    return {
        "name": about.name,
        "path": str(file.path) if file else "",
        "book": str(about.book) if about.book else "",
        "book_id": about.book_id,
        "item": about.item,
        "title": about.title,
        "digest": file.on_disk.digest.hex() if file and file.on_disk else "",
    }


def _fields(splice: Splice) -> Iterable[object]:
    return splice.first, splice.removed, splice.front, splice.back, splice.middle


def _paper_record(paper: Paper) -> _Record:
    # Any bytes at all, and those of a text can be read in the journal.
    data = paper.data.decode("utf-8", "surrogateescape")
    return [Tag.PAPER, str(paper.path), data, paper.digest]
