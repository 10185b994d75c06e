"""SearchResults: what was found in a book, scene by scene, as rows of a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from writer.manuscript.book.search import Hit

HIT = Qt.ItemDataRole.UserRole
GROUP = Qt.ItemDataRole.UserRole + 1

_PORTION = 300
"""Rows handed to the list before it asks for more."""

_Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True, eq=False)
class Group:
    """What was found in one scene."""

    id: str
    hits: list[Hit] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    """Numbers of the hits that are not to be replaced."""

    @property
    def chosen(self) -> list[Hit]:
        """The hits that are to be replaced."""
        return [hit for number, hit in enumerate(self.hits) if number not in self.left_out]


class SearchResults(QAbstractListModel):
    """A row for each scene in which something was found, and beneath it one for each place."""

    counted = Signal()
    """Another number of places has been found or is chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups: list[Group] = []
        self._rows: list[tuple[Group, int]] = []
        """The group, and the hit's number in it; -1 of the scene's own row."""
        self._shown = 0
        self._choosing = True
        self._titles: dict[str, tuple[str, str]] = {}
        self.replacement: str | None = None
        """What would come into the place of what was found; None if nothing is to be replaced."""
        self.found = 0
        self.chosen = 0
        """How many places are to be replaced."""

    # What is shown

    def begin(self, titles: Mapping[str, tuple[str, str]], choosing: bool = True) -> None:
        """Show nothing yet.

        Args:
            titles: What scenes are called, and where they are.
            choosing: Whether what will be found is to be replaced until the writer says otherwise.
        """
        self.beginResetModel()
        self._groups, self._rows, self._shown = [], [], 0
        self._titles = dict(titles)
        self._choosing = choosing
        self.found = self.chosen = 0
        self.endResetModel()
        self.counted.emit()

    def add(self, hits: Iterable[Hit]) -> None:
        """Add places, which follow those before."""
        for hit in hits:
            if not self._groups or self._groups[-1].id != hit.id:
                self._groups.append(Group(hit.id))
                self._rows.append((self._groups[-1], -1))
            group = self._groups[-1]
            self._rows.append((group, len(group.hits)))
            if not self._choosing:
                group.left_out.add(len(group.hits))
            group.hits.append(hit)
            self.found += 1
            self.chosen += self._choosing
        if self._shown < _PORTION:
            self.fetchMore(QModelIndex())
        self.counted.emit()

    def replace_scene(self, id: str, hits: Sequence[Hit]) -> None:
        """Show other places of one scene, which was edited; new places are to be replaced too."""
        place = next((n for n, group in enumerate(self._groups) if group.id == id), None)
        if place is None or list(hits) == self._groups[place].hits:
            return
        old = self._groups[place]
        left_out = {old.hits[number][1:3] for number in old.left_out}
        group = Group(id, list(hits))
        group.left_out = {n for n, hit in enumerate(hits) if hit[1:3] in left_out}
        self.beginResetModel()
        self._groups[place : place + 1] = [group] if hits else []
        self._rows = [
            (each, number) for each in self._groups for number in range(-1, len(each.hits))
        ]
        self._shown = min(len(self._rows), max(self._shown, _PORTION))
        self.found += len(group.hits) - len(old.hits)
        self.chosen += len(group.chosen) - len(old.chosen)
        self.endResetModel()
        self.counted.emit()

    def show_replacement(self, words: str | None) -> None:
        """Show what would come into the places, or only what is there."""
        self.replacement = words
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(self._shown - 1))

    # What others ask

    @property
    def groups(self) -> Sequence[Group]:
        """What was found, in the order of the book."""
        return self._groups

    def hit_at(self, index: _Index) -> Hit | None:
        """Return the place at a row; of a scene's own row, the first in it."""
        if not 0 <= index.row() < self._shown:
            return None
        group, number = self._rows[index.row()]
        return group.hits[max(0, number)]

    def is_scene(self, index: _Index) -> bool:
        """Return whether a row is a scene's own."""
        return 0 <= index.row() < self._shown and self._rows[index.row()][1] < 0

    def row_of(self, id: str, place: int) -> QModelIndex:
        """Return the row of the first found at or after a place of a scene; invalid for none."""
        for row in range(self._shown):
            group, number = self._rows[row]
            if number >= 0 and group.id == id and group.hits[number].start >= place:
                return self.index(row)
        return QModelIndex()

    def first(self) -> QModelIndex:
        """Return the first place's row."""
        return self.index(1) if self._shown > 1 else QModelIndex()

    def toggle(self, index: _Index) -> None:
        """Let a place, or all of a scene, be replaced or not."""
        if not 0 <= index.row() < self._shown:
            return
        group, number = self._rows[index.row()]
        before = len(group.hits) - len(group.left_out)
        if number >= 0:
            group.left_out ^= {number}
        else:
            group.left_out = set() if group.left_out else set(range(len(group.hits)))
        self.chosen += len(group.hits) - len(group.left_out) - before
        first = index.row() - number - 1
        last = min(first + len(group.hits), self._shown - 1)
        self.dataChanged.emit(self.index(first), self.index(last))
        self.counted.emit()

    # What Qt asks

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return the rows handed out so far."""
        return 0 if parent.isValid() else self._shown

    def canFetchMore(self, parent: _Index) -> bool:
        """Return whether there are more."""
        return not parent.isValid() and self._shown < len(self._rows)

    def fetchMore(self, parent: _Index) -> None:
        """Hand out some more."""
        last = min(len(self._rows), self._shown + _PORTION)
        if last > self._shown:
            self.beginInsertRows(QModelIndex(), self._shown, last - 1)
            self._shown = last
            self.endInsertRows()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Every row can be chosen."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a row shows or tells."""
        if not 0 <= index.row() < self._shown:
            return None
        group, number = self._rows[index.row()]
        is_scene = number < 0
        if role == HIT:
            return None if is_scene else group.hits[number]
        if role == GROUP:
            return (*self._titles.get(group.id, ("", "")), len(group.hits)) if is_scene else None
        if role == Qt.ItemDataRole.CheckStateRole and self.replacement is not None:
            return self._check(group, number)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if is_scene:
                title, where = self._titles.get(group.id, ("", ""))
                return ", ".join(filter(None, (title, where, f"{len(group.hits):,}")))
            hit = group.hits[number]
            return f"{hit.before}{hit.found}{hit.after}"
        return None

    def _check(self, group: Group, number: int) -> Qt.CheckState:
        if number >= 0:
            is_left = number in group.left_out
            return Qt.CheckState.Unchecked if is_left else Qt.CheckState.Checked
        if not group.left_out:
            return Qt.CheckState.Checked
        if len(group.left_out) == len(group.hits):
            return Qt.CheckState.Unchecked
        return Qt.CheckState.PartiallyChecked
