"""The outline of a book: its parts, chapters and scenes in the order they are read.

Values only: every operation returns a new outline. It knows no disk and no texts. The depth rules
hold of every outline there is: a scene lies in a chapter, in a part or at the top, a chapter in a
part or at the top, a part at the top. Nothing is ever taken out; archiving hides an item and what
is in it.
"""

import re
import secrets
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

STATUSES = ("", "idea", "draft", "revised", "final")
"""Those that are offered; any text is kept."""
_CHANGEABLE = frozenset({"title", "status", "synopsis", "archived", "file"})
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID_LENGTH = 8
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]+")


class ItemKind(Enum):
    """What an item of an outline is, as `book.toml` says it."""

    PART = "part"
    CHAPTER = "chapter"
    SCENE = "scene"

    def may_lie_in(self, parent: "ItemKind | None") -> bool:
        """Tell whether the depth rules let it lie in `parent`, None being the top."""
        return parent in _PARENTS[self]


_PARENTS: dict[ItemKind, tuple[ItemKind | None, ...]] = {
    ItemKind.PART: (None,),
    ItemKind.CHAPTER: (None, ItemKind.PART),
    ItemKind.SCENE: (None, ItemKind.PART, ItemKind.CHAPTER),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One part, chapter or scene."""

    id: str
    """Eight letters a-z or digits; it never changes."""
    kind: ItemKind
    title: str = ""
    depth: int = 0
    """How many items it lies in."""
    file: str = ""
    """Of a scene: where its text is, relative to the book's folder, with “/”."""
    status: str = ""
    synopsis: str = ""
    archived: bool = False
    """By itself; what it lies in may be archived as well."""
    other: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What a newer Writer has stored with it."""


def new_id(taken: Container[str]) -> str:
    """Return an id that is not among `taken`."""
    while True:
        id = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))
        if id not in taken:
            return id


def one_line(text: str) -> str:
    r"""Return a title as one line, with spaces for line ends and what else nobody sees.

    >>> one_line("Dusk\n at sea")
    'Dusk  at sea'
    """
    return _CONTROLS.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Outline:
    """The items depth first, each followed by what lies in it.

    Raises:
        ValueError: two items of one id, or depths that break the rules.
    """

    items: tuple[Item, ...] = ()
    _places: dict[str, int] = field(init=False, repr=False, compare=False)
    _parents: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """The index of what each item lies in; -1 at the top."""

    def __post_init__(self) -> None:
        places = {item.id: place for place, item in enumerate(self.items)}
        if len(places) != len(self.items):
            raise ValueError("two items have one id")
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_parents", tuple(_checked_parents(self.items)))

    # Looking

    def item(self, id: str) -> Item:
        """Return an item; KeyError if there is none of this id."""
        return self.items[self._places[id]]

    def __contains__(self, id: object) -> bool:
        return id in self._places

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def parent(self, id: str) -> Item | None:
        """Return what an item lies in, None at the top."""
        place = self._parents[self._places[id]]
        return self.items[place] if place >= 0 else None

    def children(self, id: str | None) -> tuple[Item, ...]:
        """Return what lies directly in an item, or at the top; archived ones too."""
        if id is None:
            return tuple(item for item in self.items if item.depth == 0)
        depth = self.item(id).depth + 1
        return tuple(item for item in self.subtree(id) if item.depth == depth)

    def subtree(self, id: str) -> tuple[Item, ...]:
        """Return an item and all that lies in it."""
        place = self._places[id]
        return self.items[place : self._end(place)]

    def is_archived(self, id: str) -> bool:
        """Tell whether an item, or something that it lies in, is archived."""
        place = self._places[id]
        while place >= 0:
            if self.items[place].archived:
                return True
            place = self._parents[place]
        return False

    def archived(self) -> tuple[Item, ...]:
        """Return the topmost archived items, those that can be restored."""
        return tuple(
            item
            for item, parent in zip(self.items, self._parents, strict=True)
            if item.archived and not (parent >= 0 and self.is_archived(self.items[parent].id))
        )

    def living(self) -> tuple[Item, ...]:
        """Return all items that are not archived, in order."""
        return tuple(item for item in self.items if not self.is_archived(item.id))

    def scenes(self, id: str | None = None) -> tuple[Item, ...]:
        """Return the living scenes in order: all, or those in an item; of a scene itself."""
        items = self.items if id is None else self.subtree(id)
        return tuple(
            item for item in items if item.kind is ItemKind.SCENE and not self.is_archived(item.id)
        )

    # Changing

    def changed(self, id: str, **fields: Any) -> "Outline":
        """Return it with another title, status, synopsis, file or archived flag of one item.

        Raises:
            KeyError: no such item.
            TypeError: a field that does not change this way.
        """
        if not fields.keys() <= _CHANGEABLE:
            raise TypeError(f"{', '.join(fields.keys() - _CHANGEABLE)} cannot be changed")
        place = self._places[id]
        item = replace(self.items[place], **fields)
        return Outline((*self.items[:place], item, *self.items[place + 1 :]))

    def added(self, item: Item, after: str | None = None) -> "Outline":
        """Return it with a new item where a writer who stands at `after` expects it.

        A scene comes after a scene, or last in a chapter or part (there in its last chapter); a
        chapter after the chapter, or last in a part; a part after the part. None stands for the
        last item, and an archived item for the living one before it.
        """
        parent, before = self._expected(item.kind, after)
        place = len(self.items) if before is None else before
        depth = 0 if parent is None else parent.depth + 1
        return Outline((*self.items[:place], replace(item, depth=depth), *self.items[place:]))

    def may_move(self, ids: Sequence[str], parent: str | None) -> bool:
        """Tell whether these items may all lie in `parent`, or at the top."""
        into = None if parent is None else self.item(parent)
        for item in self._topmost(ids):
            if not item.kind.may_lie_in(into.kind if into else None):
                return False
            if into is not None and any(into.id == each.id for each in self.subtree(item.id)):
                return False
        return True

    def moved(self, ids: Sequence[str], parent: str | None, before: str | None) -> "Outline":
        """Return it with these items, and what is in them, put into `parent` or at the top.

        They stand before its child `before`, or last, in the order they had. Items that lie in
        other ones of `ids` go with them.

        Raises:
            KeyError: no such item.
            ValueError: the rules do not let them lie there, or `before` does not lie in `parent`.
        """
        if not self.may_move(ids, parent):
            raise ValueError("these items cannot lie there")
        siblings = [item.id for item in self.children(parent)]
        if before is not None and before not in siblings:
            raise ValueError("that is not where it lies")
        taken = [self.subtree(item.id) for item in self._topmost(ids)]
        moving = {item.id for subtree in taken for item in subtree}
        if before is not None:  # one that moves itself stands for the next that does not
            later = siblings[siblings.index(before) :]
            before = next((id for id in later if id not in moving), None)
        rest = [item for item in self.items if item.id not in moving]
        depth = 0 if parent is None else self.item(parent).depth + 1
        put = [
            replace(item, depth=item.depth - subtree[0].depth + depth)
            for subtree in taken
            for item in subtree
        ]
        place = _place_in(rest, parent, before)
        return Outline((*rest[:place], *put, *rest[place:]))

    # How

    def _end(self, place: int) -> int:
        """Return the index after the last item that lies in the one at `place`."""
        depth = self.items[place].depth
        end = place + 1
        while end < len(self.items) and self.items[end].depth > depth:
            end += 1
        return end

    def _topmost(self, ids: Sequence[str]) -> list[Item]:
        """Return those of `ids` that lie in no other one of them, in order."""
        places = sorted({self._places[id] for id in ids})
        found: list[Item] = []
        end = 0
        for place in places:
            if place >= end:
                found.append(self.items[place])
                end = self._end(place)
        return found

    def _expected(self, kind: ItemKind, after: str | None) -> tuple[Item | None, int | None]:
        """Return what a new item goes into, and the index it gets there; None is the end."""
        last = len(self.items) - 1 if after is None else self._places[after]
        while last >= 0 and self.is_archived(self.items[last].id):
            last -= 1
        if last < 0:
            return None, None
        anchor = self.items[last]
        if kind.may_lie_in(anchor.kind):
            living = [each for each in self.children(anchor.id) if not each.archived]
            if living and kind.may_lie_in(living[-1].kind):
                anchor = living[-1]
            return anchor, self._end(self._places[anchor.id])
        parent = self.parent(anchor.id)
        while parent is not None and not kind.may_lie_in(parent.kind):
            anchor, parent = parent, self.parent(parent.id)
        return parent, self._end(self._places[anchor.id])


def _checked_parents(items: tuple[Item, ...]) -> Iterator[int]:
    """Yield the index of what each item lies in; raise ValueError where that cannot be."""
    open_at: list[int] = []
    for place, item in enumerate(items):
        if not 0 <= item.depth <= len(open_at):
            raise ValueError(f"item {item.id} lies in nothing")
        del open_at[item.depth :]
        parent = open_at[-1] if open_at else -1
        if not item.kind.may_lie_in(items[parent].kind if open_at else None):
            raise ValueError(f"item {item.id} cannot lie there")
        open_at.append(place)
        yield parent


def _place_in(items: Sequence[Item], parent: str | None, before: str | None) -> int:
    """Return the index before the item `before`, or after the last that lies in `parent`."""
    wanted = before if before is not None else parent
    if wanted is None:
        return len(items)
    place = next(place for place, item in enumerate(items) if item.id == wanted)
    if before is not None:
        return place
    depth = items[place].depth
    place += 1
    while place < len(items) and items[place].depth > depth:
        place += 1
    return place
