"""Playing a journal back: what was kept in it, however damaged it is.

A pure function of bytes. What it gives back of a text is always a state that the text was in: where
an edit is missing, it is the one before, or a later one that the journal has as a whole.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from writer.manuscript.keeping.mirror import Mirror, Splice
from writer.manuscript.keeping.records import VERSION, Record, Tag, read_records

_MOST_SAVES = 16
"""On their way at once; of failures that go on for hours, only the last ones count."""


@dataclass(slots=True)
class KeptState:
    """One text as a journal has it."""

    key: str
    about: dict[str, str]
    mirror: Mirror | None = None
    """None if not even its first state can be read."""
    edits: int = -1
    """The number of its last edit that could be replayed."""
    is_whole: bool = True
    """Whether no edit is missing."""
    saved: dict[str, int] = field(default_factory=dict)
    """Which edit each of the bytes (SHA-256, hexadecimal) that the file had was of."""
    states: dict[int, str] = field(default_factory=dict)
    """What the text was at some edits: at the base, and when it was saved last."""
    when: float = 0.0
    """The time of the last edit, in seconds since 1970."""
    is_settled: bool = False
    _pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class KeptPaper:
    """One small file that was not on the disk."""

    path: str
    data: bytes
    digest_before: str
    when: float


@dataclass(slots=True)
class Replayed:
    """What a whole journal holds."""

    texts: list[KeptState] = field(default_factory=list)
    papers: dict[str, KeptPaper] = field(default_factory=dict)
    version: int = VERSION
    host: str = ""
    process: int = 0
    is_ready: bool = False
    """Whether it takes the place of the journals before it."""
    is_damaged: bool = False
    """Whether anything but its very end is damaged."""
    is_torn: bool = False
    """Whether its end is missing, as after a crash in the middle of writing."""


def replay(data: bytes, name: str) -> Replayed:
    """Return what is in the bytes of the journal `name`; damage is skipped, nothing is raised.

    The name is that of its file without the suffix.
    """
    records = list(read_records(data, name))
    is_torn = bool(records) and records[-1] is None
    if is_torn:
        records.pop()
    result = Replayed(is_torn=is_torn, is_damaged=None in records)
    _Player(result, _wanted_states(records)).play(records)
    return result


class _Player:
    def __init__(self, result: Replayed, wanted: set[tuple[int, int]]) -> None:
        self._result = result
        self._wanted = wanted
        self._texts: dict[int, KeptState] = {}
        self._now = 0.0
        self._plays: dict[str, Callable[[Record], None]] = {
            Tag.HEADER: self._header,
            Tag.OPENED: self._opened,
            Tag.ABOUT: self._renamed,
            Tag.BASE: self._base,
            Tag.EDIT: self._edit,
            Tag.SAVED: self._saved,
            Tag.CLOSED: self._closed,
            Tag.PAPER: self._paper,
            Tag.WRITTEN: self._written,
            Tag.TIME: self._time,
            Tag.READY: self._ready,
        }

    def play(self, records: Iterable[Record | None]) -> None:
        for record in records:
            if record is None:
                continue
            try:
                self._play(record)
            except (ValueError, TypeError, KeyError, IndexError, OverflowError):
                self._result.is_damaged = True  # whole, but nothing that this program writes
        self._result.texts = list(self._texts.values())

    def _play(self, record: Record) -> None:
        tag, *values = record
        play = self._plays.get(str(tag))
        if play is not None:  # a newer program of the same version may note more
            play(values)

    def _header(self, values: Record) -> None:
        self._result.version = _int(values[0])
        if self._result.version <= VERSION:
            self._result.host, self._result.process = _str(values[2]), _int(values[3])

    def _opened(self, values: Record) -> None:
        number, key, about = _int(values[0]), _str(values[1]), _about(values[2])
        text = self._texts.setdefault(number, KeptState(key, about))
        if about["digest"]:
            text.saved.setdefault(about["digest"], -1)

    def _renamed(self, values: Record) -> None:
        self._texts[_int(values[0])].about = _about(values[1])

    def _saved(self, values: Record) -> None:
        self._texts[_int(values[0])].saved[_str(values[2])] = _int(values[1])

    def _closed(self, values: Record) -> None:
        self._texts[_int(values[0])].is_settled = True

    def _paper(self, values: Record) -> None:
        path, data, digest = map(_str, values)
        content = data.encode("utf-8", "surrogateescape")
        self._result.papers[path] = KeptPaper(path, content, digest, self._now)

    def _written(self, values: Record) -> None:
        self._result.papers.pop(_str(values[0]), None)

    def _time(self, values: Record) -> None:
        self._now = float(str(values[0]))

    def _ready(self, values: Record) -> None:
        self._result.is_ready = True

    def _base(self, values: Record) -> None:
        number, edits, index, count = map(_int, values[:4])
        # Where the record that names it is damaged, it is still somebody's text.
        text = self._texts.setdefault(number, KeptState("", _about({})))
        if edits <= text.edits:  # an old one, come here by damage
            return
        if index != len(text._pieces):
            text._pieces.clear()
            text.is_whole = False
            return
        text._pieces.append(_str(values[4]))
        if len(text._pieces) == count:
            text.mirror = Mirror("\n".join(text._pieces))
            text._pieces.clear()
            text.is_whole = True
            self._reached(number, text, edits)
            if not text.states:
                text.states[edits] = text.mirror.text

    def _edit(self, values: Record) -> None:
        number, edits, first, removed, front, back = map(_int, values[:6])
        middle = None if values[6] is None else _str(values[6])
        text = self._texts[number]
        if edits <= text.edits:
            return
        if text.mirror is None or edits != text.edits + 1 or not text.is_whole:
            text.is_whole = False
            return
        try:
            text.mirror.apply_splice(Splice(first, removed, front, back, middle))
        except ValueError:
            text.is_whole = False
            raise
        self._reached(number, text, edits)

    def _reached(self, number: int, text: KeptState, edits: int) -> None:
        text.edits, text.when = edits, self._now
        if text.mirror is not None and (number, edits) in self._wanted:
            text.states[edits] = text.mirror.text


def _wanted_states(records: Iterable[Record | None]) -> set[tuple[int, int]]:
    """Return the (number, edit) pairs at which texts were saved last, and were being saved.

    Of several saves on their way, any may be the last that reached the disk.
    """
    saved: dict[int, int] = {}
    saving: dict[int, list[int]] = {}
    for record in records:
        if not record or record[0] not in (Tag.SAVING, Tag.SAVED) or len(record) < 3:
            continue
        number, edits = record[1:3]
        if not isinstance(number, int) or not isinstance(edits, int):
            continue
        begun = saving.setdefault(number, [])
        if record[0] == Tag.SAVED:
            saved[number] = edits
            begun[:] = [each for each in begun if each > edits]
        else:
            begun.append(edits)
            del begun[:-_MOST_SAVES]
    wanted: set[tuple[int, int]] = {(n, edits) for n, each in saving.items() for edits in each}
    return wanted | set(saved.items())


def when_of(seconds: float) -> datetime:
    """Return a time of a journal, with its zone."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number was expected")
    return value


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _about(value: object) -> dict[str, str]:
    names = ("name", "path", "book", "book_id", "item", "title", "digest")
    if not isinstance(value, dict):
        raise TypeError("a mapping was expected")
    return {name: _str(value.get(name, "")) for name in names}
