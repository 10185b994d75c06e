"""ImportDialog: what was found in a document, and which book is to be made of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.counts import count_words
from writer.ui.book.book_dialog import button
from writer.ui.book.file_names import file_name_of, free_folder
from writer.ui.book.floating_bar import FloatingBar
from writer.ui.book.form_dialog import FormDialog, abreast, beside, named, remark
from writer.ui.book.item_words import words_words
from writer.ui.elided_label import ElidedLabel
from writer.ui.segmented import Segmented

_LIST_PX, _INDENT_PX = 200, 16
_MOST_OPEN = 30
"""Parts, chapters and scenes; of more than that the scenes are folded away at first."""
_NEW, _OPEN = "new", "open"


@dataclass(frozen=True, slots=True)
class Found:
    """What a document holds; its words are counted where there is time for it."""

    compiled: CompiledBook
    words: tuple[int, ...]
    """Of each section."""
    notices: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All its words."""
        return sum(self.words)


def found_in(compiled: CompiledBook, notices: Sequence[str] = ()) -> Found:
    """Return a compiled book with its words counted."""
    words = tuple(count_words(section.text) for section in compiled.sections)
    return Found(compiled, words, tuple(notices))


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What is to become of it."""

    title: str
    author: str
    folder: Path
    into_open: bool = False
    """Whether it goes to the end of the book that is open, whatever the rest says."""


class ImportDialog(FormDialog):
    """Parts, chapters and scenes as they were found, what was left out, and the new book's name."""

    def __init__(
        self, found: Found, beside: Path, open_title: str = "", parent: QWidget | None = None
    ) -> None:
        """Offer to make a book in a new folder of `beside`, or to add to the book that is open."""
        super().__init__("", "", parent)
        self._found = found
        self._beside = beside
        self._is_placed = False
        self.setWindowTitle(self.tr("Import"))
        self.title.setText(self._title())
        self.list = FoundTree(found)
        self.list.setAccessibleName(self.tr("What was found"))
        self.notice = remark("\n".join(found.notices))
        self.notice.setProperty("part", "note")
        self.target = Segmented(
            [
                (_NEW, self.tr("A new book")),
                (_OPEN, self.tr("The end of “{title}”").format(title=open_title)),
            ]
        )
        self.target.show_value(_NEW)
        self.target.chosen.connect(self._refresh)
        self.title_field = QLineEdit(found.compiled.title)
        self.author_field = QLineEdit(found.compiled.author)
        self.place = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.place_button = button(self.tr("Elsewhere…"))
        self.place_button.clicked.connect(self._on_elsewhere)
        self.title_field.textChanged.connect(self._on_title)
        self.folder = beside
        self._lay_out(bool(open_title))
        self._on_title()
        self._refresh()

    def wish(self) -> ImportWish:
        """Return what is asked for now."""
        return ImportWish(
            self.title_field.text().strip(),
            self.author_field.text().strip(),
            self.folder,
            self.target.value() == _OPEN,
        )

    # The parts

    def _lay_out(self, has_open: bool) -> None:
        self.ask(self.tr("What was found"), self.list, *[self.notice] * bool(self._found.notices))
        if has_open:
            self.ask(self.tr("Where it goes"), self.target)
        title = named(self.tr("Title"), self.title_field)
        author = named(self.tr("Author"), self.author_field)
        self._about_question = self.ask(self.tr("The new book"), abreast(title, author))
        self._place_question = self.ask(
            self.tr("Its folder"), beside(self.place, self.place_button)
        )

    def _refresh(self) -> None:
        is_new = self.target.value() == _NEW
        self._about_question.setVisible(is_new)
        self._place_question.setVisible(is_new)
        self.step_button.setText(self.tr("Make the book") if is_new else self.tr("Add to it"))
        self.adjustSize()

    def _on_title(self) -> None:
        if not self._is_placed:
            name = file_name_of(self.title_field.text(), self.tr("My Novel"))
            self.folder = free_folder(self._beside, name)
        self.place.setText(str(self.folder))
        self.place.setToolTip(str(self.folder))

    def _on_elsewhere(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("The new book's folder"), str(self.folder), "",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if name:
            self.folder, self._is_placed = Path(name), True
            self._on_title()

    # Words

    def _title(self) -> str:
        counts = Counter(section.kind for section in self._found.compiled.sections)
        words = {
            ItemKind.PART: (self.tr("1 part"), self.tr("{n} parts")),
            ItemKind.CHAPTER: (self.tr("1 chapter"), self.tr("{n} chapters")),
            ItemKind.SCENE: (self.tr("1 scene"), self.tr("{n} scenes")),
        }
        said = [
            one if counts[kind] == 1 else several.format(n=f"{counts[kind]:,}")
            for kind, (one, several) in words.items()
            if counts[kind]
        ]
        return ", ".join([*said, words_words(self._found.total)])


class FoundTree(QTreeWidget):
    """The outline at the left, words at the right."""

    def __init__(self, found: Found, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setIndentation(_INDENT_PX)
        self.setFixedHeight(_LIST_PX)
        self.bar = FloatingBar(self)
        self._fill(found)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def _fill(self, found: Found) -> None:
        above: list[tuple[int, QTreeWidgetItem]] = []
        tops: list[QTreeWidgetItem] = []
        for section, words in zip(found.compiled.sections, _with_inner(found), strict=True):
            item = QTreeWidgetItem([self._name(section), f"{words:,}"])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            while above and above[-1][0] >= section.depth:
                above.pop()
            if above:
                above[-1][1].addChild(item)
            else:
                tops.append(item)
            above.append((section.depth, item))
        self.addTopLevelItems(tops)
        if len(found.compiled.sections) <= _MOST_OPEN:
            self.expandAll()

    def _name(self, section: Section) -> str:
        if section.title.strip():
            return section.title
        if section.kind is ItemKind.SCENE:
            return " ".join(section.text[:80].split()) or self.tr("Empty scene")
        chapter, part = self.tr("Untitled chapter"), self.tr("Untitled part")
        return chapter if section.kind is ItemKind.CHAPTER else part


def _with_inner(found: Found) -> list[int]:
    """Return the words of each section with all that lies in it."""
    sections, sums = found.compiled.sections, list(found.words)
    above: list[int] = []
    for place, section in enumerate(sections):
        while above and sections[above[-1]].depth >= section.depth:
            above.pop()
        for outer in above:
            sums[outer] += found.words[place]
        above.append(place)
    return sums
