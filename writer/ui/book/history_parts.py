"""HistoryParts: the widgets of the history dialog and their places. They decide nothing."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from writer.ui.book.book_dialog import MARGIN_PX, BookDialog, button
from writer.ui.book.version_list import VersionList
from writer.ui.fonts import heading_font
from writer.ui.model_list import ROW_MARGIN_PX, ModelList
from writer.ui.segmented import Segmented

NOW = ""
"""Stands for what is there now, where else a snapshot's id does."""
SCENE, BOOK = "scene", "book"

_LEFT_PX = 288
_OTHER_PX = 264
_LONGEST_NAME = 32
"""Characters: a combo box cuts off what is longer."""
_NAME_PX = 240


class HistoryParts:
    """What stands where in the dialog."""

    def __init__(self, dialog: BookDialog, has_book: bool) -> None:
        """Lay the parts out in `dialog`; a choice of scope is there if it `has_book`."""
        self.scope = Segmented([(SCENE, _tr("This scene")), (BOOK, _tr("Whole book"))])
        self.scope.setAccessibleName(_tr("Versions of"))
        self.scope.show_value(SCENE)
        self.scope.setVisible(has_book)
        self.versions = VersionList()
        self.scenes = ModelList()
        self.scenes.setAccessibleName(_tr("Scenes that differ"))
        self._scenes_heading = QLabel()
        self._scenes_heading.setFont(heading_font())
        self._scenes_heading.setProperty("part", "faint")
        self.other = QComboBox()
        self.other.setFixedWidth(_OTHER_PX)
        self.other.setAccessibleName(_tr("Compared with"))
        self.name_button = button(_tr("Name this version…"))
        self.name_field = QLineEdit()
        self.name_field.setFixedWidth(_NAME_PX)
        self.name_field.setPlaceholderText(_tr("Name of this version"))
        self.name_field.setAccessibleName(_tr("Name of this version"))
        self.close_button = button(_tr("Close"))
        self.restore_button = button("")
        self.restore_button.setDefault(True)
        self.show_scenes(False)
        self.show_others([])
        self.end_naming()
        self._lay_out(dialog)

    def show_scenes(self, is_shown: bool) -> None:
        """Show the list of the scenes that differ, or none."""
        self.scenes.setVisible(is_shown)
        self._scenes_heading.setVisible(is_shown)
        if not is_shown:
            self.scenes.show_rows([])

    def show_scene_count(self, count: int) -> None:
        """Say how many scenes differ."""
        words = _tr("1 scene differs") if count == 1 else _tr("{n} scenes differ")
        self._scenes_heading.setText(words.format(n=f"{count:,}"))

    def show_others(self, versions: Sequence[tuple[str, str]]) -> None:
        """Offer these for comparing, and what is there now; what was chosen stays chosen."""
        chosen = self.other.currentData()
        with QSignalBlocker(self.other):
            self.other.clear()
            self.other.addItem(_tr("Now"), NOW)
            for id, words in versions:
                self.other.addItem(_short(words), id)
            self.other.setCurrentIndex(max(0, self.other.findData(chosen)))

    def begin_naming(self, name: str) -> None:
        """Let a name be written."""
        self.name_field.setText(name)
        self.name_field.selectAll()
        self.name_button.hide()
        self.name_field.show()
        self.name_field.setFocus()

    def end_naming(self) -> None:
        """Take the field away."""
        self.name_field.hide()
        self.name_button.show()

    def _lay_out(self, dialog: BookDialog) -> None:
        left = QWidget()
        left.setFixedWidth(_LEFT_PX)
        lists = QVBoxLayout(left)
        # The words in the lists stand in line with the title.
        lists.setContentsMargins(MARGIN_PX - ROW_MARGIN_PX, 0, 16, 16)
        lists.setSpacing(0)
        scope = QVBoxLayout()
        scope.setContentsMargins(ROW_MARGIN_PX, 8, ROW_MARGIN_PX, 16)
        scope.addWidget(self.scope)
        lists.addLayout(scope)
        lists.addWidget(self.versions, stretch=3)
        self._scenes_heading.setContentsMargins(ROW_MARGIN_PX, 16, 0, 4)
        lists.addWidget(self._scenes_heading)
        lists.addWidget(self.scenes, stretch=2)
        paper = QWidget()
        column = QVBoxLayout(paper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._compared_with())
        column.addWidget(dialog.pane, stretch=1)
        dialog.steps.addWidget(self.name_button)
        dialog.steps.addWidget(self.name_field)
        dialog.steps.addStretch()
        dialog.steps.addWidget(self.close_button)
        dialog.steps.addWidget(self.restore_button)
        dialog.lay_out(paper, left)

    def _compared_with(self) -> QHBoxLayout:
        words = QLabel(_tr("Compared with"))
        words.setProperty("part", "faint")
        words.setBuddy(self.other)
        words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 16)
        row.setSpacing(8)
        row.addWidget(words)
        row.addWidget(self.other)
        row.addStretch()
        row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        return row


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1].rstrip() + "…"


def _tr(words: str) -> str:
    return QCoreApplication.translate("HistoryDialog", words)
