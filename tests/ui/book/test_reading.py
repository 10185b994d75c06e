"""Scenes read together in the place of the page, in a whole window."""

import random
from time import perf_counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor

from benchmarks.book_stand_in import compiled_book
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section, joined
from writer.manuscript.book.outline import ItemKind
from writer.settings import Theme
from writer.ui.book.counting import BookReader, Counting
from writer.ui.book.reading import Reading
from writer.ui.book.reading_sheet import ReadingSheet

PART, CHAPTER, SCENE = ItemKind.PART, ItemKind.CHAPTER, ItemKind.SCENE
OFF = '[suggesting]\nmode = "off"\n'
CONTROL = Qt.KeyboardModifier.ControlModifier


class Reader:
    """A desk with a long enough book, whose scenes are read together."""

    def __init__(self, desk) -> None:
        self.desk, self.window, self.bot = desk, desk.window, desk.bot
        self.view, self.sheet = self.window.reading, self.window.reading.sheet
        self.counting = self.window.findChild(Counting)
        self.reading = self.window.findChild(Reading)
        self.books = self.counting._books
        self.bot.waitUntil(lambda: self.counting.texts is not None and self.counting.texts.is_whole)
        self.scenes = [item.id for item in self.books.open_book.outline.scenes()]

    def toggle(self) -> None:
        self.view.toggle_asked.emit()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.bot.keyClick(self.sheet, key, modifier)

    @property
    def current(self) -> str:
        return self.window.outline.model.current


@pytest.fixture
def reader(open_desk, tmp_path):
    folder = tmp_path / "book"
    Book.create(folder, About("The Crossing"), compiled_book(30, 9000, seed=1)).close()
    return Reader(open_desk(settings=OFF, path=folder))


def test_the_whole_book_is_read_from_where_the_writer_is(reader):
    scene = reader.scenes[7]
    reader.books.open_book.show(scene, 20)
    reader.toggle()
    book = reader.books.open_book
    texts = reader.counting.texts
    assert reader.sheet.read() == joined(book.book.compiled(None, texts.text))[0]
    assert reader.view.bar.text() == f"The Crossing · 30 scenes · {texts.counts.total:,} words"
    assert reader.view.place() == (scene, 20)
    assert reader.window.middle.currentWidget() is reader.view
    reader.toggle()
    assert reader.window.middle.currentWidget() is reader.window.page
    assert reader.sheet.read() == ""


def test_what_has_not_been_read_yet_is_waited_for_and_said(open_desk, tmp_path, monkeypatch):
    folder = tmp_path / "book"
    Book.create(folder, About("A"), compiled_book(30, 3000)).close()
    readers: list[BookReader] = []
    start = BookReader.start
    monkeypatch.setattr(BookReader, "start", lambda reader: readers.append(reader))
    desk = open_desk(settings=OFF, path=folder)
    view, window = desk.window.reading, desk.window
    view.toggle_asked.emit()
    assert view.bar.text() == "A · reading 1 of 30…"
    desk.bot.keyClick(view.sheet, Qt.Key.Key_Escape)
    assert window.middle.currentWidget() is desk.page
    view.toggle_asked.emit()
    start(readers[0])
    desk.bot.waitUntil(lambda: "30 scenes" in view.bar.text())
    assert view.sheet.read().startswith("# Part 1\n")


def test_what_is_chosen_is_read_and_named(reader):
    chapter = next(i for i in reader.books.open_book.outline if i.kind is CHAPTER)
    reader.window.outline.read_asked.emit((chapter.id,))
    assert reader.view.bar.text().startswith(f"{chapter.title} · 12 scenes · ")
    assert reader.sheet.read().startswith(f"## {chapter.title}\n")


def test_return_goes_to_that_very_place(reader):
    reader.toggle()
    text = reader.sheet.read()
    for scene in (reader.scenes[29], reader.scenes[3]):
        said = reader.counting.texts.text(scene)
        reader.sheet.show_place(scene, 33)
        reader.press(Qt.Key.Key_Return)
        assert reader.books.open_book.scene == scene
        assert reader.desk.page.caret() == 33
        assert reader.window.middle.currentWidget() is reader.desk.page
        assert reader.desk.page.hasFocus()
        assert text.count(said) == 1
        reader.toggle()


def test_a_double_click_goes_there_too(reader):
    reader.toggle()
    cursor = reader.sheet.cursorRect(reader.sheet.textCursor()).center()
    expected = reader.sheet.place_of(reader.sheet.cursorForPosition(cursor).position())
    reader.bot.mouseDClick(reader.sheet.viewport(), Qt.MouseButton.LeftButton, pos=cursor)
    assert reader.window.middle.currentWidget() is reader.desk.page
    assert (reader.books.open_book.scene, reader.desk.page.caret()) == expected


def test_scrolling_marks_the_scene_in_sight_and_closing_the_one_on_the_page(reader):
    on_page = reader.books.open_book.scene
    reader.toggle()
    bar = reader.sheet.verticalScrollBar()
    bar.setValue(bar.maximum())
    reader.bot.waitUntil(lambda: reader.current in reader.scenes[-4:])
    reader.press(Qt.Key.Key_Escape)
    assert reader.current == on_page


def test_the_keys_of_the_window_read_find_and_search(reader):
    reader.desk.press(Qt.Key.Key_F7)
    assert reader.window.middle.currentWidget() is reader.view
    assert reader.sheet.hasFocus()
    reader.press(Qt.Key.Key_F, CONTROL)
    assert reader.window.find_bar.isVisible()
    assert reader.window.find_bar.editor is reader.sheet
    reader.bot.keyClick(reader.window.find_bar.field, Qt.Key.Key_Escape)
    assert reader.sheet.hasFocus()
    reader.press(Qt.Key.Key_F, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert reader.window.search.isVisible()
    assert reader.window.search.field.hasFocus()
    reader.bot.keyClick(reader.window.search.field, Qt.Key.Key_Escape)
    assert reader.sheet.hasFocus()
    reader.press(Qt.Key.Key_F7)
    assert reader.desk.page.hasFocus()


def test_nothing_can_be_typed_and_no_key_reaches_the_page(reader):
    reader.desk.type("Now ")
    said, on_page = reader.desk.page.read(), reader.books.open_book.scene
    reader.toggle()
    shown = reader.sheet.read()
    for key in (Qt.Key.Key_A, Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        reader.press(key)
    for key in (Qt.Key.Key_Z, Qt.Key.Key_V, Qt.Key.Key_X):
        reader.press(key, CONTROL)
    assert reader.sheet.read() == shown
    assert (reader.desk.page.read(), reader.books.open_book.scene) == (said, on_page)


def test_a_command_that_changes_the_page_shows_the_page(reader):
    reader.desk.type("Now ")
    reader.toggle()
    reader.desk.page.undo()
    assert reader.window.middle.currentWidget() is reader.desk.page


def test_it_looks_as_the_page_does(reader):
    reader.toggle()
    reader.desk.session.set_theme(Theme.DARK)
    reader.desk.session.zoom(3)
    assert reader.sheet.font() == reader.desk.page.font()
    assert reader.sheet.palette().base() == reader.desk.page.palette().base()
    before = reader.desk.session.settings.appearance.font_size
    reader.sheet.zoom_requested.emit(1)
    assert reader.desk.session.settings.appearance.font_size == before + 1


def test_the_find_bar_finds_in_what_is_read_and_replaces_nothing(reader):
    reader.toggle()
    bar = reader.window.find_bar
    bar.open_find()
    assert not bar.replace_toggle.isVisible()
    shown = reader.sheet.read()
    bar.field.setText(reader.counting.texts.text(reader.scenes[20])[5:60])
    assert reader.sheet.place_of(reader.sheet.textCursor().selectionStart()) == (
        reader.scenes[20],
        5,
    )
    bar.replace_all()
    assert reader.sheet.read() == shown
    reader.press(Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert reader.window.middle.currentWidget() is reader.view
    reader.press(Qt.Key.Key_Escape)
    bar.open_find()
    assert bar.replace_toggle.isVisible()


def test_archiving_while_reading_takes_the_scene_out(reader):
    reader.toggle()
    gone = reader.scenes[12]
    text = reader.counting.texts.text(gone)
    assert text in reader.sheet.read()
    reader.books.rearranging.archive((gone,))
    reader.bot.waitUntil(lambda: text not in reader.sheet.read())
    assert reader.window.middle.currentWidget() is reader.view


def test_closing_the_book_closes_it(reader):
    reader.toggle()
    reader.books.close()
    assert reader.window.middle.currentWidget() is reader.desk.page
    assert reader.sheet.read() == ""


@pytest.mark.parametrize("seed", range(6))
def test_every_place_of_every_scene_is_found_both_ways(qtbot, qapp, seed):
    rng = random.Random(seed)
    pool = ["rain", "雨", "😀", "\n", "\n\n", " ", "a\u00a0b", "\u2028", "word " * 4000]
    sections = [
        Section(
            rng.choice([SCENE, SCENE, CHAPTER]),
            rng.choice(["", "Title 😀"]),
            0,
            "".join(rng.choices(pool, k=rng.randrange(0, 9))),
            id=str(number),
        )
        for number in range(14)
    ]
    sheet = ReadingSheet()
    qtbot.addWidget(sheet)
    text, places = joined(CompiledBook("", "", "", tuple(sections)))
    sheet.show_scenes(text, places)
    assert sheet.read() == text
    for place in places:
        said = text[place.start : place.end]
        for at in {0, len(said), *(rng.randint(0, len(said)) for _ in range(4))}:
            sheet.show_place(place.section.id, at)
            assert sheet.place_of(sheet.caret()) == (place.section.id, at)


def test_a_long_book_opens_within_a_second(qtbot, qapp):
    sections = compiled_book(300, 300_000).sections
    numbered = tuple(
        Section(s.kind, s.title, s.depth, s.text, id=str(n)) for n, s in enumerate(sections)
    )
    joined_text, places = joined(CompiledBook("", "", "", numbered))
    sheet = ReadingSheet()
    qtbot.addWidget(sheet)
    sheet.show()
    begun = perf_counter()
    sheet.show_scenes(joined_text, places)
    sheet.show_place(places[-1].section.id, 0)
    assert perf_counter() - begun < 1.0
    assert sheet.textCursor().block().text() == places[-1].section.text.split("\n")[0]
    sheet.moveCursor(QTextCursor.MoveOperation.Start)
