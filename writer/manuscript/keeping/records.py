r"""How a journal is spelled: a record a line, each with a CRC-32 that goes on from the last.

A line is eight hexadecimal digits, a space, a JSON list and "\n". As each check includes the one
before it and the journal's name, a line that was lost, doubled, moved or came here from another
journal is noticed as well as one that was changed. The JSON is UTF-8 in which halves of surrogate
pairs stand for themselves, so that every str comes back. It knows no files.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from zlib import crc32

Record = list[object]

_LINE = re.compile(rb"([0-9a-f]{8}) (.*)", re.DOTALL)
_STORED = re.compile(rb"[0-9a-f]{8}(?= )")
_PIECE_CHARACTERS = 1 << 16
"""Longer texts are written in pieces, lest one record hold up the other threads."""

VERSION = 1


class Tag(StrEnum):
    """What a record is: its first value; k is the text's number in this journal, n its edits'."""

    HEADER = "j"
    """version, time begun, host, process id."""
    OPENED = "o"
    """k, key, about: a mapping."""
    ABOUT = "a"
    """k, about."""
    BASE = "b"
    """k, n, piece, pieces, text: a text as it was at edit n."""
    EDIT = "e"
    """k, n, first, removed, front, back, middle: a `Splice`."""
    SAVING = "v"
    """k, n: the text at edit n is about to be written into its file."""
    SAVED = "s"
    """k, n, digest: the file holds the text at edit n, in these bytes."""
    CLOSED = "c"
    """k: nothing of the text is to be recovered any more."""
    PAPER = "p"
    """path, data, digest of the bytes that stood there before, if known."""
    WRITTEN = "w"
    """path, digest."""
    TIME = "t"
    """Seconds since 1970."""
    READY = "r"
    """Everything unsaved in the journals before this one is in here."""


class Spelling:
    """Turns the records of the journal of some name into lines, one after the other."""

    def __init__(self, name: str) -> None:
        self._salt = _salt(name)
        self._check = 0

    def lines(self, records: Iterable[Sequence[object]]) -> bytes:
        """Return the lines of the next records."""
        return b"".join(map(self._line, records))

    def _line(self, record: Sequence[object]) -> bytes:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        data = text.encode("utf-8", "surrogatepass")
        self._check = crc32(data, self._check ^ self._salt)
        return b"%08x %b\n" % (self._check, data)


def read_records(data: bytes, name: str) -> Iterator[Record | None]:
    """Yield the records of the journal `name`, and None where one is damaged or torn off.

    After damage, reading goes on at the first line that proves to follow its predecessor.
    """
    salt = _salt(name)
    previous: int | None = 0
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        line = data[start : end if end >= 0 else len(data)]
        found = _LINE.fullmatch(line) if end >= 0 else None
        record = None
        if found and previous is not None:
            follows = crc32(found[2], previous ^ salt) == int(found[1], 16)
            record = _parsed(found[2]) if follows else None
        yield record
        stored = _STORED.match(line)
        previous = int(stored[0], 16) if stored else None
        start += len(line) + 1


def pieces_of(lines: Sequence[str]) -> list[str]:
    r"""Return lines, joined, in pieces of a bounded size; joined by "\n" they are the whole."""
    pieces, piece, size = [], [], 0
    for line in lines:
        piece.append(line)
        size += len(line) + 1
        if size >= _PIECE_CHARACTERS:
            pieces.append("\n".join(piece))
            piece, size = [], 0
    if piece or not pieces:
        pieces.append("\n".join(piece))
    return pieces


def _salt(name: str) -> int:
    return crc32(name.encode("utf-8"))


def _parsed(data: bytes) -> Record | None:
    try:
        record = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, list) and record else None
