"""BackupsDialog: where a book's backups go, how many stay, and those that there are."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QWidget

from writer.manuscript.history.backup import Backup
from writer.ui.book.book_dialog import button
from writer.ui.book.form_dialog import FormDialog, beside, remark
from writer.ui.book.when_words import moment_words
from writer.ui.elided_label import ElidedLabel
from writer.ui.model_list import ModelList, Row
from writer.ui.number_row import NumberBox

_LIST_PX = 176
_MOST = 1000


class BackupsDialog(FormDialog):
    """What is set holds at once; the dialog itself makes and opens nothing."""

    folder_chosen = Signal(str)
    """Empty: there are to be no backups."""
    keep_chosen = Signal(int)
    on_closing_chosen = Signal(bool)
    back_up_asked = Signal()
    copy_asked = Signal(object)
    """The `Path` of the backup of which the writer wants a copy."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Backups"))
        self.title.setText(self.tr("Backups of “{title}”").format(title=title))
        self.folder = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.choose_button = button(self.tr("Choose…"))
        self.off_button = button(self.tr("Turn off"))
        self.keep = NumberBox()
        self.keep.setDecimals(0)
        self.keep.setRange(1, _MOST)
        self.keep.setAccessibleName(self.tr("How many are kept"))
        self.on_closing = QCheckBox(self.tr("When the window closes, if anything has changed"))
        self.list = ModelList()
        self.list.setAccessibleName(self.tr("Backups that there are"))
        self.list.setFixedHeight(_LIST_PX)
        self.empty = remark()
        self.notice = QLabel()
        self.notice.setProperty("part", "error")
        self.notice.setWordWrap(True)
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.notice.setContentsMargins(0, 0, 0, 24)
        self.notice.hide()
        self.copy_button = button(self.tr("Open a copy…"))
        self.step_button.setText(self.tr("Back up now"))
        self.cancel_button.setText(self.tr("Close"))
        self._lay_out()
        self._connect()

    def show_settings(self, folder: str, keep: int, on_closing: bool) -> None:
        """Show where backups go, how many stay and when one is made."""
        self.folder.setText(folder or self.tr("No backups are made"))
        self.folder.setToolTip(folder)
        self.off_button.setVisible(bool(folder))
        self.keep.blockSignals(True)
        self.keep.setValue(keep)
        self.keep.blockSignals(False)
        self.on_closing.setChecked(on_closing)
        for widget in (self.keep, self.on_closing, self.step_button):
            widget.setEnabled(bool(folder))
        self.empty.setText(
            self.tr("There is none in this folder yet.")
            if folder
            else self.tr(
                "Choose a folder, best on another disk. Each backup is one zip file with the "
                "whole book, which any program can unpack."
            )
        )

    def show_backups(self, backups: Sequence[Backup]) -> None:
        """Show the backups that there are, the newest first."""
        self.list.show_rows([_row(backup) for backup in backups])
        self.list.setVisible(bool(backups))
        self.notice.hide()
        self.empty.setVisible(not backups)
        self.copy_button.setVisible(bool(backups))
        if backups and not self.list.chosen_key():
            self.list.setCurrentRow(0)
        self.adjustSize()

    def show_failure(self, words: str) -> None:
        """Say why something was not done."""
        self.notice.setText(words)
        self.notice.setVisible(bool(words))
        self.adjustSize()

    def accept(self) -> None:
        """Make a backup; the dialog stays."""
        self.back_up_asked.emit()

    def _lay_out(self) -> None:
        self.ask(self.tr("Folder"), beside(self.folder, self.off_button, self.choose_button))
        keep = beside(QLabel(self.tr("Backups that are kept of each book")), self.keep)
        self.ask(self.tr("When and how many"), self.on_closing, keep)
        self.ask(self.tr("Those that there are"), self.list, self.empty)
        self.questions.addWidget(self.notice)
        self.questions.addStretch()
        self.steps.insertWidget(0, self.copy_button)

    def _connect(self) -> None:
        self.choose_button.clicked.connect(self._on_choose)
        self.off_button.clicked.connect(self._on_off)
        self.keep.valueChanged.connect(self._on_keep)
        self.on_closing.clicked.connect(self.on_closing_chosen)
        self.copy_button.clicked.connect(self._on_copy)
        self.list.itemActivated.connect(self._on_copy)

    def _on_choose(self) -> None:
        begin = self.folder.toolTip() or str(Path.home())
        title = self.tr("Where backups go")
        name = QFileDialog.getExistingDirectory(self, title, begin)
        if name:
            self.folder_chosen.emit(name)

    def _on_off(self) -> None:
        self.choose_button.setFocus()
        self.folder_chosen.emit("")

    def _on_keep(self, count: float) -> None:
        self.keep_chosen.emit(round(count))

    def _on_copy(self) -> None:
        if self.list.chosen_key():
            self.copy_asked.emit(Path(self.list.chosen_key()))


def _row(backup: Backup) -> Row:
    summary = backup.path.name
    with suppress(OSError):  # it may go at any moment
        summary += f" · {_size(backup.path.stat().st_size)}"
    return Row(str(backup.path), moment_words(backup.when.astimezone()), summary)


def _size(size: int) -> str:
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)
