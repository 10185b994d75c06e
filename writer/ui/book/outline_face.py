"""Face: what a row of the outline shows of an item, and how it is said and told in full."""

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QCoreApplication

from writer.manuscript.book.outline import ItemKind
from writer.ui.book.item_words import kind_words, status_words, words_words

_LONGEST_TIP = 600


@dataclass(frozen=True, slots=True)
class Face:
    """What a row shows of an item."""

    label: str
    kind: ItemKind | None
    """None: the archive."""
    is_named: bool = True
    """Whether `label` is its title, and not what stands in for one."""
    words: int | None = None
    most_words: int = 0
    """Of any scene: what the column of words has to have room for."""
    status: str = ""
    is_current: bool = False
    """Whether it is the scene on the page."""
    is_archived: bool = False


def said(face: Face) -> str:
    """Return what a screen reader says of a row."""
    on_page = QCoreApplication.translate("Outline", "on the page")
    parts = [face.label, kind_words(face.kind) if face.kind else ""]
    return ", ".join(filter(None, [*parts, *_facts(face), on_page if face.is_current else ""]))


def tip(face: Face, synopsis: str) -> str:
    """Return the whole title and the synopsis; as rich text, so that long ones are broken."""
    synopsis = synopsis.strip()
    if len(synopsis) > _LONGEST_TIP:
        synopsis = synopsis[:_LONGEST_TIP] + "…"
    lines = [face.label, synopsis, " · ".join(_facts(face))]
    shown = [escape(line).replace("\n", "<br>") for line in lines if line]
    return "".join(f"<p style='margin: 2px 0'>{line}</p>" for line in shown)


def _facts(face: Face) -> list[str]:
    facts = [status_words(face.status), "" if face.words is None else words_words(face.words)]
    return [fact for fact in facts if fact]
