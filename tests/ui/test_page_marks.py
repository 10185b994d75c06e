"""What was suggested stays marked through every edit, and what the writer edits is the writer's."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.marked_pages import (
    key,
    open_page,
    origin,
    put_caret,
    redo,
    said,
    take,
    taken,
    undo,
)
from writer.manuscript.provenance.marks_file import StoredMarks, from_bytes, to_bytes
from writer.manuscript.provenance.remembered import Remembered
from writer.ui.editor import Page
from writer.ui.page_marks import PageMarks
from writer.ui.paragraphs import LONGEST
from writer.ui.utf16 import units


@pytest.fixture
def page(qtbot):
    with open_page(qtbot) as page:
        yield page


@pytest.fixture
def marks(page):
    return PageMarks(page)


@pytest.fixture
def rain(page, marks):
    """A page that says “The rain fell on the roof.”, of which all from “ fell” was taken."""
    QTest.keyClicks(page, "The rain")
    take(page, marks, " fell on the roof.")


def test_one_undo_leaves_no_mark_and_redo_brings_it_back(page, marks, rain):
    assert (said(page, marks), taken(marks)) == ([" fell on the roof."], {"one": 4})
    whole = marks.marks()
    undo(page)
    assert (page.read(), marks.marks(), taken(marks)) == ("The rain", (), {})
    redo(page)
    assert (marks.marks(), taken(marks)) == (whole, {"one": 4})


def test_typing_within_a_word_frees_that_word_only(page, marks, rain):
    put_caret(page, len("The rain fell o"))
    QTest.keyClicks(page, "x")
    assert page.read() == "The rain fell oxn the roof."
    assert said(page, marks) == [" fell ", " the roof."]
    assert taken(marks) == {"one": 4}
    undo(page)
    assert said(page, marks) == [" fell on the roof."]
    redo(page)
    assert said(page, marks) == [" fell ", " the roof."]


@pytest.mark.parametrize(
    ("place", "typed", "left"),
    [
        (len("The rain fell"), "s", [" ", " on the roof."]),
        (len("The rain fell"), ",", [" fell", " on the roof."]),
        (len("The rain "), "be", [" ", " on the roof."]),
        (len("The rain "), "b", [" ", " on the roof."]),
        (len("The rain fell on the roof."), " It", [" fell on the roof."]),
        (len("The rain fell on the roof."), "x", [" fell on the roof."]),
        (len("The rain"), "s", [" fell on the roof."]),
        (0, "And ", [" fell on the roof."]),
    ],
)
def test_what_is_typed_beside_a_word_frees_it_if_it_becomes_part_of_it(
    page, marks, rain, place, typed, left
):
    put_caret(page, place)
    QTest.keyClicks(page, typed)
    assert said(page, marks) == left
    undo(page)
    # Qt makes one step of what was taken and what is typed right behind it.
    assert said(page, marks) == ([" fell on the roof."] if "fell" in page.read() else [])
    redo(page)
    assert said(page, marks) == left


def test_deleting_letters_frees_the_rest_of_the_word(page, marks, rain):
    put_caret(page, len("The rain fell on the roof"))
    for _ in range(3):
        key(page, Qt.Key.Key_Backspace)
    assert said(page, marks) == [" fell on the ", "."]
    undo(page)
    assert said(page, marks) == [" fell on the roof."]
    put_caret(page, len("The rain "))
    for _ in range(3):
        key(page, Qt.Key.Key_Delete)
    assert page.read() == "The rain l on the roof."
    assert said(page, marks) == [" ", " on the roof."]
    undo(page)
    assert said(page, marks) == [" fell on the roof."]


def test_deleting_a_space_frees_both_words(page, marks, rain):
    put_caret(page, len("The rain fell "))
    key(page, Qt.Key.Key_Backspace)
    assert page.read() == "The rain fellon the roof."
    assert said(page, marks) == [" ", " the roof."]
    undo(page)
    assert said(page, marks) == [" fell on the roof."]


def test_word_by_word_is_one_mark_and_type_through_is_the_writers(page, marks):
    whole = " fell on the roof."
    QTest.keyClicks(page, "The rain")
    take(page, marks, " fell", whole)
    take(page, marks, " on", whole, skipped=5)
    assert said(page, marks) == [" fell on"]
    QTest.keyClicks(page, " th")
    take(page, marks, "e roof.", whole, skipped=11)
    assert said(page, marks) == [" fell on", "e roof."]
    assert taken(marks) == {"one": 3}  # “the” was half typed
    put_caret(page, len("The rain fell on t"))
    QTest.keyClicks(page, "x")
    assert said(page, marks) == [" fell on", " roof."]


def test_a_continuation_may_grow_while_it_is_taken(page, marks):
    take(page, marks, "It rained", "It rained")
    take(page, marks, " all", "It rained all day", skipped=9)
    take(page, marks, " day", "It rained all day", skipped=13)
    assert said(page, marks) == ["It rained all day"]
    stored = marks.stored()
    assert [each.text for each in stored.origins.values()] == ["It rained all day"]
    assert from_bytes(to_bytes(stored), "text") == (stored, None)
    page.undo()
    page.redo()
    assert marks.stored() == stored
    take(page, marks, " and night", "It rained all and night", skipped=13)
    assert said(page, marks) == ["It rained all day", " and night"]
    assert taken(marks)["one"] == 4


def test_typing_before_moves_the_marks(page, marks, rain):
    put_caret(page, 0)
    QTest.keyClicks(page, "So it was. ")
    key(page, Qt.Key.Key_Return)
    assert said(page, marks) == [" fell on the roof."]
    assert marks.origin_at(page.read().index("roof")).id == "one"
    assert marks.origin_at(0) is None


def test_chinese_words_are_characters(page, marks):
    page.insert("他")
    take(page, marks, "走进了古老的屋子。")
    put_caret(page, 4)
    page.insert("很")
    assert said(page, marks) == ["走进了", "古老的屋子。"]
    put_caret(page, 3)
    key(page, Qt.Key.Key_Backspace)
    assert said(page, marks) == ["走", "了", "古老的屋子。"]
    assert taken(marks) == {"one": 8}
    undo(page)
    undo(page)
    assert said(page, marks) == ["走进了古老的屋子。"]


def test_characters_of_two_units_are_kept_whole(page, marks):
    page.insert("😀 He")
    take(page, marks, " saw 😀😀 and 𠀀 there.")
    put_caret(page, 0)
    page.insert("😀")
    assert said(page, marks) == [" saw 😀😀 and 𠀀 there."]
    place = units("😀😀 He saw 😀")
    put_caret(page, place)
    page.insert("x")
    assert said(page, marks) == [" saw 😀", "😀 and 𠀀 there."]
    before = said(page, marks)
    stored, _ = from_bytes(to_bytes(marks.stored()), "text")
    page.load(page.read())
    marks.load(stored)
    assert said(page, marks) == before


def test_marks_survive_saving_and_loading(page, marks, rain):
    put_caret(page, len("The rain fell on"))
    QTest.keyClicks(page, ", softly,")
    whole, text = marks.marks(), page.read()
    stored, notice = from_bytes(to_bytes(marks.stored()), "text")
    assert notice is None
    page.load("another text")
    assert marks.marks() == ()
    page.load(text)
    marks.load(stored)
    assert marks.marks() == whole
    assert marks.stored() == stored


def test_cut_and_paste_keeps_the_marks(page, marks, rain):
    page.insert("\nAnother line.")
    put_caret(page, len("The rain fell on the roof."), anchor=4)
    page.cut()
    assert said(page, marks) == []
    put_caret(page, len(page.read()))
    page.paste()
    assert page.read() == "The \nAnother line.rain fell on the roof."
    assert said(page, marks) == [" fell on the roof."]
    page.insert(" ")
    page.paste()
    assert said(page, marks) == [" fell on the roof."] * 2
    assert taken(marks) == {"one": 4}


def test_copy_and_paste_into_another_page_keeps_the_marks(page, marks, rain, qtbot):
    remembered = Remembered()
    one, other = PageMarks(page, remembered), Page()
    qtbot.addWidget(other)
    its = PageMarks(other, remembered)
    one.load(marks.stored())
    put_caret(page, len("The rain fell on the"), anchor=0)
    page.copy()
    other.paste()
    assert said(other, its) == [" fell on the"]
    assert its.stored().origins["one"].text == " fell on the roof."
    assert said(page, one) == [" fell on the roof."]


def test_what_was_deleted_and_is_inserted_elsewhere_keeps_its_marks(page, marks, rain):
    put_caret(page, len("The rain fell on"), anchor=0)
    key(page, Qt.Key.Key_Delete)
    put_caret(page, len(" the roof."))
    page.insert(" The rain fell on")
    assert said(page, marks) == [" the roof.", " fell on"]


def test_a_lone_word_that_comes_back_elsewhere_is_the_writers(page, marks, rain):
    put_caret(page, len("The rain fell"), anchor=len("The rain "))
    page.cut()
    put_caret(page, 0)
    page.paste()
    assert said(page, marks) == [" ", " on the roof."]


def test_what_is_typed_over_is_no_longer_marked_and_undo_brings_it_back(page, marks, rain):
    page.selectAll()
    QTest.keyClicks(page, "x")
    assert said(page, marks) == []
    assert taken(marks) == {"one": 4}
    undo(page)
    assert page.read() == "The rain fell on the roof."
    assert said(page, marks) == [" fell on the roof."]


def test_replacing_everywhere_frees_the_replaced_words_only(page, marks, rain):
    take(page, marks, " The roof was old, and the rain went on.", name="two")
    QTest.keyClicks(page, " roof")
    cursor = QTextCursor(page.document())
    cursor.beginEditBlock()
    for place in reversed([at for at in range(len(page.read())) if page.read()[at:][:4] == "roof"]):
        cursor.setPosition(place)
        cursor.setPosition(place + 4, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("house")
    cursor.endEditBlock()
    assert page.read() == (
        "The rain fell on the house. The house was old, and the rain went on. house"
    )
    assert said(page, marks) == [" fell on the ", " was old, and the rain went on."]
    undo(page)
    assert said(page, marks) == [" fell on the roof.", " The roof was old, and the rain went on."]


def test_what_is_dragged_elsewhere_keeps_its_marks(page, marks, rain):
    page.insert("\nAnother line, and more of it.")
    put_caret(page, len("The rain fell on the roof."), anchor=len("The"))
    data = page.createMimeDataFromSelection()
    target = QTextCursor(page.document())
    target.setPosition(page.read().index(", and"))
    taken_from = page.textCursor()
    taken_from.beginEditBlock()  # as Qt does where text is dropped on its own page
    taken_from.removeSelectedText()
    page.setTextCursor(target)
    page.insertFromMimeData(data)
    taken_from.endEditBlock()
    assert page.read() == "The\nAnother line rain fell on the roof., and more of it."
    assert said(page, marks) == [" fell on the roof."]
    page.undo()
    assert said(page, marks) == [" fell on the roof."]
    assert page.read().startswith("The rain fell")


def test_undo_that_nobody_has_followed_leaves_what_still_stands(page, marks):
    page.insert("They sat. ")
    page.insert("So it was. ")
    take(page, marks, "It was late and dark.")
    stored, later = marks.stored(), PageMarks(page)
    later.load(stored)
    put_caret(page, 0)
    QTest.keyClicks(page, "x")
    for _ in range(2):
        page.undo()
        marked = said(page, later)
    assert marked == (["It was late and dark."] if "late" in page.read() else [])


def test_a_heading_typed_before_marked_words_leaves_them_marked(page, marks):
    page.insert("One\n")
    take(page, marks, "Some text of theirs")
    put_caret(page, 4)
    QTest.keyClicks(page, "#")
    assert said(page, marks) == ["Some text of theirs"]
    undo(page)
    assert said(page, marks) == ["Some text of theirs"]


def test_a_composition_within_marked_words(page, marks):
    take(page, marks, "走进了古老的屋子。")
    put_caret(page, 3)
    for preedit, commit in (("n", ""), ("", "你")):
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(commit)
        QApplication.sendEvent(page, event)
    assert said(page, marks) == ["走进了", "古老的屋子。"]


def test_long_lines_in_pieces(page, marks):
    line = "".join(f"word{number} " for number in range(LONGEST // 4))
    page.load(line)
    place = page.document().begin().next().position() + 50
    put_caret(page, place)
    take(page, marks, "😀 taken here, ")
    assert said(page, marks) == ["😀 taken here, "]
    join = page.document().begin().next().position()
    stored = marks.stored()
    only = stored.marks[0]
    assert page.read()[only.start : only.end] == "😀 taken here, "
    text = page.read()
    page.load(text)
    marks.load(stored)
    assert said(page, marks) == ["😀 taken here, "]
    # A mark across a join comes back as two, and is one again in the file.
    around = text[join - 21 : join + 19]
    whole = origin(around)
    across = StoredMarks((stored.marks[0]._replace(start=join - 21, end=join + 19, origin=whole),))
    marks.load(across)
    assert len(marks.marks()) == 2
    assert "".join(said(page, marks)) == around
    assert marks.stored().marks == across.marks


def test_a_text_put_aside_has_its_marks_and_its_undo_when_it_is_back(page, marks, rain):
    whole, known, held = marks.marks(), marks.suspend(), page.put_aside()
    page.load("Another scene.")
    take(page, marks, " So it goes.", name="two")
    assert said(page, marks) == [" So it goes."]
    page.bring_back(held)
    marks.resume(known)
    assert (marks.marks(), taken(marks)) == (whole, {"one": 4})
    undo(page)
    assert (page.read(), marks.marks(), taken(marks)) == ("The rain", (), {})
    redo(page)
    assert marks.marks() == whole


def test_a_text_changed_by_another_program_keeps_what_still_stands(page, marks, rain):
    page.insert(" It was late.")
    new = "# One\nThe rain fell on the old roof. It was late, and"
    page.put(new)
    assert said(page, marks) == [" fell on the "]
    undo(page)
    assert said(page, marks) == [" fell on the roof."]


def test_what_was_not_suggested_is_refused(page, marks):
    page.insert("word")
    with pytest.raises(ValueError, match="no part"):
        marks.take(0, "word", origin("another"))
