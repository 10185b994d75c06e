"""BookTexts: what every scene of an open book says now, and how many words that is."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from writer.manuscript.book.counting import Counted, Counts, Stamp, read_counts
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.counts import count_words
from writer.manuscript.text_file import TextFile
from writer.ui.book.item_words import plain_title
from writer.ui.book.open_book import OpenBook
from writer.ui.book.outline_pane import OutlinePane
from writer.ui.sheet import Sheet

_SHOW_MS = 250
_SHOW_READING_MS = 2_000
"""While the whole book is being read, which mostly takes less: each time, all rows change."""
_PREVIEW = 80
_LONG = 200_000
"""Characters of a scene that is not counted anew with each save; its count is not stored."""
_SIGNS = "#_>- \t"


class BookTexts(QObject):
    """Texts come from the reader; of a scene in hand, the text is the one in hand."""

    grew = Signal()
    """More scenes have been read, some times a second at most."""
    reread = Signal(str)
    """A scene says something else than was read before."""
    ended = Signal()
    """All that can be read has been."""
    outline_counted = Signal()
    """The outline has changed, and with it the words."""

    def __init__(self, book: OpenBook, pane: OutlinePane, page: Sheet) -> None:
        super().__init__(book)
        self.book = book
        self._pane = pane
        self._page = page
        self._texts: dict[str, str] = {}
        self._previews: dict[str, str] = {}
        self.is_whole = False
        """Whether all has been read that can be."""
        self._is_closed = False
        self._known = read_counts(book.book.counts_path)
        self.counts = Counts(book.outline, self._known)
        self._is_counted = all(self.counts.is_known(item.id) for item in book.outline.scenes())
        self._were_counted = self.counts.encode()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.show)
        book.outline_changed.connect(self._on_outline_changed)

    # What is asked

    def text(self, id: str) -> str | None:
        """Return what a scene says now; None if it has not been read yet."""
        if self._is_in_hand(id):
            return self.book.text(id)
        if self.is_whole and id not in self._texts and id in self.book.outline:
            self._set_text(id, self.book.text(id))  # it is new, or came from elsewhere
            if not self.counts.is_known(id):
                self.counts.changed(id, count_words(self._texts[id]))
        return self._texts.get(id)

    def missing(self, ids: Iterable[str]) -> int:
        """Return how many scenes have not been read yet."""
        if self.is_whole:
            return 0
        return sum(id not in self._texts and not self._is_in_hand(id) for id in ids)

    def words(self, ids: Iterable[str]) -> int:
        """Return the words of scenes, as far as they are known."""
        return sum(self.counts.words(id) for id in ids)

    def total(self) -> int | None:
        """Return the words of the book; None while they are not known."""
        return self.counts.total if self._is_counted else None

    # What is read

    def known_counts(self) -> dict[str, Counted]:
        """Return the counts for which the reader need not count again."""
        return dict(self._known)

    def wanted(self, all_of_it: bool) -> list[tuple[str, Path]]:
        """Return the scenes to read and where they are, archived ones last."""
        outline = self.book.outline
        paths = dict(self.book.book.scene_paths())
        living = {item.id: paths[item.id] for item in outline.scenes() if item.id in paths}
        scenes = living | paths
        return [each for each in scenes.items() if all_of_it or not self._is_in_hand(each[0])]

    def take(self, batch: list[Counted]) -> None:
        """Take what the reader has read."""
        if self._is_closed:
            return
        for counted in batch:
            if counted.stamp is not None:
                self._known[counted.id] = Counted(counted.id, counted.words, counted.stamp)
            if counted.text is not None:
                before = self._texts.get(counted.id)
                self._set_text(counted.id, counted.text)
                if before is not None and before != counted.text:
                    self.reread.emit(counted.id)
            # What a text in hand says may be newer than its file.
            is_newer = self._is_in_hand(counted.id) and self.counts.is_known(counted.id)
            if not is_newer or self._words_of(counted.id) == counted.words:
                self.counts.take(counted)
        self._show_soon()
        self.grew.emit()

    def end(self) -> None:
        """Note that all has been read."""
        self.is_whole = self._is_counted = True
        self.show()
        self.ended.emit()

    # What changes

    def page_changed(self, id: str, words: int) -> None:
        """Take the words of the scene on the page, as they are typed."""
        if self.counts.is_known(id) and self._words_of(id) == words:
            return
        self.counts.changed(id, words)
        self._show_soon()

    def stored(self, key: str, file: object) -> None:
        """Take the text of a scene that has been saved."""
        book_id, _, id = key.rpartition("/")
        if book_id != self.book.book.id or not isinstance(file, TextFile):
            return
        self._set_text(id, file.text)
        if file.on_disk is None or len(file.text) > _LONG or id not in self.book.outline:
            return
        words = count_words(file.text)
        stamp = Stamp(file.on_disk.size, file.on_disk.mtime_ns)
        self._known[id] = Counted(id, words, stamp)
        if id != self.book.scene or words == self._words_of(id):
            self.counts.changed(id, words, stamp)
        self._show_soon()

    def replaced(self, texts: dict[str, str]) -> None:
        """Take what scenes say since they were changed in one step."""
        for id, said in texts.items():
            self._set_text(id, said)
            if id != self.book.scene:
                self.counts.changed(id, count_words(said))
        self._show_soon()

    def _on_outline_changed(self) -> None:
        self.counts.set_outline(self.book.outline)
        for item in self.book.outline.scenes():
            if self.is_whole and not self.counts.is_known(item.id):
                self.text(item.id)
        self._show_soon()
        self.outline_counted.emit()

    # What is shown

    def show(self) -> None:
        """Show all words and first lines in the outline."""
        self._timer.stop()
        outline = self.book.outline
        scene = self.book.scene
        if scene and self.book.document.text.is_scene:
            self._previews[scene] = first_words(self._page.text_after(0, _PREVIEW * 4))
        self._pane.show_counts(
            {
                item.id: self.counts.words(item.id)
                for item in outline
                if item.kind is not ItemKind.SCENE or self.counts.is_known(item.id)
            }
        )
        untitled = {item.id for item in outline if item.file and not plain_title(item.title)}
        self._pane.show_previews(
            {id: words for id, words in self._previews.items() if id in untitled and words}
        )

    def close(self) -> None:
        """Write the counts down for the next time."""
        self._timer.stop()
        self._is_closed = True
        self.book.outline_changed.disconnect(self._on_outline_changed)
        encoded = self.counts.encode()
        if encoded != self._were_counted and not self.book.book.read_only:
            self.book.document.keeping.write(self.book.book.counts_path, encoded)

    def _show_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start(_SHOW_MS if self.is_whole else _SHOW_READING_MS)

    def _set_text(self, id: str, text: str) -> None:
        self._texts[id] = text
        self._previews[id] = first_words(text)

    def _words_of(self, id: str) -> int:
        return self.counts.words(id) if id in self.book.outline else 0

    def _is_in_hand(self, id: str) -> bool:
        document = self.book.document
        known = document.find(self.book.key(id))
        return known is not None and (known is document.text or known.held is not None)


def first_words(text: str) -> str:
    r"""Return the first words of a text in one line, without signs of emphasis or headings.

    >>> first_words("\n# *Dusk* fell"), first_words("word " * 30)[-5:]
    ('Dusk fell', 'word…')
    """
    for line in text[: 50 * _PREVIEW].split("\n"):
        line = line.replace("*", "").strip(_SIGNS)
        if line:
            if len(line) <= _PREVIEW:
                return line
            cut, space, _ = line[:_PREVIEW].rpartition(" ")
            return f"{cut if space else line[:_PREVIEW]}…"
    return ""
