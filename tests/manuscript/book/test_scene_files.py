import os
import random
import unicodedata

import pytest

from writer.errors import WriterError
from writer.manuscript.book.outline import Item, ItemKind, Outline
from writer.manuscript.book.scene_files import scene_file, settle, slug

BAD = [
    "../x.md", "scenes/../../x.md", "/etc/x.md", "C:\\x.md", "C:x.md", "scenes\\x.md", "a\0.md",
    "book.toml", "book.toml ", ".writer/lock", ".writer/x.md", "scenes/.x.md", "scenes", "scenes/",
    "", ".", "scenes//x.md", "scenes/x.md.", "scenes/CON.md", "scenes/x.exe", "scenes/a?.md",
    "scenes/" + "é" * 200 + ".md",
]  # fmt: skip


def scene(number, file, **more):
    return Item(f"item{number:04}", ItemKind.SCENE, f"T{number}", file=file, **more)


def settled(folder, *items, earlier=None):
    return settle(folder, Outline(items), lambda: earlier)


def put(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"text of {file}")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Dusk", "dusk"),
        ("  What? Why!  ", "what-why"),
        ("第一章　春夜", "第一章-春夜"),
        ("ÉTÉ", "été"),
        ("e\u0301te\u0301", "été"),
        ("हिन्दी", "हिन्दी"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con"),
        ("a" * 99, "a" * 40),
        ("", "scene"),
        ('😀/\\:*?"<>|\0\n', "scene"),
    ],
)
def test_slugs(title, expected):
    assert slug(title) == expected


@pytest.mark.parametrize("seed", range(20))
def test_any_title_makes_a_file_that_can_be_made_and_is_found_again(seed, tmp_path):
    chance = random.Random(seed)
    title = "".join(
        chr(chance.choice((chance.randrange(1, 256), chance.randrange(0x3000, 0xD800))))
        for _ in range(60)
    )
    file = scene_file("item0000", title)
    put(tmp_path, file)
    result = settled(tmp_path, Item("item0000", ItemKind.SCENE, file=file))
    assert result.outline.items[0].file == file
    assert result.missing == result.found == result.refused == []
    assert len(slug(title)) <= 40
    assert unicodedata.is_normalized("NFC", slug(title))


@pytest.mark.parametrize("bad", BAD)
def test_a_file_that_is_not_the_books_is_not_used(tmp_path, bad):
    folder = tmp_path / "book"
    put(folder, "scenes/ok.md")
    put(tmp_path, "x.md")
    result = settled(folder, scene(1, bad), scene(2, "scenes/ok.md"))
    assert [item.file for item in result.outline] == [scene_file("item0001", "T1"), "scenes/ok.md"]
    assert [item.file for item in result.refused] == [bad] * bool(bad)
    assert result.outline.items[0].other == ({"file_before": bad} if bad else {})
    assert not result.found


def test_links_folders_and_pipes_are_not_used(tmp_path):
    folder = tmp_path / "book"
    put(folder, "scenes/ok.md", "book.toml")
    put(tmp_path, "x.md")
    (folder / "scenes/out.md").symlink_to(tmp_path / "x.md")
    (folder / "scenes/toml.md").symlink_to(folder / "book.toml")
    (folder / "scenes/same.md").symlink_to(folder / "scenes/ok.md")
    (folder / "scenes/folder.md").mkdir()
    (folder / "deep").symlink_to(tmp_path)
    os.mkfifo(folder / "scenes/pipe.md")
    names = ("ok", "out", "toml", "same", "folder", "pipe")
    items = [scene(n, f"scenes/{name}.md") for n, name in enumerate(names)]
    result = settled(folder, *items, scene(9, "deep/x.md"))
    assert [item.id for item in result.refused] == [item.id for item in items[1:]] + ["item0009"]
    assert not result.found
    assert len({item.file for item in result.outline}) == 7


def test_no_two_scenes_have_one_file(tmp_path):
    put(tmp_path, "scenes/a.md")
    result = settled(tmp_path, scene(1, "scenes/a.md"), scene(2, "scenes/a.md"))
    assert [item.file for item in result.outline] == ["scenes/a.md", scene_file("item0002", "T2")]
    assert [item.id for item in result.refused] == ["item0002"]
    both = settled(tmp_path, scene(1, "scenes/gone.md"), scene(2, "scenes/GONE.md"))
    assert len({item.file for item in both.outline.items[:2]}) == 2
    assert len(both.refused) == 1


def test_other_spellings_and_new_names_are_found(tmp_path):
    put(tmp_path, "scenes/Été.md", "scenes/dusk.md", "scenes/new name-item0003.md", "more/x.md")
    result = settled(
        tmp_path,
        scene(1, unicodedata.normalize("NFD", "scenes/Été.md")),
        scene(2, "scenes/Dusk.md"),
        scene(3, "scenes/old-item0003.md"),
        scene(4, "more/x.md"),
    )
    assert [item.file for item in result.outline] == [
        "scenes/Été.md", "scenes/dusk.md", "scenes/new name-item0003.md", "more/x.md",
    ]  # fmt: skip
    assert result.missing == result.found == result.refused == []


def test_texts_that_are_not_named_are_added_as_they_were_known(tmp_path):
    put(tmp_path, "scenes/a.md", "scenes/Chapter 10.md", "scenes/Chapter 9.txt", "scenes/x.png")
    put(tmp_path, "scenes/at-dusk-k3f9x2ab.md", "scenes/.writer-1.tmp", "scenes/known.md")
    known = scene(7, "scenes/known.md", synopsis="what it was", depth=0)
    result = settled(tmp_path, scene(1, "scenes/a.md"), earlier=Outline((known,)))
    assert result.found[0].id == "k3f9x2ab"
    assert [item.title for item in result.found] == ["at dusk", "Chapter 9", "Chapter 10", "T7"]
    assert result.found[-1] == known
    assert [item.depth for item in result.found] == [0] * 4


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are Unicode")
def test_names_that_no_outline_can_hold_are_told_and_left_alone(tmp_path):
    put(tmp_path, "scenes/a.md", "scenes/two\nlines.md")
    (tmp_path / "scenes" / os.fsdecode(b"caf\xe9.md")).write_bytes(b"x")
    result = settled(tmp_path, scene(1, "scenes/a.md"))
    assert not result.found
    assert len(result.unfit) == 2


def test_a_folder_of_scenes_that_is_none_is_refused(tmp_path):
    (tmp_path / "scenes").write_bytes(b"x")
    with pytest.raises(WriterError, match="should be"):
        settled(tmp_path)
