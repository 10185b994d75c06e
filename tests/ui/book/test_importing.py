"""Imports into a real window: a new book, chapters more, or a book of the text on the page."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from tests.ui.crashes import lost_texts
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.export import export
from writer.manuscript.formats.options import Format
from writer.ui.book.books import Books
from writer.ui.book.exchange import Exchange
from writer.ui.book.import_dialog import ImportDialog, found_in

QUIET = '[suggesting]\nmode = "off"\n'
COMPILED = CompiledBook(
    "Low Water",
    "Ann Ames",
    "en",
    (
        Section(ItemKind.CHAPTER, "One", 0),
        Section(ItemKind.SCENE, "", 1, "The rain *fell*.\nShe waited."),
        Section(ItemKind.SCENE, "", 1, "雨停了。"),
        Section(ItemKind.CHAPTER, "Two", 0),
        Section(ItemKind.SCENE, "", 1, "He came."),
    ),
)


def imports_of(desk):
    return desk.window.findChild(Exchange).imports


def books_of(desk):
    return desk.window.findChild(Books)


def outline_of(desk) -> list[tuple]:
    book = books_of(desk).open_book
    return [
        (item.kind, item.title, item.depth, book.text(item.id) if item.file else "")
        for item in book.outline.living()
    ]


def expected(*sections: Section) -> list[tuple]:
    return [(each.kind, each.title, each.depth, each.text) for each in sections]


def answer(monkeypatch, change=lambda dialog: None, is_wanted: bool = True) -> list[ImportDialog]:
    """Let the person in front of the sheet answer; return the sheets that were shown."""
    shown = []

    def decide(dialog):
        shown.append(dialog)
        change(dialog)
        return is_wanted

    monkeypatch.setattr(ImportDialog, "exec", decide)
    return shown


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "source.docx"
    export(COMPILED, path, Format.DOCX)
    return path


@pytest.fixture
def desk(open_desk):
    return open_desk(settings=QUIET)


def test_a_document_becomes_a_book_beside_it_and_opens(desk, source, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(source), ""))
    answer(monkeypatch)
    imports_of(desk).file_dialog()
    book = books_of(desk).open_book.book
    assert book.folder == source.parent / "Low Water"
    assert (book.about.title, book.about.author) == ("Low Water", "Ann Ames")
    assert outline_of(desk) == expected(*COMPILED.sections)
    assert desk.page.read() == "The rain *fell*.\nShe waited."


def test_a_folder_becomes_a_book(desk, tmp_path, monkeypatch):
    folder = tmp_path / "Drafts"
    folder.mkdir()
    (folder / "1 One.md").write_text("Rain.")
    (folder / "2 Two.txt").write_text("Sun.")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    shown = answer(monkeypatch)
    imports_of(desk).folder_dialog()
    assert "cover.jpg" in shown[0].notice.text()
    assert [row[1] for row in outline_of(desk) if row[0] is ItemKind.CHAPTER] == ["One", "Two"]
    assert books_of(desk).open_book.book.folder == tmp_path / "Drafts 2"


def test_what_is_typed_on_the_sheet_is_used(desk, source, tmp_path, monkeypatch):
    def change(dialog):
        dialog.title_field.setText("Tides: a Novel")
        dialog.author_field.setText("B. Bell")

    answer(monkeypatch, change)
    imports_of(desk).import_path(source)
    book = books_of(desk).open_book.book
    assert book.folder == tmp_path / "Tides a Novel"
    assert book.about == About("Tides: a Novel", "B. Bell", book.about.language)


def test_cancel_makes_nothing(desk, source, tmp_path, monkeypatch):
    answer(monkeypatch, is_wanted=False)
    imports_of(desk).import_path(source)
    assert books_of(desk).open_book is None
    assert list(tmp_path.iterdir()) == [source]


def test_what_cannot_be_read_is_said(desk, tmp_path, monkeypatch):
    (tmp_path / "broken.docx").write_bytes(b"PK\3\4 broken")
    answer(monkeypatch, lambda dialog: pytest.fail("shown"))
    imports_of(desk).import_path(tmp_path / "broken.docx")
    assert "broken.docx" in desk.window.messages.text()


def test_a_book_that_does_not_come_about_leaves_nothing(desk, source, tmp_path, monkeypatch):
    def change(dialog):
        dialog.folder = tmp_path / "taken"

    (tmp_path / "taken").write_text("a file")
    answer(monkeypatch, change)
    imports_of(desk).import_path(source)
    assert "taken" in desk.window.messages.text()
    assert (tmp_path / "taken").read_text() == "a file"
    assert books_of(desk).open_book is None


def test_a_document_is_added_to_the_open_book_in_one_step(open_desk, source, tmp_path, monkeypatch):
    Book.create(tmp_path / "Open", About("Open"), COMPILED).close()
    desk = open_desk(settings=QUIET, path=tmp_path / "Open")
    files = sorted((tmp_path / "Open" / "scenes").iterdir())
    answer(monkeypatch, lambda dialog: dialog.target.show_value("open"))
    imports_of(desk).import_path(source)
    assert outline_of(desk) == expected(*COMPILED.sections, *COMPILED.sections)
    assert desk.session.filing.document.keeping.wait()
    assert len(Book.open(tmp_path / "Open").outline.scenes()) == 6
    rearranging = books_of(desk).rearranging
    rearranging.undo()
    assert desk.session.filing.document.keeping.wait()
    assert outline_of(desk) == expected(*COMPILED.sections)
    assert sorted((tmp_path / "Open" / "scenes").iterdir()) == files
    rearranging.redo()
    assert outline_of(desk) == expected(*COMPILED.sections, *COMPILED.sections)


def test_scenes_alone_are_added_as_a_chapter(open_desk, tmp_path, monkeypatch):
    Book.create(tmp_path / "Open", About("Open")).close()
    (tmp_path / "Notes.txt").write_text("Rain.")
    desk = open_desk(settings=QUIET, path=tmp_path / "Open")
    answer(monkeypatch, lambda dialog: dialog.target.show_value("open"))
    imports_of(desk).import_path(tmp_path / "Notes.txt")
    assert outline_of(desk)[1:] == [
        (ItemKind.CHAPTER, "Notes", 0, ""),
        (ItemKind.SCENE, "", 1, "Rain."),
    ]


def test_a_file_on_the_page_becomes_a_book_and_stays(open_desk, tmp_path, monkeypatch):
    path = tmp_path / "story.md"
    path.write_text("# One\nRain.\n# Two\nSun.")
    desk = open_desk(settings=QUIET, path=path)
    desk.page.go_to(len("# One\n"))
    desk.type("More ")
    answer(monkeypatch)
    imports_of(desk).make_book()
    assert books_of(desk).open_book.book.folder == tmp_path / "story"
    assert [row[3] for row in outline_of(desk) if row[3]] == ["More Rain.", "Sun."]
    assert path.read_text() == "# One\nMore Rain.\n# Two\nSun."


def test_an_untitled_text_becomes_a_book_without_a_question(desk, home, tmp_path, monkeypatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail("asked"))
    desk.type("It was late.")

    def change(dialog):
        dialog.folder = tmp_path / "Late"

    answer(monkeypatch, change)
    imports_of(desk).make_book()
    assert [row[3] for row in outline_of(desk)] == ["It was late."]
    assert desk.session.filing.document.keeping.wait()
    assert lost_texts() == []


def test_an_untitled_text_stays_when_no_book_comes_about(desk, tmp_path, monkeypatch):
    desk.type("It was late.")
    (tmp_path / "taken").write_text("a file")

    def change(dialog):
        dialog.folder = tmp_path / "taken"

    answer(monkeypatch, change)
    imports_of(desk).make_book()
    assert desk.page.read() == "It was late."
    assert not desk.session.filing.document.is_safe


def test_the_sheet_shows_what_was_found(qtbot, tmp_path):
    dialog = ImportDialog(found_in(COMPILED, ["2 pictures were left out."]), tmp_path, "Open")
    qtbot.addWidget(dialog)
    top = dialog.list.topLevelItem(0)
    assert dialog.list.topLevelItemCount() == 2
    assert (top.text(0), top.text(1), top.childCount()) == ("One", "8", 2)
    assert dialog.title.text() == "2 chapters, 3 scenes, 10 words"
    dialog.show()
    QApplication.processEvents()
    assert dialog.wish().folder == tmp_path / "Low Water"
    dialog.target.show_value("open")
    dialog._refresh()
    assert dialog.wish().into_open
    assert not dialog.title_field.isVisible()
