import random
import tomllib

import pytest

from tests.manuscript.book.outlines import grown
from writer.manuscript.book.book_file import About, BookFile, parse, salvage
from writer.manuscript.book.outline import Item, ItemKind, Outline

TITLES = ("", "Dusk", "第一章　春夜", 'He said "no" \\ …', "#[[item]]", "a = 1", "😀", "\ue000")


def book_file(seed: int, size: int = 20) -> BookFile:
    """Return a file of items with all there can be in them."""
    chance = random.Random(seed)
    items = []
    for number, item in enumerate(grown(chance, size)):
        file = f"scenes/{number}.md" if item.kind is ItemKind.SCENE else ""
        other = {"colour": [1, 2.5], "deep": {"er": {"yes": True}}} if chance.random() < 0.2 else {}
        title, status = chance.choice(TITLES), chance.choice(("", "draft", "ein Status"))
        synopsis = "\n".join(chance.choices(TITLES, k=chance.randrange(3)))
        items.append(
            Item(
                f"item{number:04}", item.kind, title, item.depth, file, status, synopsis,
                item.archived, other,
            )
        )  # fmt: skip
    about = About(chance.choice(TITLES), chance.choice(TITLES), "en", {"cover": "x", "z": {"y": 1}})
    return BookFile(f"book{seed:08}", about, Outline(tuple(items)))


def said(**tables: object) -> BookFile:
    """Return what is made of an outline's file that holds these tables."""
    import tomli_w

    return parse(tomli_w.dumps({"version": 1, "id": "bookbook", **tables}).encode())


def items(*given: dict[str, object]) -> tuple[Outline, int]:
    found = said(item=[{"kind": "scene", **each} for each in given])
    return found.outline, found.repairs


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read_back_and_written_the_same(seed):
    file = book_file(seed)
    again = parse(file.encode())
    assert again == file
    assert again.repairs == 0
    assert again.encode() == file.encode()
    assert file.encode().count(b"\n[[item]]\n") == len(file.outline)
    assert tomllib.loads(file.encode().decode())["version"] == 1


def test_half_a_surrogate_pair_does_not_stop_the_outline_from_being_written():
    outline = Outline((Item("itemitem", ItemKind.SCENE, "a\ud83d b", file="scenes/a.md"),))
    file = BookFile("bookbook", About("\ud83d\ude00"), outline)
    assert parse(file.encode()).outline.item("itemitem").title == "a\ufffd b"
    assert parse(file.encode()).about.title == "😀"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (bytes(5000), "empty"),
        (b" \n\0\0", "empty"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\xfd", "not text"),
        (b"[[item]\nid = 3", "not TOML"),
        (b"a = " + b"[" * 5000, "not TOML"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"item = 3", "no list of items"),
        (b"x = 1\n" * 3_000_000, "too large"),
    ],
    ids=range(9),
)
def test_what_cannot_be_read_says_why(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse(data)


def test_a_power_cuts_nuls_foreign_line_ends_and_a_mark_do_not_matter():
    file = book_file(1)
    data = file.encode()
    assert (parse(data + bytes(900)), parse(data + bytes(900)).repairs) == (file, 1)
    for same in (b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n")):
        assert (parse(same), parse(same).repairs) == (file, 0)


def test_other_encodings_are_read():
    text = 'version = 1\nid = "bookbook"\ntitle = "Café Größe déjà vu à la carte, été où là"\n'
    for codec in ("utf-16", "latin-1"):
        assert parse(text.encode(codec)).about.title.startswith("Café Größe déjà")
        assert parse(text.encode(codec)).repairs == 1 - (codec == "utf-8")
    spoilt = text.encode().replace(b"vu", b"v\xff")
    assert parse(spoilt).about.title == "Café Größe déjà v\ufffd à la carte, été où là"


def test_ids_are_made_where_there_is_none_and_kept_where_the_file_tells_them():
    outline, repairs = items(
        {"id": "aaaaaaaa", "file": "scenes/a.md"},
        {"id": "aaaaaaaa", "file": "scenes/b-bbbbbbbb.md"},
        {"file": "scenes/c-cccccccc.md"},
        {"id": "../../etc", "file": "scenes/c-cccccccc.md"},
        {"id": 7, "file": "scenes/d.md"},
    )
    ids = [item.id for item in outline]
    assert ids[:3] == ["aaaaaaaa", "bbbbbbbb", "cccccccc"]
    assert len(set(ids)) == 5
    assert all(len(id) == 8 and id.isalnum() for id in ids)
    assert repairs == 4


def test_depths_are_fitted_in():
    lines = [("part", 3), ("scene", 2), ("chapter", -4), ("scene", 9), ("chapter", 1), ("part", 1)]
    given = [{"id": f"item000{n}", "kind": k, "depth": d} for n, (k, d) in enumerate(lines)]
    outline, repairs = items(*given)
    assert [item.depth for item in outline] == [0, 1, 0, 1, 0, 0]
    assert repairs == 6
    for each in given:
        del each["depth"]
    outline, repairs = items(*given)  # as somebody may write by hand
    assert [item.depth for item in outline] == [0, 1, 1, 2, 1, 0]
    assert repairs == 0


def test_wrong_kinds_and_types_are_mended():
    deep: list[object] = []
    for _ in range(20):
        deep = [deep]
    outline, repairs = items(
        {"id": "aaaaaaaa", "kind": "interlude", "file": "scenes/a.md", "title": 1984},
        {"id": "bbbbbbbb", "kind": 3, "title": ["x"], "archived": "yes"},
        {"id": "cccccccc", "kind": "chapter", "file": "scenes/c.md", "title": "a\nb\0c"},
        {"id": "dddddddd", "file": "scenes/d.md", "depth": True, "synopsis": 1.5, "status": {}},
        {"id": "eeeeeeee", "file": "scenes/e.md", "odd": 2**70, "deep": deep},
    )
    a, b, c, d, e = outline
    assert (a.kind, a.title) == (ItemKind.SCENE, "1984")
    assert (b.kind, b.title, b.archived) == (ItemKind.CHAPTER, "", False)
    assert (c.title, c.file, c.other) == ("a b c", "", {"file_before": "scenes/c.md"})
    assert (d.depth, d.synopsis, d.status) == (1, "1.5", "")
    assert e.other == {}
    assert repairs == 12


def test_what_is_no_item_is_left_out_and_counted():
    found = said(item=[3, {"id": "aaaaaaaa", "kind": "chapter"}, "x"])
    assert ([item.id for item in found.outline], found.repairs) == (["aaaaaaaa"], 2)


def test_the_version_tells_a_newer_writer():
    assert not said().is_newer
    assert said(version=2).is_newer
    assert said(version=2, item={"of": "another kind"}).is_newer
    for wrong in ("1", True, 0, -1, 1.5):
        assert (said(version=wrong).version, said(version=wrong).repairs) == (1, 1)


@pytest.mark.parametrize("seed", range(10))
def test_one_spoilt_item_costs_only_its_spoilt_line(seed):
    file = book_file(seed)
    data = file.encode()
    chance = random.Random(seed)
    item = chance.choice(file.outline.items)
    spoilt = data.replace(f'id = "{item.id}"\n'.encode(), b'id = "\xff"\xfe\n')
    with pytest.raises(ValueError, match="not TOML"):
        parse(spoilt)
    saved = salvage(spoilt)
    assert saved.about == file.about or saved.about.title == file.about.title
    assert saved.id == file.id
    was = [(i.kind, i.title, i.depth, i.file, i.status, i.synopsis) for i in file.outline]
    now = [(i.kind, i.title, i.depth, i.file, i.status, i.synopsis) for i in saved.outline]
    assert now == was


def test_where_there_are_no_items_nothing_is_salvaged():
    assert salvage(b"title = 'x'\n[[") is None
    assert salvage(bytes(10)) is None


def test_a_title_of_two_lines_is_written_as_one():
    item = Item("itemitem", ItemKind.CHAPTER, "a\nb", status="x\0", synopsis="c\nd")
    outline = Outline((item,))
    file = parse(BookFile("bookbook", About("A\nB"), outline).encode())
    (item,) = file.outline
    assert (file.about.title, item.title, item.status, item.synopsis) == (
        "A B",
        "a b",
        "x ",
        "c\nd",
    )
    assert file.repairs == 0


def test_unknown_keys_that_are_equal_are_not_taken_for_each_other():
    for odd in (1, True, 1.0):
        item = Item("itemitem", ItemKind.CHAPTER, other={"odd": odd})
        file = parse(BookFile("bookbook", About(), Outline((item,))).encode())
        assert type(file.outline.items[0].other["odd"]) is type(odd)
