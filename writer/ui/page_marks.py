"""Keeps the marks of what was suggested in step with the page, through every edit.

What the writer edits becomes the writer's, whole words at a time; what comes back by undo, redo or
the clipboard is known again. It must not know where suggestions come from.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QGuiApplication

from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.marks_file import StoredMarks
from writer.manuscript.provenance.origin import Origin
from writer.manuscript.provenance.placing import Placed, Stretch, find_again
from writer.manuscript.provenance.remembered import SHORTEST, Lost, Remembered
from writer.manuscript.provenance.whole_words import AROUND, count_whole, word_across
from writer.ui import utf16
from writer.ui.editor import Page
from writer.ui.marks_tint import MarksTint
from writer.ui.open_marks import OpenMarks, text_of, units_of
from writer.ui.page_places import PagePlaces
from writer.ui.page_steps import PageEdit, PageSteps, Way


class PageMarks(QObject):
    """The marks of the text on one page."""

    changed = Signal()
    """Something was marked, or is no more; what is stored is out of date."""

    def __init__(self, page: Page, remembered: Remembered | None = None) -> None:
        """Follow `page` from now on.

        Args:
            page: Shows any text; it has no marks until they are loaded.
            remembered: What was lost lately; one for all pages between which text may be moved.
        """
        super().__init__(page)
        self._page = page
        self._remembered = remembered if remembered is not None else Remembered()
        self._tint = MarksTint(page)
        self._steps = PageSteps(page.document(), self)
        self._open = OpenMarks()
        self._tint.set_marks(self._open.marked.marks)
        page.edited.connect(self._on_edited)
        page.loaded.connect(self._on_loaded)
        QGuiApplication.clipboard().dataChanged.connect(self._on_copied)

    # What the window does

    @property
    def shown(self) -> bool:
        """Whether what was suggested is tinted."""
        return self._tint.shown

    def show(self, shown: bool) -> None:
        """Tint what was suggested, or hide that it was."""
        self._tint.show(shown)

    def load(self, stored: StoredMarks, text: str | None = None) -> None:
        """Take up what was stored beside the text that the page shows now.

        Args:
            stored: Of this text, or of one that it was made from.
            text: What the page shows, if it was read already.
        """
        text = self._page.read() if text is None else text
        self.resume(OpenMarks.of(stored, self._page.document(), text))

    def stored(self, text: str | None = None) -> StoredMarks:
        """Return what to store beside the text that the page shows now."""
        text = self._page.read() if text is None else text
        return self._open.stored(self._page.document(), text)

    def bring(self, stored: StoredMarks) -> None:
        """Mark, as part of the last edit, what of `stored` stands on the page and lacks a mark."""
        self._open.bring(stored, self._page.document(), self._page.read())
        self._tell()

    def suspend(self) -> OpenMarks:
        """Return all that is known of the text on the page, for when its document is back."""
        return self._open

    def resume(self, known: OpenMarks) -> None:
        """Go on with what `suspend` gave, now that the page shows that document again."""
        self._steps.follow(self._page.document())
        self._open = known
        self._tint.set_marks(known.marked.marks)

    def take(self, position: int, text: str, origin: Origin, skipped: int | None = None) -> None:
        """Mark `text`, which was just inserted at `position`, as taken from `origin`.

        Args:
            position: Where it stands, in UTF-16 units.
            text: What was inserted.
            origin: With the same id for all that is taken of one continuation, word by word; it
                may have grown meanwhile.
            skipped: How many characters of the continuation come before `text`; None for as many
                as the origin says.

        Raises:
            ValueError: the origin does not say so there.
        """
        skipped = origin.skipped if skipped is None else skipped
        if not text or not origin.text.startswith(text, skipped):
            raise ValueError(f"no part of what was suggested: {text!r}")
        page, end = self._page, position + utf16.units(text)
        if page.text_between(position, end) != text:
            return  # something has changed it on its way
        origin = self._open.learn(origin)
        self._open.marked.free(position, end)
        self._open.marked.fill(Mark(position, end, origin, units_of(origin, skipped)))
        before, after = page.text_before(position, AROUND), page.text_after(end, AROUND)
        words = count_whole(before, text, after)
        self._open.marked.count(origin.id, words)
        self._tell()

    def origin_at(self, position: int) -> Origin | None:
        """Return where the character behind `position` comes from; None of the writer's own."""
        mark = self._open.marked.marks.at(position)
        return mark.origin if mark else None

    def mark_at(self, point: QPointF) -> Mark | None:
        """Return the mark on the word at a point of the page's viewport, if it has one."""
        return self._tint.mark_at(point)

    def mark(self, position: int) -> Mark | None:
        """Return the mark on the character behind `position`, if it has one."""
        return self._open.marked.marks.at(position)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever taken into the text on the page."""
        return self._open.is_empty

    def marks(self) -> tuple[Mark, ...]:
        """Return all marks, in positions of the page."""
        return self._open.marked.marks.snapshot()

    # What the page does

    def _on_loaded(self) -> None:
        self.resume(OpenMarks())

    def _on_edited(self, position: int, removed: int, added: str | None) -> None:
        edit = self._steps.edited(position, removed)
        if edit.way is not Way.NEW:
            self._go_back_or_forth(edit)
        elif edit.added < 0:  # what the page tells cannot be
            self._find_all_again()
        else:
            marked = self._open.marked
            is_near = marked.marks.touches(edit.position, edit.removed, AROUND)
            lost = marked.edit(edit.position, edit.removed, edit.added, edit.steps)
            if is_near or (edit.added >= SHORTEST and len(self._remembered)):
                self._follow(edit, lost, added)

    def _go_back_or_forth(self, edit: PageEdit) -> None:
        marked = self._open.marked
        step = marked.undo if edit.way is Way.UNDO else marked.redo
        if step(edit.steps) == edit.added - edit.removed:
            self._tell()
        else:  # of edits from before anybody followed them
            self._find_all_again()

    def _follow(self, edit: PageEdit, taken_out: Sequence[Mark], added: str | None) -> None:
        """Follow an edit that marks lie near, or that may bring some back."""
        lost = [Lost(mark, text_of(mark)) for mark in taken_out]
        text = added
        if text is None:
            text = self._page.text_between(edit.position, edit.end)
        whole = self._stand_again(lost, edit, text) if lost and text else set()
        gone = [each for number, each in enumerate(lost) if number not in whole]
        is_freed = self._release(edit, gone)
        self._remembered.keep(gone)
        found = self._remembered.within(text)
        for each in found:
            origin = self._open.learn(each.lost.mark.origin)
            self._mark(edit, text, Mark(each.start, each.end, origin, each.lost.mark.into))
        if lost or is_freed or found:
            self._tell()

    def _stand_again(self, lost: Sequence[Lost], edit: PageEdit, text: str) -> set[int]:
        """Mark what was only reported as replaced, but stands in the new text as it did.

        Qt tells of all that lies between the first and the last change of an undo step as one.
        Returns which stand whole.
        """
        stretches = [Stretch(each.mark.start - edit.position, each.text) for each in lost]
        whole = set()
        for found in find_again(stretches, edit.removed, text, short_anywhere=False):
            each = lost[found.index]
            self._mark(edit, text, _mark_of(each, found))
            if found.length == len(each.text):
                whole.add(found.index)
        return whole

    def _mark(self, edit: PageEdit, text: str, mark: Mark) -> None:
        """Mark what of a mark in the inserted `text` is not marked yet.

        Its place counts the code points of `text`, and `into` the units of its origin.
        """
        places = PagePlaces(self._page.document(), edit.position, edit.end, text)
        for first, last, before in places.spans(mark.start, mark.end):
            self._open.marked.fill(Mark(first, last, mark.origin, mark.into + before))

    def _release(self, edit: PageEdit, gone: Sequence[Lost]) -> bool:
        """Let the words that an edit has changed be the writer's; return whether any were not."""
        page, start, end = self._page, edit.position, edit.end
        before, after = page.text_before(start, AROUND), page.text_after(end, AROUND)
        changed = [_word_at(start, before, page.text_after(start, AROUND))]
        if edit.added:
            changed.append(_word_at(end, page.text_before(end, AROUND), after))
        # Of a word of which letters were deleted, the rest.
        if gone and gone[0].mark.start == start:
            changed.append((_word_at(start, before, gone[0].text)[0], start))
        if gone and gone[-1].mark.end == start + edit.removed:
            changed.append((end, _word_at(end, gone[-1].text, after)[1]))
        freed = [self._open.marked.free(*word) for word in changed]
        return any(freed)

    def _find_all_again(self) -> None:
        """Find every mark by its text: nobody can say what was edited."""
        text, document, marked = self._page.read(), self._page.document(), self._open.marked
        length = document.characterCount() - 1
        lost = [Lost(mark, text_of(mark)) for mark in marked.marks]
        marked.start_anew(())
        edit = PageEdit(0, 0, length, Way.NEW, 0)
        stretches = [Stretch(each.mark.start, each.text) for each in lost]
        for found in find_again(stretches, length, text):
            self._mark(edit, text, _mark_of(lost[found.index], found))
        self._tell()

    def _on_copied(self) -> None:
        """Remember what is marked in the selection that was just copied."""
        clipboard, cursor = QGuiApplication.clipboard(), self._page.textCursor()
        # What other programs copy is not even looked at: they may be slow to say what it is.
        is_ours = clipboard.ownsClipboard() or self._page.hasFocus()
        if not cursor.hasSelection() or not is_ours:
            return
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        parts = [mark.part(start, end) for mark in self._open.marked.marks.between(start, end)]
        if parts and clipboard.text() == self._page.text_between(start, end):
            self._remembered.keep([Lost(part, text_of(part)) for part in parts])

    def _tell(self) -> None:
        self._tint.update()
        self.changed.emit()


def _mark_of(lost: Lost, found: Placed) -> Mark:
    """Return the mark on what was found of a lost one; it counts the code points of that text."""
    into = lost.mark.into + utf16.units(lost.text[: found.into])
    return Mark(found.start, found.start + found.length, lost.mark.origin, into)


def _word_at(position: int, before: str, after: str) -> tuple[int, int]:
    """Return from where to where the word reaches that stands on both sides of a position."""
    back, on = word_across(before, after)
    start = position - (utf16.units(before[-back:]) if back else 0)
    return start, position + utf16.units(after[:on])
