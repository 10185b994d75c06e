"""What crashed windows left in their journals: every text whose file does not hold its last state.

It reads journals and the writer's files, and writes neither; settled journals go into a folder of
old ones, where they stay for thirty days. What it removes beside the writer's files are the halves
of saves that the crash has interrupted: the journal has all of them.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from writer.errors import WriterError
from writer.manuscript.encoding import storable
from writer.manuscript.keeping.claims import OLD, Claim, claim_left_behind
from writer.manuscript.keeping.kept_text import digest_of
from writer.manuscript.keeping.replay import KeptPaper, KeptState, Replayed, when_of
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.notice import Notice
from writer.manuscript.text_file import TextFile, read_text_file

_OLD_SECONDS = 30 * 24 * 3600
_HALF_SAVE = ".writer-????????????????.tmp"
_HALF_SECONDS = 10.0
"""Younger ones stay: another window may be saving in the same folder."""
_RESTORED, _LET_GO = "restored", "let go"


class JournalNotice(Enum):
    """What is told about a journal that was read all the same."""

    TORN = "“{path}” breaks off; what was typed in the last second may be missing."
    DAMAGED = "“{path}” is damaged; what could be read of it is offered, and it is kept."


@dataclass(frozen=True, slots=True)
class Lost:
    """A text as its window had it last, where its file has something else."""

    id: str
    key: str
    about: TextAbout
    path: Path | None
    """Of its file; None of an untitled text."""
    text: str
    base: str
    """What both `text` and the file come from, as far as the journal knows."""
    file: TextFile | None
    """What is there now; None if nothing that can be read."""
    error: WriterError | None
    """Why it cannot be read; None also of an untitled text."""
    changed_since: bool
    """Whether another program has written the file since."""
    when: datetime
    """The time of the last edit, with its zone."""
    is_whole: bool
    """Whether every edit could be read."""
    claim: Claim = field(repr=False, compare=False)

    @property
    def on_disk(self) -> str | None:
        """What the file says now; None if there is none that can be read."""
        return self.file.text if self.file else None


@dataclass(frozen=True, slots=True)
class LostPaper:
    """A small file that was to be written and is not there."""

    id: str
    path: Path
    data: bytes
    on_disk: bytes | None
    changed_since: bool
    """Whether somebody else has written it since, as far as can be told."""
    when: datetime
    claim: Claim = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Everything that waits to be settled, the newest first, and what is to be told about it."""

    texts: tuple[Lost, ...] = ()
    papers: tuple[LostPaper, ...] = ()
    notices: tuple[Notice, ...] = ()

    def give_back(self) -> None:
        """Leave what is not settled to the next start, or to another window."""
        for claim in [each.claim for each in self.texts] + [each.claim for each in self.papers]:
            claim.give_back()


def left_behind(folder: Path, now: float | None = None) -> LeftBehind:
    """Return what windows that are gone have left in `folder`, and lay claim to it.

    No other window is offered it until it is settled, given back or this process ends. Journals
    with nothing to recover are removed; damaged ones are kept among the old ones. `now` is in
    seconds since 1970. The files of the texts are read: a drive that hangs holds this up.
    """
    now = time.time() if now is None else now
    _purge(folder.joinpath(OLD).glob("*"), now - _OLD_SECONDS)
    texts: list[Lost] = []
    papers: list[LostPaper] = []
    notices: list[Notice] = []
    for claim, journals in claim_left_behind(folder):
        lost = list(_lost_texts(claim, journals))
        lost_papers = list(_lost_papers(claim, journals))
        waiting = claim.offers([each.id for each in lost] + [each.id for each in lost_papers])
        lost = [each for each in lost if each.id in waiting]
        lost_papers = [each for each in lost_papers if each.id in waiting]
        for place in _folders(journals):
            _purge(place.glob(_HALF_SAVE), now - _HALF_SECONDS)
        notices += _notices(journals)
        texts += lost
        papers += lost_papers
        if waiting:
            continue
        if any(replayed.is_damaged or replayed.is_torn for _, replayed in journals):
            claim.put_away()
        else:
            claim.remove()
    texts.sort(key=lambda each: each.when, reverse=True)
    return LeftBehind(tuple(texts), tuple(papers), tuple(notices))


def settle(lost: Lost | LostPaper, keep: bool) -> None:
    """Note that a text was restored (`keep`) or let go; it is not offered again.

    A restored text should be in the new window's journal, or in its file, before.
    """
    lost.claim.settle(lost.id, _RESTORED if keep else _LET_GO)


def _lost_texts(claim: Claim, journals: list[tuple[Path, Replayed]]) -> Iterator[Lost]:
    for path, number, state in _last_states(journals):
        if state.mirror is None or state.is_settled:
            continue
        lost = _lost(f"{path.stem}:{number}", state, state.mirror.text, claim)
        if lost is not None:
            yield lost


def _last_states(journals: list[tuple[Path, Replayed]]) -> Iterator[tuple[Path, int, KeptState]]:
    """Yield the states to look at: those of the newest journal that took the others' place.

    One after it that does not say that it is complete was being written when the end came.
    """
    first = max((at for at, (_, each) in enumerate(journals) if each.is_ready), default=0)
    if journals[first][1].is_damaged:  # perhaps an older one knows what is damaged here
        order = [*range(first, len(journals)), *range(first - 1, -1, -1)]
    else:
        order = list(range(first, len(journals)))
    seen: set[str] = set()
    for at in order:
        path, replayed = journals[at]
        here = [(n, state) for n, state in enumerate(replayed.texts) if state.key not in seen]
        yield from ((path, number, state) for number, state in here)
        seen |= {state.key for _, state in here if state.mirror is not None and state.key}


def _lost(id: str, state: KeptState, text: str, claim: Claim) -> Lost | None:
    """Return what is lost of a text; None if its file holds it, or nothing was in it."""
    about = state.about
    path = Path(about["path"]) if about["path"] and "\0" not in about["path"] else None
    file, error = _read(path)
    if _is_safe(state, text, file):
        return None
    on_disk = file.text if file else None
    digest = _digest(file)
    known = digest in state.saved or on_disk in [storable(each) for each in state.states.values()]
    return Lost(
        id=id,
        key=state.key,
        about=TextAbout(
            name=about["name"],
            book=Path(about["book"]) if about["book"] else None,
            book_id=about["book_id"],
            item=about["item"],
            title=about["title"],
        ),
        path=path,
        text=text,
        base=_base(state, on_disk) if path else "",
        file=file,
        error=error,
        changed_since=on_disk is not None and not known,
        when=when_of(state.when),
        is_whole=state.is_whole,
        claim=claim,
    )


def _is_safe(state: KeptState, text: str, file: TextFile | None) -> bool:
    if file is None:
        return not text.strip()
    if file.text == storable(text):
        return True
    saved = max(state.saved.values(), default=-1)
    if state.saved.get(_digest(file), -1) >= state.edits and not state.is_whole:
        return True  # the file is newer than what the damaged journal can give back
    # It was all in the file once; who has changed that since had it before the eyes.
    return saved >= state.edits and bool(file.text.strip())


def _base(state: KeptState, on_disk: str | None) -> str:
    """Return the common ancestor: what the file says if that is known, or its last known state."""
    states = [state.states[edits] for edits in sorted(state.states)]
    for known in states:
        if storable(known) == on_disk:
            return known
    last = max((edits for edits in state.saved.values() if edits in state.states), default=None)
    if last is not None:
        return state.states[last]
    return states[0] if states else ""


def _read(path: Path | None) -> tuple[TextFile | None, WriterError | None]:
    if path is None:
        return None, None
    try:
        return read_text_file(path), None
    except WriterError as error:
        return None, error


def _digest(file: TextFile | None) -> str:
    return file.on_disk.digest.hex() if file and file.on_disk else ""


def _lost_papers(claim: Claim, journals: list[tuple[Path, Replayed]]) -> Iterator[LostPaper]:
    first = max((at for at, (_, each) in enumerate(journals) if each.is_ready), default=0)
    for journal, replayed in journals[first:]:
        for paper in replayed.papers.values():
            lost = _lost_paper(f"{journal.stem}:{paper.path}", paper, claim)
            if lost is not None:
                yield lost


def _lost_paper(id: str, paper: KeptPaper, claim: Claim) -> LostPaper | None:
    path = Path(paper.path)
    on_disk, written = None, 0.0
    with contextlib.suppress(OSError, ValueError):
        on_disk, written = path.read_bytes(), path.stat().st_mtime
    if on_disk == paper.data or "\0" in paper.path:
        return None
    changed = on_disk is not None and written > paper.when
    if on_disk is not None and paper.digest_before:
        changed = digest_of(on_disk) != paper.digest_before
    return LostPaper(id, path, paper.data, on_disk, changed, when_of(paper.when), claim)


def _notices(journals: list[tuple[Path, Replayed]]) -> Iterator[Notice]:
    for path, replayed in journals:
        if replayed.is_damaged:
            yield Notice(JournalNotice.DAMAGED, {"path": path})
        elif replayed.is_torn:
            yield Notice(JournalNotice.TORN, {"path": path})


def _folders(journals: list[tuple[Path, Replayed]]) -> set[Path]:
    """Return where files of these journals are saved."""
    paths = [text.about["path"] for _, each in journals for text in each.texts]
    paths += [path for _, each in journals for path in each.papers]
    return {Path(path).parent for path in paths if path and "\0" not in path}


def _purge(paths: Iterable[Path], before: float) -> None:
    """Remove files that were last written before a time."""
    with contextlib.suppress(OSError):
        for path in paths:
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()
