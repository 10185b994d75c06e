"""`writer provenance`."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from writer import places
from writer.__main__ import main
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.marks_file import (
    StoredMarks,
    book_marks_path,
    placed_anew,
    single_marks_path,
    to_bytes,
)
from writer.manuscript.provenance.origin import Conditions, Origin

RAIN = " the rain fell"
SAID = f"She waited, and{RAIN} on."
CONDITIONS = Conditions("A model", "f", "fp32", "cpu", "c", {})
ORIGIN = Origin.under("one", CONDITIONS, 1, 0, RAIN, taken=datetime(2026, 5, 4, tzinfo=UTC))


def write_marks(path, taken=5):
    start = SAID.index(RAIN)
    marks = (Mark(start, start + len(RAIN), ORIGIN, 0),)
    stored = placed_anew(StoredMarks(marks, taken={"one": taken}, origins={"one": ORIGIN}), SAID)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(stored))


@pytest.fixture
def folder(tmp_path):
    scene = ItemKind.SCENE
    sections = (
        Section(scene, "Dusk", 0, SAID),
        Section(scene, "雨", 0, "雨停了。"),
        Section(scene, "", 0, "He rose."),
    )
    book = Book.create(tmp_path / "Novel", About("Novel"), CompiledBook("", "", "en", sections))
    first, _, last = book.outline.scenes()
    write_marks(book_marks_path(book.folder, first.id))
    book.outline = book.outline.changed(last.id, archived=True)
    for path in book.toml_paths:
        path.write_bytes(book.toml())
    book.close()
    return book.folder


@pytest.mark.parametrize("name", ["", "book.toml"])
def test_a_book_is_told_scene_by_scene(folder, capsys, name):
    files = sorted(folder.rglob("*"))
    assert main(["provenance", str(folder / name)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split() for line in out.splitlines()] == [
        ["Words", "By", "hand", "Taken", "As", "taken", "Changed", "since"],
        ["Dusk", "7", "4", "5", "3", "2"],
        ["雨", "3", "3", "0", "0", "0"],
        ["Total", "10", "7", "5", "3", "2"],
        [],
        ["taken", "from", "A", "model", "5", "3", "2"],
    ]
    assert sorted(folder.rglob("*")) == files


def test_it_speaks_to_other_programs(folder, capsys):
    assert main(["provenance", str(folder), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [text["name"] for text in values["texts"]] == ["Dusk", "雨"]
    assert values["total"]["models"] == {
        "A model": {"taken": 5, "standing": 3, "edited_or_removed": 2}
    }
    assert main(["provenance", str(folder), "--csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[1] == ["Dusk", "All models", "7", "4", "5", "3", "2"]
    assert main(["provenance", str(folder), "--markdown"]) == 0
    assert "| Dusk | 7 | 4 | 5 | 3 | 2 |" in capsys.readouterr().out


def test_a_single_text_has_its_marks_in_the_data_folder(tmp_path, capsys, monkeypatch):
    path = tmp_path / "story.md"
    path.write_text(SAID)
    write_marks(single_marks_path(places.data_folder(), path), taken=3)
    monkeypatch.chdir(tmp_path)
    assert main(["provenance", "story.md"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["story.md", "7", "4", "3", "3", "0"]


def test_what_cannot_be_read_is_said_and_the_rest_is_told(folder, capsys):
    path = next((folder / ".writer/marks").iterdir())
    path.write_bytes(b"damaged")
    assert main(["provenance", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert "“Dusk”" in err
    assert out.splitlines()[1].split() == ["Dusk", "7", "7", "0", "0", "0"]
    assert path.read_bytes() == b"damaged"


@pytest.mark.parametrize(("name", "reason"), [("none", "There is no file"), ("", "no book")])
def test_what_is_not_there_is_said_in_one_sentence(tmp_path, capsys, name, reason):
    assert main(["provenance", str(tmp_path / name)]) == 1
    out, err = capsys.readouterr()
    assert (out, reason in err, err.count("\n")) == ("", True, 1)


def test_a_long_name_is_cut_and_the_columns_stay(folder, capsys):
    book = Book.open(folder)
    first = book.outline.scenes()[0]
    book.outline = book.outline.changed(first.id, title="雨" * 60)
    book.toml_paths[0].write_bytes(book.toml())
    book.close()
    assert main(["provenance", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("雨" * 19 + "… ")
