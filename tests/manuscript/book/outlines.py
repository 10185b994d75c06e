"""Outlines to try things on: drawn as lines, or grown by chance."""

import random

import pytest

from writer.manuscript.book.outline import Item, ItemKind, Outline

PART, CHAPTER, SCENE = ItemKind
KINDS = (PART, CHAPTER, CHAPTER, SCENE, SCENE, SCENE, SCENE)


def outline_of(*lines: str) -> Outline:
    """Return an outline from lines such as "  s3": depth by indent, kind by letter, and the id."""
    kinds = {"p": PART, "c": CHAPTER, "s": SCENE}
    items = []
    for line in lines:
        id = line.strip(" -")
        depth = (len(line) - len(line.lstrip())) // 2
        items.append(Item(id, kinds[id[0]], id.upper(), depth, archived=line.endswith("-")))
    return Outline(tuple(items))


def shown(outline: Outline) -> list[str]:
    return ["  " * item.depth + item.id + "-" * item.archived for item in outline]


NOVEL = (
    "p1",
    "  c1",
    "    s1",
    "    s2",
    "  c2",
    "    s3",
    "  s4",
    "c3",
    "  s5",
    "s6",
)


def grown(chance: random.Random, size: int) -> Outline:
    """Return an outline to which items were added, archived and moved at random."""
    outline = Outline()
    for number in range(size):
        after = chance.choice([None, *(item.id for item in outline)])
        outline = outline.added(Item(f"i{number}", chance.choice(KINDS), f"t{number}"), after)
        outline = step(outline, chance)
    return outline


def step(outline: Outline, chance: random.Random) -> Outline:
    ids = [item.id for item in outline]
    id = chance.choice(ids)
    if chance.random() < 0.2:
        return outline.changed(id, archived=not outline.item(id).archived)
    some, parent = chance.sample(ids, min(len(ids), chance.choice((1, 1, 2, 5)))), None
    if chance.random() < 0.8:
        parent = chance.choice(ids)
    siblings = [item.id for item in outline.children(parent)]
    before = chance.choice([None, *siblings])
    if not outline.may_move(some, parent):
        with pytest.raises(ValueError, match="cannot lie there"):
            outline.moved(some, parent, before)
        return outline
    return outline.moved(some, parent, before)
