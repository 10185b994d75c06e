import contextlib
import errno
import os
import shutil
from dataclasses import replace

import pytest

from tests.manuscript.book.conftest import SECTIONS, store
from writer.errors import ErrorKind, WriterError
from writer.manuscript import atomic
from writer.manuscript.book.book import About, Book, is_book
from writer.manuscript.book.book_file import VERSION
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.book.outline import Item, ItemKind


@pytest.fixture
def opened():
    """Open books that are closed at the end."""
    books = []

    def open_book(folder):
        books.append(Book.open(folder))
        return books[-1]

    yield open_book
    for book in books:
        book.close()


def kinds(book):
    return [notice.kind for notice in book.notices]


def ids(book):
    return [item.id for item in book.outline]


def texts(book):
    return [book.read_scene(item.id).text for item in book.outline if item.file]


def refusal(call, *arguments):
    with pytest.raises(WriterError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_book_is_what_it_was_made_of(folder, opened):
    book = opened(folder)
    assert (book.notices, book.read_only, book.owner, book.needs_writing) == ((), False, "", False)
    assert book.about == About("Harbour", "A. Writer", "en")
    compiled = book.compiled(None, lambda id: book.read_scene(id).text)
    assert compiled.sections == SECTIONS
    assert [section.id for section in compiled.sections] == ids(book)
    names = sorted(path.name for path in (folder / "scenes").iterdir())
    dusk = [item for item in book.outline if item.title == "Dusk"]
    assert names == sorted(item.file.removeprefix("scenes/") for item in book.outline.scenes())
    assert [item.file for item in dusk] == [f"scenes/dusk-{item.id}.md" for item in dusk]


def test_it_is_opened_by_its_folder_or_its_file_and_stays_the_same(folder, opened):
    first = opened(folder)
    first.close()
    assert first.read_only
    again = opened(folder / "book.toml")
    assert (again.folder, again.id, again.outline) == (folder, first.id, first.outline)
    assert is_book(folder)
    assert is_book(folder / "book.toml")
    assert not is_book(folder / "scenes")
    assert not is_book(folder.parent)
    assert not is_book(folder / "none")


def test_a_new_book_has_a_scene_to_write_in(tmp_path, opened):
    book = Book.create(tmp_path / "a" / "b", About("New"))
    book.close()
    assert texts(opened(book.folder)) == [""]
    assert book.notices == ()


def test_a_book_is_made_in_an_empty_folder_only(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    for taken in ("full", "file"):
        error = refusal(Book.create, tmp_path / taken, About())
        assert error.kind is ErrorKind.BOOK_FOLDER_TAKEN
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["a.txt"]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_bytes(b"x")
    Book.create(tmp_path / "empty", About()).close()
    error = refusal(Book.create, tmp_path / "file" / "book", About())
    assert error.kind is ErrorKind.SAVE_FAILED


@pytest.mark.parametrize("fails_at", range(7))
def test_an_interrupted_creation_leaves_no_outline_or_a_whole_one(tmp_path, monkeypatch, fails_at):
    calls = iter(range(100))

    def full(source, target):
        if next(calls) == fails_at:
            raise OSError(errno.ENOSPC, "full")
        real(source, target)

    real = os.replace
    monkeypatch.setattr(atomic.os, "replace", full)
    made = False
    with contextlib.suppress(WriterError):
        Book.create(tmp_path / "book", About("x"), CompiledBook("", "", "", SECTIONS)).close()
        made = True
    monkeypatch.undo()
    assert (tmp_path / "book" / "book.toml").exists() == made
    assert made == (fails_at == 6)  # which is the note of who has it open
    if fails_at:
        book = Book.open(tmp_path / "book")
        assert set(texts(book)) <= {section.text for section in SECTIONS}
        assert made == (not book.notices)
        assert (len(book.outline) == len(SECTIONS)) == (fails_at >= 5)
        book.close()


def test_what_was_changed_is_there_the_next_time(folder, opened):
    book = opened(folder)
    id = book.outline.scenes()[0].id
    new = Item("newscene", ItemKind.SCENE, "Noon", file=book.new_scene_file("newscene", "Noon"))
    book.outline = book.outline.changed(id, title="Night", status="draft", synopsis="a\nb")
    book.outline = book.outline.added(new, id)
    book.about = replace(book.about, title="Other")
    (folder / new.file).write_bytes(b"noon")
    assert not book.toml_changed()
    store(book)
    assert not book.toml_changed()
    book.close()
    again = opened(folder)
    assert (again.outline, again.about, again.notices) == (book.outline, book.about, ())
    assert again.outline.item(id).file.startswith("scenes/dusk-")
    assert again.read_scene("newscene").text == "noon"


def test_another_program_writing_the_outline_is_noticed(folder, opened):
    book = opened(folder)
    (folder / "book.toml").write_bytes(book.toml().replace(b"Harbour", b"Port"))
    assert book.toml_changed()
    (folder / "book.toml").unlink()
    assert not book.toml_changed()


def test_unknown_keys_are_kept(folder, opened):
    path = folder / "book.toml"
    data = path.read_bytes()
    data = data.replace(b"[[item]]", b'[theme]\npaper = "grey"\n\n[[item]]\ncolour = "red"', 1)
    path.write_bytes(data)
    book = opened(folder)
    assert book.notices == ()
    book.outline = book.outline.changed(ids(book)[1], title="changed")
    store(book)
    assert b"[theme]" in path.read_bytes()
    assert b'colour = "red"' in path.read_bytes()


def test_a_newer_book_is_for_reading_only(folder, opened):
    path = folder / "book.toml"
    path.write_bytes(path.read_bytes().replace(b"version = 1", b"version = 2"))
    book = opened(folder)
    assert (kinds(book), book.read_only, book.owner) == ([BookNotice.NEWER], True, "")
    assert len(texts(book)) == 4
    assert not opened(folder).owner
    assert VERSION == 1


# Damage


@pytest.mark.parametrize(
    "damage", [lambda data: bytes(len(data)), lambda data: b"", lambda data: data[:300] + b"[[["]
)
def test_a_damaged_outline_is_taken_from_the_last_good_copy(folder, opened, damage):
    before = opened(folder)
    before.close()
    path = folder / "book.toml"
    path.write_bytes(damage(path.read_bytes()))
    spoilt = path.read_bytes()
    book = opened(folder)
    assert kinds(book) == [BookNotice.FROM_COPY] + [BookNotice.KEPT] * bool(spoilt)
    assert (book.outline, book.about, book.id) == (before.outline, before.about, before.id)
    assert book.needs_writing
    if spoilt:
        assert (folder / "book.toml.damaged-1").read_bytes() == spoilt
    book.close()
    opened(folder).close()  # not mended yet: the same bytes are not kept twice
    assert not (folder / "book.toml.damaged-2").exists()
    store(book)
    assert opened(folder).notices == ()


def test_an_outline_cut_off_between_two_items_is_taken_from_the_copy(folder, opened):
    before = opened(folder)
    before.close()
    path = folder / "book.toml"
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"[[item]]", 400)])
    book = opened(folder)
    assert BookNotice.FROM_COPY in kinds(book)
    assert book.outline == before.outline


def test_without_a_copy_what_is_readable_of_the_outline_is_taken(folder, opened):
    before = opened(folder)
    before.close()
    shutil.rmtree(folder / ".writer")
    path = folder / "book.toml"
    path.write_bytes(path.read_bytes().replace(b'title = "Dusk"', b'title = "Dusk', 1))
    book = opened(folder)
    assert kinds(book) == [BookNotice.FROM_PIECES, BookNotice.KEPT]
    assert ids(book) == ids(before)
    assert texts(book) == texts(before)


def test_without_any_outline_the_scenes_stand_by_their_names(folder, opened):
    before = opened(folder)
    before.close()
    shutil.rmtree(folder / ".writer")
    (folder / "book.toml").unlink()
    for number in (10, 2):
        (folder / "scenes" / f"Chapter {number}.txt").write_bytes(b"%d" % number)
    book = opened(folder)
    assert kinds(book) == [BookNotice.BY_NAME, BookNotice.FOUND]
    assert book.about.title == "book"
    assert [item.title for item in book.outline][:3] == ["Chapter 2", "Chapter 10", "dusk"]
    assert {item.id for item in before.outline.scenes()} < set(ids(book))
    assert set(texts(before)) < set(texts(book))


def test_what_is_no_book_is_refused_and_left_alone(tmp_path, folder):
    (tmp_path / "none" / "scenes").mkdir(parents=True)
    for path in (tmp_path / "none", tmp_path / "gone", tmp_path / "none" / "book.toml"):
        assert refusal(Book.open, path).kind is ErrorKind.BOOK_MISSING
    assert [path.name for path in (tmp_path / "none").rglob("*")] == ["scenes"]
    shutil.rmtree(folder / "scenes")
    shutil.rmtree(folder / ".writer")
    (folder / "book.toml").write_bytes(b"[[")
    assert refusal(Book.open, folder).kind is ErrorKind.BOOK_DAMAGED
    (folder / "book.toml").unlink()
    (folder / "book.toml").mkdir()
    assert refusal(Book.open, folder).kind is ErrorKind.BOOK_MISSING


def test_an_outline_that_may_be_whole_is_not_stood_in_for(folder, monkeypatch):
    def forbidden(path, *arguments):
        if str(path).endswith("book.toml"):
            raise PermissionError(errno.EACCES, "denied")
        return real(path, *arguments)

    real = os.open
    monkeypatch.setattr(os, "open", forbidden)
    error = refusal(Book.open, folder)
    assert error.kind is ErrorKind.BOOK_DAMAGED
    assert "not allowed to read it" in str(error)
    monkeypatch.undo()
    book = Book.open(folder)  # and nobody holds it
    assert not book.read_only
    book.close()


@pytest.mark.parametrize("name", ["book.toml", "scenes", ".writer", ".writer/counts.json"])
def test_links_that_lead_out_are_refused(folder, name):
    path = folder / name
    outside = folder.parent / "outside"
    if path.exists():
        path.rename(outside)
    else:
        outside.write_bytes(b"{}")
    path.symlink_to(outside)
    error = refusal(Book.open, folder)
    assert error.kind is ErrorKind.BOOK_DAMAGED
    assert "leads out" in str(error)


def test_a_scene_swapped_for_a_link_while_the_book_is_open_is_not_read(folder, opened):
    book = opened(folder)
    id = book.outline.scenes()[0].id
    path = book.scene_path(id)
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert refusal(book.read_scene, id).kind is ErrorKind.FILE_UNREADABLE


def test_a_missing_scene_is_empty_until_it_is_typed_in(folder, opened):
    id = opened(folder).outline.scenes()[0].id
    path = next((folder / "scenes").glob(f"*{id}.md"))
    path.unlink()
    book = opened(folder)
    assert BookNotice.MISSING in kinds(book)
    assert id in book.outline
    file = book.read_scene(id)
    assert (file.text, file.on_disk, path.exists()) == ("", None, False)
    file.save("typed")
    assert path.read_text() == "typed"


def test_scenes_alone_have_paths(folder, opened):
    book = opened(folder)
    with pytest.raises(KeyError):
        book.scene_path(ids(book)[0])
    with pytest.raises(KeyError):
        book.scene_path("nowhere")
    assert [id for id, _ in book.scene_paths()] == [item.id for item in book.outline.scenes()]
    assert all(path.is_file() for _, path in book.scene_paths())


def test_some_of_a_book_is_compiled_without_what_is_archived(folder, opened):
    book = opened(folder)
    part, one, dusk, spring, two, blank, last = ids(book)
    book.outline = book.outline.changed(spring, archived=True)

    def chosen(*wanted):
        return [section.id for section in book.compiled(wanted, str).sections]

    assert chosen(one) == [one, dusk]
    assert chosen(last, dusk) == [dusk, last]
    assert chosen(part, dusk, spring) == [part, one, dusk]
    assert chosen() == []
    assert [s.text for s in book.compiled([two], str).sections] == ["", blank, last]
    assert [s.id for s in book.compiled(None, str).sections] == [
        part, one, dusk, two, blank, last,
    ]  # fmt: skip
