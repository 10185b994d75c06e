"""`writer export` and `writer import`."""

import pytest

from writer.__main__ import main
from writer.manuscript.book.book import Book
from writer.manuscript.book.outline import ItemKind

NOVEL = "# One\n\nIt was *so* cold.\n\n***\n\nShe rose.\n\n# Two\n\nIt ended.\n"


@pytest.fixture
def novel(tmp_path):
    path = tmp_path / "novel.md"
    path.write_text(NOVEL, encoding="utf-8")
    return path


def texts(folder):
    book = Book.open(folder)
    try:
        return [
            (item.kind, item.title, book.read_scene(item.id).text if item.file else "")
            for item in book.outline.living()
        ]
    finally:
        book.close()


EXPECTED = [
    (ItemKind.CHAPTER, "One", ""),
    (ItemKind.SCENE, "", "It was *so* cold."),
    (ItemKind.SCENE, "", "She rose."),
    (ItemKind.CHAPTER, "Two", ""),
    (ItemKind.SCENE, "", "It ended."),
]


@pytest.mark.parametrize("ending", ["docx", "epub", "odt", "html", "md"])
def test_a_book_goes_out_and_comes_in_again(tmp_path, novel, capsys, ending):
    assert main(["import", str(novel), "--out", str(tmp_path / "A"), "--author", "N. N."]) == 0
    assert "is a book now: 2 chapters, 3 scenes." in capsys.readouterr().out
    assert texts(tmp_path / "A") == EXPECTED
    out = tmp_path / f"out.{ending}"
    assert main(["export", str(tmp_path / "A"), "--out", str(out)]) == 0
    assert main(["import", str(out), "--out", str(tmp_path / "B")]) == 0
    assert texts(tmp_path / "B") == EXPECTED
    book = Book.open(tmp_path / "B")
    assert (book.about.title, book.about.author) == ("novel", "N. N.")
    book.close()


def test_a_text_becomes_a_manuscript(tmp_path, novel, capsys):
    out = tmp_path / "novel.docx"
    flags = ["--manuscript", "--author", "A. B.", "--contact", "1 Road", "--title", "T"]
    assert main(["export", str(novel), "--out", str(out), *flags]) == 0
    assert main(["export", str(out), "--to", "md", "--out", str(tmp_path / "b.txt")]) == 0
    assert capsys.readouterr().err == ""
    back = (tmp_path / "b.txt").read_text(encoding="utf-8")
    assert back == '---\ntitle: "T"\nauthor: "A. B."\n---\n\n' + NOVEL.replace("***", "* * *")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["export", "{novel}", "--out", "{novel}"], "say --replace"),
        (["export", "{novel}", "--out", "{folder}/a.xyz"], "names no format"),
        (["export", "{novel}", "--out", "{folder}/a.odt", "--manuscript"], "is a DOCX"),
        (["export", "{folder}/none", "--out", "{folder}/a.odt"], "There is no file"),
        (["export", "{folder}", "--out", "{folder}/a.odt"], "no book"),
        (["import", "{folder}/none", "--out", "{folder}/B"], "There is no file"),
        (["import", "{novel}", "--out", "{folder}"], "{folder}"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(tmp_path, novel, capsys, arguments, reason):
    fields = {"novel": novel, "folder": tmp_path}
    assert main([argument.format(**fields) for argument in arguments]) == 1
    err = capsys.readouterr().err
    assert err.startswith("writer: ")
    assert err.count("\n") == 1
    assert reason.format(**fields) in err
    assert novel.read_text(encoding="utf-8") == NOVEL


def test_a_file_is_replaced_when_that_is_said(tmp_path, novel):
    out = tmp_path / "a.txt"
    out.write_text("old")
    assert main(["export", str(novel), "--out", str(out), "--replace"]) == 0
    assert "She rose." in out.read_text(encoding="utf-8")
