"""Filing: what a person is asked and told while texts are opened, saved and left.

The document does the work and asks nobody; here are the dialogs and the messages.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import is_book
from writer.manuscript.history.differences import merged
from writer.manuscript.notice import Notice
from writer.manuscript.text_file import TextFile, new_text_file
from writer.ui.book.conflict_dialog import Choice, Conflict, ConflictDialog
from writer.ui.book.file_names import file_name_of
from writer.ui.document import Document
from writer.ui.following import Following
from writer.ui.main_window import MainWindow
from writer.ui.wording import words_of

_KEEPING = "keeping"
_SAVING = "saving"
"""The topic of what is said about saving: over when the text is saved, or another is shown."""


class Filing(QObject):
    """The way of one window's text to and from its file."""

    beginning = Signal()
    """Nothing has been opened yet. Connected directly."""
    overwriting = Signal(str)
    """What is on the disk now is to be in the history under this name. Connected directly."""
    scene_wanted = Signal(str)
    """The id of a scene of the open book that is to be shown."""
    begun = Signal()
    """The first text is on the page."""
    book_wanted = Signal(object)
    """The `Path` of a book that is to be opened in place of what is on the page."""

    def __init__(self, window: MainWindow, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self.document = document
        self._proposed = Path.home() / self.tr("Untitled.md")
        document.named.connect(self._on_named)
        document.shown.connect(self._on_shown)
        document.saved.connect(self._on_saved)
        document.stored.connect(self._on_stored)
        document.copied.connect(self._on_copied)
        document.noticed.connect(self._on_noticed)
        document.refused.connect(self._on_refused)
        document.unsaved.connect(self._on_unsaved)
        self.following = Following(document)
        """What other programs do to the file."""
        self.following.followed.connect(self._on_followed)
        self.following.conflicted.connect(self._on_conflicted)
        document.keeping.unkept.connect(self._on_unkept)
        document.keeping.kept_again.connect(self._on_kept_again)
        document.keeping.troubled.connect(self._on_troubled)
        window.page.file_dropped.connect(self.open)

    def begin(self, path: Path | None) -> None:
        """Show the text or book at `path`, or the one worked on last."""
        self.beginning.emit()
        if path is not None and not path.exists():
            self._proposed = path.absolute()  # it will be wanted when the text is saved
        path = path or self.document.last_path()
        if path is not None and is_book(path):
            self.book_wanted.emit(path)
        elif path is not None:
            self.document.open(path)
        self.begun.emit()

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
        """Open a file or a book, once it is known to open and the text on the page is safe."""
        if is_book(path):
            self.book_wanted.emit(path)
        elif self.document.can_open(path) and self.may_leave():
            self.document.open(path)

    def save(self) -> bool:
        """Save; an untitled text asks where. Return whether it is safe on disk."""
        return self.document.save() if self.document.path else self.save_as_dialog()

    def save_as_dialog(self) -> bool:
        """Let the writer choose where to save; return whether it is safe on disk.

        Of a scene, whose place is in its book, a copy is saved.
        """
        if self.document.text.is_scene:
            return self.save_copy_dialog()
        path = self._ask_path(self.tr("Save as"), self.document.path or self._proposed)
        return path is not None and self.document.save_as(path)

    def save_copy_dialog(self) -> bool:
        """Let the writer choose where a copy of the text is to be; return whether it is there."""
        name = f"{file_name_of(self.document.text.title, self.tr('Untitled'))}.md"
        path = self._ask_path(self.tr("Save a copy"), Path.home() / name)
        if path is None:
            return False
        try:
            new_text_file(path).save(self.document.said(), overwrite=True)
        except WriterError as error:
            self._window.messages.show_message(words_of(error), "error", topic="copy")
            return False
        said = self.tr("A copy is in {path}.").format(path=f"“{path}”")
        self._window.messages.show_message(said, seconds=10, topic="copy")
        return True

    def _ask_path(self, words: str, path: Path) -> Path | None:
        dialog = QFileDialog(self._window, words)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # The dialog adds the ending, so that it asks about the very file that would be replaced.
        dialog.setDefaultSuffix("md")
        dialog.setNameFilter(self._name_filter())
        dialog.setDirectory(str(path.parent))
        dialog.selectFile(path.name)
        return Path(dialog.selectedFiles()[0]) if dialog.exec() else None

    def may_leave(self) -> bool:
        """Make the text on the page safe, asking where that needs a person."""
        if self.document.text.is_scene:
            return self._may_leave_book()
        if self.document.is_safe:
            return True
        if self.document.path and self.document.save():
            return True
        return self._ask_about_unsaved()

    def _may_leave_book(self) -> bool:
        unsaved = self.document.save_all()
        if not unsaved:
            return True
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Writer"))
        titles = ", ".join(f"“{title}”" for title in unsaved)
        box.setText(self.tr("{titles} could not be saved.").format(titles=titles))
        box.setInformativeText(
            self.tr("Every word is kept on this machine, and is offered when Writer starts again.")
        )
        box.setStandardButtons(buttons.Close | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        return bool(box.exec() == buttons.Close)

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
        shown = name or self.tr("Untitled")
        if book := self.document.text.about.title:
            shown = f"{shown} — {book}"
        if self.document.text.is_read_only:
            shown = self.tr("{name} (to read only)").format(name=shown)
        self._window.setWindowTitle(f"{shown}[*] — Writer")
        self._window.setWindowModified(modified)
        if modified:
            self._window.status.set_save_state(self.tr("not saved yet"))
        else:
            self._window.status.set_save_state("")

    def _on_stored(self, key: str) -> None:
        self._window.messages.drop(f"{_SAVING} {key}")

    def _on_saved(self) -> None:
        self._window.status.set_save_state(self.tr("saved"))

    def _on_shown(self) -> None:
        if not self.document.text.is_scene:  # then no other text is in hand
            self._window.messages.drop_all(_SAVING)

    def _on_copied(self) -> None:
        self._window.status.set_save_state(self.tr("not saved, but a copy is kept"))

    def _on_noticed(self, notice: Notice) -> None:
        self._window.messages.show_message(words_of(notice), seconds=20)

    def _on_refused(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic="opening")

    def _on_unsaved(self, key: str, error: WriterError) -> None:
        text = self.document.text
        if error.kind == ErrorKind.CHANGED_ON_DISK and key == text.key:
            self.following.look()
            return
        action: str | None = self.tr("Save elsewhere…")
        run: Callable[[], object] | None = self.save_as_dialog
        topic = f"{_SAVING} {key}"
        if key != text.key:
            id = key.rpartition("/")[2]
            action, run = self.tr("Show it"), partial(self.scene_wanted.emit, id)
        elif error.kind == ErrorKind.UNENCODABLE:
            action, run = self.tr("Save as UTF-8"), self._save_as_utf8
        elif text.is_scene:  # its place is in its book
            action, run = self.tr("Save a copy…"), self.save_copy_dialog
        self._window.messages.show_message(words_of(error), "error", action, run, topic=topic)

    @property
    def _topic(self) -> str:
        """Of what is said about the file of the text on the page."""
        return f"{_SAVING} {self.document.text.key}"

    def _on_followed(self) -> None:
        words = self.tr("{name} was changed by another program; the page shows it as it is now.")
        self._window.messages.show_message(
            words.format(name=f"“{self.document.text.title}”"),
            action=self.tr("Undo"), on_action=self._window.page.undo, seconds=20, topic=self._topic,
        )  # fmt: skip

    def _on_conflicted(self, theirs: TextFile) -> None:
        words = self.tr("{name} was changed by another program while you were writing.")
        self._window.messages.show_message(
            words.format(name=f"“{self.document.text.title}”"), "error",
            self.tr("Compare…"), partial(self._compare, theirs), topic=self._topic,
        )  # fmt: skip

    def _compare(self, theirs: TextFile) -> None:
        """Let the writer choose between what is on the page and what is in the file."""
        text, mine = self.document.text, self.document.said()
        base = text.file.text if text.file else ""
        both = merged(base, mine, theirs.text)
        conflict = Conflict(text.title, mine, theirs.text, both)
        note = self.tr("The version that is not taken stays in the history.")
        dialog = ConflictDialog(conflict, note, self._window)
        dialog.exec()
        if dialog.choice() is Choice.LATER or self.document.text is not text:
            self._on_conflicted(theirs)
            return
        self._resolve(theirs, mine, both if dialog.choice() is Choice.BOTH else None)
        if dialog.choice() is Choice.THEIRS and not self.document.is_modified:
            self._window.page.put(theirs.text)
            self.document.keep()

    def _resolve(self, theirs: TextFile, mine: str, both: str | None) -> None:
        """Have both versions in the history, and then the writer's, or both in one, in the file."""
        self.overwriting.emit(self.tr("As another program left it"))
        self.document.adopt(theirs, mine)
        if self.document.save():
            self.overwriting.emit(self.tr("As it was on the page"))
        if both is not None:
            self._window.page.put(both)
            self.document.keep()

    def _on_unkept(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic=_KEEPING)

    def _on_kept_again(self) -> None:
        self._window.messages.drop(_KEEPING)

    def _on_troubled(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error")

    def _save_as_utf8(self) -> None:
        self.document.save(encoding="utf-8")

    def _name_filter(self) -> str:
        return self.tr("Text (*.txt *.md *.markdown);;All files (*)")
