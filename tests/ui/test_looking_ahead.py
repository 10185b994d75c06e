"""What is answered before it is asked, and when nothing is asked at all."""

import pytest
from PySide6.QtCore import Qt

from writer.ui import suggester

RAIN = (" fell on the roof. It", " came again", " had stopped")
CONTROL = Qt.KeyboardModifier.ControlModifier


def offered(open_desk, before: str = "The rain", **more):
    desk = open_desk(RAIN, (" was late.",), **more)
    desk.engine.said_ahead = (" was prepared.",)
    desk.page.insert(before)  # whole: keys are ASCII only here
    desk.bot.waitUntil(lambda: len(desk.engine.ahead) == 2)
    desk.settle()
    return desk


def test_what_tab_and_the_next_word_would_ask_is_prepared(open_desk):
    desk = offered(open_desk)
    taken, word = desk.engine.ahead
    assert taken.before == "The rain fell on the roof. It"
    assert word.before == "The rain fell"
    assert desk.ghost == RAIN[0]  # what is prepared is not shown
    assert len(desk.engine.requests) == 1


@pytest.mark.parametrize("before", ["The rain", "🙂 雨 rain", "One.\n\nTwo\u00a0rain"])
def test_after_tab_the_prepared_answer_is_there_at_once(before, open_desk):
    desk = offered(open_desk, before)
    desk.press(Qt.Key.Key_Tab)
    assert desk.ghost == " was prepared."
    desk.settle()
    assert len(desk.engine.requests) == 1  # nothing had to be asked


def test_in_a_long_text_too(open_desk, tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("It rained. " * 3000)
    desk = open_desk(RAIN, path=path, settings="[sampling]\ncontext_length = 64\n")
    desk.engine.said_ahead = (" was prepared.",)
    desk.press(Qt.Key.Key_End, CONTROL)
    desk.session.ask()
    desk.bot.waitUntil(lambda: len(desk.engine.ahead) == 2)
    desk.settle()
    desk.press(Qt.Key.Key_Tab)
    assert desk.ghost == " was prepared."


def test_asking_behind_the_typed_word_finds_its_answer(open_desk):
    desk = offered(open_desk)
    desk.type(" fell")
    assert desk.ghost == " on the roof. It"
    desk.session.ask()
    assert desk.ghost == " was prepared."


def test_typing_ends_what_is_being_prepared(open_desk):
    desk = open_desk(RAIN, (" x",))
    desk.engine.said_ahead = (" was prepared, at length.",)
    desk.type("The rain")
    desk.wait_for_ghost(RAIN[0])
    desk.bot.waitUntil(lambda: bool(desk.engine.ahead))
    desk.type("s")
    desk.wait_for_ghost(" x")
    assert desk.engine.requests[-1].before == "The rains"


def test_a_failure_nobody_waits_for_is_not_said(open_desk):
    desk = open_desk(RAIN)
    desk.type("The rain")
    desk.bot.waitUntil(lambda: len(desk.engine.ahead) == 2)
    desk.settle()
    assert desk.ghost == RAIN[0]
    assert not desk.window.candidates.sentence()


def test_what_was_prepared_already_is_not_prepared_again(open_desk):
    desk = offered(open_desk)
    desk.type("x")
    desk.bot.waitUntil(lambda: len(desk.engine.ahead) == 4)
    desk.press(Qt.Key.Key_Backspace)
    desk.wait_for_ghost(RAIN[0])
    desk.type("s")  # whatever was to be prepared would have been begun before this
    desk.bot.waitUntil(lambda: len(desk.engine.requests) == 3)
    assert len(desk.engine.ahead) == 4


def test_on_demand_prepares_nothing(open_desk):
    desk = open_desk(RAIN, settings='[suggesting]\nmode = "on-demand"\n')
    desk.type("The rain")
    desk.session.ask()
    desk.wait_for_ghost(RAIN[0])
    desk.settle()
    assert not desk.engine.ahead


# On battery


@pytest.fixture
def battery(monkeypatch):
    """Say whether the machine draws on its battery: it does."""
    state = {"on": True}
    monkeypatch.setattr(suggester.Suggester.__init__, "__defaults__", (lambda: state["on"],))
    return state


def test_on_battery_a_pause_asks_nothing_but_the_key_does(battery, open_desk):
    desk = open_desk(RAIN)
    desk.type("The rain")
    desk.bot.waitUntil(lambda: "battery" in desk.window.candidates.sentence())
    assert not desk.engine.requests
    desk.session.ask()
    desk.wait_for_ghost(RAIN[0])
    desk.settle()
    assert not desk.engine.ahead
    battery["on"] = False
    desk.type("x")
    desk.bot.waitUntil(lambda: len(desk.engine.requests) == 2)


def test_taking_on_battery_asks_for_no_more(battery, open_desk):
    desk = open_desk(RAIN, (" more",))
    desk.type("The rain")
    desk.session.ask()
    desk.wait_for_ghost(RAIN[0])
    desk.press(Qt.Key.Key_Tab)
    desk.settle()
    assert len(desk.engine.requests) == 1


def test_a_changed_setting_asks_anew_whatever_the_mode(battery, open_desk):
    desk = open_desk(RAIN, (" anew",))
    desk.type("The rain")
    desk.session.ask()
    desk.wait_for_ghost(RAIN[0])
    changed = desk.session.settings.with_value("sampling", "top_k", 7)
    desk.window.settings_pane.settings_changed.emit(changed)
    desk.wait_for_ghost(" anew")


def test_walking_prepares_what_tab_would_then_ask(open_desk):
    desk = offered(open_desk)
    desk.press(Qt.Key.Key_BracketRight, Qt.KeyboardModifier.AltModifier)
    assert desk.ghost == RAIN[1]
    desk.bot.waitUntil(lambda: len(desk.engine.ahead) == 4)
    assert desk.engine.ahead[2].before == "The rain came again"


def test_the_battery_can_be_told_not_to_matter(battery, open_desk):
    desk = open_desk(RAIN, settings='[suggesting]\npause_ms = 0\nbattery = "as-usual"\n')
    desk.type("The rain")
    desk.wait_for_ghost(RAIN[0])


# The sampler


def test_an_answer_shows_at_once_and_then_at_most_once_a_frame(open_desk, qtbot):
    desk = open_desk()
    desk.engine.script = [("a" * 4000,)]
    shown = []
    desk.sampler.answered.connect(shown.append)
    with qtbot.waitSignal(desk.sampler.answered, check_params_cb=lambda answer: answer.done):
        desk.type("x")
    texts = [answer.candidates[0].text for answer in shown]
    assert texts[0] == "aaaa"
    assert texts[-1] == "a" * 4000
    assert len(texts) < 500  # of the thousand that were drawn
