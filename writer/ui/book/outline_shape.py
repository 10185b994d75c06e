"""OutlineShape: what lies in what in the tree, and what in it has to move. No Qt."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from writer.manuscript.book.outline import Item, ItemKind, Outline

TOP = ""
"""The parent of what lies in nothing."""
ARCHIVE = "archive"
"""The parent of what is archived; no item has an id of seven letters."""


@dataclass(slots=True)
class OutlineShape:
    """The tree that shows an outline: the living items, and after them the archive."""

    children: dict[str, list[str]] = field(default_factory=lambda: {TOP: []})
    """The ids in each item, in `TOP` and in `ARCHIVE`, in order; only of what has any."""
    items: dict[str, Item] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """Of a scene: its place among the scenes beside it, from 1."""

    @classmethod
    def of(cls, outline: Outline) -> "OutlineShape":
        """Return the shape of `outline`."""
        shape = cls()
        path: list[str] = []
        archive: list[str] = []
        archived_at: int | None = None
        for item in outline.items:
            del path[item.depth :]
            if archived_at is not None and item.depth <= archived_at:
                archived_at = None
            if item.archived and archived_at is None:
                archived_at = item.depth
                archive.append(item.id)
            else:
                shape.children.setdefault(path[-1] if path else TOP, []).append(item.id)
            path.append(item.id)
            shape.items[item.id] = item
        for below in shape.children.values():
            scenes = (id for id in below if shape.items[id].kind is ItemKind.SCENE)
            shape.numbers.update((id, number) for number, id in enumerate(scenes, start=1))
        if archive:
            shape.children[TOP].append(ARCHIVE)
            shape.children[ARCHIVE] = archive
        return shape

    def parents(self) -> Iterator[str]:
        """Yield all that something lies in, each before what is in it."""
        waiting = [TOP]
        while waiting:
            parent = waiting.pop()
            below = self.children.get(parent)
            if below:
                yield parent
                waiting += reversed(below)


def staying(shown: Sequence[str], wanted: Sequence[str]) -> Collection[str]:
    """Return those of `shown` that can stay where they are, as many as there can be.

    >>> sorted(staying("abcde", "bcdae"))
    ['b', 'c', 'd', 'e']
    """
    if list(shown) == list(wanted):
        return set(wanted)
    places = {id: place for place, id in enumerate(shown)}
    ids = [id for id in wanted if id in places]
    ends: list[int] = []  # the least place at the end of a rising run of each length
    last: list[int] = []  # the index in `ids` where that is
    before: list[int] = []
    for index, id in enumerate(ids):
        length = bisect_left(ends, places[id])
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(0)
            last.append(0)
        ends[length], last[length] = places[id], index
    found = set()
    index = last[-1] if last else -1
    while index >= 0:
        found.add(ids[index])
        index = before[index]
    return found
