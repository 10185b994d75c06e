"""The report of a book and of a text, in its window and exported."""

import json

import pytest
from PySide6.QtWidgets import QFileDialog

from tests.ui.marked_desks import ON_DEMAND, books, scenes, take, written
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.provenance.report import Words
from writer.ui.book.report_dialog import ReportDialog
from writer.ui.book.reporting import Reporting

ONE, TWO = " the rain fell on the roofs", " a boat came in at last"


@pytest.fixture
def folder(tmp_path):
    scene = ItemKind.SCENE
    sections = (Section(scene, "Dusk", 0, "She waited."), Section(scene, "", 0, "He rose, and"))
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "en", sections))
    book.close()
    return book.folder


def reporting(desk) -> Reporting:
    return desk.window.findChild(Reporting)


def end(desk):
    desk.page.go_to(len(desk.page.read()))


@pytest.fixture
def desk(open_desk, folder):
    """A book with something taken in both scenes, and an edit in what was taken in the first."""
    desk = open_desk((ONE,), (TWO,), settings=ON_DEMAND, path=folder)
    end(desk)
    take(desk, ONE)
    desk.page.go_to(len("She waited. the rain"))
    desk.type("y")
    books(desk).open_book.show(scenes(desk)[1])
    end(desk)
    take(desk, TWO)
    return desk


def test_scenes_in_hand_and_on_the_disk_are_told_alike(desk, open_desk, folder):
    report = reporting(desk).report()
    assert [each.name for each in report.texts] == ["Dusk", "Untitled scene"]
    assert [each.suggested for each in report.texts] == [Words(6, 5), Words(6, 6)]
    assert [(each.words, each.by_hand) for each in report.texts] == [(8, 3), (9, 3)]
    assert report.total.models == {"scripted": Words(12, 11)}
    written(desk)
    assert desk.window.close()
    assert reporting(open_desk(settings=ON_DEMAND, path=folder)).report() == report


def test_an_untitled_text_has_a_report_too(open_desk):
    desk = open_desk((ONE,), settings=ON_DEMAND)
    desk.type("So")
    take(desk, ONE)
    report = reporting(desk).report()
    assert (report.total.words, report.total.suggested) == (7, Words(6, 6))
    assert [each.name for each in report.texts] == ["Untitled"]


def test_an_archived_scene_is_in_no_report(desk):
    books(desk).rearranging.archive((scenes(desk)[0],))
    assert [each.name for each in reporting(desk).report().texts] == ["Untitled scene"]


@pytest.mark.parametrize("ending", ["csv", "md", "json"])
def test_the_dialog_shows_it_and_exports_it(desk, tmp_path, monkeypatch, ending):
    path, seen = tmp_path / f"out.{ending}", []

    def look(dialog):
        model = dialog.table.model()
        rows = range(model.rowCount())
        seen.extend([[model.index(row, n).data() for n in range(6)] for row in rows])
        seen.append(dialog.under.text())
        seen.append([label.text() for label in dialog.models])
        actions = dialog.export_button.menu().actions()
        next(each for each in actions if each.data() == ending).trigger()

    monkeypatch.setattr(ReportDialog, "exec", look)
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: True)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda dialog: [str(path)])
    reporting(desk).show_dialog()
    assert seen[:3] == [
        ["All together", "17", "6", "12", "11", "1"],
        ["Dusk", "8", "3", "6", "5", "1"],
        ["Untitled scene", "9", "3", "6", "6", "0"],
    ]
    assert "17 words in all, of which 11, or 65 %" in seen[3]
    assert seen[4] == ["scripted: 12 taken, 11 of them as taken, 1 changed since"]
    said = path.read_text(encoding="utf-8-sig")
    assert "Dusk" in said
    if ending == "json":
        assert json.loads(said)["total"]["taken"] == 12
    assert str(path) in desk.window.messages.text()


def test_where_nothing_was_taken_that_is_said(open_desk, tmp_path, monkeypatch):
    (tmp_path / "own.md").write_text("All mine.")
    desk = open_desk(settings=ON_DEMAND, path=tmp_path / "own.md")
    seen = []
    monkeypatch.setattr(ReportDialog, "exec", lambda dialog: seen.append(dialog.under.text()))
    reporting(desk).show_dialog()
    assert seen == ["Every word is your own: nothing was taken from a continuation."]
