"""RecoveryDialog: texts that were not saved when the program ended, and what is to become of them.

It works on values and changes nothing: whoever shows it carries out its `decisions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from writer.manuscript.counts import count_words
from writer.ui.book.book_dialog import MARGIN_PX, BookDialog, button
from writer.ui.book.when_words import moment_words
from writer.ui.model_list import ROW_MARGIN_PX, ModelList, Row
from writer.ui.segmented import Segmented

_LIST_PX = 272


@dataclass(frozen=True, slots=True)
class RecoveryItem:
    """One text that holds words which are not on the disk."""

    id: str
    title: str
    """Of the scene, or the name of the file; empty of a text that has none."""
    book: str
    """The title of its book; empty if it belongs to none."""
    when: datetime
    """When the last of it was typed."""
    on_disk: str | None
    """What the file says; None if there is no file."""
    typed: str
    changed_since: bool = False
    """Whether another program has changed the file after that."""


class Decision(Enum):
    """What is to become of what was typed."""

    RESTORE = "restore"
    KEEP = "keep"
    """Leave what is on the disk."""
    LATER = "later"


class RecoveryDialog(BookDialog):
    """The texts at the left, the chosen one's differences at the right, the choice beneath."""

    def __init__(self, items: Sequence[RecoveryItem], parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._items = {item.id: item for item in items}
        self._decisions = dict.fromkeys(self._items, Decision.RESTORE)
        self._is_decided = False
        self.setWindowTitle(self.tr("Recovered text"))
        self.title.setText(self._title())
        self.under.setText(self.tr("Nothing is deleted, whatever you choose."))
        self.list = ModelList()
        self.list.setAccessibleName(self.tr("Recovered texts"))
        self.notice = QLabel()
        self.choice = self._choice(self.tr("Keep what is on the disk"))
        self.untitled_choice = self._choice(self.tr("Leave it aside"))
        self.all_button = button(self.tr("For all"))
        self.later_button = button(self.tr("Decide all later"))
        self.go_button = button("")
        self.go_button.setDefault(True)
        self._lay_out()
        self._connect()
        self._draw_rows()
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def decisions(self) -> Mapping[str, Decision]:
        """Return what was decided of each text, by its id; all later where nothing was."""
        if not self._is_decided:
            return dict.fromkeys(self._items, Decision.LATER)
        return dict(self._decisions)

    def decide(self, id: str, decision: Decision) -> None:
        """Decide what is to become of one text."""
        self._decisions[id] = decision
        self._draw_rows()
        self._draw_choice()

    def decide_all(self, decision: Decision) -> None:
        """Decide the same of all texts."""
        self._decisions = dict.fromkeys(self._items, decision)
        self._draw_rows()
        self._draw_choice()

    def accept(self) -> None:
        """Stand by what was decided."""
        self._is_decided = True
        super().accept()

    # The texts

    def _on_row_changed(self) -> None:
        item = self._chosen()
        if item is None:
            return
        if item.on_disk is None:
            self.pane.show_text(item.typed)
        else:
            self.pane.compare(item.on_disk, item.typed)
        self.notice.setText(self._notice(item))
        self.notice.setVisible(bool(self.notice.text()))
        self._draw_choice()

    def _on_choice(self, value: str) -> None:
        item = self._chosen()
        if item is not None:
            self.decide(item.id, Decision(value))

    def _chosen(self) -> RecoveryItem | None:
        return self._items.get(self.list.chosen_key())

    def _draw_choice(self) -> None:
        item = self._chosen()
        if item is not None:
            self.choice.setVisible(item.on_disk is not None)
            self.untitled_choice.setVisible(item.on_disk is None)
            for choice in (self.choice, self.untitled_choice):
                choice.show_value(self._decisions[item.id].value)

    def _draw_rows(self) -> None:
        self.list.show_rows([self._row(item) for item in self._items.values()])
        count = sum(each is Decision.RESTORE for each in self._decisions.values())
        if not count:
            words = self.tr("Go on")
        elif count == 1:
            words = self.tr("Restore 1 text") if len(self._items) > 1 else self.tr("Restore")
        else:
            words = self.tr("Restore {n} texts").format(n=count)
        self.go_button.setText(words)

    # Words

    def _title(self) -> str:
        if len(self._items) == 1:
            return self.tr("One text holds words that were not saved")
        return self.tr("{n} texts hold words that were not saved").format(n=len(self._items))

    def _row(self, item: RecoveryItem) -> Row:
        mark = {
            Decision.RESTORE: self.tr("restore"),
            Decision.KEEP: self.tr("keep") if item.on_disk is not None else self.tr("aside"),
            Decision.LATER: self.tr("later"),
        }[self._decisions[item.id]]
        facts = (item.book, moment_words(item.when), self._growth(item))
        title = item.title or self.tr("Untitled text")
        return Row(item.id, title, " · ".join(filter(None, facts)), mark)

    def _growth(self, item: RecoveryItem) -> str:
        more = count_words(item.typed) - count_words(item.on_disk or "")
        if item.on_disk is None:
            return self.tr("{n} words").format(n=f"{more:,}")
        if more == 0:
            return self.tr("as many words")
        if abs(more) == 1:
            return self.tr("1 word more") if more > 0 else self.tr("1 word less")
        words = self.tr("{n} words more") if more > 0 else self.tr("{n} words less")
        return words.format(n=f"{abs(more):,}")

    def _notice(self, item: RecoveryItem) -> str:
        if item.on_disk is None:
            return self.tr("This text was never saved, so there is nothing on the disk beside it.")
        if item.changed_since:
            return self.tr(
                "Another program has changed the file since. What is struck through may be its."
            )
        return ""

    # The parts

    def _choice(self, keep: str) -> Segmented:
        choice = Segmented(
            [
                (Decision.RESTORE.value, self.tr("Restore what was typed")),
                (Decision.KEEP.value, keep),
                (Decision.LATER.value, self.tr("Decide later")),
            ]
        )
        choice.setAccessibleName(self.tr("This text"))
        choice.chosen.connect(self._on_choice)
        return choice

    def _connect(self) -> None:
        self.pane.name_sides(self.tr("on the disk only"), self.tr("typed, not saved"))
        self.list.currentRowChanged.connect(self._on_row_changed)
        menu = QMenu(self)
        for words, slot in (
            (self.tr("&Restore what was typed"), self._on_restore_all),
            (self.tr("&Keep what is on the disk"), self._on_keep_all),
            (self.tr("Decide &later"), self._on_later_all),
        ):
            menu.addAction(words).triggered.connect(slot)
        self.all_button.setMenu(menu)
        self.later_button.clicked.connect(self.reject)
        self.go_button.clicked.connect(self.accept)

    def _on_restore_all(self) -> None:
        self.decide_all(Decision.RESTORE)

    def _on_keep_all(self) -> None:
        self.decide_all(Decision.KEEP)

    def _on_later_all(self) -> None:
        self.decide_all(Decision.LATER)

    def _lay_out(self) -> None:
        self.notice.setProperty("part", "faint")
        self.notice.setWordWrap(True)
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.notice.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 16)
        self.list.setFixedWidth(_LIST_PX)
        left = QWidget()
        beside = QHBoxLayout(left)
        # The words in the list stand in line with the title.
        beside.setContentsMargins(MARGIN_PX - ROW_MARGIN_PX, 0, 16, 16)
        beside.addWidget(self.list)
        choices = QHBoxLayout()
        choices.setContentsMargins(MARGIN_PX, 16, MARGIN_PX, 16)
        choices.addWidget(self.choice)
        choices.addWidget(self.untitled_choice)
        choices.addStretch()
        paper = QWidget()
        column = QVBoxLayout(paper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.pane, stretch=1)
        column.addLayout(choices)
        self.steps.addWidget(self.all_button)
        self.steps.addStretch()
        self.steps.addWidget(self.later_button)
        self.steps.addWidget(self.go_button)
        self.all_button.setVisible(len(self._items) > 1)
        self.lay_out(paper, left)
