"""A pane whose requests are carried out at once, as the window does it, and random outlines."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, Qt

from writer.manuscript.book.outline import STATUSES, Item, ItemKind, Outline
from writer.places import resources
from writer.ui.book.outline_model import ID
from writer.ui.book.outline_pane import OutlinePane
from writer.ui.book.outline_shape import ARCHIVE
from writer.ui.palette import load_palette
from writer.ui.theme import apply_theme

PART, CHAPTER, SCENE = ItemKind.PART, ItemKind.CHAPTER, ItemKind.SCENE


def outline_of(text: str) -> Outline:
    """Return the outline that is drawn: indented ids, P and C for parts and chapters, - archived.

    The rest of a line is the title; an id alone has none.
    """
    items = []
    for line in text.strip("\n").splitlines():
        word, _, title = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2
        archived, id = word.startswith("-"), word.lstrip("-")
        kind = {"P": PART, "C": CHAPTER}.get(id[0], SCENE)
        items.append(Item(id, kind, title, depth, archived=archived))
    return Outline(tuple(items))


BOOK = outline_of("""
P1 The Crossing
  C1 Low Water
    a Dusk
    b
    c Salt
  C2 Strangers
    d Rain
P2 The House
  C3 Frost
    e Keys
    f Morning
g Epilogue
-C9 The Wedding
  h The toast
""")


def random_outline(rng: random.Random, pool: list[str], most: int = 30) -> Outline:
    """Return an outline of some items of `pool`; an id has the same kind in every outline."""
    items: list[Item] = []
    for id in rng.sample(pool, rng.randint(0, min(most, len(pool)))):
        kind = list(ItemKind)[int(id[1:]) % 3]
        item = Item(
            id,
            kind,
            rng.choice(["", f"Title {rng.randint(0, 5)}"]),
            status=rng.choice(STATUSES),
            archived=rng.random() < 0.15,
        )
        after = rng.choice(items).id if items and rng.random() < 0.7 else None
        items = list(Outline(tuple(items)).added(item, after).items)
    return Outline(tuple(items))


def shown(pane: OutlinePane, parent: QModelIndex | None = None, depth: int = 0) -> list[tuple]:
    """Return what the tree shows: depth, id and title of every row."""
    model, rows = pane.model, []
    above = parent or QModelIndex()
    for row in range(model.rowCount(above)):
        index = model.index(row, 0, above)
        rows.append((depth, index.data(ID), index.data(Qt.ItemDataRole.EditRole)))
        rows += shown(pane, index, depth + 1)
    return rows


def expected(outline: Outline) -> list[tuple]:
    """Return what it should show: the living items, then the archive."""
    rows = [(item.depth, item.id, item.title) for item in outline.living()]
    archived = outline.archived()
    if archived:
        rows.append((0, ARCHIVE, None))
    for top in archived:
        rows += [(1 + i.depth - top.depth, i.id, i.title) for i in outline.subtree(top.id)]
    return rows


class Author:
    """Carries out what the pane asks for, and notes it."""

    def __init__(self, pane: OutlinePane, outline: Outline) -> None:
        self.pane = pane
        self.outline = outline
        self.asked: list[tuple] = []
        pane.opened.connect(lambda id: self.asked.append(("opened", id)))
        pane.focus_wanted.connect(lambda: self.asked.append(("focus",)))
        pane.add_asked.connect(lambda kind, after: self.asked.append(("add", kind, after)))
        pane.merge_asked.connect(lambda ids: self.asked.append(("merge", ids)))
        pane.read_asked.connect(lambda ids: self.asked.append(("read", ids)))
        pane.renamed.connect(lambda id, title: self.change("renamed", id, title=title))
        pane.status_changed.connect(lambda id, to: self.change("status", id, status=to))
        pane.synopsis_changed.connect(lambda id, to: self.change("synopsis", id, synopsis=to))
        pane.moved.connect(self.move)
        pane.archive_asked.connect(lambda ids: self.archive("archive", ids, True))
        pane.restore_asked.connect(lambda ids: self.archive("restore", ids, False))
        pane.show_outline(outline)

    def show(self, outline: Outline) -> None:
        self.outline = outline
        self.pane.show_outline(outline)

    def change(self, word: str, id: str, **fields: str) -> None:
        self.asked.append((word, id, *fields.values()))
        self.show(self.outline.changed(id, **fields))

    def move(self, ids, parent, before) -> None:
        self.asked.append(("moved", ids, parent, before))
        self.show(self.outline.moved(ids, parent, before))

    def archive(self, word: str, ids, archived: bool) -> None:
        self.asked.append((word, ids))
        outline = self.outline
        for id in ids:
            outline = outline.changed(id, archived=archived)
        self.show(outline)


@pytest.fixture
def pane(qtbot, qapp) -> Iterator[OutlinePane]:
    """Return a pane in a window that has the keyboard."""
    pane = OutlinePane()
    qtbot.addWidget(pane)
    pane.resize(240, 720)
    pane.show()
    pane.activateWindow()
    qtbot.waitActive(pane)
    return pane


@pytest.fixture
def author(pane) -> Author:
    """Return an author with a small book."""
    author = Author(pane, BOOK)
    pane.tree.setFocus()
    return author


@pytest.fixture
def in_theme(qapp) -> Iterator[None]:
    """Give the windows the program's looks, and take them away again."""
    before = (qapp.font(), qapp.palette(), qapp.style().objectName())
    apply_theme(qapp, load_palette(resources() / "themes", "light"))
    yield
    qapp.setStyleSheet("")
    qapp.setStyle(before[2])
    qapp.setFont(before[0])
    qapp.setPalette(before[1])
