"""Gathering: the texts of a report with their marks, read from the disk or as they are in hand."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.outline import Outline
from writer.manuscript.notice import Notice
from writer.manuscript.provenance.marks_file import StoredMarks, book_marks_path, read_marks
from writer.manuscript.provenance.report import ENGLISH, Headings, Report, make_report
from writer.manuscript.text_file import read_text_file


@dataclass(frozen=True, slots=True)
class Source:
    """One text and where it is."""

    name: str
    text: Path
    marks: Path


def book_sources(folder: Path, outline: Outline, untitled: str = "Untitled scene") -> list[Source]:
    """Return the living scenes of the book in `folder`, in the order they are read."""
    return [
        Source(item.title or untitled, folder / item.file, book_marks_path(folder, item.id))
        for item in outline.scenes()
    ]


class Gathering:
    """Reads what a report is made of; it may be done on any thread, and writes nothing."""

    def __init__(
        self,
        sources: Iterable[Source],
        in_hand: Mapping[Path, tuple[str, StoredMarks]] | None = None,
    ) -> None:
        """Take texts from their files, or what they say now where they are `in_hand`, by path."""
        self._sources = tuple(sources)
        self._in_hand = dict(in_hand or {})
        self.failures: list[WriterError | Notice] = []
        """What could not be read."""

    def report(
        self,
        headings: Headings = ENGLISH,
        on_progress: Callable[[float], object] = lambda share: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Report | None:
        """Return the report; None once it is cancelled."""
        texts = []
        for number, source in enumerate(self._sources):
            if is_cancelled():
                return None
            texts.append((source.name, *self._read(source)))
            on_progress(number / len(self._sources))
        return make_report(texts, headings)

    def _read(self, source: Source) -> tuple[str, StoredMarks]:
        if source.text in self._in_hand:
            return self._in_hand[source.text]
        try:
            text = read_text_file(source.text).text
        except WriterError as error:
            if error.kind is not ErrorKind.FILE_MISSING:  # an empty scene may have none
                self.failures.append(error)
            text = ""
        stored, notice = read_marks(source.marks, source.name, read_only=True)
        if notice is not None:
            self.failures.append(notice)
        return text, stored
