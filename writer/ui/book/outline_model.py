"""OutlineModel: an outline as Qt's tree views ask for it; they are told only what has changed.

It changes nothing itself: a title given in the tree is announced, and comes back in an outline.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from writer.manuscript.book.outline import Item, ItemKind, Outline
from writer.ui.book.item_words import plain_title
from writer.ui.book.outline_face import Face, said, tip
from writer.ui.book.outline_shape import ARCHIVE, TOP, OutlineShape, staying

ID = Qt.ItemDataRole.UserRole
FACE = Qt.ItemDataRole.UserRole + 1

_MOST_CHANGES = 24
"""Rows told one by one; beyond that the tree is shown anew, which is quicker."""
_MANY_PARENTS = 8

_Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True, eq=False)
class _Node:
    key: int
    """What an index holds; no other node ever has the same."""
    id: str
    parent: "_Node | None"
    row: int = 0
    children: list["_Node"] = field(default_factory=list)


class OutlineModel(QAbstractItemModel):
    """One column; the living items, then the archive if there is one."""

    redrawn = Signal()
    """So many rows look otherwise that all are to be painted anew."""
    title_given = Signal(str, str)
    """Id and title, as it was typed in place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._next_key = 0
        self._keys: dict[int, _Node] = {}
        self._ids: dict[str, _Node] = {}
        self._top = self._new_node(TOP, None)
        self._shape = OutlineShape()
        self._items: Mapping[str, Item] = {}
        self._counts: Mapping[str, int] = {}
        self._previews: Mapping[str, str] = {}
        self._most_words = 0
        self._current: str | None = None
        self._read_only = False

    # What is shown

    def show_outline(self, outline: Outline) -> bool:
        """Show `outline`; return whether rows have come, gone or moved."""
        old, new = self._shape, OutlineShape.of(outline)
        self._shape = new
        moves = old.children != new.children
        if moves and self._changes(new) > _MOST_CHANGES:
            self._build(new)
            self._measure()
            return True
        if moves:
            # Until they are taken out, rows of items that have gone can still be asked for.
            self._items = old.items | new.items
            self._arrange(new)
        self._items = new.items
        self._tell_changed(
            id
            for id, item in new.items.items()
            if (before := old.items.get(id)) is not None and before is not item and before != item
        )
        if moves:
            self._measure()
        return moves

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show words by id; an item that has none there has those of what is in it."""
        old, self._counts = self._counts, dict(counts)
        changed = {id for id, count in self._counts.items() if old.get(id) != count}
        changed |= old.keys() - self._counts.keys()
        for id in list(changed):
            node = self._ids.get(id)
            while node is not None and (node := node.parent) is not None:
                if node.id not in self._counts:
                    changed.add(node.id)
        self._tell_changed(changed)
        self._measure()

    def show_previews(self, previews: Mapping[str, str]) -> None:
        """Show the first words of scenes that have no title."""
        old, self._previews = self._previews, dict(previews)
        differing = old.keys() ^ self._previews.keys()
        differing |= {id for id, words in self._previews.items() if old.get(id) != words}
        self._tell_changed(differing)

    def show_current(self, id: str | None) -> None:
        """Mark the scene on the page."""
        changed = [each for each in (self._current, id) if each is not None]
        self._current = id
        self._tell_changed(changed)

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be renamed or dragged, or let it again."""
        self._read_only = read_only

    # What others ask

    @property
    def current(self) -> str | None:
        """The scene on the page, whether it is in the outline or not."""
        return self._current

    def __contains__(self, id: object) -> bool:
        return id in self._ids and id != TOP

    def item(self, id: str) -> Item | None:
        """Return the item of this id, None if there is none."""
        return self._items.get(id)

    def index_of(self, id: str) -> QModelIndex:
        """Return where an item, or `ARCHIVE`, is shown; an invalid index where it is not."""
        node = self._ids.get(id)
        if node is None or node is self._top:
            return QModelIndex()
        return self.createIndex(node.row, 0, node.key)

    def id_at(self, index: _Index) -> str:
        """Return the id at `index`: an item's, `ARCHIVE`, or `TOP` for none."""
        return self._node(index).id

    def ids(self) -> list[str]:
        """Return all ids in the order of the rows, `ARCHIVE` among them."""
        found: list[str] = []
        waiting = list(reversed(self._top.children))
        while waiting:
            node = waiting.pop()
            found.append(node.id)
            waiting += reversed(node.children)
        return found

    def has_living(self) -> bool:
        """Return whether anything is shown that is not archived."""
        return any(node.id != ARCHIVE for node in self._top.children)

    def label(self, id: str) -> str:
        """Return the title of an item, or what stands in for it."""
        item = self._items[id]
        title = plain_title(item.title) or plain_title(self._previews.get(id, ""))
        if title:
            return title
        number = self._shape.numbers.get(id, 0)
        if item.kind is ItemKind.SCENE and number and not self._in_archive(self._ids[id]):
            return self.tr("Scene {n}").format(n=number)
        return {
            ItemKind.PART: self.tr("Untitled part"),
            ItemKind.CHAPTER: self.tr("Untitled chapter"),
            ItemKind.SCENE: self.tr("Untitled scene"),
        }[item.kind]

    def words(self, id: str) -> int | None:
        """Return the words of an item, of `TOP` or of `ARCHIVE`; None while they are not known."""
        count = self._counts.get(id)
        if count is not None or id not in self._ids:
            return count
        counts = [self.words(node.id) for node in self._ids[id].children if node.id != ARCHIVE]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    # What Qt asks

    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Return the index of a row in `parent`."""
        children = self._node(parent).children
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, 0, children[row].key)

    def parent(self, index: _Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """Return the index of what a row lies in."""
        parent = self._node(index).parent
        if parent is None or parent is self._top:
            return QModelIndex()
        return self.createIndex(parent.row, 0, parent.key)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many rows lie in `parent`."""
        return len(self._node(parent).children)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return 1."""
        return 1

    def hasChildren(self, parent: _Index = QModelIndex()) -> bool:  # noqa: B008
        """Return whether anything lies in `parent`."""
        return bool(self._node(parent).children)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Return what can be done with a row."""
        id, flags = self._node(index).id, Qt.ItemFlag
        may = flags.NoItemFlags if id == TOP else flags.ItemIsEnabled
        if id not in (TOP, ARCHIVE):
            may |= flags.ItemIsSelectable
            if not self._read_only:
                may |= flags.ItemIsEditable | flags.ItemIsDragEnabled
        return may if self._read_only else may | flags.ItemIsDropEnabled

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a row shows, tells, or is edited as."""
        id = self._node(index).id
        if id == TOP:
            return None
        if role == ID:
            return id
        if role == FACE:
            return self.face(id)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("Archive") if id == ARCHIVE else self.label(id)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return said(self.face(id))
        if id == ARCHIVE:
            return None
        if role == Qt.ItemDataRole.EditRole:
            return self._items[id].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self.face(id), self._items[id].synopsis)
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Announce the title that was typed in place."""
        item = self._items.get(self._node(index).id)
        if item is None or role != Qt.ItemDataRole.EditRole or self._read_only:
            return False
        title = plain_title(str(value))
        if title != plain_title(item.title):
            self.title_given.emit(item.id, title)
        return True

    def face(self, id: str) -> Face:
        """Return what the row of an item, or of the archive, shows."""
        if id == ARCHIVE:
            return Face(self.tr("Archive"), None, is_archived=True)
        item = self._items[id]
        return Face(
            self.label(id),
            item.kind,
            is_named=bool(plain_title(item.title)),
            words=self.words(id),
            most_words=self._most_words,
            status=item.status,
            is_current=id == self._current,
            is_archived=self._in_archive(self._ids[id]),
        )

    def _measure(self) -> None:
        # Of scenes: a part's number may reach into the room of its title.
        kind = ItemKind.SCENE
        counts = (self._counts.get(id, 0) for id, each in self._items.items() if each.kind is kind)
        self._most_words = max(counts, default=0)

    # Changing

    def _node(self, index: _Index) -> _Node:
        # An index from before a change may name a node that has gone: it then means nothing.
        return self._keys.get(index.internalId(), self._top) if index.isValid() else self._top

    def _new_node(self, id: str, parent: _Node | None) -> _Node:
        node = _Node(self._next_key, id, parent)
        self._next_key += 1
        self._keys[node.key] = self._ids[id] = node
        return node

    def _in_archive(self, node: _Node) -> bool:
        above: _Node | None = node
        while above is not None:
            if above.id == ARCHIVE:
                return True
            above = above.parent
        return False

    def _changes(self, shape: OutlineShape) -> int:
        """Return how many rows would come, go or move."""
        new_ids = {id for below in shape.children.values() for id in below}
        count = len(self._ids.keys() - new_ids) - 1
        for parent, below in shape.children.items():
            node = self._ids.get(parent)
            shown = [child.id for child in node.children] if node else []
            count += len(below) - len(staying(shown, below))
        return count

    def _build(self, shape: OutlineShape) -> None:
        self.beginResetModel()
        self._items = shape.items
        self._keys.clear()
        self._ids.clear()
        self._top = self._new_node(TOP, None)
        for parent in shape.parents():
            node = self._ids[parent]
            for row, id in enumerate(shape.children[parent]):
                child = self._new_node(id, node)
                child.row = row
                node.children.append(child)
        self.endResetModel()

    def _arrange(self, shape: OutlineShape) -> None:
        """Bring the rows into the new shape, from the top: what a row goes into is there by then.

        Rows that are still to move elsewhere, or to go, may stand between the others meanwhile.
        """
        for parent in shape.parents():
            node, wanted = self._ids[parent], shape.children[parent]
            stay = staying([child.id for child in node.children], wanted)
            row = 0
            for id in wanted:
                if id not in self._ids:
                    self._insert(id, node, row)
                elif id not in stay:
                    self._move(self._ids[id], node, row)
                row = self._ids[id].row + 1
        kept = {id for below in shape.children.values() for id in below} | {TOP}
        for id in [id for id in self._ids if id not in kept]:
            gone = self._ids.get(id)
            # What lies in one that goes, goes with it.
            if gone is not None and gone.parent is not None and gone.parent.id in kept:
                self._remove(gone)

    def _insert(self, id: str, parent: _Node, row: int) -> None:
        self.beginInsertRows(self.index_of(parent.id), row, row)
        parent.children.insert(row, self._new_node(id, parent))
        _count_rows(parent)
        self.endInsertRows()

    def _move(self, node: _Node, parent: _Node, row: int) -> None:
        source = node.parent
        assert source is not None
        if source is parent and row in (node.row, node.row + 1):
            return
        self.beginMoveRows(
            self.index_of(source.id), node.row, node.row, self.index_of(parent.id), row
        )
        if source is parent and node.row < row:
            row -= 1
        del source.children[node.row]
        parent.children.insert(row, node)
        node.parent = parent
        _count_rows(source)
        _count_rows(parent)
        self.endMoveRows()

    def _remove(self, node: _Node) -> None:
        parent = node.parent
        assert parent is not None
        self.beginRemoveRows(self.index_of(parent.id), node.row, node.row)
        del parent.children[node.row]
        _count_rows(parent)
        leaving = [node]
        while leaving:
            gone = leaving.pop()
            del self._keys[gone.key], self._ids[gone.id]
            leaving += gone.children
        self.endRemoveRows()

    def _tell_changed(self, ids: Iterable[str]) -> None:
        """Say that these rows are to be shown anew, with one word for each parent.

        Where there are many parents, one word for all: each lets other threads in between.
        """
        rows: dict[_Node, list[int]] = {}
        for id in ids:
            node = self._ids.get(id)
            if node is not None and node.parent is not None:
                rows.setdefault(node.parent, []).append(node.row)
        if len(rows) > _MANY_PARENTS:
            self.redrawn.emit()
            return
        for parent, changed in rows.items():
            above = self.index_of(parent.id)
            first, last = min(changed), max(changed)
            self.dataChanged.emit(self.index(first, 0, above), self.index(last, 0, above))


def _count_rows(parent: _Node) -> None:
    for row, node in enumerate(parent.children):
        node.row = row
