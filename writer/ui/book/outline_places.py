"""Where items can be put in an outline: by the arrows, and by a drop between two rows. No Qt.

Archived items do not count: they keep their places, out of sight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from writer.manuscript.book.outline import Item, Outline


@dataclass(frozen=True, slots=True)
class Place:
    """A gap among the children of `parent`, or at the top where that is None."""

    parent: str | None
    before: str | None
    """The child that follows; None at the end."""
    depth: int
    """How many items what is put there lies in."""


def topmost(outline: Outline, ids: Iterable[str]) -> tuple[str, ...]:
    """Return those of `ids` that lie in no other one of them, in the outline's order."""
    wanted = set(ids)
    found: list[str] = []
    within: int | None = None
    for item in outline.items:
        if within is not None and item.depth > within:
            continue
        within = None
        if item.id in wanted:
            found.append(item.id)
            within = item.depth
    return tuple(found)


def gaps_after(outline: Outline, above: str | None, is_open: bool) -> list[Place]:
    """Return the gaps that lie directly beneath the row `above`, the outermost first.

    Args:
        outline: What is shown.
        above: A living item, None for the gap before the first row.
        is_open: Whether what lies in `above` is shown beneath it.
    """
    if above is None:
        return [Place(None, _first(_living(outline, None)), 0)]
    inside = _living(outline, above)
    depth = outline.item(above).depth
    if is_open and inside:
        return [Place(above, inside[0].id, depth + 1)]
    places: list[Place] = []
    item: Item | None = outline.item(above)
    while item is not None:
        parent = outline.parent(item.id)
        following = _next(outline, item)
        places.insert(0, Place(parent.id if parent else None, following, item.depth))
        item = None if following is not None else parent
    return places


def fitting(outline: Outline, ids: Sequence[str], places: Iterable[Place]) -> list[Place]:
    """Return those of `places` that can take all of `ids`."""
    return [place for place in places if outline.may_move(ids, place.parent)]


def place_before(outline: Outline, ids: Sequence[str]) -> Place | None:
    """Return where one step up puts `ids`: before the sibling above, or into what lies above."""
    chosen = topmost(outline, ids)
    if not chosen:
        return None
    first = outline.item(chosen[0])
    parent = outline.parent(first.id)
    above = _before(outline, first, skipping=chosen)
    if above is not None:
        places = [Place(parent.id if parent else None, above.id, first.depth)]
    elif parent is not None:
        uncle, grandparent = _before(outline, parent), outline.parent(parent.id)
        places = [Place(uncle.id, None, first.depth)] if uncle else []
        places.append(Place(grandparent.id if grandparent else None, parent.id, parent.depth))
    else:
        places = []
    return _first_fitting(outline, chosen, places)


def place_after(outline: Outline, ids: Sequence[str]) -> Place | None:
    """Return where one step down puts `ids`: after the sibling below, or into what lies below."""
    chosen = topmost(outline, ids)
    if not chosen:
        return None
    last = outline.item(chosen[-1])
    parent = outline.parent(last.id)
    siblings = [item.id for item in _living(outline, parent.id if parent else None)]
    below = [id for id in siblings[siblings.index(last.id) + 1 :] if id not in chosen]
    if below:
        before = below[1] if len(below) > 1 else None
        places = [Place(parent.id if parent else None, before, last.depth)]
    elif parent is not None:
        uncle, grandparent = _next(outline, parent), outline.parent(parent.id)
        places = [Place(uncle, _first(_living(outline, uncle)), last.depth)] if uncle else []
        places.append(Place(grandparent.id if grandparent else None, uncle, parent.depth))
    else:
        places = []
    return _first_fitting(outline, chosen, places)


def _first_fitting(outline: Outline, ids: Sequence[str], places: list[Place]) -> Place | None:
    return next(iter(fitting(outline, ids, places)), None)


def _living(outline: Outline, parent: str | None) -> list[Item]:
    return [item for item in outline.children(parent) if not item.archived]


def _first(items: Sequence[Item]) -> str | None:
    return items[0].id if items else None


def _next(outline: Outline, item: Item) -> str | None:
    """Return the sibling after a living item."""
    parent = outline.parent(item.id)
    siblings = _living(outline, parent.id if parent else None)
    return _first(siblings[siblings.index(item) + 1 :])


def _before(outline: Outline, item: Item, skipping: Sequence[str] = ()) -> Item | None:
    """Return the sibling before a living item that is not one of `skipping`."""
    parent = outline.parent(item.id)
    siblings = _living(outline, parent.id if parent else None)
    above = [each for each in siblings[: siblings.index(item)] if each.id not in skipping]
    return above[-1] if above else None
