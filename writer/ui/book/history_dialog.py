"""HistoryDialog: what a scene or a book has been, compared with what it is, and taken back.

It changes nothing: what is to be restored or named, it asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from writer.errors import WriterError
from writer.manuscript.history.differences import PieceKind, restored
from writer.ui.book.book_dialog import BookDialog
from writer.ui.book.change_words import short_counts
from writer.ui.book.history_parts import BOOK, NOW, SCENE, HistoryParts
from writer.ui.book.history_reading import HistoryReading, Now
from writer.ui.book.versions import Past, Taken, changed_keys, versions_of
from writer.ui.book.when_words import moment_words
from writer.ui.model_list import Row
from writer.ui.wording import words_of

_REDRAW_MS = 100
"""Between two looks at what has been counted meanwhile."""


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """What the history is shown of."""

    titles: Mapping[str, str]
    """Of all texts by their keys, in the order of the book; one alone of a single file."""
    key: str
    """Of the text that is on the page."""
    book: str = ""
    """The title of the book."""


class HistoryDialog(BookDialog):
    """The versions at the left, what differs at the right."""

    restore_asked = Signal(str, str)
    """The key of a text, and what it is to be from now on."""
    name_asked = Signal(str, str)
    """The id of a snapshot, and what it is to be called."""

    def __init__(self, past: Past, of: HistoryOf, now: Now, parent: QWidget | None = None) -> None:
        """Show the history `past`; `now` is called on another thread."""
        super().__init__("", parent)
        self._of = of
        self._snapshots: list[Taken] = []
        self._versions: list[Taken] = []
        self._names: dict[str, str] = {}
        self._facts: dict[str, str] = {}
        """What is known of a version or a scene, by the id of the one and the key of the other."""
        self._differing: list[str] = []
        self._key = of.key
        self._scope = SCENE
        self._is_compared = False
        self._redrawing = QTimer(self)
        self._redrawing.setSingleShot(True)
        self._redrawing.setInterval(_REDRAW_MS)
        self.reading = HistoryReading(past, now, self)
        self.setWindowTitle(self.tr("History"))
        self.parts = HistoryParts(self, len(of.titles) > 1)
        self._connect()
        self._draw_title()
        self._offer()
        self.pane.show_sentence(self.tr("Reading…"))
        self.parts.versions.setFocus()
        self.reading.list_later()

    def refresh(self) -> None:
        """Read everything anew: something was restored or named, or the text has changed."""
        self._names.clear()
        self.reading.list_later()

    def done(self, result: int) -> None:
        """Let what is being read go, too."""
        self.reading.stop()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Return and Esc for the name while one is being written.

        Nothing is restored by a Return in a list or a text.
        """
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        is_naming = self.parts.name_field.hasFocus()
        if is_naming and is_return:
            self._on_named()
        elif is_naming and event.key() == Qt.Key.Key_Escape:
            self._end_naming()
        elif not is_return or isinstance(self.focusWidget(), QPushButton):
            super().keyPressEvent(event)

    # Versions

    def show_scope(self, scope: str) -> None:
        """Show the versions of the text on the page, or of the whole book."""
        self._scope = scope
        self.parts.scope.show_value(scope)
        self.parts.show_scenes(scope == BOOK)
        self._key = self._of.key
        self._draw_title()
        self._draw_versions()
        self._on_version_chosen()

    def _on_listed(self, snapshots: list[Taken]) -> None:
        self._snapshots = list(snapshots)
        self._draw_versions()
        self._on_version_chosen()

    def _draw_versions(self) -> None:
        keys = [self._of.key] if self._scope == SCENE else list(self._of.titles)
        self._versions = versions_of(self._snapshots, keys)
        self._names = {each.id: each.name for each in self._versions} | self._names
        self._facts = {}
        if self._scope == SCENE:
            self._count_versions()
        else:
            for version, before in zip(self._versions, [*self._versions[1:], None], strict=True):
                count = len(changed_keys(before, version, keys))
                words = self.tr("1 scene changed") if count == 1 else self.tr("{n} scenes changed")
                self._facts[version.id] = words.format(n=count)
        self._draw_rows()
        self._draw_others()

    def _draw_others(self) -> None:
        self.parts.show_others([(each.id, self._called(each)) for each in self._versions])

    def _count_versions(self) -> None:
        readers = [self.reading.reader(each, self._of.key) for each in self._versions]
        ids = [each.id for each in self._versions]
        # Before the first one there was nothing: `str()` is the empty text.
        self.reading.count_later(list(zip(ids, [*readers[1:], str], readers, strict=False)))

    def _draw_rows(self) -> None:
        self.parts.versions.show_versions(self._versions, self._names, self._facts)

    def _on_counted(self, id: str, removed: int, added: int) -> None:
        self._facts[id] = short_counts(removed, added)
        if not self._redrawing.isActive():
            self._redrawing.start()

    def _on_redraw(self) -> None:
        if self._scope == SCENE:
            self._draw_rows()
        else:
            self._draw_scenes()

    def _version(self, id: str) -> Taken | None:
        return next((each for each in self._versions if each.id == id), None)

    def _chosen(self) -> Taken | None:
        return self._version(self.parts.versions.chosen_key())

    def _other(self) -> Taken | None:
        """Return what the version is compared with, None for what is there now."""
        return self._version(self.parts.other.currentData() or NOW)

    # Comparing

    def _on_version_chosen(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            self.pane.show_sentence(self._nothing_words())
        elif self._scope == BOOK:
            self._find_scenes()
        else:
            self._compare()
        self._offer()

    def _find_scenes(self) -> None:
        older, newer = self._sides()
        if older is not None:
            self.reading.find_later(older, newer, list(self._of.titles))

    def _on_found(self, keys: list[str]) -> None:
        self._differing = keys
        for key in keys:  # of the pair before
            self._facts.pop(key, None)
        scenes = self.parts.scenes
        self._draw_scenes()
        older, newer = self._sides()
        reader = self.reading.reader
        self.reading.count_later([(key, reader(older, key), reader(newer, key)) for key in keys])
        self.parts.show_scene_count(len(keys))
        if not keys:
            self.pane.show_sentence(self.tr("No scene differs between the two."))
            self._offer()
        elif scenes.chosen_key():
            self._on_scene_chosen()
        else:
            scenes.choose(self._of.key) or scenes.choose(keys[0])

    def _draw_scenes(self) -> None:
        untitled = self.tr("Untitled scene")
        self.parts.scenes.show_rows(
            [
                Row(key, self._of.titles[key] or untitled, self._facts.get(key, ""))
                for key in self._differing
            ]
        )

    def _on_scene_chosen(self) -> None:
        if self.parts.scenes.chosen_key():
            self._key = self.parts.scenes.chosen_key()
            self._compare()

    def _compare(self) -> None:
        older, newer = self._sides()
        self.pane.name_sides(self._called(older), self._called(newer))
        self.pane.compare(
            self.reading.reader(older, self._key),
            self.reading.reader(newer, self._key),
            is_choosable=newer is None,
        )
        self._is_compared = False
        self._offer()

    def _sides(self) -> tuple[Taken | None, Taken | None]:
        """Return the older and the newer of the two; None is what is there now."""
        chosen, other = self._chosen(), self._other()
        if chosen is not None and other is not None and other.when < chosen.when:
            return other, chosen
        return chosen, other

    # Steps

    def _offer(self) -> None:
        """Let what can be done be done."""
        chosen = self._chosen()
        is_book = len(self._of.titles) > 1
        words = self.tr("Restore this scene") if is_book else self.tr("Restore this version")
        if count := len(self._passages()):
            words = self.tr("Restore 1 passage") if count == 1 else self.tr("Restore {n} passages")
        self.parts.restore_button.setText(words.format(n=count))
        can_restore = self._is_compared and bool(self.pane.pieces)
        is_other = bool(self.pane.view.count) or self._other() is not None
        self.parts.restore_button.setEnabled(chosen is not None and can_restore and is_other)
        self.parts.name_button.setEnabled(chosen is not None)
        self.parts.other.setEnabled(chosen is not None)

    def _on_shown(self) -> None:
        self._is_compared = True
        self._offer()

    def _passages(self) -> frozenset[int]:
        return self.pane.view.chosen() if self._is_compared and self.pane.pieces else frozenset()

    def _on_restore(self) -> None:
        pieces, new = self.pane.pieces, self.pane.new_text
        older, _ = self._sides()
        if passages := self._passages():
            text = restored(new, pieces, passages)
        elif older is self._chosen():
            text = "".join(each.text for each in pieces if each.kind is not PieceKind.ADDED)
        else:
            text = new
        self.restore_asked.emit(self._key, text)

    def _on_name_asked(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.parts.begin_naming(self._names.get(chosen.id, ""))

    def _on_named(self) -> None:
        chosen, name = self._chosen(), self.parts.name_field.text().strip()
        if chosen is not None and name != self._names.get(chosen.id, ""):
            self._names[chosen.id] = name
            self.name_asked.emit(chosen.id, name)
            self._draw_rows()
            self._draw_others()
        self._end_naming()

    def _end_naming(self) -> None:
        self.parts.end_naming()
        self.parts.versions.setFocus()

    def _on_failed(self, error: WriterError) -> None:
        self.pane.show_sentence(words_of(error))
        self._is_compared = False
        self._offer()

    # Words

    def _called(self, version: Taken | None) -> str:
        if version is None:
            return self.tr("now")
        return self._names.get(version.id, "") or moment_words(version.when)

    def _nothing_words(self) -> str:
        return self.tr(
            "No earlier version has been kept yet.\nThey are kept by themselves while you write."
        )

    def _draw_title(self) -> None:
        title = self._of.titles.get(self._of.key, "") or self.tr("Untitled scene")
        if self._scope == BOOK:
            title = self._of.book or self.tr("Untitled book")
        self.title.setText(self.tr("History of “{title}”").format(title=title))
        self.under.setText(
            self.tr("What is restored replaces what is there now; that stays in the history, too.")
        )

    def _connect(self) -> None:
        parts = self.parts
        self.reading.listed.connect(self._on_listed)
        self.reading.counted.connect(self._on_counted)
        self.reading.found.connect(self._on_found)
        self.reading.failed.connect(self._on_failed)
        self.pane.shown.connect(self._on_shown)
        self.pane.choice_changed.connect(self._offer)
        self._redrawing.timeout.connect(self._on_redraw)
        parts.scope.chosen.connect(self.show_scope)
        parts.versions.currentRowChanged.connect(self._on_version_chosen)
        parts.versions.name_key.activated.connect(self._on_name_asked)
        parts.scenes.currentRowChanged.connect(self._on_scene_chosen)
        parts.other.currentIndexChanged.connect(self._on_version_chosen)
        parts.name_button.clicked.connect(self._on_name_asked)
        parts.close_button.clicked.connect(self.reject)
        parts.restore_button.clicked.connect(self._on_restore)
