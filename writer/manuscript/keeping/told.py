"""What the keeper and a window say to each other: plain values, safe to hand across threads."""

from dataclasses import dataclass
from pathlib import Path

from writer.errors import WriterError
from writer.manuscript.text_file import TextFile


@dataclass(frozen=True, slots=True)
class TextAbout:
    """What a recovery dialog needs to name a text, beside the path of its file."""

    name: str = ""
    """As the window calls it: a file's name, a scene's title, empty if untitled."""
    book: Path | None = None
    """The folder of its book; None of a single text."""
    book_id: str = ""
    item: str = ""
    """The id of its scene in the book."""
    title: str = ""
    """The title of the book."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The keeper's intervals, in seconds."""

    sync: float = 0.2
    """From an edit to the fsync of its record, which was written at once."""
    save: float = 5.0
    """From the last edit to the save."""
    longest: float = 60.0
    """From the first unsaved edit to the save, however long somebody types without a rest."""
    retry: float = 5.0
    """Between two attempts to save what could not be saved."""
    journal_retry: float = 1.0
    """Between two attempts to journal again."""
    paper: float = 0.5
    """How long a small file may take to reach the disk before it goes into the journal too."""


@dataclass(frozen=True, slots=True)
class Journaled:
    """Every edit of a text up to `revision` would survive a power cut."""

    key: str
    revision: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A text's file holds it as it was at `revision`; `file` is what is there now."""

    key: str
    revision: int
    file: TextFile


@dataclass(frozen=True, slots=True)
class NotSaved:
    """A text could not be saved; it stays in the journal, and is tried again where that helps."""

    key: str
    error: WriterError
    first: bool
    """Whether to say so: a cause that was not told yet, or a save that was asked for."""


@dataclass(frozen=True, slots=True)
class NotJournaled:
    """Edits do not reach the journal; said once. Texts are saved into their files at once."""

    error: WriterError


@dataclass(frozen=True, slots=True)
class JournaledAgain:
    """The journal works again and holds everything that is not saved."""


@dataclass(frozen=True, slots=True)
class Written:
    """A small file holds the newest bytes."""

    path: Path


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A small file could not be written; it goes into the journal and is tried again."""

    path: Path
    error: WriterError
    first: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed text is settled: saved, let go, or (untitled) left in the journal.

    One that could not be saved is not Closed until it could.
    """

    key: str


@dataclass(frozen=True, slots=True)
class OutOfStep:
    """An edit did not fit the text; nothing is saved until `Keeper.replace` sends the whole."""

    key: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something unforeseen, INTERNAL; the keeper goes on."""

    error: WriterError


Told = (
    Journaled
    | Saved
    | NotSaved
    | NotJournaled
    | JournaledAgain
    | Written
    | NotWritten
    | Closed
    | OutOfStep
    | Trouble
)
