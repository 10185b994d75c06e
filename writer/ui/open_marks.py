"""The marks of a text that is open on the page, on their way from and to what is stored of them.

On the page they count as Qt does; stored, in code points of the exact text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtGui import QTextDocument

from writer.manuscript.provenance.marked_text import MarkedText
from writer.manuscript.provenance.marks import Mark, Marks
from writer.manuscript.provenance.marks_file import StoredMarks, placed, said_by, text_digest
from writer.manuscript.provenance.origin import Origin
from writer.ui import utf16
from writer.ui.page_places import PagePlaces


@dataclass(eq=False, slots=True)
class OpenMarks:
    """All that is known of one open text; two are never equal."""

    marked: MarkedText = field(default_factory=MarkedText)
    origins: dict[str, Origin] = field(default_factory=dict)
    other: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: StoredMarks, document: QTextDocument, text: str) -> "OpenMarks":
        """Return what was stored, placed in `text`, which the document shows."""
        places = PagePlaces(document, 0, document.characterCount() - 1, text)
        marks = Marks()
        for mark in placed(stored, text):
            into = units_of(mark.origin, mark.into)
            for start, end, before in places.spans(mark.start, mark.end):
                marks.add(start, end, mark.origin, into + before)
        return cls(MarkedText(marks, stored.taken), dict(stored.origins), stored.other)

    def learn(self, origin: Origin) -> Origin:
        """Return an origin as it is known, and know it from now on.

        A continuation may be taken word by word while it still grows: the longest counts.
        """
        known = self.origins.get(origin.id)
        if known is not None and known.text.startswith(origin.text):
            return known
        if known is not None:
            if not origin.text.startswith(known.text):  # it is another one
                return self.learn(replace(origin, id=f"{origin.id}-{text_digest(origin.text)}"))
            origin = replace(origin, skipped=known.skipped, taken=known.taken)
        self.origins[origin.id] = origin
        return origin

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever taken."""
        return not (len(self.marked.marks) or self.marked.taken or self.other)

    def bring(self, stored: StoredMarks, document: QTextDocument, text: str) -> None:
        """Mark what of `stored` stands in `text` and is not marked yet, and count as that does.

        It goes with the last edit: whoever undoes that takes it back.
        """
        places = PagePlaces(document, 0, document.characterCount() - 1, text)
        for mark in placed(stored, text):
            origin = self.learn(mark.origin)
            into = units_of(origin, mark.into)
            for start, end, before in places.spans(mark.start, mark.end):
                self.marked.fill(Mark(start, end, origin, into + before))
        known = self.marked.taken
        for origin in stored.origins.values():
            self.learn(origin)
        for id in {**stored.taken, **known}:
            if more := stored.taken.get(id, 0) - known.get(id, 0):
                self.marked.count(id, more)

    def stored(self, document: QTextDocument, text: str) -> StoredMarks:
        """Return what to store beside `text`, which the document shows."""
        places = PagePlaces(document, 0, document.characterCount() - 1, text)
        found: list[Mark] = []
        for mark in self.marked.marks:
            origin = self.origins.get(mark.origin.id, mark.origin)
            into = code_points_of(origin, mark.into)
            start, end = places.place(mark.start), places.place(mark.end)
            new = Mark(start, end, origin, into)
            if start >= end or text[start:end] != said_by(new):
                continue  # what does not say what it should is no mark
            if found and found[-1].goes_on_with(new):
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(new)
        taken = self.marked.taken
        origins = {mark.origin.id: mark.origin for mark in found}
        origins |= {id: self.origins[id] for id in taken if id in self.origins}
        taken = {id: words for id, words in taken.items() if id in origins}
        return StoredMarks(tuple(found), text_digest(text), len(text), taken, origins, self.other)


def units_of(origin: Origin, place: int) -> int:
    """Return how many UTF-16 units come before a code point of the origin's text."""
    return utf16.units(origin.text[:place])


def code_points_of(origin: Origin, unit: int) -> int:
    """Return which code point of the origin's text begins at a UTF-16 unit."""
    return len(utf16.cut(origin.text, 0, unit)) if not origin.text.isascii() else unit


def text_of(mark: Mark) -> str:
    """Return the text of a mark that counts UTF-16 units."""
    text, end = mark.origin.text, mark.into + mark.length
    return text[mark.into : end] if text.isascii() else utf16.cut(text, mark.into, end)
