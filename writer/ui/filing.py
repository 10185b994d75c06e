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

_SAVING = "saving"
"""The topic of what is said about saving: over when the text is saved, or another is shown."""


class Filing(QObject):
    """The way of one window's text to and from its file."""

    def __init__(self, window: MainWindow, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self.document = document
        self._proposed = Path.home() / self.tr("Untitled.md")
        document.named.connect(self._on_named)
        document.shown.connect(self._on_shown)
        document.saved.connect(self._on_saved)
        document.copied.connect(self._on_copied)
        document.noticed.connect(self._on_noticed)
        document.refused.connect(self._on_refused)
        document.unsaved.connect(self._on_unsaved)
        window.page.file_dropped.connect(self.open)

    def begin(self, path: Path | None) -> None:
        """Show the text at `path`, or the one worked on last, and offer what was left unsaved."""
        if path is not None and not path.exists():
            self._proposed = path.absolute()  # it will be wanted when the text is saved
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
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open"), folder, self._name_filter()
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a file, once it is known to open and the text on the page is safe."""
        if self.document.can_open(path) and self.may_leave():
            self.document.open(path)

    def save(self) -> bool:
        """Save; an untitled text asks where. Return whether it is safe on disk."""
        return self.document.save() if self.document.path else self.save_as_dialog()

    def save_as_dialog(self) -> bool:
        """Let the writer choose where to save; return whether it is safe on disk."""
        dialog = QFileDialog(self._window, self.tr("Save as"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # The dialog adds the ending, so that it asks about the very file that would be replaced.
        dialog.setDefaultSuffix("md")
        dialog.setNameFilter(self._name_filter())
        path = self.document.path or self._proposed
        dialog.setDirectory(str(path.parent))
        dialog.selectFile(path.name)
        if not dialog.exec():
            return False
        return self.document.save_as(Path(dialog.selectedFiles()[0]))

    def reload(self) -> None:
        """Show what another program has made of the file; called as the window is come back to."""
        self.document.reload()

    def _offer_copies(self, copies: list[RecoveredText]) -> None:
        """Offer the texts that an earlier session could not save."""
        for copy in copies:
            self._offer_copy(copy)

    def _offer_copy(self, copy: RecoveredText) -> None:
        words = self.tr("{name}, kept {when}, was not saved: “{preview}”").format(
            name=f"“{Path(copy.name).name}”" if copy.name else self.tr("A text without a name"),
            when=copy.when.astimezone().strftime("%d %B, %H:%M"),
            preview=copy.preview,
        )
        restore = partial(self._restore, copy)
        self._window.messages.show_message(
            words, action=self.tr("Open it"), on_action=restore, topic=f"copy {copy.id}"
        )

    def _restore(self, copy: RecoveredText) -> None:
        if self.may_leave():
            self.document.restore(copy)
        else:
            self._offer_copy(copy)

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
            self.document.forsake()
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
        self._window.messages.drop(_SAVING)
        self._window.status.set_save_state(self.tr("saved"))

    def _on_shown(self) -> None:
        self._window.messages.drop(_SAVING)

    def _on_copied(self) -> None:
        self._window.status.set_save_state(self.tr("not saved, but a copy is kept"))

    def _on_noticed(self, notice: Notice) -> None:
        self._window.messages.show_message(words_of(notice), seconds=20)

    def _on_refused(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic="opening")

    def _on_unsaved(self, error: WriterError) -> None:
        action: str = self.tr("Save elsewhere…")
        run: Callable[[], object] = self.save_as_dialog
        if error.kind == ErrorKind.UNENCODABLE:
            action, run = self.tr("Save as UTF-8"), self._save_as_utf8
        self._window.messages.show_message(words_of(error), "error", action, run, topic=_SAVING)

    def _save_as_utf8(self) -> None:
        self.document.save(encoding="utf-8")

    def _name_filter(self) -> str:
        return self.tr("Text (*.txt *.md *.markdown);;All files (*)")
