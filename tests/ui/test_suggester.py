"""The journey of a keystroke: what is offered, what keeps it, what ends it, what takes it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication

from writer.errors import ErrorKind, WriterError

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

RAIN = (" fell on the roof. It", " came again", " had stopped")


@pytest.fixture
def desk(open_desk):
    """A page that says “The rain”, with three continuations on offer."""
    desk = open_desk(RAIN)
    desk.type("The rain")
    desk.wait_for_ghost(RAIN[0])
    desk.settle()
    return desk


def test_a_pause_brings_the_ghost_and_all_candidates(desk):
    assert [card.shown_text() for card in desk.window.candidates.cards()] == [
        text.strip() for text in RAIN
    ]
    request = desk.engine.requests[-1]
    assert (request.before, request.after, request.position) == ("The rain", "", 8)


def test_the_ghost_is_no_part_of_the_document(desk):
    assert desk.page.read() == "The rain"
    desk.page.selectAll()
    assert desk.page.textCursor().selectedText() == "The rain"
    assert desk.window.status.words.text() == "2 words"


def test_tab_takes_all_and_one_undo_gives_it_back(desk):
    desk.press(Qt.Key.Key_Tab)
    assert desk.page.read() == "The rain" + RAIN[0]
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "The rain"


def test_tab_without_a_ghost_is_a_tab(open_desk):
    desk = open_desk()
    desk.press(Qt.Key.Key_Tab)
    assert desk.page.read() == "\t"
    assert desk.page.hasFocus()


def test_a_second_quick_tab_does_nothing(desk):
    desk.press(Qt.Key.Key_Tab)
    desk.press(Qt.Key.Key_Tab)
    assert desk.page.read() == "The rain" + RAIN[0]
    assert desk.page.hasFocus()


def test_a_second_tab_takes_a_new_ghost(open_desk):
    desk = open_desk((" one",), (" two",))
    desk.type("And")
    desk.wait_for_ghost(" one")
    desk.press(Qt.Key.Key_Tab)
    desk.wait_for_ghost(" two")
    desk.press(Qt.Key.Key_Tab)
    assert desk.page.read() == "And one two"


def test_taking_the_whole_asks_for_the_next_at_once(desk):
    desk.press(Qt.Key.Key_Tab)
    desk.bot.waitUntil(lambda: len(desk.engine.requests) == 2)
    assert desk.engine.requests[-1].before == "The rain" + RAIN[0]


def test_word_by_word_and_then_the_rest(desk):
    desk.press(Qt.Key.Key_Right, CONTROL)
    assert desk.page.read() == "The rain fell"
    assert desk.ghost == " on the roof. It"
    desk.press(Qt.Key.Key_Down, CONTROL)
    assert desk.page.read() == "The rain fell on the roof."
    assert desk.ghost == " It"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "The rain fell"
    assert len(desk.engine.requests) == 1


def test_a_chinese_word_is_a_word(open_desk):
    desk = open_desk(("走进了古老的屋子。",))
    desk.page.insert("他")
    desk.wait_for_ghost("走进了古老的屋子。")
    desk.press(Qt.Key.Key_Right, CONTROL)
    assert desk.page.read() == "他走进"


def test_a_number_takes_its_candidate(desk):
    desk.press(Qt.Key.Key_2, ALT)
    assert desk.page.read() == "The rain came again"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "The rain"


def test_a_click_takes_a_candidate_and_leaves_the_keyboard(desk):
    desk.bot.mouseClick(desk.window.candidates.cards()[2], Qt.MouseButton.LeftButton)
    assert desk.page.read() == "The rain had stopped"
    assert desk.page.hasFocus()


def test_walking_through_the_candidates_goes_round(desk):
    seen = []
    for _ in range(3):
        desk.press(Qt.Key.Key_BracketRight, ALT)
        seen.append(desk.ghost)
    assert seen == [RAIN[1], RAIN[2], RAIN[0]]
    desk.press(Qt.Key.Key_BracketLeft, ALT)
    assert desk.ghost == RAIN[2]


def test_escape_dismisses_and_changes_nothing(desk):
    desk.press(Qt.Key.Key_Escape)
    assert desk.ghost == ""
    assert desk.window.candidates.cards() == []
    assert desk.page.read() == "The rain"
    assert desk.page.hasFocus()


def test_escape_while_thinking_wants_no_answer(open_desk):
    desk = open_desk((" a long answer",), (" next",))
    desk.engine.gate.clear()
    desk.type("rain")
    desk.bot.waitUntil(desk.engine.reached_gate.is_set)
    desk.press(Qt.Key.Key_Escape)
    desk.engine.gate.set()
    desk.bot.waitUntil(lambda: desk.engine.closed == 1)
    desk.settle()
    assert desk.ghost == ""
    assert desk.window.candidates.cards() == []


def test_typing_what_the_ghost_says_keeps_it_and_asks_nothing(desk):
    desk.type(" fell")
    assert desk.ghost == " on the roof. It"
    assert desk.page.read() == "The rain fell"
    desk.settle()
    assert len(desk.engine.requests) == 1
    desk.press(Qt.Key.Key_Tab)
    assert desk.page.read() == "The rain fell on the roof. It"


def test_typing_otherwise_asks_anew(desk):
    desk.engine.script.append((" all day",))
    desk.type("s")
    assert desk.ghost == ""
    desk.wait_for_ghost(" all day")
    assert desk.engine.requests[-1].before == "The rains"


def test_asking_again_asks_for_others(desk):
    desk.engine.script.append((" never ended",))
    desk.press(Qt.Key.Key_Space, CONTROL)
    desk.wait_for_ghost(" never ended")
    first, second = desk.engine.requests
    assert first.before == second.before
    assert first.seed != second.seed


def test_each_place_has_chances_of_its_own(desk):
    desk.engine.script.append((" of July",))
    desk.type("s")
    desk.wait_for_ghost(" of July")
    first, second = desk.engine.requests
    assert first.seed != second.seed


def test_coming_back_to_a_place_asks_nothing(desk):
    desk.engine.script.append((" of July",))
    desk.type("s")
    desk.wait_for_ghost(" of July")
    desk.settle()
    desk.press(Qt.Key.Key_Backspace)
    desk.wait_for_ghost(RAIN[0])
    assert len(desk.engine.requests) == 2


def test_a_stale_answer_never_shows(open_desk):
    desk = open_desk((" is one",), (" is two",))
    desk.engine.gate.clear()
    desk.type("What")
    desk.bot.waitUntil(desk.engine.reached_gate.is_set)
    desk.type("e")
    assert desk.ghost == ""
    shown = []
    desk.page.document().documentLayout().update.connect(lambda *_: shown.append(desk.ghost))
    desk.engine.gate.set()
    desk.wait_for_ghost(" is two")
    desk.bot.waitUntil(lambda: desk.engine.closed == 2)
    assert not any(text.startswith(" is o") for text in shown)


def test_the_newest_request_wins_within_one_step(open_desk):
    desk = open_desk((" a very long answer indeed, for ever",), (" short",))
    desk.engine.gate.clear()
    desk.type("W")
    desk.bot.waitUntil(desk.engine.reached_gate.is_set)
    desk.type("x")
    desk.engine.gate.set()
    desk.wait_for_ghost(" short")
    assert desk.engine.closed == 2


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, SHIFT),
        (Qt.Key.Key_A, CONTROL),
    ],
)
def test_moving_or_selecting_ends_the_offer(desk, key, modifier):
    desk.press(key, modifier)
    assert desk.ghost == ""
    assert desk.window.candidates.cards() == []
    assert desk.page.read() == "The rain"


def test_nothing_is_suggested_while_composing(open_desk):
    desk = open_desk(("下了。",))
    QApplication.sendEvent(desk.page, QInputMethodEvent("yu", []))
    desk.session.suggester.ask()
    desk.settle()
    assert desk.engine.requests == []
    committed = QInputMethodEvent("", [])
    committed.setCommitString("雨")
    QApplication.sendEvent(desk.page, committed)
    desk.wait_for_ghost("下了。")
    assert desk.page.read() == "雨"


def test_a_composition_takes_the_place_of_the_ghost(desk):
    QApplication.sendEvent(desk.page, QInputMethodEvent("ni", []))
    assert desk.ghost == ""
    assert desk.page.textCursor().block().layout().preeditAreaText() == "ni"


def test_inside_a_word_nothing_comes_unasked_but_asked_it_does(open_desk):
    desk = open_desk((" x",), (" y",))
    desk.page.insert("rain")
    desk.wait_for_ghost(" x")
    desk.press(Qt.Key.Key_Left)
    desk.press(Qt.Key.Key_Backspace)
    desk.settle()
    assert len(desk.engine.requests) == 1
    desk.press(Qt.Key.Key_Space, CONTROL)
    desk.wait_for_ghost(" y")
    assert desk.engine.requests[-1].after == "n"


def test_on_demand_waits_to_be_asked(open_desk):
    desk = open_desk((" x",), settings='[suggesting]\nmode = "on-demand"\npause_ms = 0\n')
    desk.type("rain")
    desk.settle()
    assert desk.engine.requests == []
    desk.press(Qt.Key.Key_Backslash, ALT)
    desk.wait_for_ghost(" x")
    desk.press(Qt.Key.Key_Tab)
    desk.settle()
    assert len(desk.engine.requests) == 1


def test_one_key_switches_through_the_modes(open_desk):
    desk = open_desk()
    said = []
    for _ in range(3):
        desk.press(Qt.Key.Key_Space, CONTROL | SHIFT)
        said.append(desk.window.candidates.sentence())
    assert said == [
        "Press Ctrl+Space for continuations.",
        "Suggestions are off.",
        "Rest a moment, or press Ctrl+Space.",
    ]


def test_off_asks_nothing_even_when_asked(open_desk):
    desk = open_desk((" x",), settings='[suggesting]\nmode = "off"\n')
    desk.type("rain")
    desk.press(Qt.Key.Key_Space, CONTROL)
    desk.settle()
    assert desk.engine.requests == []


def test_a_failing_engine_is_said_and_the_page_lives(open_desk):
    error = WriterError(ErrorKind.INTERNAL, reason="a test")
    desk = open_desk(error, (" again",))
    desk.type("rain")
    desk.bot.waitUntil(lambda: "a test" in desk.window.candidates.sentence())
    desk.type("s")
    desk.wait_for_ghost(" again")
    assert desk.page.read() == "rains"


def test_hovering_previews_and_leaving_goes_back(desk):
    desk.window.candidates.hovered.emit(1)
    assert desk.ghost == RAIN[1]
    desk.window.candidates.hovered.emit(-1)
    assert desk.ghost == RAIN[0]
    assert desk.page.read() == "The rain"


def test_a_continuation_with_line_ends_is_one_step_too(open_desk):
    desk = open_desk(("\n\n“Yes,” she said",))
    desk.page.insert("“No.”")
    desk.wait_for_ghost("\n\n“Yes,” she said")
    desk.press(Qt.Key.Key_Right, CONTROL)
    assert desk.page.read() == "“No.”\n\n“Yes,”"
    assert desk.ghost == " she said"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.page.read() == "“No.”"


def test_closing_in_the_middle_of_an_answer_joins_the_thread(open_desk, monkeypatch):
    desk = open_desk((" and on and on",))
    desk.engine.gate.clear()
    desk.type("W")
    desk.bot.waitUntil(desk.engine.reached_gate.is_set)
    desk.page.document().setModified(False)
    mailbox = desk.sampler._mailbox
    close = mailbox.close

    def close_and_go_on():
        close()
        desk.engine.gate.set()

    monkeypatch.setattr(mailbox, "close", close_and_go_on)
    assert desk.window.close()
    assert desk.sampler.isFinished()
    assert (desk.engine.closed, desk.engine.finished) == (1, 0)


def test_asking_after_escape_asks_for_others_too(desk):
    desk.engine.script.append((" never ended",))
    desk.press(Qt.Key.Key_Escape)
    desk.press(Qt.Key.Key_Space, CONTROL)
    desk.wait_for_ghost(" never ended")


def test_a_number_without_its_candidate_is_no_letter_of_the_text(open_desk):
    desk = open_desk(settings='[suggesting]\nmode = "off"\n')
    desk.press(Qt.Key.Key_2, ALT)
    assert desk.page.read() == ""


def test_escape_closes_what_stands_beneath_the_page(desk):
    desk.press(Qt.Key.Key_Escape)
    desk.window.messages.show_message("a test")
    desk.window.find_bar.open_find()
    desk.page.setFocus()
    desk.press(Qt.Key.Key_Escape)
    assert desk.window.find_bar.isHidden()
    assert desk.window.messages.text() == "a test"
    desk.press(Qt.Key.Key_Escape)
    assert desk.window.messages.text() == ""
