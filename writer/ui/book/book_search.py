"""BookSearch: finding and replacing in all living scenes of the open book.

It works in portions on the window's own thread: texts in hand can be searched as they are, the
newest question is the only one, and no key waits for more than a few milliseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QTextCursor, QUndoStack
from PySide6.QtWidgets import QApplication

from writer.manuscript.book.outline import ItemKind
from writer.manuscript.book.search import Hit, find, replaced
from writer.manuscript.differing import smallest_change
from writer.manuscript.search import Search
from writer.ui.book.books import Books
from writer.ui.book.counting import Counting
from writer.ui.book.rearranging import Rearranging, Replacement
from writer.ui.main_window import MainWindow

_SLICE_S = 0.006
_AT_ONCE = 64
"""Places between two looks at the clock."""
_REST_MS = 300
"""After the last edit of the page, before its scene is searched anew."""
_LONGEST_PREFILL = 200
_TOPIC = "replaced"


class BookSearch(QObject):
    """Searches as the pane asks, shows what is opened, replaces what is chosen."""

    def __init__(self, window: MainWindow, books: Books, counting: Counting) -> None:
        super().__init__(window)
        self._window = window
        self._books = books
        self._counting = counting
        self._pane = pane = window.search
        self._results = pane.results
        self._search = Search("")
        self._waiting: list[str] = []
        """The scenes that are still to be searched, the next one last."""
        self._hits: Iterator[Hit] | None = None
        self._is_searching = False
        self._stack: QUndoStack | None = None
        self._portions = QTimer(self)
        self._portions.setInterval(0)
        self._portions.timeout.connect(self._on_portion)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MS)
        self._resting.timeout.connect(self._search_page)
        pane.open_asked.connect(self.open)
        pane.search_asked.connect(self.search)
        pane.hit_opened.connect(self._on_hit_opened)
        pane.replace_asked.connect(self.replace)
        pane.closed.connect(self.close)
        pane.replace_toggle.toggled.connect(self._say)
        self._results.counted.connect(self._say)
        counting.began.connect(self._on_book_changed)
        window.page.edited.connect(self._on_edited)
        window.page.loaded.connect(self._on_loaded)
        self._say()

    def open(self, replacing: bool = False) -> None:
        """Show the pane, with what is selected on the page."""
        book = self._books.open_book
        if book is None:
            return
        self._counting.refresh()
        cursor = self._window.find_bar.editor.textCursor()
        words = cursor.selection().toRawText() if cursor.hasSelection() else ""
        fits = "\u2029" not in words and len(words) <= _LONGEST_PREFILL
        if not fits or not self._window.search.isHidden():
            words = ""
        self._pane.set_read_only(book.book.read_only)
        is_hidden = self._pane.isHidden()
        self._window.find_bar.close_bar()
        self._window.show_search(True)
        self._pane.open_with(words, replacing)
        if is_hidden:
            self.search(self._pane.search())

    def close(self) -> None:
        """Take the pane away and give the keyboard back."""
        self._stop()
        self._results.begin({})
        self._window.show_search(False)
        self._window.focus_text()

    # Searching

    def search(self, search: Search, choosing: bool = True) -> None:
        """Look for this, and for nothing else any more; what is found is chosen, or not."""
        self._stop()
        self._search = search
        book = self._books.open_book
        if book is None or self._pane.isHidden():
            return
        self._results.begin(self._titles(), choosing)
        if search.words:
            self._waiting = [item.id for item in reversed(book.outline.scenes())]
            self._is_searching = True
            self._on_portion()
        self._say()

    def _on_portion(self) -> None:
        """Search for some milliseconds."""
        end, found = perf_counter() + _SLICE_S, list[Hit]()
        while self._is_searching and perf_counter() < end:
            if self._hits is None and not self._begin_scene():
                break
            found += self._next_hits()
        if found:
            self._results.add(found)
        elif not self._is_searching:
            self._say()

    def _begin_scene(self) -> bool:
        """Take up the next scene; return whether there is one whose text is known."""
        texts = self._counting.texts
        if texts is None or not self._waiting:
            self._portions.stop()
            self._is_searching = False
            return False
        text = texts.text(self._waiting[-1])
        if text is None and not texts.is_whole:
            self._portions.stop()  # it goes on when more has been read
            return False
        self._portions.start()
        self._hits = find([(self._waiting.pop(), text or "")], self._search)
        return True

    def _next_hits(self) -> list[Hit]:
        hits: list[Hit] = []
        if self._hits is not None:
            for hit in self._hits:
                hits.append(hit)
                if len(hits) == _AT_ONCE:
                    return hits
        self._hits = None
        return hits

    def _stop(self) -> None:
        self._portions.stop()
        self._resting.stop()
        self._waiting, self._hits, self._is_searching = [], None, False

    def _search_page(self) -> None:
        """Search the scene on the page anew: it was edited."""
        book = self._books.open_book
        if book is not None and not self._pane.isHidden() and book.scene:
            self._search_scene(book.scene)

    def _search_scene(self, id: str) -> None:
        texts = self._counting.texts
        text = texts.text(id) if texts is not None else None
        if text is None or self._pane.isHidden() or not self._search.words:
            return
        if self._is_searching:
            self.search(self._search)
            return
        is_known = any(group.id == id for group in self._results.groups)
        hits = list(find([(id, text)], self._search))
        if is_known:
            chosen = self._pane.list.currentIndex()
            hit = self._results.hit_at(chosen)
            self._results.replace_scene(id, hits)
            if hit is not None:
                place = self._place_now(hit, text) if hit.id == id else hit.start
                self._pane.list.setCurrentIndex(self._results.row_of(hit.id, place))
        elif hits:
            self.search(self._search)

    def _titles(self) -> dict[str, tuple[str, str]]:
        """Return what scenes are called, and where they are."""
        book = self._books.open_book
        if book is None:
            return {}
        titles: dict[str, tuple[str, str]] = {}
        label = self._window.outline.model.label
        above: list[str] = []
        for item in book.outline.living():
            del above[item.depth :]
            name = label(item.id) if item.id in self._window.outline.model else item.title
            if item.kind is ItemKind.SCENE:
                titles[item.id] = name, " › ".join(filter(None, above))
            above += [""] * (item.depth - len(above)) + [name]
        return titles

    def _say(self) -> None:
        """Say how much was found, and what to do where nothing is."""
        found, scenes = self._results.found, len(self._results.groups)
        counts = note = ""
        if not self._pane.field.text():
            note = self.tr("Every scene is searched, those in the archive are not.")
        elif found:
            where = self.tr("1 scene") if scenes == 1 else self.tr("{n} scenes")
            said = self.tr("{n} in {scenes}").format(
                n=f"{found:,}", scenes=where.format(n=f"{scenes:,}")
            )
            counts = f"{said}…" if self._is_searching else said
        elif self._is_searching:
            counts = self.tr("searching…")
        else:
            note = self.tr("Nothing was found.")
        self._pane.show_counts(counts, note)

    # On the page

    def _on_hit_opened(self, hit: Hit, with_keyboard: bool) -> None:
        book = self._books.open_book
        if book is None:
            return
        if self._window.middle.currentWidget() is not self._window.page:
            self._window.show_in_place(None)
            self._pane.list.setFocus()
        if not book.show(hit.id):
            return
        page = self._window.page
        start = self._place_now(hit, page.read())
        page.go_to(start)
        cursor = page.textCursor()
        page.go_to(start + hit.end - hit.start)
        end = page.caret()
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        page.setTextCursor(cursor)
        page.ensureCursorVisible()
        if with_keyboard:
            page.setFocus()

    def _place_now(self, hit: Hit, text: str) -> int:
        """Return where a place is in a text that may have been edited since it was found."""
        start, end, added = smallest_change(hit.text, text)
        if hit.end <= start:
            return hit.start
        if hit.start >= end:
            return hit.start + len(added) - (end - start)
        starts = [each.start for each in find([(hit.id, text)], self._search)]
        return min(starts, key=lambda place: abs(place - hit.start), default=start)

    # Replacing

    def replace(self, words: str) -> None:
        """Replace all that is chosen, as one step of the book."""
        rearranging, texts = self._books.rearranging, self._counting.texts
        if rearranging is None or texts is None or self._is_searching:
            return
        self._window.page.ghost.vanish()
        hits = {group.id: group.chosen for group in self._results.groups if group.chosen}
        # What was edited since it was searched is searched anew first, and seen before it changes.
        stale = [id for id, found in hits.items() if texts.text(id) != found[0].text]
        if stale:
            self.search(self._search)
            return
        before = {id: found[0].text for id, found in hits.items()}
        after = {id: replaced(before[id], found, words) for id, found in hits.items()}
        count = sum(map(len, hits.values()))
        with _busy(), self._staying(hits, len(words)):
            rearranging.replace(before, after, Replacement(hits, words))
        self._say_replaced(rearranging, count, len(hits))
        # What was left out stays so, and what the new words have in them is not replaced again.
        self.search(self._search, choosing=False)

    @contextmanager
    def _staying(self, hits: Mapping[str, Sequence[Hit]], length: int) -> Iterator[None]:
        """Keep the caret at its words while places become `length` long, and the page in place."""
        book, page = self._books.open_book, self._window.page
        found = hits.get(book.scene, ()) if book is not None else ()
        if book is None or not found:
            yield
            return
        caret, scrolled = book.document.caret(), page.verticalScrollBar().value()
        yield
        shift = sum(
            length - (min(hit.end, caret) - hit.start) for hit in found if hit.start < caret
        )
        page.go_to(max(0, caret + shift))
        page.verticalScrollBar().setValue(scrolled)

    def _say_replaced(self, rearranging: Rearranging, count: int, scenes: int) -> None:
        where = self.tr("1 scene") if scenes == 1 else self.tr("{n} scenes")
        said = self.tr("{n} replaced in {scenes}.").format(
            n=f"{count:,}", scenes=where.format(n=f"{scenes:,}")
        )
        undo = partial(self._undo, rearranging, rearranging.stack.index())
        self._window.messages.show_message(
            said, action=self.tr("Undo"), on_action=undo, seconds=60, topic=_TOPIC
        )

    def _undo(self, rearranging: Rearranging, index: int) -> None:
        if rearranging is self._books.rearranging and rearranging.stack.index() == index:
            with _busy():
                rearranging.undo()

    # What others do

    def _on_book_changed(self) -> None:
        self._stop()
        book, texts = self._books.open_book, self._counting.texts
        self._results.begin({})
        self._window.messages.drop(_TOPIC)
        if self._stack is not None:
            self._stack.indexChanged.disconnect(self._on_stepped)
            self._stack = None
        if book is None or texts is None:
            if not self._pane.isHidden():
                self._window.show_search(False)
            return
        texts.grew.connect(self._on_grew)
        texts.ended.connect(self._on_grew)
        texts.reread.connect(self._search_scene)
        book.outline_changed.connect(self._on_outline_changed)
        if self._books.rearranging is not None:
            self._books.rearranging.texts_changed.connect(self._on_texts_changed)
            self._stack = self._books.rearranging.stack
            self._stack.indexChanged.connect(self._on_stepped)
        if not self._pane.isHidden():
            self.search(self._pane.search())

    def _on_grew(self) -> None:
        if self._is_searching:
            self._portions.start()

    def _on_outline_changed(self) -> None:
        if not self._pane.isHidden() and self._search.words:
            self.search(self._search)

    def _on_texts_changed(self, texts: dict[str, str]) -> None:
        if texts and not self._pane.isHidden() and self._search.words:
            self.search(self._search)

    def _on_stepped(self) -> None:
        """The offer to take a step back holds until there is another."""
        self._window.messages.drop(_TOPIC)

    def _on_edited(self) -> None:
        if not self._pane.isHidden() and self._search.words:
            self._resting.start()

    def _on_loaded(self) -> None:
        self._resting.stop()


@contextmanager
def _busy() -> Iterator[None]:
    """Show that it may take a moment: the files of many scenes are read and written."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()
