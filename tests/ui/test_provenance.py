"""What the machine wrote in a single text: marked, kept beside it, and found again."""

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.crashes import crash, decide
from tests.ui.marked_desks import (
    CONTROL,
    ON_DEMAND,
    marked,
    provenance,
    single_path,
    stored,
    take,
    written,
)
from writer.manuscript.provenance.origin import context_digest
from writer.manuscript.provenance.whole_words import count_whole
from writer.settings import Sampling
from writer.ui.book.recovery_dialog import Decision

RAIN = " the rain fell on the roofs"
_PLACE = len("She waited, and")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "story.md"
    path.write_text("She waited, and\nIt was dusk.")
    return path


@pytest.fixture
def open_text(open_desk, path):
    """Return a function that opens the text, the caret behind its first line."""

    def make(*script, at=_PLACE):
        desk = open_desk(*script, settings=ON_DEMAND, path=path)
        desk.page.go_to(at)
        return desk

    return make


def test_what_is_taken_is_kept_beside_the_text_with_all_that_decided_it(open_text, path):
    desk = open_text((RAIN, " nobody came"))
    take(desk, RAIN)
    written(desk)
    words, kept = stored(single_path(path))
    request, mark = desk.engine.requests[0], kept.marks[0]
    assert words == marked(desk) == [RAIN]
    assert path.read_text() == f"She waited, and{RAIN}\nIt was dusk."
    origin = mark.origin
    assert (origin.model, origin.fingerprint, origin.precision, origin.machine) == (
        "scripted", "5c", "fp32", "a machine",
    )  # fmt: skip
    assert (origin.seed, origin.candidate, origin.text) == (request.seed, 0, RAIN)
    assert origin.context == context_digest(request.before, request.after)
    assert (origin.before, origin.after) == (len(request.before), len(request.after))
    assert Sampling(**origin.sampling) == request.sampling
    assert kept.taken == {origin.id: count_whole("and", RAIN, "\nIt")}


def test_a_text_opened_again_has_the_same_marks(open_text, path):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    assert desk.window.close()
    kept = stored(single_path(path))[1]
    again = open_text()
    assert marked(again) == [RAIN]
    assert provenance(again).marks.stored() == kept
    again.type(" Late.")
    written(again)
    assert stored(single_path(path))[1].taken == kept.taken


def test_one_undo_takes_words_and_mark_away(open_text, path):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert (desk.page.read(), marked(desk)) == ("She waited, and\nIt was dusk.", [])
    written(desk)
    assert not single_path(path).exists()
    desk.page.redo()
    assert marked(desk) == [RAIN]


def test_words_taken_one_by_one_are_of_one_continuation(open_text, path):
    desk = open_text((RAIN,))
    desk.session.ask()
    desk.wait_for_ghost(RAIN)
    desk.press(Qt.Key.Key_Right, CONTROL)
    desk.type(" r")
    desk.press(Qt.Key.Key_Right, CONTROL)
    desk.press(Qt.Key.Key_Tab)
    written(desk)
    words, kept = stored(single_path(path))
    assert len(kept.origins) == 1
    assert words == [" the", "ain fell on the roofs"]
    assert [mark.into for mark in kept.marks] == [0, len(" the r")]
    assert {mark.origin.text for mark in kept.marks} == {RAIN}
    assert sum(kept.taken.values()) == len(["the", "fell", "on", "the", "roofs"])


def test_an_edited_word_is_the_writers(open_text):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    desk.page.go_to(len("She waited, and the ra"))
    desk.type("p")
    assert marked(desk) == [" the ", " fell on the roofs"]


def test_of_a_text_without_suggestions_nothing_is_kept(open_text, path):
    desk = open_text()
    desk.type(" so on")
    written(desk)
    assert not single_path(path).parent.exists()


def test_marks_of_an_untitled_text_follow_it_into_its_file(open_desk, tmp_path):
    desk = open_desk((RAIN,), settings=ON_DEMAND)
    take(desk, RAIN)
    written(desk)
    path = tmp_path / "new.md"
    assert desk.session.filing.document.save_as(path)
    written(desk)
    assert stored(single_path(path))[0] == [RAIN]
    copy = tmp_path / "copy.md"
    assert desk.session.filing.document.save_as(copy)
    written(desk)
    assert stored(single_path(copy))[0] == [RAIN]


def test_marks_follow_what_another_program_does_to_the_text(open_text, path, qtbot):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    written(desk)
    path.write_text(f"Long before. She waited, and{RAIN}\nIt was night.")
    qtbot.waitUntil(lambda: desk.page.read().startswith("Long"))
    assert marked(desk) == [RAIN]
    desk.page.undo()
    assert marked(desk) == [RAIN]


def test_marks_are_found_again_where_the_text_was_changed_while_closed(open_text, path):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    assert desk.window.close()
    path.write_text(f"Long before, and long, she waited, and{RAIN}. It was night.")
    assert marked(open_text(at=0)) == [RAIN]


def test_damaged_marks_are_said_and_kept_and_the_text_opens(open_text, path):
    file = single_path(path)
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"version": 1, "marks": [')
    desk = open_text((RAIN,))
    assert "no longer known" in desk.window.messages.text()
    assert file.with_suffix(".damaged").read_bytes() == b'{"version": 1, "marks": ['
    take(desk, RAIN)
    written(desk)
    assert stored(file)[0] == [RAIN]


def test_words_lost_in_a_crash_come_back_marked(open_text, path, monkeypatch, tmp_path):
    desk = open_text((RAIN,))
    before = path.read_bytes()
    take(desk, RAIN)
    said = desk.page.read()
    # The marks are written as soon as the journal is, the text not before a pause.
    provenance(desk).write()
    written(desk)
    kept = stored(single_path(path))[1]
    marks = shutil.copy(single_path(path), tmp_path / "marks")
    assert desk.window.close()
    path.write_bytes(before)
    shutil.copy(marks, single_path(path))
    crash(said, path)
    decide(monkeypatch, Decision.RESTORE)
    again = open_text(at=0)
    assert (again.page.read(), marked(again)) == (said, [RAIN])
    written(again)
    assert stored(single_path(path))[1] == kept


def test_marks_are_written_soon_though_the_text_is_not(open_text, path, qtbot):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    qtbot.waitUntil(single_path(path).exists)
    assert stored(single_path(path))[0] == [RAIN]


def test_switched_on_once_they_are_shown_in_the_next_window(open_text):
    desk = open_text()
    line = _line(desk, "Show what the machine wrote")
    assert not provenance(desk).marks.shown
    line.trigger()
    assert provenance(desk).marks.shown
    assert desk.window.close()
    again = open_text()
    assert provenance(again).marks.shown
    assert _line(again, "Show what the machine wrote").isChecked()


def test_a_cut_and_paste_keeps_the_mark(open_text):
    desk = open_text((RAIN,))
    take(desk, RAIN)
    desk.page.selectAll()
    desk.page.cut()
    assert marked(desk) == []
    desk.type("Then: ")
    desk.page.paste()
    QApplication.processEvents()
    assert marked(desk) == [RAIN]


def _line(desk, words):
    lines = [a for menu in desk.window.menuBar().actions() for a in menu.menu().actions()]
    return next(line for line in lines if line.text().replace("&", "") == words)
