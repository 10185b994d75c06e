"""The marks of a text that is put aside, while a step of the book rewrites it.

Nobody tells of its edits as a page does: what was changed is found by comparing.
"""

from writer.manuscript.differing import smallest_change
from writer.manuscript.provenance.marks_file import StoredMarks
from writer.manuscript.provenance.whole_words import AROUND, word_across
from writer.ui.open_marks import OpenMarks
from writer.ui.page_text import PageText


class Rewriting:
    """One rewriting: made before it, ended after it."""

    def __init__(self, known: OpenMarks, page: PageText) -> None:
        self._known = known
        self._page = page
        self._was = page.read()
        self._length = page.document.characterCount()
        self._stored = known.stored(page.document, self._was)

    def end(self) -> StoredMarks:
        """Let the marks be where their words are now; return what to store of them."""
        page, known, document = self._page, self._known, self._page.document
        said = page.read()
        if said != self._was:
            start, old_end, added = smallest_change(self._was, said)
            end = start + len(added)
            position, last = page.position_of(said, start), page.position_of(said, end)
            removed = last - position - (document.characterCount() - self._length)
            if page.has_pieces or removed < 0:  # lines may be laid out in other pieces now
                known.marked.start_anew(())
            else:
                steps = document.availableUndoSteps()
                known.marked.edit(position, removed, last - position, steps)
                self._free(said, start, old_end, end)
            known.bring(self._stored, document, said)
        return known.stored(document, said)

    def _free(self, said: str, start: int, old_end: int, end: int) -> None:
        """Let the words that were changed, or are changed now, be the writer's whole."""
        was = self._was
        before, after = said[max(0, start - AROUND) : start], said[end : end + AROUND]
        back = max(word_across(before, text[start:][:AROUND])[0] for text in (was, said))
        on = max(
            word_across(was[max(0, old_end - AROUND) : old_end], after)[1],
            word_across(said[max(0, end - AROUND) : end], after)[1],
        )
        for low, high in ((start - back, start), (end, end + on)):
            place = self._page.position_of
            self._known.marked.free(place(said, low), place(said, high))
