"""OutlineCommands: what can be done with the chosen items, with keys, as actions and as a menu."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMenu

from writer.manuscript.book.outline import ItemKind
from writer.ui.book.outline_places import Place, place_after, place_before, topmost
from writer.ui.book.outline_tree import OutlineTree
from writer.ui.icons import icon

_Key = QKeySequence.StandardKey | str


class OutlineCommands(QObject):
    """One action for each command; a key works while the tree has the keyboard."""

    add_asked = Signal(object, object)
    """`ItemKind`, and the id after which or None."""
    merge_asked = Signal(object)
    read_asked = Signal(object)

    def __init__(self, tree: OutlineTree) -> None:
        super().__init__(tree)
        self._tree = tree
        self._icons: dict[QAction, str] = {}
        self._read_only = False
        keys = QKeySequence.StandardKey
        tr, add = self.tr, self._add
        self.open = add("open", tr("&Open"), self._on_open, "Return", "Enter")
        self.read = add("read", tr("&Read together"), self._on_read, "Ctrl+Return", "Ctrl+Enter")
        self.rename = add("rename", tr("Re&name"), self._on_rename, "F2")
        new = self._on_add
        self.add_scene = add("scene", tr("Add a &scene"), partial(new, ItemKind.SCENE), "Ins")
        self.add_chapter = add(
            "chapter", tr("Add a &chapter"), partial(new, ItemKind.CHAPTER), "Shift+Ins"
        )
        self.add_part = add(
            "part", tr("Add a &part"), partial(new, ItemKind.PART), "Ctrl+Shift+Ins"
        )
        self.move_up = add("previous", tr("Move &up"), self._on_up, "Alt+Up")
        self.move_down = add("next", tr("Move &down"), self._on_down, "Alt+Down")
        self.merge = add("merge", tr("&Merge into one scene"), self._on_merge, "Ctrl+J")
        self.archive = add("archive", tr("&Archive"), self._on_archive, keys.Delete)
        self.restore = add("restore", tr("Res&tore"), self._on_restore)
        self.open_all = add("expand", tr("Open &all"), tree.expandAll, "Ctrl+Shift+Right")
        self.close_all = add("collapse", tr("C&lose all"), tree.collapseAll, "Ctrl+Shift+Left")
        tree.choice_changed.connect(self.refresh)
        self.refresh()

    def set_read_only(self, read_only: bool) -> None:
        """Leave only what changes nothing."""
        self._read_only = read_only
        self.refresh()

    def refresh(self) -> None:
        """Let each be done only where it can be."""
        tree, outline, may = self._tree, self._tree.outline, not self._read_only
        chosen = tree.chosen()
        living = [id for id in chosen if id in outline and not outline.is_archived(id)]
        scenes = [id for id in living if outline.item(id).kind is ItemKind.SCENE]
        self.open.setEnabled(tree.currentIndex().isValid())
        self.read.setEnabled(any(outline.scenes(id) for id in living))
        self.rename.setEnabled(may and tree.current_id() is not None)
        for action in (self.add_scene, self.add_chapter, self.add_part):
            action.setEnabled(may)
        self.move_up.setEnabled(may and bool(living) and len(living) == len(chosen))
        self.move_down.setEnabled(self.move_up.isEnabled())
        self.merge.setEnabled(may and len(scenes) > 1 and len(scenes) == len(chosen))
        self.archive.setEnabled(may and bool(living))
        self.restore.setEnabled(may and len(living) < len(chosen))

    def add_menu(self) -> QMenu:
        """Return the menu of what can be added."""
        menu = self._menu()
        menu.addActions([self.add_scene, self.add_chapter, self.add_part])
        menu.aboutToShow.connect(self._draw)
        return menu

    def show_menu(self, at: QPoint) -> None:
        """Show all commands, `at` a point of the screen."""
        self._draw()
        menu = self._menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in self.groups():
            shown = [action for action in group if action.isVisible()]
            if shown and menu.actions():
                menu.addSeparator()
            menu.addActions(shown)
        menu.popup(at)

    def groups(self) -> list[list[QAction]]:
        """Return the commands of the menu, those that go together in one list."""
        if self.restore.isEnabled() and not self.archive.isEnabled():
            return [[self.open, self.rename], [self.restore], [self.open_all, self.close_all]]
        if self._read_only:
            return [[self.open, self.read], [self.open_all, self.close_all]]
        return [
            [self.open, self.read, self.rename],
            [self.add_scene, self.add_chapter, self.add_part],
            [self.move_up, self.move_down, self.merge],
            [self.archive, self.restore] if self.restore.isEnabled() else [self.archive],
            [self.open_all, self.close_all],
        ]

    def _menu(self) -> QMenu:
        menu = QMenu(self._tree)
        menu.setProperty("part", "with_icons")
        return menu

    def _add(self, drawing: str, words: str, run: Callable[[], object], *keys: _Key) -> QAction:
        action = QAction(words, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(run)
        self._icons[action] = drawing
        self._tree.addAction(action)
        return action

    def _draw(self) -> None:
        """Give the actions their icons, in the colours of the theme."""
        palette, group = self._tree.palette(), QPalette.ColorGroup.Active
        ink = palette.color(group, QPalette.ColorRole.WindowText).name()
        off = palette.color(group, QPalette.ColorRole.Mid).name()
        for action, drawing in self._icons.items():
            action.setIcon(icon(drawing, ink, off))

    def _on_open(self) -> None:
        index, id = self._tree.currentIndex(), self._tree.current_id()
        item = self._tree.rows.item(id) if id else None
        if item is not None and item.kind is ItemKind.SCENE:
            self._tree.opened.emit(item.id)
            self._tree.focus_wanted.emit()
        else:
            self._tree.setExpanded(index, not self._tree.isExpanded(index))

    def _on_read(self) -> None:
        self.read_asked.emit(topmost(self._tree.outline, self._living()))

    def _on_rename(self) -> None:
        id = self._tree.current_id()
        if id is not None:
            self._tree.begin_rename(id)

    def _on_add(self, kind: ItemKind) -> None:
        id = self._tree.current_id()
        chosen = self._tree.chosen()
        if id not in chosen:
            id = chosen[-1] if chosen else id
        is_living = id is not None and not self._tree.outline.is_archived(id)
        self.add_asked.emit(kind, id if is_living else None)

    def _on_up(self) -> None:
        self._move(place_before(self._tree.outline, self._living()))

    def _on_down(self) -> None:
        self._move(place_after(self._tree.outline, self._living()))

    def _move(self, place: Place | None) -> None:
        if place is not None:
            ids = topmost(self._tree.outline, self._living())
            self._tree.moved.emit(ids, place.parent, place.before)

    def _on_merge(self) -> None:
        self.merge_asked.emit(self._living())

    def _on_archive(self) -> None:
        """Archive, and go on with the row that follows."""
        tree = self._tree
        ids = topmost(tree.outline, self._living())
        going = {item.id for id in ids for item in tree.outline.subtree(id)}
        rows = [id for id in tree.rows.ids() if self._is_living(id)]
        last = max(rows.index(id) for id in ids)
        rest = [id for id in rows[last:] if id not in going]
        rest = rest or [id for id in rows[:last] if id not in going][-1:]
        tree.archive_asked.emit(ids)
        if rest and not self._is_living(ids[0]):
            tree.choose(rest[:1])

    def _on_restore(self) -> None:
        outline, wanted = self._tree.outline, []
        for id in self._tree.chosen():
            whole = id
            above = outline.parent(id)
            while above is not None:
                whole = above.id if outline.is_archived(above.id) else whole
                above = outline.parent(above.id)
            if outline.is_archived(whole):
                wanted.append(whole)
        self._tree.restore_asked.emit(topmost(outline, wanted))

    def _living(self) -> tuple[str, ...]:
        return tuple(id for id in self._tree.chosen() if self._is_living(id))

    def _is_living(self, id: str) -> bool:
        return id in self._tree.outline and not self._tree.outline.is_archived(id)
