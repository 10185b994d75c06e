"""The law of the formats: what is exported and imported again is the same book."""

import random

import pytest

from tests.manuscript.formats.random_books import kept, random_book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.export import export
from writer.manuscript.formats.importing import import_file
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format

READING, MANUSCRIPT = ExportStyle.READING, ExportStyle.MANUSCRIPT
WAYS = [
    (Format.DOCX, READING),
    (Format.DOCX, MANUSCRIPT),
    (Format.ODT, READING),
    (Format.EPUB, READING),
    (Format.HTML, READING),
    (Format.MARKDOWN, READING),
]


def there_and_back(book, folder, format_, style=READING):
    path = folder / f"book.{format_.value}"
    export(book, path, format_, ExportOptions(style=style))
    return import_file(path)


@pytest.mark.parametrize(("format_", "style"), WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_a_random_book_comes_back(tmp_path, format_, style, seed):
    book = random_book(random.Random(seed))
    imported = there_and_back(book, tmp_path, format_, style)
    assert kept(imported.compiled) == kept(book)
    assert (imported.compiled.title, imported.compiled.author) == (book.title, book.author)
    assert imported.notices == ()


@pytest.mark.parametrize(("format_", "style"), WAYS)
def test_the_second_time_nothing_changes(tmp_path, format_, style):
    book = random_book(random.Random(99))
    once = there_and_back(book, tmp_path, format_, style).compiled
    assert there_and_back(once, tmp_path, format_, style).compiled == once


@pytest.mark.parametrize(("format_", "style"), WAYS)
def test_leading_spaces_stay_unless_most_paragraphs_have_them(tmp_path, format_, style):
    verse = "The poem:\n    a line\n  another\nand prose.\nMore prose."
    indented = "  One.\n\t Two.\n\u3000\u3000三。\nFour."
    back = [
        there_and_back(one_chapter(text), tmp_path, format_, style).compiled.sections[1].text
        for text in (verse, indented)
    ]
    assert back[0] == verse
    if format_ is not Format.MARKDOWN:
        assert back[1] == "One.\nTwo.\n三。\nFour."


@pytest.mark.parametrize("format_", [Format.DOCX, Format.EPUB, Format.HTML])
def test_the_language_comes_back(tmp_path, format_):
    book = CompiledBook("书", "某人", "zh-CN", one_chapter("他说。").sections)
    assert there_and_back(book, tmp_path, format_).compiled == book


@pytest.mark.parametrize("format_", [way[0] for way in WAYS])
def test_characters_that_no_document_can_hold_harm_nothing(tmp_path, format_):
    text = "a\x00b\x01c\x1fd\ud800e\ufffef\x85g\x0bh\x9bi"
    back = there_and_back(one_chapter(text), tmp_path, format_).compiled
    shown = "".join(letter for letter in back.sections[1].text if letter.isalpha())
    assert shown == "abcdefghi"


def test_text_keeps_its_lines(tmp_path):
    book = one_chapter("One *line*.\n\nAnother.")
    path = tmp_path / "book.txt"
    export(book, path, Format.TEXT)
    back = import_file(path).compiled
    assert [section.title for section in back.sections[1:]] == ["Chapter One", ""]
    assert back.sections[-1].text == "One *line*.\nAnother."


def one_chapter(text):
    chapter = Section(ItemKind.CHAPTER, "Chapter One", 0)
    return CompiledBook("T", "A", "", (chapter, Section(ItemKind.SCENE, "", 1, text)))
