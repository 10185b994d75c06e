"""What a writer chooses when a book is exported. Values only."""

from dataclasses import dataclass
from enum import Enum


class Format(Enum):
    """What can be written; the value is the file name's ending."""

    DOCX = "docx"
    EPUB = "epub"
    ODT = "odt"
    HTML = "html"
    MARKDOWN = "md"
    TEXT = "txt"


class ExportStyle(Enum):
    """How pages look."""

    READING = "reading"
    MANUSCRIPT = "manuscript"
    """As publishers ask for it (Shunn's format); of DOCX and of what is printed."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written besides the text, and how."""

    style: ExportStyle = ExportStyle.READING
    include_synopses: bool = False
    include_scene_titles: bool = False
    identifier: str = ""
    """The book's id: the same one makes the same EPUB identifier whatever the title becomes."""
    contact: tuple[str, ...] = ()
    """Lines below the author's name on a manuscript's title page: address, telephone, mail."""
    surname: str = ""
    """For a manuscript's header; empty: the last word of the author's name."""
