"""Finding and replacing in a whole book, in a whole window, from the keyboard."""

import re
from time import perf_counter

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt

from benchmarks.book_stand_in import RARE, compiled_book
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.book.search import find
from writer.manuscript.search import Search
from writer.ui.book.counting import Counting
from writer.ui.book.search_results import HIT, SearchResults

PART, CHAPTER, SCENE = ItemKind.PART, ItemKind.CHAPTER, ItemKind.SCENE
OFF = '[suggesting]\nmode = "off"\n'
CONTROL = Qt.KeyboardModifier.ControlModifier
TEXTS = (
    "The rain had not stopped. Rain again, and rain.",
    "No drop fell on Margaret.",
    "雨又下了。 The Rainer came in the rain.\n😀 rain",
    "rain in the archive",
)
SECTIONS = (
    Section(PART, "The Crossing", 0),
    Section(CHAPTER, "Low Water", 1),
    Section(SCENE, "Dusk", 2, TEXTS[0]),
    Section(SCENE, "", 2, TEXTS[1]),
    Section(SCENE, "Salt", 2, TEXTS[2]),
    Section(SCENE, "Gone", 0, TEXTS[3]),
)


class Searcher:
    """A desk with the pane open on a small book."""

    def __init__(self, desk) -> None:
        self.desk, self.window, self.bot = desk, desk.window, desk.bot
        self.pane, self.results = desk.window.search, desk.window.search.results
        self.counting = desk.window.findChild(Counting)
        self.books = self.counting._books
        self.bot.waitUntil(lambda: self.counting.texts is not None and self.counting.texts.is_whole)
        self.scenes = [item.id for item in self.books.open_book.outline.scenes()]

    def open(self, words: str = "", replacing: bool = False) -> None:
        self.pane.open_asked.emit(replacing)
        self.pane.field.setText(words)
        self.settle()

    def settle(self) -> None:
        self.bot.waitUntil(lambda: "…" not in self.pane.counts.text())

    def press(self, widget, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.bot.keyClick(widget, key, modifier)

    def replace(self, words: str) -> None:
        self.pane.replacement.setText(words)
        self.pane.replace_button.click()
        self.settle()

    def texts(self) -> list[str]:
        return [self.books.open_book.text(id) for id in self.scenes]

    def found(self) -> list[tuple[str, int, int]]:
        return [hit[:3] for group in self.results.groups for hit in group.hits]

    def selected(self) -> str:
        return self.desk.page.textCursor().selectedText()


@pytest.fixture
def searcher(open_desk, tmp_path):
    folder = tmp_path / "book"
    Book.create(folder, About("A"), CompiledBook("A", "", "en", SECTIONS)).close()
    searcher = Searcher(open_desk(settings=OFF, path=folder))
    searcher.books.rearranging.archive((searcher.scenes.pop(),))
    return searcher


def test_all_living_scenes_are_searched_and_counted(searcher):
    searcher.open("rain")
    assert searcher.pane.counts.text() == "6 in 2 scenes"
    expected = [
        (id, found.start(), found.end())
        for id, text in zip(searcher.scenes, TEXTS, strict=False)
        for found in re.finditer("rain", text, re.IGNORECASE)
    ]
    assert searcher.found() == expected
    searcher.pane.match_case.setChecked(True)
    searcher.settle()
    assert searcher.pane.counts.text() == "4 in 2 scenes"
    searcher.pane.whole_word.setChecked(True)
    searcher.settle()
    assert searcher.pane.counts.text() == "4 in 2 scenes"
    searcher.pane.match_case.setChecked(False)
    searcher.settle()
    assert searcher.pane.counts.text() == "5 in 2 scenes"
    searcher.pane.field.setText("archive")
    searcher.settle()
    assert searcher.pane.note.text() == "Nothing was found."
    searcher.pane.field.clear()
    assert searcher.pane.note.text().startswith("Every scene is searched")


def test_the_outline_gives_way_and_comes_back(searcher):
    assert searcher.window.outline.isVisible()
    searcher.open("rain")
    assert searcher.pane.isVisible()
    assert not searcher.window.outline.isVisible()
    searcher.press(searcher.pane.field, Qt.Key.Key_Escape)
    assert not searcher.pane.isVisible()
    assert searcher.window.outline.isVisible()
    assert searcher.desk.page.hasFocus()


def test_from_the_field_into_what_was_found_onto_the_page_and_back(searcher):
    searcher.open("rain")
    searcher.press(searcher.pane.field, Qt.Key.Key_Down)
    assert searcher.pane.list.hasFocus()
    for _ in range(5):
        searcher.press(searcher.pane.list, Qt.Key.Key_Down)
    searcher.press(searcher.pane.list, Qt.Key.Key_Space)
    assert searcher.books.open_book.scene == searcher.scenes[2]
    assert searcher.pane.list.hasFocus()
    searcher.press(searcher.pane.list, Qt.Key.Key_Down)
    searcher.press(searcher.pane.list, Qt.Key.Key_Return)
    assert searcher.desk.page.hasFocus()
    cursor = searcher.desk.page.textCursor()
    assert (searcher.selected(), cursor.selectionStart()) == ("rain", TEXTS[2].rindex("rain") + 1)
    searcher.pane.list.setFocus()
    searcher.press(searcher.pane.list, Qt.Key.Key_Escape)
    assert searcher.pane.field.hasFocus()


def test_what_is_selected_on_the_page_is_looked_for(searcher):
    for _ in range(3):
        searcher.desk.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    searcher.pane.open_asked.emit(False)
    searcher.settle()
    assert searcher.pane.field.text() == "The"
    assert searcher.pane.counts.text() == "3 in 2 scenes"


def test_what_is_typed_is_found_and_old_places_are_shown_where_they_are_now(searcher):
    searcher.open("rain")
    first = searcher.results.groups[0].hits[2]
    searcher.desk.type("Before the rain. ")
    searcher.bot.waitUntil(lambda: searcher.pane.counts.text() == "7 in 2 scenes")
    searcher.pane.hit_opened.emit(first, True)
    assert searcher.selected() == "rain"
    text = searcher.desk.page.read()
    assert all(text[start:end].casefold() == "rain" for id, start, end in searcher.found()[:4])


def test_all_is_replaced_in_one_step_and_taken_back_in_one(searcher):
    searcher.open("rain", replacing=True)
    assert searcher.pane.replace_button.text() == "Replace 6"
    steps = searcher.books.rearranging.stack.count()
    searcher.replace("snow")
    after = [re.sub("rain", "snow", text, flags=re.IGNORECASE) for text in TEXTS[:3]]
    assert searcher.texts() == after
    assert searcher.books.rearranging.stack.count() == steps + 1
    assert searcher.window.messages.text() == "6 replaced in 2 scenes."
    assert searcher.pane.note.text() == "Nothing was found."
    searcher.window.messages.action_button.click()
    assert searcher.texts() == list(TEXTS[:3])
    searcher.settle()
    assert searcher.pane.counts.text() == "6 in 2 scenes"
    searcher.books.rearranging.redo()
    assert searcher.texts() == after


def test_what_is_replaced_reaches_the_files(searcher):
    searcher.open("rain", replacing=True)
    searcher.replace("snow")
    searcher.desk.session.filing.document.keeping.wait()
    book = searcher.books.open_book.book
    assert [book.read_scene(id).text for id in searcher.scenes] == searcher.texts()


def test_what_is_left_out_stays(searcher):
    searcher.open("rain", replacing=True)
    results = searcher.results
    results.toggle(results.index(2))
    assert searcher.pane.replace_button.text() == "Replace 5"
    searcher.press(searcher.pane.field, Qt.Key.Key_Down)
    for _ in range(3):
        searcher.press(searcher.pane.list, Qt.Key.Key_Down)
    searcher.press(searcher.pane.list, Qt.Key.Key_Space)
    assert searcher.pane.replace_button.text() == "Replace 2"
    searcher.replace("snow")
    assert searcher.texts()[2] == TEXTS[2]
    assert searcher.texts()[0] == "The snow had not stopped. Rain again, and snow."
    # Nor is it, or what the new words have in them, replaced by the next press of the button.
    assert searcher.pane.counts.text() == "4 in 2 scenes"
    assert not searcher.pane.replace_button.isEnabled()


def test_the_caret_stays_at_its_words(searcher):
    searcher.open("rain", replacing=True)
    page = searcher.desk.page
    page.go_to(TEXTS[0].index("again"))
    searcher.replace("a long, long downpour")
    assert page.text_after(page.caret(), 5) == "again"


def test_a_click_on_a_tick_leaves_a_place_out_and_elsewhere_shows_it(searcher):
    searcher.open("rain", replacing=True)
    view = searcher.pane.list
    row = view.visualRect(searcher.results.index(6))
    tick = row.topLeft() + QPoint(22, 12)
    searcher.bot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=tick)
    assert searcher.pane.replace_button.text() == "Replace 5"
    assert searcher.books.open_book.scene == searcher.scenes[0]
    searcher.bot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert searcher.books.open_book.scene == searcher.scenes[2]
    assert searcher.selected() == "rain"
    assert searcher.pane.replace_button.text() == "Replace 5"


def test_taking_back_leaves_what_was_written_since(searcher):
    searcher.open("rain", replacing=True)
    searcher.replace("snow")
    searcher.desk.page.go_to(0)
    searcher.desk.type("Still. ")
    searcher.books.rearranging.undo()
    assert searcher.texts()[0] == f"Still. {TEXTS[0]}"
    assert searcher.texts()[2] == TEXTS[2]
    assert not any("left as they are" in m.text for m in searcher.window.messages._queue)


def test_a_replacement_edited_since_stays_and_is_said(searcher):
    searcher.open("rain", replacing=True)
    searcher.replace("snow")
    page = searcher.desk.page
    page.go_to(searcher.texts()[0].index("snow") + 2)
    searcher.desk.type("xx")
    searcher.books.rearranging.undo()
    assert searcher.texts()[0] == TEXTS[0].replace("rain", "snxxow", 1)
    said = [message.text for message in searcher.window.messages._queue]
    assert said == ["Changed since, and left as they are: “Dusk”."]


def test_a_file_changed_by_another_program_is_not_written_over(searcher):
    searcher.open("rain", replacing=True)
    path = searcher.books.open_book.book.scene_path(searcher.scenes[2])
    path.write_text("Theirs, with rain.", encoding="utf-8")
    searcher.replace("snow")
    searcher.desk.session.filing.document.keeping.wait()
    assert path.read_text(encoding="utf-8") == "Theirs, with rain."
    assert searcher.texts()[0] == TEXTS[0].replace("rain", "snow").replace("Rain", "snow")
    said = [message.text for message in searcher.window.messages._queue]
    assert any("“Salt”" in words for words in said)


def test_a_file_changed_by_another_program_is_searched_as_it_is_now(searcher):
    searcher.open("rain")
    path = searcher.books.open_book.book.scene_path(searcher.scenes[1])
    path.write_text("Rain here too.", encoding="utf-8")
    searcher.counting.refresh()
    searcher.bot.waitUntil(lambda: searcher.pane.counts.text() == "7 in 3 scenes")
    assert (searcher.scenes[1], 0, 4) in searcher.found()


def test_a_book_that_is_only_read_is_only_searched(open_desk, tmp_path, monkeypatch):
    folder = tmp_path / "book"
    writer = Book.create(folder, About("A"), CompiledBook("A", "", "en", SECTIONS))
    monkeypatch.setattr("writer.ui.book.books.Books._may_only_read", lambda *_: True)
    searcher = Searcher(open_desk(settings=OFF, path=folder))
    searcher.open("rain", replacing=True)
    assert searcher.pane.counts.text() == "7 in 3 scenes"
    assert not searcher.pane.replace_toggle.isVisible()
    assert not searcher.pane.replace_row.isVisible()
    searcher.press(searcher.pane.field, Qt.Key.Key_Return, CONTROL)
    assert searcher.texts()[0] == TEXTS[0]
    writer.close()


def test_closing_the_book_closes_the_pane(searcher):
    searcher.open("rain")
    searcher.books.close()
    assert not searcher.pane.isVisible()
    assert searcher.results.found == 0


def test_a_long_book_shows_first_places_at_once_and_all_within_a_second(open_desk, tmp_path):
    folder = tmp_path / "long"
    Book.create(folder, About("A"), compiled_book(300, 200_000)).close()
    searcher = Searcher(open_desk(settings=OFF, path=folder))
    searcher.pane.open_asked.emit(False)
    begun = perf_counter()
    searcher.pane.field.setText("the")
    assert searcher.results.rowCount() > 0
    assert perf_counter() - begun < 0.1
    searcher.settle()
    searcher.pane.field.setText(RARE)
    searcher.settle()
    assert perf_counter() - begun < 1.0
    assert searcher.pane.counts.text() == "1 in 1 scene"


def test_rows_are_handed_out_in_portions_and_none_is_missing(searcher):
    results = SearchResults()
    texts = [("one", "a" * 1000), ("two", "aa"), ("three", "b"), ("four", "a")]
    hits = list(find(texts, Search("a")))
    results.begin({"one": ("One", ""), "two": ("Two", ""), "four": ("Four", "")})
    for start in range(0, len(hits), 64):
        results.add(hits[start : start + 64])
    assert results.rowCount() < 1000
    while results.canFetchMore(QModelIndex()):
        results.fetchMore(QModelIndex())
    rows = [results.index(row).data(HIT) for row in range(results.rowCount())]
    assert [hit for hit in rows if hit is not None] == hits
    assert rows.count(None) == 3
