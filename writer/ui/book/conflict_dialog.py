"""ConflictDialog: a text that another program has changed while it was being written.

It works on values and changes nothing: whoever shows it carries out its `choice`.
"""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from writer.ui.book.book_dialog import MARGIN_PX, BookDialog, button
from writer.ui.segmented import Segmented

_THEIRS, _MERGED = "theirs", "merged"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two versions of one text."""

    title: str
    mine: str
    """As it is in the window."""
    theirs: str
    """As it is on the disk."""
    merged: str | None = None
    """Both changes in one text, if they can be."""


class Choice(Enum):
    """What is to become of the text."""

    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"
    LATER = "later"


class ConflictDialog(BookDialog):
    """What the other program has changed, and whose text is to stay."""

    def __init__(self, conflict: Conflict, note: str = "", parent: QWidget | None = None) -> None:
        """Ask about `conflict`; `note` says what becomes of the version that is not taken."""
        super().__init__("", parent)
        self._conflict = conflict
        self._choice = Choice.LATER
        title = self.tr("“{title}” was changed by another program").format(title=conflict.title)
        self.setWindowTitle(self.tr("Changed by another program"))
        self.title.setText(title)
        self.under.setText(note)
        self.under.setVisible(bool(note))
        self.shown_side = Segmented(
            [(_THEIRS, self.tr("Yours and theirs")), (_MERGED, self.tr("Yours and both together"))]
        )
        self.later_button = button(self.tr("Cancel"))
        self.theirs_button = button(self.tr("Take theirs"))
        self.both_button = button(self.tr("Keep both changes"))
        self.mine_button = button(self.tr("Keep mine"))
        self._lay_out()
        self._connect()
        self._show(_THEIRS)
        self.pane.shown.connect(self._on_shown)

    def choice(self) -> Choice:
        """Return what was chosen; later where nothing was."""
        return self._choice

    def _show(self, side: str) -> None:
        self.shown_side.show_value(side)
        if side == _MERGED:
            self.pane.name_sides(self.tr("yours only"), self.tr("comes in from theirs"))
            self.pane.compare(self._conflict.mine, self._conflict.merged or "")
        else:
            self.pane.name_sides(self.tr("yours only"), self.tr("theirs only"))
            self.pane.compare(self._conflict.mine, self._conflict.theirs)

    def _on_shown(self) -> None:
        """Give the keyboard to what is to be read, the first time."""
        self.pane.shown.disconnect(self._on_shown)
        self.pane.view.setFocus()

    def _take(self, choice: Choice) -> None:
        self._choice = choice
        self.accept()

    def _on_theirs(self) -> None:
        self._take(Choice.THEIRS)

    def _on_both(self) -> None:
        self._take(Choice.BOTH)

    def _on_mine(self) -> None:
        self._take(Choice.MINE)

    def _connect(self) -> None:
        self.shown_side.chosen.connect(self._show)
        self.later_button.clicked.connect(self.reject)
        self.theirs_button.clicked.connect(self._on_theirs)
        self.both_button.clicked.connect(self._on_both)
        self.mine_button.clicked.connect(self._on_mine)

    def _lay_out(self) -> None:
        has_merged = self._conflict.merged is not None
        self.both_button.setVisible(has_merged)
        # Enter loses nobody's words: where both cannot be kept, it does nothing.
        self.both_button.setDefault(has_merged)
        self.shown_side.setAccessibleName(self.tr("Show"))
        self.shown_side.setVisible(has_merged)
        self.later_button.setToolTip(self.tr("Decide later; the text stays as it is in the window"))
        self.shown_side.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        sides = QHBoxLayout()
        sides.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 16 * has_merged)
        sides.addWidget(self.shown_side)
        sides.addStretch()
        paper = QWidget()
        column = QVBoxLayout(paper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(sides)
        column.addWidget(self.pane, stretch=1)
        self.steps.addWidget(self.later_button)
        self.steps.addStretch()
        for each in (self.theirs_button, self.mine_button, self.both_button):
            self.steps.addWidget(each)
        self.lay_out(paper)
