"""Filing: what a person is asked and told while texts are opened, saved and left.

The document does the work and asks nobody; here are the dialogs and the messages.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer.errors import ErrorKind, WriterError
from writer.manuscript.recovery import RecoveredText
from writer.manuscript.text_file import Notice
from writer.ui.document import Document
from writer.ui.main_window import MainWindow
from writer.ui.wording import words_of

_FILTER = "Text (*.txt *.md *.markdown);;All files (*)"


class Filing(QObject):
    """The way of one window's text to and from its file."""

    def __init__(self, window: MainWindow, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self.document = document
        document.named.connect(self._on_named)
        document.saved.connect(self._on_saved)
        document.copied.connect(self._on_copied)
        document.noticed.connect(self._on_noticed)
        document.refused.connect(self._on_refused)
        document.unsaved.connect(self._on_unsaved)
        window.page.file_dropped.connect(self.open)

    def begin(self, path: Path | None) -> None:
        """Show the text at `path`, or the one worked on last, and offer what was left unsaved."""
        path = path or self.document.last_path()
        if path is None or not self.document.open(path):
            self.document.new()
        self._offer_copies(self.document.copies())

    def new(self) -> None:
        """Begin an untitled text."""
        if self.may_leave():
            self.document.new()

    def open_dialog(self) -> None:
        """Let the writer choose a file to open."""
        folder = str(self.document.path.parent) if self.document.path else str(Path.home())
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open"), folder, _FILTER)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a file, once the text on the page is safe."""
        if self.may_leave():
            self.document.open(path)

    def save(self) -> bool:
        """Save; an untitled text asks where. Return whether it is safe on disk."""
        return self.document.save() if self.document.path else self.save_as_dialog()

    def save_as_dialog(self) -> bool:
        """Let the writer choose where to save."""
        start = str(self.document.path or Path.home() / self.tr("Untitled.md"))
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save as"), start, _FILTER)
        if not name:
            return False
        path = Path(name)
        return self.document.save_as(path if path.suffix else path.with_suffix(".md"))

    def _offer_copies(self, copies: list[RecoveredText]) -> None:
        """Offer the texts that an earlier session could not save."""
        for copy in copies:
            words = self.tr("Text that was not saved is still here: “{preview}”").format(
                preview=copy.preview
            )
            restore = partial(self._restore, copy)
            self._window.messages.show_message(words, action=self.tr("Open it"), on_action=restore)

    def _restore(self, copy: RecoveredText) -> None:
        if self.may_leave():
            self.document.restore(copy)

    def may_leave(self) -> bool:
        """Make the text on the page safe, asking where that needs a person."""
        if self.document.is_safe:
            return True
        if self.document.path and self.document.save():
            return True
        return self._ask_about_unsaved()

    def _ask_about_unsaved(self) -> bool:
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Writer"))
        named = self.document.path is not None
        box.setText(
            self.tr("This text could not be saved where it belongs.")
            if named
            else self.tr("This text has no file yet.")
        )
        box.setInformativeText(self.tr("Save it before it is closed?"))
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        if answer == buttons.Save:
            return self.save_as_dialog()
        if answer == buttons.Discard:
            self.document.abandon()
        return answer == buttons.Discard

    # What the document says

    def _on_named(self, name: str, modified: bool) -> None:
        self._window.setWindowTitle(f"{name or self.tr('Untitled')}[*] — Writer")
        self._window.setWindowModified(modified)
        if modified:
            self._window.status.set_save_state(self.tr("not saved yet"))
        else:
            self._window.status.set_save_state("")

    def _on_saved(self) -> None:
        self._window.status.set_save_state(self.tr("saved"))

    def _on_copied(self) -> None:
        self._window.status.set_save_state(self.tr("not saved, but a copy is kept"))

    def _on_noticed(self, notice: Notice) -> None:
        self._window.messages.show_message(words_of(notice), seconds=20)

    def _on_refused(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error")

    def _on_unsaved(self, error: WriterError) -> None:
        actions: dict[ErrorKind, tuple[str, Callable[[], object]]] = {
            ErrorKind.CHANGED_ON_DISK: (self.tr("Save over it"), self._save_over),
            ErrorKind.UNENCODABLE: (self.tr("Save as UTF-8"), self._save_as_utf8),
        }
        action, run = actions.get(error.kind, (self.tr("Save elsewhere…"), self.save_as_dialog))
        self._window.messages.show_message(words_of(error), "error", action, run)

    def _save_over(self) -> None:
        self.document.save(overwrite=True)

    def _save_as_utf8(self) -> None:
        self.document.save(encoding="utf-8")
