"""What the keeper knows of one text, and of one small file, while it is open.

Values of the keeper's thread, except where a slot says that the saving thread has it.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.keeping.journal import Journal
from writer.manuscript.keeping.mirror import Mirror
from writer.manuscript.keeping.places import Places
from writer.manuscript.keeping.told import Pace, TextAbout
from writer.manuscript.text_file import TextFile, new_text_file


@dataclass(frozen=True, slots=True)
class Wish:
    """How a text is to be saved."""

    overwrite: bool = False
    encoding: str | None = None
    path: Path | None = None
    asked: bool = False
    """By the writer, who wants to hear of a failure."""


class SaveSlot:
    """The file of a text as the last save left it. Only the saving thread touches it."""

    def __init__(self, file: TextFile | None) -> None:
        self._file = file

    def save(self, places: Places, text: str, wish: Wish) -> TextFile:
        """Write a text where `wish` says, or where it was; it stays there if that fails.

        Raises:
            WriterError: as `TextFile.save`.
        """
        target = self._target(wish.path)
        if wish.encoding is not None:
            target = target.with_encoding(wish.encoding)
            if wish.path is None:
                self._file = target  # wanted from now on, even if this save fails
        places.check_file(target.path, was_there=target.on_disk is not None)
        self._file = target.save(text, overwrite=wish.overwrite)
        return self._file

    def _target(self, path: Path | None) -> TextFile:
        if self._file is None:
            assert path is not None, "an untitled text is saved only where the writer says"
            return new_text_file(path)
        if path is None or path == self._file.path:
            return self._file
        return replace(self._file, path=path, on_disk=None)


@dataclass(slots=True, eq=False)
class KeptText:
    """One text, from `open_text` until it is settled."""

    key: str
    about: TextAbout
    file: TextFile | None
    mirror: Mirror
    slot: SaveSlot
    edits: int = 0
    """Made so far."""
    saved: int = 0
    """How many of them the file holds."""
    revision: int = 0
    entry: tuple[Journal, int] | None = None
    """The journal that has the text, and its number there."""
    journaled: int = 0
    """Characters of edits in the journal since it has the whole."""
    size: int = 0
    """Characters of the text when the journal got the whole of it."""
    saving: int = 0
    """Saves on their way."""
    first_unsaved: float | None = None
    last_edit: float = 0.0
    retry_at: float | None = None
    obstacle: ErrorKind | None = None
    """What only the writer can remove; no save is tried before."""
    cause: str = ""
    """Of the failure that was told last."""
    is_closing: bool = False
    is_out_of_step: bool = False

    @property
    def is_saved(self) -> bool:
        """Whether the file holds every edit."""
        return self.saved >= self.edits

    @property
    def is_settled(self) -> bool:
        """Whether nothing would be lost without the journal."""
        return self.is_saved or (self.file is None and self.is_blank)

    @property
    def may_be_saved(self) -> bool:
        """Whether a save makes sense without the writer's doing anything."""
        if self.file is None or self.is_saved:
            return False
        return not self.is_out_of_step and self.obstacle is None

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but white space in it."""
        return not any(line and not line.isspace() for line in self.mirror.lines)

    def note_edit(self, revision: int, now: float) -> None:
        """Count an edit that the mirror has just got."""
        self.edits += 1
        self.revision = revision
        self.last_edit = now
        if self.first_unsaved is None:
            self.first_unsaved = now
        if self.obstacle is ErrorKind.UNENCODABLE:
            self.obstacle = None  # the edit may have removed the character

    def save_due(self, pace: Pace, hurried: bool) -> float | None:
        """Return when the text is to be saved unasked; None if not."""
        if self.saving or not self.may_be_saved:
            return None
        if self.retry_at is not None:
            return self.retry_at
        if self.is_closing or hurried or self.first_unsaved is None:
            return self.last_edit
        return min(self.last_edit + pace.save, self.first_unsaved + pace.longest)

    def note_saved(self, edits: int, begun: float, file: TextFile) -> None:
        """Count a save that worked, of the text as it was at `edits`, at the time `begun`."""
        self.saved = max(self.saved, edits)
        self.file = file
        self.cause, self.obstacle, self.retry_at = "", None, None
        self.first_unsaved = None if self.is_saved else begun

    def note_failure(self, error: WriterError, now: float, pace: Pace) -> bool:
        """Count a save that failed; return whether its cause is a new one."""
        lasting = error.kind in (ErrorKind.CHANGED_ON_DISK, ErrorKind.UNENCODABLE)
        self.obstacle = error.kind if lasting else None
        self.retry_at = None if lasting else now + pace.retry
        cause = error.kind.name if lasting else str(error)
        is_new, self.cause = cause != self.cause, cause
        return is_new


@dataclass(slots=True, eq=False)
class Paper:
    """One small file that is to be written."""

    path: Path
    newest: tuple[int, bytes] = (0, b"")
    """How often it was to be written, and what at last: one value, read by both threads."""
    tried: int = 0
    """The newest of them that was tried; the saving thread sets it."""
    written: int = 0
    """The newest of them that is on the disk."""
    digest: str = ""
    """Of the bytes written last, hexadecimal; empty if none were."""
    since: float = 0.0
    """When the oldest one that is not on the disk was asked for."""
    retry_at: float | None = None
    cause: str = ""
    journaled: int = 0
    """The newest of them that is in the journal."""
    on_its_way: int = 0

    @property
    def asked(self) -> int:
        """How often it was to be written."""
        return self.newest[0]

    @property
    def data(self) -> bytes:
        """What is to be written."""
        return self.newest[1]

    @property
    def is_written(self) -> bool:
        """Whether the disk has the newest bytes."""
        return self.written >= self.asked


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()
