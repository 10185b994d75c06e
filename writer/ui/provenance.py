"""Provenance: which words of a window's texts the machine proposed, kept and found again.

Each text's marks are kept in a small file beside it, never in it. It must not know how
continuations are made; what one depends on comes with it.
"""

import contextlib
import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QTextDocument

from writer.manuscript.provenance.marks_file import (
    StoredMarks,
    book_marks_path,
    placed_anew,
    read_marks,
    single_marks_path,
    text_digest,
    to_bytes,
)
from writer.manuscript.provenance.origin import Conditions, Origin, context_digest
from writer.suggestion.identity import Identity
from writer.ui.aside_marks import Rewriting
from writer.ui.filing import Filing
from writer.ui.main_window import MainWindow
from writer.ui.offer import Proposal
from writer.ui.open_marks import OpenMarks
from writer.ui.open_text import OpenText
from writer.ui.page_marks import PageMarks
from writer.ui.suggester import Suggester
from writer.ui.wording import words_of

_WRITE_MS = 1000
"""After the last change of a mark: what is typed is safe against a crash as soon."""
_NOBODY = Identity("", "", "", "")


@dataclass(frozen=True, slots=True)
class _Aside:
    """The marks of a text that is put aside, and the document that they are of."""

    known: OpenMarks
    document: QTextDocument


class Provenance(QObject):
    """Follows the document of one window."""

    def __init__(
        self, window: MainWindow, filing: Filing, suggester: Suggester, data_folder: Path
    ) -> None:
        """Keep the marks of single texts below `data_folder`, those of scenes in their book."""
        super().__init__(window)
        self._window = window
        self._document = filing.document
        self._data_folder = data_folder
        self.marks = PageMarks(window.page)
        """Of the text on the page."""
        self._is_known = True
        """Whether the marks of the text on the page have been taken up."""
        self._aside: dict[str, _Aside] = {}
        """By the texts' keys."""
        self._unwritten: dict[Path, tuple[StoredMarks, bytes]] = {}
        """Handed on, and not known to be on the disk."""
        self._handed_on: dict[Path, StoredMarks] = {}
        self._as_read = StoredMarks()
        """Of the text on the page, where that was read from its file."""
        self._rewriting: Rewriting | None = None
        self._writing = QTimer(self)
        self._writing.setSingleShot(True)
        self._writing.setInterval(_WRITE_MS)
        self._writing.timeout.connect(self.write)
        suggester.taken.connect(self._on_taken)
        window.page.loaded.connect(self._on_loaded)
        self.marks.changed.connect(self._writing.start)
        document = self._document
        document.shown.connect(self._on_shown)
        document.leaving.connect(self._on_leaving)
        document.saved.connect(self.write)
        document.rewriting.connect(self._on_rewriting)
        document.rewritten.connect(self._on_rewritten)
        document.keeping.written.connect(self._on_written)
        filing.begun.connect(self._on_begun)

    # What the window and the book ask

    def write(self) -> None:
        """Have the marks of the text on the page written, if they are not."""
        self._writing.stop()
        text = self._document.text
        if self._is_known and self._path_of(text) is not None and not text.is_read_only:
            self._write(text, StoredMarks() if self.marks.is_empty else self.marks.stored())

    def stored_of(self, text: OpenText) -> StoredMarks:
        """Return the marks of a text as they are now, in hand or not."""
        if text.key == self._document.text.key:
            return self.marks.stored()
        aside = self._aside.get(text.key)
        if aside is not None and text.held is not None:
            return aside.known.stored(aside.document, text.held.text.read())
        return self._read(text)

    def bring(self, text: OpenText, said: str, stored: StoredMarks) -> None:
        """Mark in a text, which says `said` since its last step, what `stored` says of that."""
        if text.key == self._document.text.key:
            self.marks.bring(stored)
            self.write()
            return
        aside = self._aside.get(text.key)
        if aside is not None and text.held is not None:
            aside.known.bring(stored, aside.document, said)
            self._write(text, aside.known.stored(aside.document, said))
        else:
            self._write(text, placed_anew(stored, said))

    def forget(self, text: OpenText) -> None:
        """Let the marks go of a text of which nothing is needed any more."""
        path = self._path_of(text)
        if path is not None and not text.is_read_only:
            self._aside.pop(text.key, None)
            self._unwritten.pop(path, None)
            self._handed_on.pop(path, None)
            self._document.keeping.run(partial(path.unlink, missing_ok=True))

    # What is taken

    def _on_taken(self, position: int, text: str, proposal: Proposal | None) -> None:
        if proposal is not None:
            origin = origin_of(proposal, datetime.now(UTC))
            self.marks.take(position, text, origin, proposal.skipped)

    # What the document does

    def _on_loaded(self) -> None:
        self._is_known = False

    def _on_shown(self) -> None:
        document, text = self._document, self._document.text
        self._is_known = True
        self._writing.stop()
        self._aside = {key: each for key, each in self._aside.items() if document.find(key)}
        aside = self._aside.pop(text.key, None)
        if aside is not None and aside.document is self._window.page.document():
            self._as_read = StoredMarks()
            self.marks.resume(aside.known)
            return
        self._as_read = self._read(text)
        if not self._as_read.is_empty:
            self.marks.load(self._as_read)

    def _on_leaving(self) -> None:
        self.write()
        text = self._document.text
        if text.is_scene:
            self._aside[text.key] = _Aside(self.marks.suspend(), self._window.page.document())

    def _on_rewriting(self, text: OpenText) -> None:
        aside = self._aside.get(text.key)
        if aside is not None and text.held is not None:
            self._rewriting = Rewriting(aside.known, text.held.text)

    def _on_rewritten(self, text: OpenText, said: str) -> None:
        rewriting, self._rewriting = self._rewriting, None
        if rewriting is not None:
            self._write(text, rewriting.end())
        elif not (stored := self._read(text)).is_empty:
            self._write(text, placed_anew(stored, said))

    def _on_begun(self) -> None:
        """Mark what has come back after a crash; the marks were written before the text was."""
        stored = self._as_read
        if stored.is_empty or not stored.digest:
            return
        if text_digest(self._window.page.read()) == stored.digest:
            self.marks.bring(stored)
            self.write()

    # Files

    def _path_of(self, text: OpenText) -> Path | None:
        if text.about.book is not None:
            return book_marks_path(text.about.book, text.about.item)
        return single_marks_path(self._data_folder, text.file.path) if text.file else None

    def _read(self, text: OpenText) -> StoredMarks:
        path = self._path_of(text)
        if path is None:
            return StoredMarks()
        if path in self._unwritten:
            return self._unwritten[path][0]
        stored, notice = read_marks(path, text.title, read_only=text.is_read_only)
        if notice is not None:
            self._window.messages.show_message(words_of(notice), seconds=20)
        return stored

    def _write(self, text: OpenText, stored: StoredMarks) -> None:
        path = self._path_of(text)
        if path is None or text.is_read_only or self._handed_on.get(path) == stored:
            return
        if stored.is_empty and path not in self._handed_on and not path.exists():
            return
        if not text.is_scene:  # a book's own folders are made by whoever writes into them
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
        data = to_bytes(stored)
        self._handed_on[path], self._unwritten[path] = stored, (stored, data)
        self._document.keeping.write(path, data)

    def _on_written(self, path: Path) -> None:
        """Take note that a file is on the disk, if it is not an older one that was told late."""
        if path in self._unwritten:
            with contextlib.suppress(OSError):
                if path.read_bytes() == self._unwritten[path][1]:
                    del self._unwritten[path]


def origin_of(proposal: Proposal, now: datetime) -> Origin:
    """Return where what is taken of a proposal now comes from.

    All that is taken of one continuation has one id, whether word by word or at once.
    """
    request, candidate = proposal.request, proposal.candidate
    identity = proposal.identity or _NOBODY
    conditions = Conditions(
        identity.model,
        identity.fingerprint,
        identity.precision,
        identity.machine,
        context_digest(request.before, request.after),
        asdict(request.sampling),
    )
    key = repr((conditions, request.seed, candidate.number))
    return Origin.under(
        hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:32],
        conditions,
        request.seed,
        candidate.number,
        candidate.text,
        skipped=proposal.skipped,
        taken=now,
        before=len(request.before),
        after=len(request.after),
    )
