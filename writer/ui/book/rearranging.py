"""Rearranging: what a writer does to an outline, each step one that can be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from writer.manuscript.book import changes
from writer.manuscript.book.outline import Item, ItemKind, Outline
from writer.manuscript.book.search import Hit, taken_back
from writer.manuscript.provenance.marks_file import StoredMarks, cut, joined_all
from writer.ui.book.open_book import OpenBook

_MOST_STEPS = 200
_MOST_WAITS = 4
"""For a disk that takes long; a scene that is not written by then is left as it is."""


@dataclass(frozen=True, slots=True)
class State:
    """An outline, and what some scenes say with it."""

    outline: Outline
    texts: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, StoredMarks] = field(default_factory=dict)
    """What is marked in these texts, where that is not seen from what was marked before."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What was found in each scene, and what came into its place."""

    hits: Mapping[str, Sequence[Hit]]
    words: str


class Step(QUndoCommand):
    """One change of a book: from a state to another."""

    def __init__(
        self,
        words: str,
        book: OpenBook,
        before: State,
        after: State,
        made: Mapping[Item, str],
        replacement: Replacement | None = None,
    ) -> None:
        """Go from `before` to `after`, with the scenes `made` for it and what they said then."""
        super().__init__(words)
        self._replacement = replacement
        self.applied: dict[str, str] = {}
        """What scenes say since it was last done or taken back."""
        self._book = book
        self._before = before
        self._after = after
        self._made = made
        self._marks: dict[str, StoredMarks] = {}
        """What was marked before it was done."""
        self.left_alone: list[str] = []
        """Scenes that say something else by now, which stays."""
        self.left_over: list[Item] = []
        """Scenes made for it that nobody needs any more."""

    def redo(self) -> None:
        """Do it."""
        self.left_over = []  # what was, when it was taken back, is needed again
        for item, said in self._made.items():
            if not self._book.has_file(item):
                self._book.create(item, said)
        if self._book.marks is not None:
            of = self._book.marks.of
            self._marks = {id: of(id, said) for id, said in self._before.texts.items()}
        self._put(self._before.texts, self._after)
        self._follow(self._after.outline)
        for item, said in self._made.items():
            self._mark(item.id, said, self._after)

    def undo(self) -> None:
        """Take it back; scenes made for it stay in the archive if they have been worked on."""
        before = replace(self._before, marks=self._marks)
        self._put(self._after.texts, before, is_undo=True)
        outline, self.left_over = self._before.outline, []
        for item, said in self._made.items():
            now = self._book.known_text(item.id)
            if now == "" or (now == said and not self.left_alone):
                self.left_over.append(item)
            elif now == said:  # what it came from stays without it: this is all there is of it
                outline = outline.added(item, next(iter(self._before.texts), None))
            else:
                outline = outline.added(replace(item, archived=True))
        self._follow(outline)

    def _put(self, texts: Mapping[str, str], to: State, is_undo: bool = False) -> None:
        """Let the scenes that say `texts` say what they do in another state."""
        self.left_alone, self.applied = [], {}
        if len(to.texts) > 1:
            _settle(self._book)
        for id, said in to.texts.items():
            now, is_left = self._book.text(id), False
            if now != texts[id]:
                said, is_left = self._partly(id, now) if is_undo else (now, True)
            if said != now and self._book.set_text(id, said):
                self.applied[id] = said
                self._mark(id, said, to)
            elif said != now:
                is_left = True
            if is_left:
                self.left_alone.append(id)

    def _follow(self, outline: Outline) -> None:
        if outline != self._book.outline:
            self._book.set_outline(outline)

    def _mark(self, id: str, said: str, to: State) -> None:
        """Mark a scene that says `said` now, if that is what it says in the state."""
        known = to.marks.get(id)
        if self._book.marks is not None and known and to.texts.get(id, said) == said:
            self._book.marks.put(id, said, known)

    def _partly(self, id: str, now: str) -> tuple[str, bool]:
        """Return a scene edited since without its replacements, and whether some of them stay."""
        if self._replacement is None:
            return now, True
        hits, words = self._replacement.hits[id], self._replacement.words
        said, count = taken_back(now, self._after.texts[id], self._before.texts[id], hits, words)
        return said, count < len(hits)


class Rearranging(QObject):
    """Changes one open book as its outline pane asks."""

    failed = Signal(str)
    """Why something was not done, in words."""
    left_alone = Signal(object)
    """The titles of scenes in which a step could not be taken back."""
    texts_changed = Signal(object)
    """A dict: what the scenes that a step has changed say now."""

    def __init__(self, book: OpenBook) -> None:
        super().__init__(book)
        self._book = book
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_MOST_STEPS)
        self.is_at_work = False
        """Whether a step is being done or taken back."""

    @property
    def _outline(self) -> Outline:
        return self._book.outline

    # Items

    def rename(self, id: str, title: str) -> None:
        """Give an item another title."""
        self._change(self.tr("rename"), self._outline.changed(id, title=title))

    def set_status(self, id: str, status: str) -> None:
        """Say how far an item is."""
        self._change(self.tr("change of status"), self._outline.changed(id, status=status))

    def set_synopsis(self, id: str, synopsis: str) -> None:
        """Say what an item is about."""
        self._change(self.tr("synopsis"), self._outline.changed(id, synopsis=synopsis))

    def move(self, ids: Sequence[str], parent: str | None, before: str | None) -> None:
        """Put items elsewhere."""
        self._change(self.tr("move"), self._outline.moved(ids, parent, before))

    def archive(self, ids: Sequence[str]) -> None:
        """Take items out of the book, whole; they can be restored at any time."""
        outline = self._outline
        for id in ids:
            outline = outline.changed(id, archived=True)
        following = self._following(outline)
        self._change(self.tr("archiving"), outline)
        if following:
            self._book.show(following)

    def restore(self, ids: Sequence[str]) -> None:
        """Put archived items back where they were."""
        outline = self._outline
        for id in ids:
            outline = outline.changed(id, archived=False)
        self._change(self.tr("restoring"), outline)

    def add(self, kind: ItemKind, after: str | None) -> str:
        """Add an empty item and return its id; empty if it cannot be written."""
        item = self._book.new_item(kind)
        if not self._is_written(item, ""):
            return ""
        made = {item: ""} if kind is ItemKind.SCENE else {}
        self._change(self.tr("adding"), self._outline.added(item, after), made=made)
        if kind is ItemKind.SCENE:
            self._book.show(item.id)
        return item.id

    def append(self, made: Mapping[Item, str]) -> None:
        """Add items at the end, in one step; the files of the scenes among them are written."""
        scenes = {item: said for item, said in made.items() if item.kind is ItemKind.SCENE}
        outline = Outline((*self._outline.items, *made))
        self._change(self.tr("importing"), outline, made=scenes)

    def follow(self, outline: Outline) -> None:
        """Go by an outline that another program has written."""
        self._change(self.tr("change by another program"), outline)
        if not self._is_on_page():
            self._book.begin()

    # Texts

    def split(self) -> str:
        """Let what stands behind the caret be a scene of its own; return its id or nothing."""
        id = self._book.scene
        if not id or self._outline.is_archived(id):
            return ""
        before = self._book.text(id)
        place = self._book.document.caret()
        first, second = changes.split_text(before, place)
        item = self._book.new_item(ItemKind.SCENE)
        if not self._is_written(item, second, like=id):
            return ""
        outline = self._outline.added(item, id)
        marks = self._cut_marks(id, item.id, before, place)
        after = State(outline, {id: first}, marks)
        self._do(self.tr("split"), State(self._outline, {id: before}), after, {item: second})
        self._book.show(item.id, 0)
        return item.id

    def merge(self, ids: Sequence[str]) -> None:
        """Join scenes into the first of them; the others go to the archive, whole."""
        scenes = [item.id for item in self._outline.scenes() if item.id in set(ids)]
        if len(scenes) < 2:
            self.failed.emit(self.tr("Choose two scenes or more to merge them."))
            return
        texts = {id: self._book.text(id) for id in scenes}
        first = scenes[0]
        outline, merged = changes.merged(self._outline, scenes, texts)
        after = State(outline, {first: merged}, self._joined_marks(texts))
        self._do(self.tr("merging"), State(self._outline, {first: texts[first]}), after)
        self._book.show(first)

    def replace(
        self,
        before: Mapping[str, str],
        after: Mapping[str, str],
        replacement: Replacement | None = None,
    ) -> None:
        """Let scenes say something else, all in one step."""
        words = self.tr("replacing")
        self._change(words, self._outline, before, after, replacement=replacement)

    # Steps

    @property
    def undo_words(self) -> str:
        """What would be taken back."""
        return self.stack.undoText()

    @property
    def redo_words(self) -> str:
        """What would be done again."""
        return self.stack.redoText()

    def undo(self) -> None:
        """Take the last step back."""
        self._walk(self.stack.index() - 1, self.stack.undo)

    def redo(self) -> None:
        """Take it again."""
        self._walk(self.stack.index(), self.stack.redo)

    def _walk(self, index: int, walk: object) -> None:
        step = self.stack.command(index) if 0 <= index < self.stack.count() else None
        if not isinstance(step, Step) or not callable(walk):
            return
        self.is_at_work = True
        try:
            walk()
        finally:
            self.is_at_work = False
        self.texts_changed.emit(step.applied)
        if not self._is_on_page():
            self._book.begin()
        # What they said must be on the disk elsewhere; else they are found again at the next start.
        if step.left_over and not self._book.document.save_all():
            for item in step.left_over:
                self._book.discard(item)
        if step.left_alone:
            self.left_alone.emit([self._book.title(id) for id in step.left_alone])

    def _change(
        self,
        words: str,
        outline: Outline,
        before: Mapping[str, str] | None = None,
        after: Mapping[str, str] | None = None,
        made: Mapping[Item, str] | None = None,
        replacement: Replacement | None = None,
    ) -> None:
        states = State(self._outline, before or {}), State(outline, after or {})
        self._do(words, *states, made, replacement)

    def _do(
        self,
        words: str,
        before: State,
        after: State,
        made: Mapping[Item, str] | None = None,
        replacement: Replacement | None = None,
    ) -> None:
        if self._book.book.read_only:
            return
        if after.outline == self._outline and not after.texts:
            return
        step = Step(words, self._book, before, after, made or {}, replacement)
        self.is_at_work = True
        try:
            self.stack.push(step)
        finally:
            self.is_at_work = False
        self.texts_changed.emit(step.applied)
        if step.left_alone:
            self.left_alone.emit([self._book.title(id) for id in step.left_alone])

    def _cut_marks(self, id: str, new: str, text: str, place: int) -> dict[str, StoredMarks]:
        """Return what is marked in both parts of a scene."""
        if self._book.marks is None:
            return {}
        stored = self._book.marks.of(id, text)
        end, start = changes.split_places(text, place)
        return {id: cut(stored, 0, end), new: cut(stored, start, len(text))}

    def _joined_marks(self, texts: Mapping[str, str]) -> dict[str, StoredMarks]:
        """Return what is marked in the first scene once all are joined in it."""
        if self._book.marks is None:
            return {}
        whole, starts = changes.joined_texts(list(texts.values()))
        of = self._book.marks.of
        parts = [(start, of(*each)) for start, each in zip(starts, texts.items(), strict=True)]
        return {next(iter(texts)): replace(joined_all(parts), length=len(whole))}

    def _is_written(self, item: Item, said: str, like: str = "") -> bool:
        if self._book.book.read_only:
            return False
        if item.kind is not ItemKind.SCENE or self._book.create(item, said, like):
            return True
        self.failed.emit(self.tr("The scene could not be written, so nothing was changed."))
        return False

    def _is_on_page(self) -> bool:
        scene = self._book.scene
        return scene in self._outline and not self._outline.is_archived(scene)

    def _following(self, outline: Outline) -> str:
        """Return which scene to show if the one on the page is archived in `outline`."""
        scene = self._book.scene
        if not scene or not outline.is_archived(scene):
            return ""
        scenes = [item.id for item in self._outline.scenes()]
        living = {item.id for item in outline.scenes()}
        place = scenes.index(scene) if scene in scenes else 0
        order = scenes[place:] + scenes[:place][::-1]
        return next((id for id in order if id in living), "")


def _settle(book: OpenBook) -> None:
    """Let all that was asked before be written: scenes that are not in hand are read again.

    Once for all of them. Were each waited for by itself, so would be what the others have written.
    """
    keeping = book.document.keeping
    for _ in range(_MOST_WAITS):
        if keeping.wait():
            break
    QCoreApplication.sendPostedEvents(keeping)
