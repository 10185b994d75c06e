"""The words of a book's scenes, chapters and parts, kept up to date scene by scene.

`count` reads files and may run on any thread; `Counts` belongs to one. The file of counts is a
cache: a bad one is none, and a count in it holds as long as its scene's file has the same size and
time.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from writer.errors import WriterError
from writer.manuscript.book.outline import Item, Outline
from writer.manuscript.counts import count_words
from writer.manuscript.text_file import read_text_file

_MOST_BYTES = 10_000_000


class Stamp(NamedTuple):
    """What tells that a file is the one that was counted."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of counting one scene."""

    id: str
    words: int
    stamp: Stamp | None = None
    """Of the file that was counted; None if there is none, or it was not read."""
    text: str | None = None
    """What the file says, if it was read."""
    error: WriterError | None = None
    """Why it could not be read."""


def read_counts(path: Path) -> dict[str, Counted]:
    """Return the counts stored in a cache file, by scene; none if it is missing or bad."""
    try:
        with open(path, "rb") as file:
            stored = json.loads(file.read(_MOST_BYTES))["scenes"]
        return {
            str(id): Counted(id, _whole(words), Stamp(_whole(size), _whole(mtime_ns)))
            for id, (size, mtime_ns, words) in stored.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def count(
    scenes: Iterable[tuple[str, Path]], known: Mapping[str, Counted], with_texts: bool = False
) -> Iterator[Counted]:
    """Yield the words of each scene, given as (id, file); stop it between any two.

    A count that is known, from `read_counts`, is trusted where the file is unchanged; such a file
    is read only `with_texts`. One that is missing has no words.
    """
    for id, path in scenes:
        stamp, cached = _stamp(path), known.get(id)
        is_known = cached is not None and stamp is not None and cached.stamp == stamp
        if cached is not None and is_known and not with_texts:
            yield cached
            continue
        if stamp is None and not os.path.lexists(path):
            yield Counted(id, 0, text="")
            continue
        try:
            file = read_text_file(path)
        except WriterError as error:
            yield Counted(id, 0, error=error)
            continue
        words = cached.words if cached is not None and is_known else count_words(file.text)
        if file.on_disk is not None:
            stamp = Stamp(file.on_disk.size, file.on_disk.mtime_ns)
        yield Counted(id, words, stamp, file.text)


class Counts:
    """The words of every item of an outline, as far as they are known.

    An archived scene or chapter has its own words, and adds none to what it lies in.
    """

    def __init__(self, outline: Outline, known: Mapping[str, Counted] | None = None) -> None:
        self._counted = dict(known or {})
        self._totals: dict[str, int] = {}
        self._whole = 0
        self.set_outline(outline)

    def set_outline(self, outline: Outline) -> None:
        """Count for another outline of the same book."""
        self._outline = outline
        self._totals = dict.fromkeys((item.id for item in outline), 0)
        self._whole = 0
        for item in outline:
            if item.file and item.id in self._counted:
                self._add(item, self._counted[item.id].words)

    @property
    def total(self) -> int:
        """The words of all living scenes."""
        return self._whole

    def words(self, id: str) -> int:
        """Return the words of an item: of a chapter or part, those of its living scenes."""
        return self._totals[id]

    def is_known(self, id: str) -> bool:
        """Tell whether a scene has been counted."""
        return id in self._counted

    def changed(self, id: str, words: int, stamp: Stamp | None = None) -> None:
        """Take another count of a scene; with no stamp, it is not kept for the next time."""
        self.take(Counted(id, words, stamp))

    def take(self, counted: Counted) -> None:
        """Take what `count` has yielded."""
        before = self._counted.get(counted.id)
        self._counted[counted.id] = Counted(counted.id, counted.words, counted.stamp)
        if counted.id in self._outline:
            difference = counted.words - (before.words if before else 0)
            self._add(self._outline.item(counted.id), difference)

    def encode(self) -> bytes:
        """Return the cache file as it should be now."""
        scenes = {
            id: [*counted.stamp, counted.words]
            for id, counted in self._counted.items()
            if counted.stamp is not None and id in self._outline
        }
        return json.dumps({"version": 1, "scenes": scenes}).encode("ascii")

    def _add(self, item: Item, words: int) -> None:
        """Add words to a scene and to all that it lies in, up to what is archived."""
        at: Item | None = item
        while at is not None:
            self._totals[at.id] += words
            if at.archived:
                return
            at = self._outline.parent(at.id)
        self._whole += words


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(found.st_size, found.st_mtime_ns)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a count is a whole number")
    return value
