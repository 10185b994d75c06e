"""OutlinePane: the book at the left of the page, its tree above and the chosen item beneath.

It shows an outline and asks for changes by signals; it makes none, and knows no file.
"""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from writer.manuscript.book.outline import Outline
from writer.ui.book.item_card import ItemCard
from writer.ui.book.outline_commands import OutlineCommands
from writer.ui.book.outline_dragging import DraggingTree
from writer.ui.book.outline_model import OutlineModel
from writer.ui.book.outline_shape import TOP
from writer.ui.icons import IconButton
from writer.ui.panel_heading import PanelHeading

_WIDTH_PX, _MIN_WIDTH_PX = 240, 180
_MARGIN_PX, _GAP_PX = 16, 8
_ADD_PX = 16
_FIRST_SIZES = [1000, 1]
"""The card gets no more than it needs."""


class OutlinePane(QWidget):
    """Everything in it is a request: the outline that is shown next says what came of it."""

    opened = Signal(str)
    """Show this scene on the page."""
    focus_wanted = Signal()
    """The page should get the keyboard."""
    renamed = Signal(str, str)
    status_changed = Signal(str, str)
    synopsis_changed = Signal(str, str)
    moved = Signal(object, object, object)
    """A tuple of ids, the parent's id or None, the id before which they go or None."""
    add_asked = Signal(object, object)
    """An `ItemKind`, and the id after which or None."""
    archive_asked = Signal(object)
    """A tuple of ids, as the three that follow."""
    restore_asked = Signal(object)
    merge_asked = Signal(object)
    read_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(_MIN_WIDTH_PX)
        self._read_only = False
        self.model = OutlineModel(self)
        self.tree = DraggingTree(self.model)
        self.commands = OutlineCommands(self.tree)
        self.card = ItemCard()
        self.heading = PanelHeading(self.tr("Outline"))
        self.add_button = IconButton("add", self.tr("Add to the book"), _ADD_PX)
        self.add_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add_button.setMenu(self.commands.add_menu())
        self.empty = _EmptyOutline()
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        line = self.heading.layout()
        assert isinstance(line, QHBoxLayout)
        line.insertWidget(1, self.add_button)  # beside the name: the right edge is for numbers
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.empty)
        column.addWidget(self.tree, 1)
        column.addStretch()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.card)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes(_FIRST_SIZES)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _connect(self) -> None:
        tree, commands, card = self.tree, self.commands, self.card
        tree.opened.connect(self.opened)
        tree.focus_wanted.connect(self.focus_wanted)
        tree.moved.connect(self.moved)
        tree.archive_asked.connect(self.archive_asked)
        tree.restore_asked.connect(self.restore_asked)
        tree.choice_changed.connect(self._refresh_card)
        self.model.title_given.connect(self.renamed)
        commands.add_asked.connect(self.add_asked)
        commands.merge_asked.connect(self.merge_asked)
        commands.read_asked.connect(self.read_asked)
        card.renamed.connect(self.renamed)
        card.status_changed.connect(self.status_changed)
        card.synopsis_changed.connect(self.synopsis_changed)
        card.read_clicked.connect(commands.read.trigger)
        card.merge_clicked.connect(commands.merge.trigger)
        card.escaped.connect(self.focus_wanted)
        self.empty.add.clicked.connect(commands.add_scene.trigger)

    # What is shown

    def show_outline(self, outline: Outline) -> None:
        """Show `outline`; what is chosen, open and in sight stays as it is."""
        self.tree.show_outline(outline)
        self._refresh()

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show words by id, of items of any kind."""
        self.model.show_counts(counts)
        self._refresh_words()

    def show_previews(self, previews: Mapping[str, str]) -> None:
        """Show the first words of scenes without a title in its place."""
        self.model.show_previews(previews)
        self._refresh_card()

    def show_current(self, id: str | None) -> None:
        """Mark the scene on the page, and bring it into sight if it is another one than before."""
        self.tree.show_current(id)
        self._refresh_card()

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed, or let it again."""
        self._read_only = read_only
        self.model.set_read_only(read_only)
        self.commands.set_read_only(read_only)
        self.add_button.setVisible(not read_only)
        self.empty.add.setVisible(not read_only)
        self._refresh_card()

    # What is chosen and open

    def selected(self) -> tuple[str, ...]:
        """Return the ids of the chosen items, in the order of the rows."""
        return self.tree.chosen()

    def select(self, ids: Iterable[str]) -> None:
        """Choose these items."""
        self.tree.choose(ids)

    def expanded(self) -> tuple[str, ...]:
        """Return what is open, in order; the archive is "archive"."""
        return self.tree.open_ids()

    def set_expanded(self, ids: Iterable[str]) -> None:
        """Open these and close all others; if there is no outline yet, as soon as there is."""
        self.tree.set_open(ids)

    def begin_rename(self, id: str) -> None:
        """Let the title of an item, as of one just added, be typed in its row."""
        self.tree.setFocus()
        self.tree.begin_rename(id)

    def flush(self) -> None:
        """Announce at once what has been typed beneath the tree, as before the window closes."""
        self.card.flush()

    # What Qt asks

    def sizeHint(self) -> QSize:
        """Ask for the width of a sidebar."""
        return QSize(_WIDTH_PX, 480)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show all commands; from the keyboard, beside the row."""
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row = self.tree.visualRect(self.tree.currentIndex())
            at = self.tree.viewport().mapToGlobal(row.bottomLeft() + QPoint(_GAP_PX, 0))
        self.commands.show_menu(at)

    def changeEvent(self, event: QEvent) -> None:
        """Take the row's height of another font."""
        if event.type() == QEvent.Type.FontChange:
            self.tree.scheduleDelayedItemsLayout()
        super().changeEvent(event)

    # How

    def _refresh(self) -> None:
        has_rows = self.model.rowCount() > 0
        self.empty.setVisible(not self.model.has_living())
        self.tree.setVisible(has_rows)
        self.commands.refresh()
        self._refresh_card()

    def _refresh_card(self) -> None:
        chosen = self.tree.chosen()
        current = self.model.current
        if not chosen and current is not None and current in self.model:
            chosen = (current,)
        if len(chosen) > 1:
            commands = self.commands
            self.card.show_several(
                len(chosen), commands.read.isEnabled(), commands.merge.isEnabled()
            )
        elif chosen and (item := self.model.item(chosen[0])) is not None:
            self.card.show_item(item, self.model.label(item.id), self._read_only)
        else:
            self.card.flush()
        self.card.setVisible(bool(chosen))
        self._refresh_words()

    def _refresh_words(self) -> None:
        total = self.model.words(TOP)
        self.heading.show_beside("" if total is None else f"{total:,}")
        id = self.card.item_id()
        if id is not None:
            self.card.show_words(self.model.words(id))
        else:
            self.card.show_words(self.tree.chosen_words())


class _EmptyOutline(QWidget):
    """Says that there is nothing yet, and offers the first step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = QLabel(self.tr("No scenes yet. Begin with one; chapters and parts can come later."))
        words.setProperty("part", "faint")
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        self.add = QPushButton(self.tr("Add a scene"))
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, _MARGIN_PX)
        column.setSpacing(_MARGIN_PX)
        column.addWidget(words)
        column.addWidget(self.add, alignment=Qt.AlignmentFlag.AlignLeft)
