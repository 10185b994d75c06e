"""Exports from a real window: what is in hand is what is written, and all or nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.options import ExportStyle, Format
from writer.ui.book.books import Books
from writer.ui.book.errand import ErrandDialog
from writer.ui.book.exchange import Exchange
from writer.ui.book.export_dialog import PDF, ExportDialog, ExportSource, ExportWish

QUIET = '[suggesting]\nmode = "off"\n'
SECTIONS = (
    Section(ItemKind.CHAPTER, "One", 0),
    Section(ItemKind.SCENE, "Dusk", 1, "The rain fell.", "She waits."),
    Section(ItemKind.SCENE, "", 1, "雨停了。"),
    Section(ItemKind.CHAPTER, "Two", 0),
    Section(ItemKind.SCENE, "Dawn", 1, "He *came*."),
)
EDIT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def folder(tmp_path) -> Path:
    about = About("Novel", "Ann Ames", "en")
    book = Book.create(tmp_path / "Novel", about, CompiledBook("", "", "en", SECTIONS))
    book.close()
    return book.folder


@pytest.fixture
def desk(open_desk, folder):
    return open_desk(settings=QUIET, path=folder)


def exports_of(desk):
    return desk.window.findChild(Exchange).exports


def open_book(desk):
    return desk.window.findChild(Books).open_book


def wish_for(format_, **more) -> ExportWish:
    return ExportWish(format=format_, title="Novel", author="Ann Ames", **more)


def test_what_was_typed_and_not_saved_is_exported(desk, folder, tmp_path):
    desk.type("So ")
    first = open_book(desk).scene
    open_book(desk).step(2)
    desk.type("Then ")
    saved = {path.read_text() for path in (folder / "scenes").iterdir()}
    exports_of(desk).export(wish_for("md"), tmp_path / "out.md")
    written = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert "So The rain fell." in written
    assert "Then He *came*." in written
    assert "Then He *came*." not in saved
    assert "雨停了。" in written
    assert open_book(desk).scene != first


@pytest.mark.parametrize("format_", [*(each.value for each in Format), PDF])
def test_every_format_is_written(desk, tmp_path, format_):
    path = tmp_path / f"out.{format_}"
    exports_of(desk).export(wish_for(format_), path)
    assert path.stat().st_size > 20
    assert str(path) in desk.window.messages.text()


def test_some_of_a_book_can_be_chosen(desk, tmp_path):
    chapter = open_book(desk).outline.children(None)[1]
    path = tmp_path / "out.txt"
    exports_of(desk).export(wish_for("txt", ids=(chapter.id,)), path)
    written = path.read_text(encoding="utf-8")
    assert "came" in written
    assert "rain" not in written


def test_a_failure_is_said_and_the_old_file_stays(desk, tmp_path):
    path = tmp_path / "taken.md"
    path.mkdir()
    (path / "inside").write_text("old")
    exports_of(desk).export(wish_for("md"), path)
    assert str(path) in desk.window.messages.text()
    assert (path / "inside").read_text() == "old"


def test_a_scene_that_cannot_be_read_is_never_left_out_silently(desk, tmp_path):
    book = open_book(desk)
    last = book.book.scene_path(book.outline.scenes()[-1].id)
    last.unlink()
    last.mkdir()
    exports_of(desk).export(wish_for("md"), tmp_path / "out.md")
    assert str(last) in desk.window.messages.text()
    assert not (tmp_path / "out.md").exists()


def test_a_book_without_text_is_not_exported(open_desk, tmp_path):
    Book.create(tmp_path / "Empty", About("Empty")).close()
    desk = open_desk(settings=QUIET, path=tmp_path / "Empty")
    exports_of(desk).export(wish_for("docx"), tmp_path / "out.docx")
    assert "no text" in desk.window.messages.text()
    assert not (tmp_path / "out.docx").exists()


def test_cancel_leaves_nothing(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("writer.ui.book.errand._UNSEEN_MS", 0)
    shown = ErrandDialog.exec

    def cancel(dialog):
        dialog.reject()
        return shown(dialog)

    monkeypatch.setattr(ErrandDialog, "exec", cancel)
    exports_of(desk).export(wish_for("docx"), tmp_path / "out.docx")
    assert not (tmp_path / "out.docx").exists()
    assert desk.window.messages.text() == ""


def test_the_message_shows_the_folder(desk, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    exports_of(desk).export(wish_for("md"), tmp_path / "out.md")
    desk.window.messages.action_button.click()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]


def answer(monkeypatch, change, where: Path | None):
    """Let the person in front of the dialogs answer; return what they were shown."""
    shown = []

    def decide(dialog):
        shown.append(dialog.wish())
        change(dialog)
        return True

    monkeypatch.setattr(ExportDialog, "exec", decide)
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: where is not None)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda dialog: [str(where)])
    return shown


def test_the_key_asks_and_the_books_title_is_kept(desk, folder, tmp_path, monkeypatch):
    def change(dialog):
        dialog.title_field.setText("Low Water")
        dialog.formats.show_value("html")
        dialog.synopses.setChecked(True)

    shown = answer(monkeypatch, change, tmp_path / "out.html")
    desk.press(Qt.Key.Key_E, EDIT)
    assert (shown[0].title, shown[0].author, shown[0].ids) == ("Novel", "Ann Ames", None)
    written = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Low Water" in written
    assert "She waits." in written
    assert open_book(desk).book.about.title == "Low Water"
    assert desk.session.filing.document.keeping.wait()
    assert 'title = "Low Water"' in (folder / "book.toml").read_text()
    assert "Low Water" in desk.window.windowTitle()
    desk.press(Qt.Key.Key_E, EDIT)
    assert (shown[1].format, shown[1].include_synopses) == ("html", True)


def test_a_single_text_is_exported_by_its_headings(open_desk, tmp_path, monkeypatch):
    (tmp_path / "single.md").write_text("# One\nRain.\n# Two\nSun.\n")
    desk = open_desk(settings=QUIET, path=tmp_path / "single.md")
    desk.page.go_to(len("# One\n"))
    desk.type("More ")
    answer(monkeypatch, lambda dialog: dialog.formats.show_value("html"), tmp_path / "out.html")
    desk.press(Qt.Key.Key_E, EDIT)
    written = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "More Rain." in written
    assert written.count("<h1") + written.count("<h2") >= 2


def test_an_empty_page_is_not_exported(open_desk, monkeypatch):
    desk = open_desk(settings=QUIET)
    monkeypatch.setattr(ExportDialog, "exec", lambda dialog: pytest.fail("asked"))
    desk.press(Qt.Key.Key_E, EDIT)
    assert "no text" in desk.window.messages.text()


def test_the_dialog_offers_styles_and_pages_only_where_there_are_any(qtbot):
    source = ExportSource("Novel", "Ann", True, ("a", "b"), "2 chosen", "c")
    dialog = ExportDialog(source, ExportWish(style=ExportStyle.MANUSCRIPT))
    qtbot.addWidget(dialog)
    for format_ in (*(each.value for each in Format), PDF):
        dialog.formats.show_value(format_)
        dialog._refresh()
        has_style = format_ in ("docx", PDF)
        assert dialog.styles.isVisibleTo(dialog) == has_style
        assert dialog.papers.isVisibleTo(dialog) == (format_ == PDF)
        expected = ExportStyle.MANUSCRIPT if has_style else ExportStyle.READING
        assert dialog.wish().style is expected
    for value, ids in (("whole", None), ("chosen", ("a", "b")), ("scene", ("c",))):
        dialog.what.show_value(value)
        assert dialog.wish().ids == ids


def test_the_window_opens_without_the_libraries_of_formats():
    code = "import sys, writer.ui.app; sys.exit('pypandoc' in sys.modules or 'docx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
