"""The document: which text the page shows, and its way to and from the disk.

A named file is saved into itself some seconds after the last key; an untitled text goes into a
recovery copy. Whatever cannot be written stays on the page, in a recovery copy, and is said.
"""

import contextlib
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from writer.errors import WriterError
from writer.manuscript.recent import RecentFiles
from writer.manuscript.recovery import RecoveredText, Recovery
from writer.manuscript.text_file import (
    TextFile,
    changed_on_disk,
    new_text_file,
    read_text_file,
)
from writer.ui import utf16
from writer.ui.editor import Page

AUTOSAVE_MS = 5_000
"""After the last key."""
_LONGEST_UNSAVED_MS = 60_000
"""However long somebody types without a rest."""


class Document(QObject):
    """The one text of a window."""

    named = Signal(str, bool)
    """The name to show, empty for an untitled text, and whether it has unsaved changes."""
    shown = Signal()
    """Another text is on the page."""
    noticed = Signal(object)
    """A `Notice` about a file that opened."""
    refused = Signal(object)
    """A `WriterError`: something could not be opened."""
    unsaved = Signal(object)
    """A `WriterError`: the text could not be saved; it is still on the page."""
    saved = Signal()
    copied = Signal()
    """A recovery copy holds what the page says."""

    def __init__(self, page: Page, recovery: Recovery, recent: RecentFiles) -> None:
        super().__init__(page)
        self._page = page
        self._recovery = recovery
        self._recent = recent
        self._file: TextFile | None = None
        self._copy = Recovery.new_id()
        self._copied = False
        self._forsaken = False
        self._unsaved_for = QElapsedTimer()
        self.autosave_timer = QTimer(self)
        self.autosave_timer.setSingleShot(True)
        self.autosave_timer.setInterval(AUTOSAVE_MS)
        self.autosave_timer.timeout.connect(self.keep)
        page.edited.connect(self._on_edited)
        page.modification_changed.connect(self._announce)

    @property
    def path(self) -> Path | None:
        """Where the text is stored; None of an untitled one."""
        return self._file.path if self._file else None

    @property
    def is_safe(self) -> bool:
        """Whether closing the text loses nothing."""
        return not self._page.document().isModified() or self._is_blank()

    def last_path(self) -> Path | None:
        """Return the file worked on last, if it is there."""
        entries = self._recent.entries()
        return entries[0].path if entries and entries[0].exists else None

    def copies(self) -> list[RecoveredText]:
        """Return the texts that earlier sessions could not save."""
        return self._recovery.pending()

    # Opening

    def new(self) -> None:
        """Show an untitled, empty text."""
        self._leave()
        self._show(None, "", 0)

    def can_open(self, path: Path) -> bool:
        """Return whether `open` would succeed now; say why if it would not."""
        return self._read(path) is not None

    def open(self, path: Path) -> bool:
        """Show the text of a file; return whether it opened. The page is as it was if not."""
        file = self._read(path)
        if file is None:
            return False
        self._leave()
        self._show(file, file.text, self._recent.cursor(file.path))
        self._remember(file.path)
        if file.notice is not None:
            self.noticed.emit(file.notice)
        return True

    def reload(self) -> None:
        """Show the file as another program has left it, if nothing of the page would be lost."""
        file = self._file
        modified = self._page.document().isModified()
        if file is not None and not modified and file.path.exists() and changed_on_disk(file):
            self.open(file.path)

    def restore(self, copy: RecoveredText) -> None:
        """Show a recovered text, unsaved as it was.

        It belongs to its file again, unless that is gone or was written after the copy was kept.
        """
        self._leave()
        self._show(self._file_of(copy), copy.text, len(copy.text))
        self._copy, self._copied = copy.id, True
        self._page.document().setModified(True)

    def _read(self, path: Path) -> TextFile | None:
        try:
            return read_text_file(path.absolute())
        except WriterError as error:
            self.refused.emit(error)
            return None

    def _file_of(self, copy: RecoveredText) -> TextFile | None:
        path = Path(copy.name)
        with contextlib.suppress(OSError, WriterError):
            if path.is_absolute() and path.stat().st_mtime <= copy.when.timestamp():
                return read_text_file(path)
        return None

    def _show(self, file: TextFile | None, text: str, cursor: int) -> None:
        self.autosave_timer.stop()
        self._file = file
        self._copy, self._copied, self._forsaken = Recovery.new_id(), False, False
        self._page.load(text)
        place = self._page.textCursor()
        place.setPosition(min(utf16.units(text[:cursor]), utf16.units(text)))
        self._page.setTextCursor(place)
        self._announce()
        self.shown.emit()

    def _leave(self) -> None:
        """Keep what has to be kept of the text on the page before another takes its place."""
        self.autosave_timer.stop()
        if self._forsaken or self.is_safe:
            self._drop_copy()
        if self._file is not None:
            caret = len(self._page.text_before(self._page.caret(), self._page.caret()))
            # Not to remember the place is no loss worth a message.
            with contextlib.suppress(WriterError):
                self._recent.set_cursor(self._file.path, caret)

    # Saving

    def keep(self) -> None:
        """Save a named text into its file, an untitled one into its recovery copy."""
        self.autosave_timer.stop()
        if not self._page.document().isModified():
            return
        if self._file is not None:
            self.save()
        elif not self._is_blank():
            self._copy_text("")
        else:
            self._drop_copy()

    def save(self, encoding: str | None = None) -> bool:
        """Save into the named file, in UTF-8 if asked; return whether it is safe on disk."""
        if self._file is None:
            return False
        text = self._page.read()
        try:
            self._file = self._file.save(text, encoding=encoding)
        except WriterError as error:
            self._copy_text(str(self._file.path))
            self.unsaved.emit(error)
            return False
        self._on_saved()
        return True

    def save_as(self, path: Path) -> bool:
        """Save into another file, in the same encoding; it is the text's from then on."""
        path = path.absolute()
        text = self._page.read()
        # What is there was asked about by the dialog that chose it.
        target = replace(self._file, path=path) if self._file else new_text_file(path)
        try:
            self._file = target.save(text, overwrite=True)
        except WriterError as error:
            self._copy_text(str(path))
            self.unsaved.emit(error)
            return False
        self._remember(path)
        self._on_saved()
        return True

    def forsake(self) -> None:
        """Let the text on the page go, and its copy with it, once another takes its place."""
        self._forsaken = True

    def close(self) -> None:
        """Remember the place; the copies of what is not saved wait for the next start."""
        self._leave()
        self._recovery.close()

    def _on_saved(self) -> None:
        self._drop_copy()
        self._page.document().setModified(False)
        self._announce()
        self.saved.emit()

    def _copy_text(self, name: str) -> None:
        try:
            self._recovery.keep(self._copy, self._page.read(), name)
        except WriterError as error:
            self.unsaved.emit(error)
        else:
            self._copied = True
            self.copied.emit()

    def _drop_copy(self) -> None:
        if self._copied:
            self._copied = False
            with contextlib.suppress(WriterError):  # it would only be offered once more
                self._recovery.discard(self._copy)

    # Small things

    def _on_edited(self) -> None:
        if not self.autosave_timer.isActive():
            self._unsaved_for.start()
        if not self.autosave_timer.isActive() or self._unsaved_for.elapsed() < _LONGEST_UNSAVED_MS:
            self.autosave_timer.start()
        if self._page.document().isModified():
            self._announce()

    def _announce(self) -> None:
        name = self._file.path.name if self._file else ""
        self.named.emit(name, self._page.document().isModified())

    def _remember(self, path: Path) -> None:
        with contextlib.suppress(WriterError):
            self._recent.add(path)

    def _is_blank(self) -> bool:
        return self._file is None and self._page.document().isEmpty()
