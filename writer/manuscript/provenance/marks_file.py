"""The marks of one text as they are kept beside it, and found again in it. Bytes in, bytes out.

Positions count code points of the exact text. Each mark is kept with its text: where the text was
changed by another program, or a crash came between two writes, it is found again by that.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from writer.manuscript.notice import Notice
from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.origin import Origin
from writer.manuscript.provenance.placing import Stretch, find_again
from writer.manuscript.provenance.whole_words import count_whole

VERSION = 1
_AROUND = 100


class MarksNotice(Enum):
    """What a writer is told about marks that could not be read."""

    DAMAGED = (
        "Which words of “{name}” were suggested is no longer known: the file that says so is "
        "damaged. Your text is untouched."
    )
    UNREADABLE = (
        "Which words of “{name}” were suggested is not known: {reason}. Your text is untouched."
    )


@dataclass(frozen=True, slots=True)
class StoredMarks:
    """The marks of one text, apart from it."""

    marks: tuple[Mark, ...] = ()
    """In code points; each goes no further than its origin's text."""
    digest: str = ""
    """Of the text that they belong to; empty where that is not known."""
    length: int = 0
    """Of that text."""
    taken: Mapping[str, int] = field(default_factory=dict)
    """How many words were ever taken, by the origin's id."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Those of the marks, and those of which nothing stands any more."""
    other: Mapping[str, object] = field(default_factory=dict)
    """What a newer Writer keeps beside these."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever taken, so that no file is needed."""
        return not (self.marks or self.taken or self.other)


def text_digest(text: str) -> str:
    """Return what stands for a whole text: SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def said_by(mark: Mark) -> str:
    """Return the text of a mark whose positions count code points."""
    return mark.origin.text[mark.into : mark.into + mark.length]


def book_marks_path(book: Path, scene_id: str) -> Path:
    """Return where the marks of a scene are kept."""
    return book / ".writer" / "marks" / f"{scene_id}.json"


def single_marks_path(data_folder: Path, text: Path) -> Path:
    """Return where the marks of a single text file are kept; `text` must be absolute."""
    name = hashlib.sha256(str(text).encode("utf-8", "surrogateescape")).hexdigest()
    return data_folder / "marks" / f"{name}.json"


def placed(stored: StoredMarks, text: str) -> tuple[Mark, ...]:
    """Return the marks where they are in `text`, or what stands of them; the rest is dropped."""
    if len(text) == stored.length and text_digest(text) == stored.digest:
        return stored.marks
    if all(text.startswith(said_by(mark), mark.start) for mark in stored.marks) and (
        stored.length in (0, len(text))
    ):
        return stored.marks
    stretches = [Stretch(mark.start, said_by(mark)) for mark in stored.marks]
    found = []
    for each in find_again(stretches, stored.length or len(text), text):
        mark = stored.marks[each.index]
        into = mark.into + each.into
        found.append(Mark(each.start, each.start + each.length, mark.origin, into))
    return tuple(found)


def placed_anew(stored: StoredMarks, text: str) -> StoredMarks:
    """Return the marks as they are to be kept beside `text`, where they are `placed`."""
    marks = placed(stored, text)
    return replace(stored, marks=marks, digest=text_digest(text), length=len(text))


# Splitting and merging scenes


def cut(stored: StoredMarks, start: int, end: int) -> StoredMarks:
    """Return the marks of the part of the text from `start` to `end`.

    What was taken and is gone belongs to the part at the beginning.
    """
    marks = tuple(
        mark.part(start, end).moved(-start)
        for mark in stored.marks
        if mark.start < end and mark.end > start
    )
    taken = {mark.origin.id: 0 for mark in marks}
    for mark in stored.marks:
        if mark.origin.id in taken and mark.start < end and mark.end > start:
            taken[mark.origin.id] += _words_in(mark.part(start, end))
    if start <= 0:
        taken = dict(stored.taken)
        for mark in stored.marks:
            if mark.end > end:
                taken[mark.origin.id] = taken.get(mark.origin.id, 0) - _words_in(
                    mark.part(end, mark.end)
                )
    taken = {origin: words for origin, words in taken.items() if words > 0}
    needed = {mark.origin.id for mark in marks} | set(taken)
    origins = {id: origin for id, origin in stored.origins.items() if id in needed}
    return StoredMarks(marks, "", max(0, end - start), taken, origins, stored.other)


def joined(one: StoredMarks, offset: int, other: StoredMarks) -> StoredMarks:
    """Return the marks of two texts as one, in which the other begins at `offset`."""
    origins = dict(one.origins)
    for id, origin in other.origins.items():
        if id not in origins or len(origin.text) > len(origins[id].text):
            origins[id] = origin  # it had grown by then
    marks: list[Mark] = []
    for mark in (*one.marks, *(mark.moved(offset) for mark in other.marks)):
        new = mark._replace(origin=origins.get(mark.origin.id, mark.origin))
        if marks and marks[-1].goes_on_with(new):
            marks[-1] = marks[-1]._replace(end=new.end)
        else:
            marks.append(new)
    taken = dict(one.taken)
    for id, words in other.taken.items():
        taken[id] = taken.get(id, 0) + words
    return replace(
        one,
        marks=tuple(marks),
        digest="",
        length=offset + other.length,
        taken=taken,
        origins=origins,
        other={**other.other, **one.other},
    )


def joined_all(parts: Sequence[tuple[int, StoredMarks]]) -> StoredMarks:
    """Return the marks of several texts as one, each beginning where it says, in order."""
    whole = parts[0][1]
    for start, other in parts[1:]:
        whole = joined(whole, start, other)
    return whole


def _words_in(part: Mark) -> int:
    """Return how many words a part has that are whole as its origin says them."""
    said, end = part.origin.text, part.into + part.length
    before = said[max(0, part.into - _AROUND) : part.into]
    return count_whole(before, said[part.into : end], said[end : end + _AROUND])


# Bytes


def to_bytes(stored: StoredMarks) -> bytes:
    """Return the file."""
    values: dict[str, object] = {
        **stored.other,
        "version": VERSION,
        "digest": stored.digest,
        "length": stored.length,
        "origins": [_origin_values(origin) for origin in stored.origins.values()],
        "taken": dict(stored.taken),
        "marks": [
            {
                "start": mark.start,
                "end": mark.end,
                "origin": mark.origin.id,
                "into": mark.into,
                "text": said_by(mark),
            }
            for mark in stored.marks
        ],
    }
    return json.dumps(values, indent=0, default=str).encode("ascii")


def from_bytes(data: bytes, name: str) -> tuple[StoredMarks, Notice | None]:
    """Return what `to_bytes` made, or nothing and what to tell about the text called `name`."""
    try:
        return _read(json.loads(data)), None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return StoredMarks(), Notice(MarksNotice.DAMAGED, {"name": name})


def read_marks(
    path: Path, name: str, *, read_only: bool = False
) -> tuple[StoredMarks, Notice | None]:
    """Return the marks kept at `path` for the text called `name`; none if there is no such file.

    A damaged file is kept beside it, as `.damaged`: a new one will be written in its place. It
    stays where it is if the place is `read_only`.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return StoredMarks(), None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return StoredMarks(), Notice(MarksNotice.UNREADABLE, {"name": name, "reason": reason})
    stored, notice = from_bytes(data, name)
    if notice is not None and not read_only:
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".damaged"))
    return stored, notice


_OWN = ("version", "digest", "length", "origins", "taken", "marks")
_ORIGIN = {each.name for each in fields(Origin)} - {"other"}


def _read(values: dict[str, Any]) -> StoredMarks:
    origins = {each["id"]: _origin_of(each) for each in values["origins"]}
    marks, end = [], 0
    for each in values["marks"]:
        mark = Mark(
            _number(each["start"]),
            _number(each["end"]),
            origins[each["origin"]],
            _number(each["into"]),
        )
        if mark.start < end or mark.length <= 0 or said_by(mark) != each["text"]:
            raise ValueError("a mark that cannot be")
        end = mark.end
        marks.append(mark)
    taken = {_word(origin): _number(words) for origin, words in values["taken"].items()}
    if not set(taken) <= set(origins):
        raise ValueError("words of nobody")
    other = {key: value for key, value in values.items() if key not in _OWN}
    digest, length = _word(values["digest"]), _number(values["length"])
    return StoredMarks(tuple(marks), digest, length, taken, origins, other)


def _origin_values(origin: Origin) -> dict[str, object]:
    return {
        **origin.other,
        "id": origin.id,
        "model": origin.model,
        "fingerprint": origin.fingerprint,
        "precision": origin.precision,
        "machine": origin.machine,
        "sampling": dict(origin.sampling),
        "seed": origin.seed,
        "candidate": origin.candidate,
        "context": origin.context,
        "text": origin.text,
        "skipped": origin.skipped,
        "before": origin.before,
        "after": origin.after,
        "taken": origin.taken.astimezone(UTC).isoformat(),
    }


def _origin_of(values: dict[str, Any]) -> Origin:
    return Origin(
        id=_word(values["id"]),
        model=_word(values["model"]),
        fingerprint=_word(values["fingerprint"]),
        precision=_word(values["precision"]),
        machine=_word(values["machine"]),
        sampling=dict(values["sampling"]),
        seed=_whole(values["seed"]),
        candidate=_number(values["candidate"]),
        context=_word(values["context"]),
        text=_word(values["text"]),
        skipped=_number(values["skipped"]),
        taken=datetime.fromisoformat(_word(values["taken"])).astimezone(UTC),
        before=_number(values.get("before", 0)),
        after=_number(values.get("after", 0)),
        other={key: value for key, value in values.items() if key not in _ORIGIN},
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no text: {value!r}")
    return value


def _number(value: object) -> int:
    if _whole(value) < 0:
        raise ValueError(f"no count: {value!r}")
    return _whole(value)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"no whole number: {value!r}")
    return value
