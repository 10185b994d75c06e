"""The words of a book in a whole window: read beside it, followed as they are typed, per day."""

import json

import pytest
from PySide6.QtCore import Qt

from benchmarks.book_stand_in import compiled_book
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.counting import read_counts
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.counts import count_words
from writer.ui.book.book_texts import BookTexts
from writer.ui.book.counting import BookReader, Counting
from writer.ui.book.outline_shape import TOP

PART, CHAPTER, SCENE = ItemKind.PART, ItemKind.CHAPTER, ItemKind.SCENE
OFF = '[suggesting]\nmode = "off"\n'
SECTIONS = (
    Section(PART, "The Crossing", 0),
    Section(CHAPTER, "Low Water", 1),
    Section(SCENE, "Dusk", 2, "The rain had not stopped."),
    Section(SCENE, "", 2, "# *Margaret* stood\nat the window."),
    Section(SCENE, "Salt", 0, "他很好。"),
)
WORDS = 5 + 5 + 3


@pytest.fixture
def folder(tmp_path):
    Book.create(tmp_path / "book", About("A", "B"), CompiledBook("A", "B", "en", SECTIONS)).close()
    return tmp_path / "book"


class Writing:
    """A desk with a book open on it."""

    def __init__(self, desk) -> None:
        self.desk = desk
        self.window = desk.window
        self.counting = desk.window.findChild(Counting)
        desk.bot.waitUntil(lambda: self.texts is not None and self.texts.is_whole)

    @property
    def texts(self) -> BookTexts:
        return self.counting.texts

    @property
    def ids(self) -> list[str]:
        return [item.id for item in self.texts.book.outline.scenes()]

    def shown(self, id: str) -> int | None:
        return self.window.outline.model.words(id)

    def reopen(self, folder) -> None:
        self.counting._books.close()
        self.desk.session.filing.document.keeping.wait()
        self.counting._books.open(folder)

    def wait_shown(self, words: int) -> None:
        self.desk.bot.waitUntil(lambda: self.shown(TOP) == words)


@pytest.fixture
def open_book(open_desk, folder):
    def make(path=folder):
        return Writing(open_desk(settings=OFF, path=path))

    return make


def test_every_item_has_its_words_and_untitled_scenes_their_first_line(open_book):
    writing = open_book()
    outline, model = writing.texts.book.outline, writing.window.outline.model
    part, chapter = outline.items[0].id, outline.items[1].id
    first, second, third = writing.ids
    assert [writing.shown(id) for id in (part, chapter, first, second, third)] == [10, 10, 5, 5, 3]
    assert writing.shown(TOP) == WORDS
    assert model.label(second) == "Margaret stood"
    assert [writing.texts.text(id) for id in writing.ids] == [s.text for s in SECTIONS if s.text]


def test_the_status_line_says_the_scene_the_book_and_today(open_book):
    writing = open_book()
    status = writing.window.status
    assert status.words.text() == "5 words · 13 in the book"
    assert not status.session.isVisible()
    writing.desk.type("Then and ")
    assert status.words.text() == "7 words · 15 in the book"
    assert status.session.text() == "+2 today"
    writing.wait_shown(WORDS + 2)
    assert writing.shown(writing.ids[0]) == 7


def test_words_of_a_scene_that_was_left_stay_and_add_to_the_day(open_book):
    writing = open_book()
    writing.desk.type("One two ")
    writing.texts.book.show(writing.ids[2])
    writing.desk.type("three ")
    assert writing.window.status.session.text() == "+3 today"
    assert writing.window.status.words.text() == "4 words · 16 in the book"
    assert writing.texts.text(writing.ids[0]) == "One two " + SECTIONS[2].text
    writing.texts.book.show(writing.ids[0])
    assert writing.window.status.session.text() == "+3 today"


def test_moving_words_about_adds_none_to_the_day(open_book):
    writing = open_book()
    books = writing.counting._books
    writing.desk.press(Qt.Key.Key_Right)
    books.rearranging.merge(writing.ids[:2])
    assert writing.texts.total() == WORDS
    books.rearranging.undo()
    books.open_book.show(writing.ids[0], 8)
    books.rearranging.split()
    assert writing.texts.total() == WORDS
    books.rearranging.archive((writing.ids[-1],))
    assert writing.texts.total() == WORDS - 3
    assert not writing.window.status.session.isVisible()


def test_the_day_goes_on_when_the_book_is_opened_again_and_ends_at_midnight(
    open_book, folder, monkeypatch
):
    monkeypatch.setattr("writer.ui.book.counting._this_day", lambda: "2026-11-24")
    writing = open_book()
    writing.desk.type("One two ")
    books = writing.counting._books
    writing.reopen(folder)
    writing.desk.bot.waitUntil(lambda: writing.texts is not None and writing.texts.is_whole)
    assert writing.window.status.session.text() == "+2 today"
    monkeypatch.setattr("writer.ui.book.counting._this_day", lambda: "2026-11-25")
    writing.desk.type("three ")
    assert writing.window.status.session.text() == "+1 today"
    books.close()
    writing.desk.session.filing.document.keeping.wait()
    stored = json.loads((folder / ".writer" / "today.json").read_bytes())
    assert stored == {"day": "2026-11-25", "words": 1}


@pytest.mark.parametrize("bad", [b"", b"[]", b'{"day": "x"}', b"\xff", b'{"day": 1, "words": "x"}'])
def test_a_bad_file_of_the_day_is_a_new_day(open_book, folder, bad):
    (folder / ".writer" / "today.json").write_bytes(bad)
    writing = open_book()
    assert not writing.window.status.session.isVisible()


def test_known_counts_are_shown_before_anything_is_read(open_book, folder, monkeypatch):
    writing = open_book()
    books = writing.counting._books
    books.close()
    writing.desk.session.filing.document.keeping.wait()
    assert sum(each.words for each in read_counts(folder / ".writer" / "counts.json").values())
    monkeypatch.setattr(BookReader, "start", lambda self: None)
    books.open(folder)
    assert writing.shown(TOP) == WORDS
    assert writing.window.status.words.text() == "5 words · 13 in the book"


def test_a_scene_changed_by_another_program_is_read_again(open_book):
    writing = open_book()
    path = writing.texts.book.book.scene_path(writing.ids[2])
    path.write_text("One two three four.", encoding="utf-8")
    writing.counting.refresh()
    writing.desk.bot.waitUntil(lambda: writing.texts.text(writing.ids[2]) == "One two three four.")
    writing.wait_shown(WORDS + 1)


def test_closing_while_it_reads_ends_the_thread(open_desk, tmp_path):
    folder = tmp_path / "long"
    Book.create(folder, About("A"), compiled_book(60, 6000)).close()
    desk = open_desk(settings=OFF, path=folder)
    counting = desk.window.findChild(Counting)
    counting._books.close()
    desk.session.filing.document.keeping.wait()
    assert (counting.texts, counting._reader) == (None, None)
    counting._books.open(folder)
    assert counting._reader is not None
    reader = counting._reader
    desk.window.close()
    assert reader.isFinished()


def test_a_reader_hands_over_what_counting_says(qtbot, tmp_path):
    book = Book.create(tmp_path / "b", About("A"), compiled_book(40, 4000, seed=3))
    found = []
    reader = BookReader(book.scene_paths(), {})
    reader.read.connect(found.extend)
    with qtbot.waitSignal(reader.ended):
        reader.start()
    reader.wait()
    assert [each.id for each in found] == [id for id, _ in book.scene_paths()]
    assert all(each.words == count_words(each.text) for each in found)
    book.close()


def test_a_scene_made_since_is_read_and_counted(open_book):
    writing = open_book()
    book, rearranging = writing.texts.book, writing.counting._books.rearranging
    book.show(writing.ids[0], 8)
    made = rearranging.split()
    book.show(writing.ids[-1])
    book.document.let_go(book.key(made))
    assert writing.texts.text(made) == "had not stopped."
    assert writing.texts.total() == WORDS
    assert writing.texts.counts.words(made) == 3
