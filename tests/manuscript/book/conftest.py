"""Books to open: small, whole, of parts and chapters and scenes in two scripts."""

from pathlib import Path

import pytest

from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

PART, CHAPTER, SCENE = ItemKind
SECTIONS = (
    Section(PART, "Ebb", 0, synopsis="Who left?"),
    Section(CHAPTER, "One", 1),
    Section(SCENE, "Dusk", 2, "He *left*.\nIt rained."),
    Section(SCENE, "第一章　春夜", 2, "雨停了。"),
    Section(CHAPTER, "Two", 0),
    Section(SCENE, "", 1, ""),
    Section(SCENE, "Dusk", 1, "She stayed.", "A “quote”\nand more"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a book that nobody has open."""
    compiled = CompiledBook("", "", "", SECTIONS)
    Book.create(tmp_path / "book", About("Harbour", "A. Writer", "en"), compiled).close()
    return tmp_path / "book"


def store(book: Book) -> None:
    """Do the keeper's part: write the outline."""
    for path in book.toml_paths:
        path.write_bytes(book.toml())
