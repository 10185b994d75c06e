"""An open book: its outline beside the page, one of its scenes on it.

What is read comes from the `Book`, what is written goes to the keeper.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from writer.errors import WriterError
from writer.manuscript.book.book import Book
from writer.manuscript.book.outline import Item, ItemKind, Outline, new_id
from writer.manuscript.encoding import storable
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.provenance.marks_file import StoredMarks
from writer.ui.book.outline_pane import OutlinePane
from writer.ui.document import Document
from writer.ui.open_text import OpenText

_PLACE = "place.json"


class SceneMarks(Protocol):
    """Knows which words of scenes were suggested."""

    def of(self, id: str, said: str) -> StoredMarks:
        """Return the marks of a scene, which says `said` now."""

    def put(self, id: str, said: str, stored: StoredMarks) -> None:
        """Mark in a scene, which was just set to say `said`, what `stored` says of that."""

    def discard(self, id: str) -> None:
        """Let the marks go of a scene that is needed no more."""


class OpenBook(QObject):
    """One book in the window, from its opening until it is closed."""

    outline_changed = Signal()
    scene_shown = Signal(str)
    """The id of the scene that is on the page now."""
    refused = Signal(object)
    """A `WriterError`: a scene could not be read."""

    def __init__(self, book: Book, document: Document, pane: OutlinePane) -> None:
        super().__init__(pane)
        self.book = book
        self.document = document
        self._pane = pane
        self.scene = ""
        """The id of the scene on the page."""
        self.marks: SceneMarks | None = None
        """Who keeps the marks in step with the texts, if anybody does."""
        self._carets: dict[str, int] = {}
        self._discarded: set[str] = set()
        """The files that are removed, or will be when the keeper comes to it."""
        pane.set_read_only(book.read_only)
        pane.show_outline(book.outline)

    @property
    def outline(self) -> Outline:
        """The outline as it is now."""
        return self.book.outline

    def set_outline(self, outline: Outline) -> None:
        """Go by another outline, and write it down."""
        before, self.book.outline = self.book.outline, outline
        self._pane.show_outline(outline)
        self._retitle(before)
        self.write_down()
        self.outline_changed.emit()

    def write_down(self) -> None:
        """Have `book.toml` written as it should be now."""
        if not self.book.read_only:
            data = self.book.toml()
            for path in self.book.toml_paths:
                self.document.keeping.write(path, data)

    # Scenes

    def begin(self) -> bool:
        """Show the scene that was on the page last, or the first; return whether there is one."""
        scene, caret, shown = self._last_place()
        if shown is not None:
            self._pane.set_expanded(shown)
        scenes = [item.id for item in self.outline.scenes()]
        if scene not in scenes:
            scene, caret = (scenes[0], 0) if scenes else ("", 0)
        return bool(scene) and self.show(scene, caret)

    def show(self, id: str, caret: int | None = None) -> bool:
        """Show a scene on the page; return whether it could be read.

        Args:
            id: The scene's.
            caret: Where to go, in code points; None goes where the writer left it.
        """
        if id == self.scene:
            if caret is not None:
                self.document.go_to(caret)
            return True
        text = self._opened(id)
        if text is None:
            return False
        self._note_caret()
        self.scene = id
        self.document.show_scene(text, self._carets.get(id, 0))
        if caret is not None:
            self.document.go_to(caret)
        self._pane.show_current(id)
        self.scene_shown.emit(id)
        return True

    def step(self, steps: int) -> None:
        """Show the next or an earlier scene, in the order they are read."""
        scenes = [item.id for item in self.outline.scenes()]
        if self.scene in scenes:
            place = scenes.index(self.scene) + steps
            if 0 <= place < len(scenes):
                self.show(scenes[place])

    def text(self, id: str) -> str:
        """Return what a scene says now, wherever it is; empty if it cannot be read."""
        return self.known_text(id) or ""

    def known_text(self, id: str) -> str | None:
        """Return what a scene says now, wherever it is; None if it cannot be read."""
        known = self.document.find(self.key(id))
        if known is self.document.text:
            return self.document.said()
        if known is not None and known.held is not None:
            return known.held.text.read()
        unsaved = self.document.unsettled(self.key(id))
        if unsaved is not None:
            return unsaved
        found = self._opened(id)
        return found.file.text if found is not None and found.file is not None else None

    def text_preceding(self, id: str, characters: int) -> str:
        """Return the last `characters` of the scenes that are read before one."""
        scenes = [item.id for item in self.outline.scenes()]
        found = ""
        for earlier in reversed(scenes[: scenes.index(id)] if id in scenes else []):
            if len(found) >= characters:
                break
            if said := self.text(earlier).strip("\n"):
                found = f"{said}\n{found}"
        return found[-characters:]

    def set_text(self, id: str, said: str) -> bool:
        """Let a scene say `said`, as one undo step of its own; return whether it could be had."""
        text = self.document.find(self.key(id)) or self._opened(id)
        if text is None:
            return False
        self.document.set_text(text, said)
        return True

    def create(self, item: Item, said: str, like: str = "") -> bool:
        """Write the file of a new scene; return whether it is there.

        Unreadable bytes that came from the scene `like` are written as they were found there.
        """
        path = self.book.folder / item.file
        self._discarded.discard(item.file)
        data = storable(said).encode("utf-8")
        origin = self.document.find(self.key(like))
        if origin is not None and origin.file is not None and origin.file.encoding.damage(said):
            data = replace(origin.file, path=path, on_disk=None).encode(said)
        return self.document.keeping.create(path, data)

    def has_file(self, item: Item) -> bool:
        """Tell whether the file of a scene is there, and stays."""
        # One that is to be removed may be there still.
        return item.file not in self._discarded and (self.book.folder / item.file).exists()

    def discard(self, item: Item) -> None:
        """Remove the file of a scene that was made and is needed no more."""
        self.document.let_go(self.key(item.id))
        if self.marks is not None:
            self.marks.discard(item.id)
        self._discarded.add(item.file)
        self.document.keeping.run(partial(_remove, self.book.folder / item.file))

    def new_item(self, kind: ItemKind, title: str = "") -> Item:
        """Return a new item, which is nowhere yet."""
        id = new_id(self.outline)
        file = self.book.new_scene_file(id, title) if kind is ItemKind.SCENE else ""
        return Item(id, kind, title, file=file)

    def key(self, id: str) -> str:
        """Return what the keeper calls a scene."""
        return f"{self.book.id}/{id}"

    def title(self, id: str) -> str:
        """Return what the window calls a scene."""
        title = self.outline.item(id).title if id in self.outline else ""
        return title or self.tr("Untitled scene")

    def close(self) -> None:
        """Remember the place; the scenes are saved."""
        self._note_caret()
        if self.scene and not self.book.read_only:
            place = {
                "scene": self.scene,
                "caret": self._carets.get(self.scene, 0),
                "open": list(self._pane.expanded()),
            }
            path = self.book.folder / ".writer" / _PLACE
            self.document.keeping.write(path, json.dumps(place).encode("ascii"))
        self.scene = ""

    def _opened(self, id: str) -> OpenText | None:
        """Return a scene as its file is, or None and say why."""
        key = self.key(id)
        self.document.unsettled(key)
        try:
            file = self.book.read_scene(id)
        except WriterError as error:
            self.refused.emit(error)
            return None
        title = self.title(id)
        about = TextAbout(
            name=title,
            book=self.book.folder,
            book_id=self.book.id,
            item=id,
            title=self.book.about.title,
        )
        return OpenText(key, about, file, title=title, is_read_only=self.book.read_only)

    def _note_caret(self) -> None:
        caret = self.document.caret_in(self.key(self.scene)) if self.scene else None
        if caret is not None:
            self._carets[self.scene] = caret

    def _last_place(self) -> tuple[str, int, list[str] | None]:
        """Return the scene worked on last, the caret in it, and which items were open."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads((self.book.folder / ".writer" / _PLACE).read_bytes())
            shown = [str(id) for id in stored.get("open", [])]
            return str(stored["scene"]), max(0, int(stored["caret"])), shown
        return "", 0, None

    def _retitle(self, before: Outline) -> None:
        """Let texts in hand be called what their items are called now."""
        for text in self.document.open_texts():
            id = text.about.item
            if id not in self.outline or id not in before:
                continue
            if self.outline.item(id).title != before.item(id).title:
                self.document.rename(text, self.title(id))


def words_in(counts: Mapping[str, int], outline: Outline) -> int:
    """Return the words of all living scenes."""
    return sum(counts.get(item.id, 0) for item in outline.scenes())


def _remove(path: Path) -> None:
    with suppress(OSError):  # one that stays is found at the next opening, which is no loss
        path.unlink(missing_ok=True)
