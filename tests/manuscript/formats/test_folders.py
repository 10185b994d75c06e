import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.formats.folders import import_folder, natural_key
from writer.manuscript.formats.importing import ImportNotice


def filled(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def outline(compiled):
    return [(each.kind.value, each.depth, each.title, each.text) for each in compiled.sections]


def test_files_are_chapters_in_the_order_that_people_count(tmp_path):
    folder = filled(
        tmp_path / "My Novel", {"10 End.md": "Z", "2 Middle.md": "B", "1_Start.txt": "A"}
    )
    imported = import_folder(folder)
    assert imported.compiled.title == "My Novel"
    assert outline(imported.compiled) == [
        ("chapter", 0, "Start", ""),
        ("scene", 1, "", "A"),
        ("chapter", 0, "Middle", ""),
        ("scene", 1, "", "B"),
        ("chapter", 0, "End", ""),
        ("scene", 1, "", "Z"),
    ]


def test_folders_are_parts_and_deeper_ones_chapters(tmp_path):
    files = {
        "Part 1/01 One.md": "A\n***\nB",
        "Part 1/02/a.md": "C",
        "Part 1/02/b.md": "D",
        "Part 2/x.md": "# Inside\nE\n# Second\nF",
    }
    assert outline(import_folder(filled(tmp_path, files)).compiled) == [
        ("part", 0, "Part 1", ""),
        ("chapter", 1, "One", ""),
        ("scene", 2, "", "A"),
        ("scene", 2, "", "B"),
        ("chapter", 1, "02", ""),
        ("scene", 2, "a", "C"),
        ("scene", 2, "b", "D"),
        ("part", 0, "Part 2", ""),
        ("chapter", 1, "Inside", ""),
        ("scene", 2, "", "E"),
        ("chapter", 1, "Second", ""),
        ("scene", 2, "", "F"),
    ]


def test_what_was_left_out_is_said(tmp_path):
    files = {
        "a.md": "A",
        "cover.png": "x",
        ".hidden.md": "H",
        "bad.docx": "no zip",
        "empty.txt": "",
    }
    filled(tmp_path, files)
    (tmp_path / "loop").symlink_to(tmp_path)
    imported = import_folder(tmp_path)
    assert len(imported.compiled.sections) == 2
    said = {notice.kind: str(notice) for notice in imported.notices if "“" not in str(notice)}
    assert "cover.png" in said[ImportNotice.SKIPPED]
    assert "loop" in said[ImportNotice.SKIPPED]
    assert ".hidden.md" in said[ImportNotice.HIDDEN]
    failed = [str(n) for n in imported.notices if n.kind is ImportNotice.FAILED]
    assert any("bad.docx" in text for text in failed)
    assert any("empty.txt" in text for text in failed)


def test_a_book_and_a_folder_of_nothing_are_refused(tmp_path):
    with pytest.raises(WriterError) as caught:
        import_folder(filled(tmp_path / "none", {"a.png": ""}))
    assert caught.value.kind is ErrorKind.IMPORT_EMPTY
    with pytest.raises(WriterError, match="open it instead"):
        import_folder(filled(tmp_path / "book", {"book.toml": "", "a.md": "A"}))


def test_names_sort_by_their_numbers(tmp_path):
    names = ["a10", "a2", "A1", "b", "2", "10", "²", "٣"]
    paths = sorted((tmp_path / name for name in names), key=natural_key)
    shown = [path.name for path in paths]
    assert shown.index("2") < shown.index("10")
    assert shown.index("A1") < shown.index("a2") < shown.index("a10") < shown.index("b")
