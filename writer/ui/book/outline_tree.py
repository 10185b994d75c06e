"""OutlineTree: the rows of the outline, what is chosen and open in them, and where they are.

It asks by signals and changes nothing. Dragging is in `outline_dragging`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QTreeView, QWidget

from writer.manuscript.book.outline import ItemKind, Outline
from writer.ui.book.floating_bar import FloatingBar
from writer.ui.book.outline_model import ID, OutlineModel
from writer.ui.book.outline_places import topmost
from writer.ui.book.outline_row import INDENT_PX, OutlineRow
from writer.ui.book.outline_shape import ARCHIVE, TOP

_Index = QModelIndex | QPersistentModelIndex
_NO_KEYS = Qt.KeyboardModifier.NoModifier
_FLAG = QItemSelectionModel.SelectionFlag


@dataclass(frozen=True, slots=True)
class _View:
    """What is chosen, open and in sight, by ids."""

    chosen: tuple[str, ...]
    current: str
    open: frozenset[str]
    known: frozenset[str]
    in_sight: tuple[tuple[str, int], ...]
    """Ids of rows, and how far beneath the upper edge they stand."""


class OutlineTree(QTreeView):
    """One click shows a scene on the page, two clicks give it the keyboard as well."""

    opened = Signal(str)
    focus_wanted = Signal()
    choice_changed = Signal()
    moved = Signal(object, object, object)
    """Ids, the parent's id or None, the id before which they go or None."""
    archive_asked = Signal(object)
    restore_asked = Signal(object)

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self.outline = Outline()
        self._wanted_open: frozenset[str] | None = None
        self._kept: _View | None = None
        self._pressed_with = _NO_KEYS
        self._bar = FloatingBar(self)
        self._set_up()
        self.setModel(model)
        model.modelAboutToBeReset.connect(self._on_about_to_be_reset)
        model.modelReset.connect(self._on_reset)
        model.redrawn.connect(self.viewport().update)
        self.selectionModel().currentChanged.connect(self.choice_changed)
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Outline"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setItemDelegate(OutlineRow(self))
        self.setIndentation(INDENT_PX)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.viewport().setAutoFillBackground(False)

    # What is shown

    def show_outline(self, outline: Outline) -> None:
        """Show `outline`; what is chosen, open and in sight stays."""
        before = self._view()
        self.outline = outline
        # Qt would scroll to a row that becomes current, and open what that lies in.
        self.setAutoScroll(False)
        has_moved = self.rows.show_outline(outline)
        self.setAutoScroll(True)
        if not has_moved:
            return
        self._open_new(before)
        self._keep_in_sight(before)
        self.choice_changed.emit()

    def show_current(self, id: str | None) -> None:
        """Mark the scene on the page, and bring it into sight when it is another one."""
        if id == self.rows.current:
            return
        self.rows.show_current(id)
        if id is None or id not in self.rows:
            return
        if id not in self.chosen():
            self.choose([id])
        self.bring_into_sight(id)

    def bring_into_sight(self, id: str) -> None:
        """Open what an item lies in, and scroll to it."""
        self.scrollTo(self.rows.index_of(id))

    def is_expanded(self, id: str) -> bool:
        """Return whether what lies in an item is shown."""
        return self.isExpanded(self.rows.index_of(id))

    def open_ids(self) -> tuple[str, ...]:
        """Return the ids of what is open, in order."""
        return tuple(id for id in self.rows.ids() if self.is_expanded(id) and self._may_open(id))

    def set_open(self, ids: Iterable[str]) -> None:
        """Open these and close all others, now and when they come."""
        wanted = frozenset(ids)
        if self.rows.rowCount():
            self._open_only(wanted)
        else:
            self._wanted_open = wanted

    # What is chosen

    def chosen(self) -> tuple[str, ...]:
        """Return the ids of the chosen items, in the order of the rows."""
        ids = {index.data(ID) for index in self.selectionModel().selectedRows()}
        return tuple(id for id in self.rows.ids() if id in ids) if len(ids) > 1 else tuple(ids)

    def current_id(self) -> str | None:
        """Return the id of the item that the keyboard is on, None if it is on none."""
        id = self.rows.id_at(self.currentIndex())
        return id if id not in (TOP, ARCHIVE) else None

    def chosen_words(self) -> int | None:
        """Return the words of all that is chosen; None while they are not known."""
        counts = [self.rows.words(id) for id in topmost(self.outline, self.chosen())]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def choose(self, ids: Iterable[str], current: str | None = None) -> None:
        """Choose these, those that are there; the keyboard goes to `current`, or the first."""
        chosen = [index for id in ids if (index := self.rows.index_of(id)).isValid()]
        selection = QItemSelection()
        for index in chosen:
            selection.select(index, index)
        on = self.rows.index_of(current) if current else QModelIndex()
        if not on.isValid() and chosen:
            on = chosen[0]
        model = self.selectionModel()
        model.setCurrentIndex(on, _FLAG.NoUpdate)
        model.select(selection, _FLAG.ClearAndSelect)

    def begin_rename(self, id: str) -> None:
        """Let a title be typed in place."""
        index = self.rows.index_of(id)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.edit(index)

    def is_renaming(self) -> bool:
        """Return whether a title is being typed in place."""
        return bool(self.viewport().findChildren(QLineEdit))

    # What Qt asks

    def drawBranches(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        """Paint nothing: the row paints its arrow, above its ground."""

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Announce another choice."""
        super().selectionChanged(selected, deselected)
        self.choice_changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember whether this only adds to the choice."""
        self._pressed_with = event.modifiers()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back to the page with Esc; the other keys are commands, or Qt's own."""
        if event.key() == Qt.Key.Key_Escape:
            self.focus_wanted.emit()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Repaint the ring when the keyboard comes or goes."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.viewport().update()
            if event.type() == QEvent.Type.FocusIn and not self.currentIndex().isValid():
                self._begin_at(self.rows.current)
        return super().event(event)

    # How

    def _begin_at(self, id: str | None) -> None:
        first = id if id is not None and id in self.rows else next(iter(self.rows.ids()), None)
        if first is not None:
            model = self.selectionModel()
            model.setCurrentIndex(self.rows.index_of(first), _FLAG.NoUpdate)

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._pressed_with == _NO_KEYS and self._is_scene(index):
            self.opened.emit(index.data(ID))

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if self._is_scene(index):
            self.focus_wanted.emit()

    def _is_scene(self, index: QModelIndex) -> bool:
        item = self.rows.item(self.rows.id_at(index))
        return item is not None and item.kind is ItemKind.SCENE

    def _view(self) -> _View:
        open_ids = frozenset(self.open_ids())
        known = frozenset(self.rows.ids())
        current = self.rows.id_at(self.currentIndex())
        return _View(self.chosen(), current, open_ids, known, tuple(self._in_sight()))

    def _in_sight(self) -> list[tuple[str, int]]:
        rows = []
        index = self.indexAt(self.viewport().rect().topLeft())
        while index.isValid():
            top = self.visualRect(index).top()
            if top >= self.viewport().height():
                break
            rows.append((self.rows.id_at(index), top))
            index = self.indexBelow(index)
        return rows

    def _on_about_to_be_reset(self) -> None:
        self._kept = self._view()

    def _on_reset(self) -> None:
        kept, self._kept = self._kept, None
        if kept is None:
            return
        self._open_only(kept.open)
        self.choose(kept.chosen, kept.current)

    def _open_new(self, before: _View) -> None:
        """Open what has come, so that it is seen, but for the archive; a book as it was left."""
        if self._wanted_open is not None and not before.known:
            self._open_only(self._wanted_open)
            self._wanted_open = None
            return
        for id in self.rows.ids():
            if id not in before.known and id != ARCHIVE and self._may_open(id):
                self.expand(self.rows.index_of(id))

    def _may_open(self, id: str) -> bool:
        item = self.rows.item(id)
        return id == ARCHIVE or (item is not None and item.kind is not ItemKind.SCENE)

    def _open_only(self, ids: frozenset[str]) -> None:
        for id in self.rows.ids():
            index = self.rows.index_of(id)
            if self._may_open(id) and self.isExpanded(index) != (id in ids):
                self.setExpanded(index, id in ids)

    def _keep_in_sight(self, before: _View) -> None:
        """Scroll so that what was in sight stands where it stood, but for what is chosen."""
        self.executeDelayedItemsLayout()
        for id, top in before.in_sight:
            rect = self.visualRect(self.rows.index_of(id))
            if id not in before.chosen and id != before.current and rect.isValid():
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + rect.top() - top)
                break
        was_seen = any(id == before.current for id, _ in before.in_sight)
        if was_seen and self.visualRect(self.currentIndex()).isValid():
            self.scrollTo(self.currentIndex())
