"""The file `book.toml`: what a book is called and its outline, read whatever has befallen it.

It knows bytes, not folders: whether the files that it names are there is for `scene_files`. What is
wrong in it is repaired and counted; unknown keys are kept and written back.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeGuard

import tomli_w

from writer.manuscript.book.outline import Item, ItemKind, Outline, new_id, one_line
from writer.manuscript.detection import decode

VERSION = 1
_LIMIT_BYTES = 16_000_000
_LARGEST = 2**63
"""What TOML's whole numbers stay below; Python may not even print the longest of its own."""
_DEEPEST = 16
"""Of tables in tables that are kept without being known."""
_ABOUT = ("title", "author", "language")
_ID = re.compile(r"[a-z0-9]{8}")
_BOOK_ID = re.compile(r"[a-z0-9]{8,32}")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*item[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class About:
    """What a book is called."""

    title: str = ""
    author: str = ""
    language: str = ""
    """“en”, “zh” …; empty if nobody has said."""
    other: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What a newer Writer has stored with it."""


@dataclass(frozen=True, slots=True)
class BookFile:
    """All that `book.toml` says."""

    id: str
    about: About
    outline: Outline
    version: int = VERSION
    repairs: int = field(default=0, compare=False)
    """How many places were not as they should be."""

    @property
    def is_newer(self) -> bool:
        """Whether a newer Writer wrote it, so that this one must not."""
        return self.version > VERSION

    def encode(self) -> bytes:
        """Return the bytes of the file; `parse` gives the same values back."""
        about = {key: one_line(getattr(self.about, key)) for key in _ABOUT}
        tables: dict[str, Any] = {"version": VERSION, "id": self.id, **about}
        tables |= {key: value for key, value in self.about.other.items() if key not in tables}
        # Most items are what they were when this was last asked, so their pieces are kept.
        pieces = (_piece(item) if item.other else _kept_piece(item) for item in self.outline)
        text = "\n".join([tomli_w.dumps(tables), *pieces])
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:  # a half of a surrogate pair in a title
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def new_book_id() -> str:
    """Return an id for a new book."""
    return new_id(()) + new_id(())


def parse(data: bytes) -> BookFile:
    """Return what the file says, repaired and with the repairs counted.

    Raises:
        ValueError: it cannot be read as a whole; the text is the reason.
    """
    text, repairs = _text(data)
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, endless digits or brackets
        raise ValueError("it is damaged, or was edited into something that is not TOML") from error
    version = tables.get("version")
    if not isinstance(tables.get("item", []), list):
        if _is_whole(version) and version > VERSION:  # which may keep its items otherwise
            return _Reading(repairs).book({**tables, "item": []})
        raise ValueError("it has no list of items")
    return _Reading(repairs).book(tables)


def salvage(data: bytes) -> BookFile | None:
    """Return what single items and lines of a damaged file say; None if there are no items."""
    try:
        text, _ = _text(data)
    except ValueError:
        return None
    starts = [found.start() for found in _HEADER.finditer(text)]
    if not starts:
        return None
    pieces = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    tables = _lines(text[: starts[0]])
    tables["item"] = [_item_table(piece) for piece in pieces]
    return _Reading(1).book(tables)


def legal_depth(kind: ItemKind, wanted: int | None, around: Iterable[ItemKind]) -> int:
    """Return the depth at most `wanted` where an item may lie; None asks for the deepest.

    `around` are the kinds of what the item before lies in, and of that item, from the top on.
    """
    parents = (None, *around)
    return max(
        depth
        for depth, parent in enumerate(parents)
        if kind.may_lie_in(parent) and (wanted is None or depth <= max(0, wanted))
    )


def with_legal_depths(items: Iterable[Item], unknown: int = -1) -> Iterator[Item]:
    """Yield the items at depths that make an outline of them, those at `unknown` fitted in."""
    around: list[ItemKind] = []
    for item in items:
        wanted = None if item.depth == unknown else item.depth
        depth = legal_depth(item.kind, wanted, around)
        around[depth:] = [item.kind]
        yield replace(item, depth=depth)


def _text(data: bytes) -> tuple[str, int]:
    """Return the text in the bytes, and how many repairs that took."""
    if len(data) > _LIMIT_BYTES:
        raise ValueError("it is far too large for an outline")
    kept = data.rstrip(b"\0")  # a power cut may leave the size of a file, and no content
    if not kept.strip():
        raise ValueError("it is empty")
    try:
        text, repairs = kept.decode("utf-8-sig"), len(kept) != len(data)
    except UnicodeDecodeError:
        found = decode(kept)
        if found is None:
            raise ValueError("it is not text") from None
        foreign = found.encoding.codec != "utf-8"
        text, repairs = found.text if foreign else kept.decode("utf-8-sig", "replace"), True
    return text.replace("\r\n", "\n").replace("\r", "\n"), int(repairs)


def _item_table(piece: str) -> dict[str, Any]:
    """Return the table of one item that may be damaged."""
    try:
        table = tomllib.loads(piece)["item"][0]
        return table if isinstance(table, dict) else {}
    except (ValueError, RecursionError):
        return _lines(piece)


def _lines(text: str) -> dict[str, Any]:
    """Return what the readable ones among lines such as `title = "Dusk"` say."""
    tables: dict[str, Any] = {}
    for line in text.split("\n"):
        if "=" not in line:
            continue
        try:
            tables |= tomllib.loads(line)
        except (ValueError, RecursionError):
            continue
    return tables


def _piece(item: Item) -> str:
    """Return what `book.toml` says of one item, under a header of its own.

    tomli_w writes short tables in one line, which people, and `salvage`, read less well: hence a
    long one where other tables may be in it, of which the surplus is then left out.
    """
    if not item.other:
        return f"[[item]]\n{tomli_w.dumps(_table(item))}"
    long = tomli_w.dumps({"item": [{**_table(item), "id": _LONG}]})
    return long.replace(_LONG, item.id, 1)


_LONG = "-" * 101
_kept_piece = lru_cache(maxsize=8192)(_piece)
"""Not of items with unknown keys: 1 equals true, and is written otherwise."""


def _table(item: Item) -> dict[str, object]:
    """Return an item as `book.toml` holds it; what is empty is left out."""
    table: dict[str, object] = {
        "id": item.id,
        "kind": item.kind.value,
        "title": one_line(item.title),
        "depth": item.depth,
        "file": item.file,
        "status": one_line(item.status),
        "synopsis": item.synopsis.replace("\0", ""),
        "archived": item.archived,
    }
    for key in ("file", "status", "synopsis", "archived"):
        if not table[key]:
            del table[key]
    return table | {key: value for key, value in item.other.items() if key not in _KNOWN}


_KNOWN = frozenset({"id", "kind", "title", "depth", "file", "status", "synopsis", "archived"})


class _Reading:
    """Makes values of tables, whatever they hold, and counts what had to be repaired."""

    def __init__(self, repairs: int) -> None:
        self.repairs = repairs
        self._ids: set[str] = set()

    def book(self, tables: dict[str, Any]) -> BookFile:
        version = tables.get("version", VERSION)
        if not _is_whole(version) or version < 1:
            self.repairs += 1
            version = VERSION
        id = tables.get("id")
        if not isinstance(id, str) or not _BOOK_ID.fullmatch(id):
            self.repairs += 1
            id = new_book_id()
        known = {*_ABOUT, "version", "id", "item"}
        title, author, language = (self._line(tables.get(key, "")) for key in _ABOUT)
        about = About(title, author, language, self._other(tables, known))
        given = tables.get("item", [])
        found = [self._item(table) for table in given if isinstance(table, dict)]
        self.repairs += len(given) - len(found)
        items = tuple(with_legal_depths(found, unknown=_NO_DEPTH))
        self.repairs += sum(
            item.depth != was.depth != _NO_DEPTH for item, was in zip(items, found, strict=True)
        )
        return BookFile(id, about, Outline(items), version, self.repairs)

    def _item(self, table: dict[str, Any]) -> Item:
        other = self._other(table, _KNOWN)
        kind, file = self._kind(table), self._line(table.get("file", ""))
        if file and kind is not ItemKind.SCENE:
            self.repairs += 1
            file, other = "", {**other, "file_before": file}
        return Item(
            self._id(table, file),
            kind,
            self._line(table.get("title", "")),
            self._depth(table),
            file,
            self._line(table.get("status", "")),
            self._string(table.get("synopsis", "")).replace("\0", ""),
            self._flag(table.get("archived", False)),
            other,
        )

    def _id(self, table: dict[str, Any], file: str) -> str:
        id = table.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id) or id in self._ids:
            self.repairs += 1
            id = id_in_name(file)
            if id is None or id in self._ids:
                id = new_id(self._ids)
        self._ids.add(id)
        return id

    def _kind(self, table: dict[str, Any]) -> ItemKind:
        try:
            return ItemKind(table.get("kind"))
        except ValueError:
            self.repairs += 1
            return ItemKind.SCENE if "file" in table else ItemKind.CHAPTER

    def _depth(self, table: dict[str, Any]) -> int:
        depth = table.get("depth", _NO_DEPTH)
        if _is_whole(depth):
            return depth
        self.repairs += 1
        return _NO_DEPTH

    def _flag(self, value: object) -> bool:
        self.repairs += not isinstance(value, bool)
        return value is True

    def _line(self, value: object) -> str:
        """Return a text of one line."""
        text = self._string(value)
        if text.isprintable():  # as nearly every one is
            return text
        line = one_line(text)
        self.repairs += line != text
        return line

    def _string(self, value: object) -> str:
        if isinstance(value, str):
            return value
        self.repairs += 1
        readable = not isinstance(value, bool | dict | list) and _is_storable(value)
        return str(value) if readable else ""

    def _other(self, table: dict[str, Any], known: Iterable[str]) -> dict[str, object]:
        other = {key: value for key, value in table.items() if key not in known}
        kept = {key: value for key, value in other.items() if _is_storable(value)}
        self.repairs += len(other) - len(kept)
        return kept


_NO_DEPTH = -1
_ID_IN_NAME = re.compile(r"(?:^|[-/])([a-z0-9]{8})\.md$")


def id_in_name(file: str) -> str | None:
    """Return the id that the name of a scene's file ends with.

    >>> id_in_name("scenes/at-dusk-k3f9x2ab.md")
    'k3f9x2ab'
    """
    found = _ID_IN_NAME.search(file)
    return found[1] if found else None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_storable(value: object, depth: int = 0) -> bool:
    """Tell whether a value from TOML can be written as TOML again."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return depth < _DEEPEST and all(_is_storable(each, depth + 1) for each in value)
    return not isinstance(value, int) or -_LARGEST <= value < _LARGEST
