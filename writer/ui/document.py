"""The document: which text the page shows, and its way to and from the disk.

Everything typed goes to the keeper, a few times a second, which keeps it against a crash and saves
it into its file. Texts of a book are put aside with their undo history when another is shown.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from writer.errors import WriterError
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import Saved
from writer.manuscript.recent import RecentFiles
from writer.manuscript.text_file import TextFile, read_text_file
from writer.ui.editor import Page
from writer.ui.keeping import Keeping
from writer.ui.letting_go import LettingGo
from writer.ui.open_text import Aside, OpenText, named, untitled
from writer.ui.recorder import Recorder


class Document(QObject):
    """The one text of a window that is on its page."""

    named = Signal(str, bool)
    """The name to show, empty for an untitled text, and whether it has unsaved changes."""
    shown = Signal()
    """Another text is on the page."""
    noticed = Signal(object)
    """A `Notice` about a file that opened."""
    refused = Signal(object)
    """A `WriterError`: something could not be opened."""
    unsaved = Signal(str, object)
    """The key of a text that could not be saved, and the `WriterError`; it is still here."""
    saved = Signal()
    """The text on the page is in its file."""
    stored = Signal(str, object)
    """The key of any text that has been saved, and its `TextFile`."""
    copied = Signal()
    """The text on the page is safe against a crash, though it is in no file."""
    leaving = Signal()
    """Another text takes the place of the one on the page. Connected directly."""
    rewriting = Signal(object, str)
    """An `OpenText` that is not on the page is about to say this. Connected directly."""
    rewritten = Signal(object, str)
    """It does."""
    closing = Signal()
    """The window goes: what belongs to a book is to be handed on. Connected directly."""

    def __init__(self, page: Page, keeping: Keeping, recent: RecentFiles) -> None:
        super().__init__(page)
        self._page = page
        self.keeping = keeping
        self._recent = recent
        self._aside = Aside()
        self._forsaken = False
        self._is_troubled = False
        self.recorder = Recorder(page)
        self.recorder.recorded.connect(self._on_recorded)
        self._letting_go = LettingGo(keeping, self)
        self.text = untitled()
        keeping.open_text(self.text.key, self.text.about, "", None)
        self.recorder.follow()
        keeping.saved.connect(self._on_saved)
        keeping.journaled.connect(self._on_journaled)
        keeping.unsaved.connect(self._on_unsaved)
        keeping.out_of_step.connect(self._on_out_of_step)
        page.edited.connect(self._on_edited)
        page.modification_changed.connect(self._announce)

    @property
    def path(self) -> Path | None:
        """Where the text is stored; None of an untitled one."""
        return self.text.file.path if self.text.file else None

    @property
    def is_modified(self) -> bool:
        """Whether the page says what its file does not."""
        return self._page.document().isModified()

    @property
    def is_safe(self) -> bool:
        """Whether closing the text loses nothing."""
        return not self.is_modified or self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether there is no text on the page, and no file for one."""
        return self.text.file is None and self._page.document().isEmpty()

    def last_path(self) -> Path | None:
        """Return the file worked on last, if it is there."""
        entries = self._recent.entries()
        return entries[0].path if entries and entries[0].exists else None

    # Opening

    def new(self) -> None:
        """Show an untitled, empty text."""
        self._leave()
        self._show(untitled(), "", 0)

    def can_open(self, path: Path) -> bool:
        """Return whether `open` would succeed now; say why if it would not."""
        return self._read(path) is not None

    def open(self, path: Path) -> bool:
        """Show the text of a file; return whether it opened. The page is as it was if not."""
        file = self._read(path)
        if file is None:
            return False
        self._leave()
        self._show(named(file), file.text, self._recent.cursor(file.path))
        self._remember(file.path)
        if file.notice is not None:
            self.noticed.emit(file.notice)
        return True

    def show_scene(self, text: OpenText, caret: int = 0) -> None:
        """Show a scene of a book, as it was left if it has been on the page before.

        One that is not known yet is as read from its file, with the caret at code point `caret`.
        """
        if text.key == self.text.key:
            return
        self._leave()
        known = self._aside.take(text.key)
        if known is None or known.held is None:
            unsaved = self._letting_go.take_back(text.key)
            said = text.file.text if text.file else ""
            self._show(text, said if unsaved is None else unsaved, caret)
            self._page.document().setModified(unsaved is not None)
        else:
            self.text = known
            held, known.held = known.held, None
            self._page.bring_back(held)
            self._page.setReadOnly(known.is_read_only)
            self.recorder.follow()
            self._announce()
            self.shown.emit()

    def open_texts(self) -> Iterator[OpenText]:
        """Yield every text in the keeper's hands, the one on the page first."""
        yield self.text
        yield from self._aside

    def find(self, key: str) -> OpenText | None:
        """Return the text of `key` if it is in the keeper's hands."""
        return self.text if key == self.text.key else self._aside.find(key)

    def let_go(self, key: str) -> None:
        """Save and forget one text that is put aside."""
        text = self._aside.take(key)
        if text is not None:
            self._letting_go.let_go(text)

    def said(self) -> str:
        """Return what the page says."""
        return self._page.read()

    def go_to(self, place: int) -> None:
        """Put the caret at code point `place` of the text."""
        self._page.go_to(place)

    def rename(self, text: OpenText, title: str) -> None:
        """Let a text in hand be called `title`."""
        text.title = title
        text.about = replace(text.about, name=title)
        if not text.is_read_only:
            self.keeping.describe(text.key, text.about)
        if text is self.text:
            self._announce()

    def let_go_of_scenes(self) -> None:
        """Save and forget all scenes that are put aside: their book is closed."""
        for text in self._aside.clear():
            self._letting_go.let_go(text)

    def _read(self, path: Path) -> TextFile | None:
        try:
            return read_text_file(path.absolute())
        except WriterError as error:
            self.refused.emit(error)
            return None

    def _show(self, text: OpenText, said: str, caret: int) -> None:
        self.text, self._forsaken, self._is_troubled = text, False, False
        self._page.load(said)
        self._page.setReadOnly(text.is_read_only)
        self.recorder.follow()
        self._hand_over(said)
        self._page.go_to(caret, said)
        self._announce()
        self.shown.emit()

    def _hand_over(self, said: str) -> None:
        """Let the keeper have the text on the page, which says `said`."""
        text = self.text
        text.base = text.revision = self.recorder.revision
        if not text.is_read_only:
            self.keeping.open_text(text.key, text.about, said, text.file)

    def caret(self) -> int:
        """Return where the caret is, in code points of the text."""
        return len(self._page.text_before(self._page.caret(), self._page.caret()))

    def caret_in(self, key: str) -> int | None:
        """Return where the caret is in a text in hand, in code points; None of another."""
        text = self.find(key)
        return self.caret() if text is self.text else text.left_at if text else None

    def _leave(self) -> None:
        """Keep what has to be kept of the text on the page before another takes its place."""
        self.recorder.hand_on()
        self.leaving.emit()
        text = self.text
        if text.is_scene:
            self._put_aside(text)
            return
        if text.file is not None:
            with suppress(WriterError):
                self._recent.set_cursor(text.file.path, self.caret())
        self.keeping.close_text(text.key, discard=self._forsaken or self.is_empty)

    def _put_aside(self, text: OpenText) -> None:
        if self.is_modified:
            self.keeping.save(text.key)
        text.held = self._page.put_aside()
        for oldest in self._aside.put(text):
            self._letting_go.let_go(oldest)

    def unsettled(self, key: str) -> str | None:
        """Return what a text that was let go says, where its file cannot be made to say it."""
        return self._letting_go.unsettled(key)

    # Saving

    def keep(self) -> None:
        """Hand on what was typed, and have it saved soon."""
        self.recorder.hand_on()
        if self.is_modified and not self.text.is_read_only:
            self.keeping.save(self.text.key)

    def save(self, encoding: str | None = None) -> bool:
        """Save into the named file, in UTF-8 if asked; return whether it is safe on disk."""
        if self.text.file is None or self.text.is_read_only:
            return False
        self.recorder.hand_on()
        return self._became(self.keeping.save_now(self.text.key, encoding=encoding))

    def save_all(self) -> list[str]:
        """Save every text in hand; return the titles of those that could not be."""
        self.recorder.hand_on()
        failed = []
        for text in self.open_texts():
            is_unsaved = self.is_modified if text is self.text else text.unsaved is not None
            if text.file is None or text.is_read_only or not is_unsaved:
                continue
            told = self.keeping.save_now(text.key)
            if isinstance(told, WriterError):
                failed.append(text.title)
            else:
                self._on_saved(told.key, told.revision, told.file)
        return failed

    def save_as(self, path: Path) -> bool:
        """Save into another file, in the same encoding; it is the text's from then on."""
        path = path.absolute()
        self.recorder.hand_on()
        # What is there was asked about by the dialog that chose it.
        told = self.keeping.save_now(self.text.key, overwrite=True, path=path)
        if isinstance(told, Saved):
            self.text.file, self.text.title = told.file, path.name
            self._remember(path)
        return self._became(told)

    def forsake(self) -> None:
        """Let the text on the page go once another takes its place."""
        self._forsaken = True

    def close(self) -> bool:
        """Save all, and end the keeping; return whether all is on the disk."""
        self.closing.emit()
        self._leave()
        self.let_go_of_scenes()
        return self.keeping.close()

    def _became(self, told: Saved | WriterError) -> bool:
        if isinstance(told, WriterError):
            self._on_unsaved(self.text.key, told)
            return False
        self._on_saved(told.key, told.revision, told.file)
        return True

    # What other programs and parts do

    def adopt(self, file: TextFile, text: str) -> None:
        """Go on from `file` as it is on the disk now, with `text` on the page, as one edit."""
        self._page.put(text)
        self.recorder.hand_on()
        self.text.file = file
        if not self.text.is_read_only:
            self.keeping.close_text(self.text.key, discard=True)
        self._hand_over(text)
        self._page.document().setModified(text != file.text)
        self._announce()

    def follow(self, text: OpenText, file: TextFile) -> None:
        """Let a text that is put aside, with nothing unsaved, say what its file says now."""
        if text.held is None:
            return
        text.held.put(file.text)
        text.held.text.document.setModified(False)
        text.file = file
        if not text.is_read_only:
            self.keeping.close_text(text.key, discard=True)
            self.keeping.open_text(text.key, text.about, file.text, file)
            text.base = text.revision

    def set_text(self, text: OpenText, said: str) -> None:
        """Let a text say `said`, as one undo step where it has any, and have it saved.

        Args:
            text: As read from its file, where it is not in the keeper's hands yet.
            said: All of it.
        """
        if text.key == self.text.key:
            self._page.put(said)
            self.keep()
            return
        self.rewriting.emit(text, said)
        known = self._aside.find(text.key)
        if known is None:
            self._letting_go.take_back(text.key)
            self.keeping.open_text(text.key, text.about, said, text.file)
            self._letting_go.let_go(text, said)
        elif known.held is not None:
            known.held.put(said)
            self.recorder.revision += 1
            known.revision = self.recorder.revision
            self.keeping.replace(known.key, said, known.revision)
            self.keeping.save(known.key)
        self.rewritten.emit(text, said)

    # What the page and the keeper say

    def _on_recorded(self, edit: LineEdit, revision: int) -> None:
        self.text.revision = revision
        if not self.text.is_read_only:
            self.keeping.edit(self.text.key, edit, revision)

    def _on_saved(self, key: str, revision: int, file: TextFile) -> None:
        text = self.find(key)
        if text is None or text.file is None:
            return
        text.file = file
        self.stored.emit(key, file)
        revision = max(revision, text.base)
        if text is not self.text:
            if text.held is not None and revision >= text.revision:
                text.held.text.document.setModified(False)
            return
        self._is_troubled = False
        if revision >= text.revision and not self.recorder.has_more:
            self._page.document().setModified(False)
            self._announce()
            self.saved.emit()

    def _on_journaled(self, key: str, _revision: int) -> None:
        is_copy = self.text.file is None or self._is_troubled
        if key == self.text.key and is_copy and self.is_modified:
            self.copied.emit()

    def _on_unsaved(self, key: str, error: WriterError) -> None:
        if key == self.text.key:
            self._is_troubled = True
            self.copied.emit()
        self.unsaved.emit(key, error)

    def _on_out_of_step(self, key: str) -> None:
        text = self.find(key)
        if text is self.text:
            self.recorder.hand_on()
            self.keeping.replace(key, self._page.read(), self.recorder.revision)
        elif text is not None and text.held is not None:
            self.keeping.replace(key, text.held.text.read(), text.revision)

    def _on_edited(self) -> None:
        self._announce()

    def _announce(self) -> None:
        self.named.emit(self.text.title, self.is_modified)

    def _remember(self, path: Path) -> None:
        with suppress(WriterError):
            self._recent.add(path)
