"""Where suggested words come from, and whether they come again."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from tests.ui.marked_desks import ON_DEMAND, provenance, replaying, take
from writer.errors import ErrorKind, WriterError

RAIN, HAIL = " the rain fell on the roofs", " hail came down at once"
SAME = "The same words came again."


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "story.md"
    path.write_text("She waited, and\nIt was dusk.")
    return path


@pytest.fixture
def asked(open_desk, path):
    """Return a function that takes some words and asks where they come from."""

    def make(*again, before=lambda desk: None):
        desk = open_desk((RAIN, HAIL), *again, settings=ON_DEMAND, path=path)
        desk.page.go_to(len("She waited, and"))
        take(desk, RAIN)
        before(desk)
        replaying(desk).show(provenance(desk).marks.marks()[0])
        return desk

    return make


def sample(desk) -> str:
    """Take the step, and return what is said in the end."""
    dialog = replaying(desk).dialog
    dialog.step_button.click()
    desk.bot.waitUntil(dialog.step_button.isEnabled)
    return dialog.state.text()


def test_the_dialog_says_what_decided_the_words(asked):
    desk = asked()
    dialog = replaying(desk).dialog
    facts = {words: label.text() for words, label in dialog.facts.items()}
    assert dialog.said.text() == RAIN.strip()
    assert facts["Model"] == "scripted"
    assert "Boldness 0.90" in facts["Settings"]
    assert facts["Seed"] == str(desk.engine.requests[0].seed)
    assert facts["Taken"].startswith("Today")
    assert (facts["Numbers in"], facts["Machine"]) == ("fp32", "a machine")
    assert dialog.step_button.text() == "Sample it again"
    assert not dialog.state.isVisible()


def test_the_same_request_is_made_though_the_writer_has_gone_on(asked):
    def go_on(desk):
        desk.type(", and fell. Then nothing came for a long while")

    desk = asked((RAIN, HAIL), before=go_on)
    assert sample(desk) == SAME
    first, again = desk.engine.requests
    assert again.key == first.key
    assert desk.page.read().startswith(f"She waited, and{RAIN}, and fell.")


def test_words_taken_of_another_candidate_are_compared_with_it(open_desk, path):
    desk = open_desk((RAIN, HAIL), (RAIN, HAIL), settings=ON_DEMAND, path=path)
    desk.page.go_to(len("She waited, and"))
    desk.session.ask()
    desk.wait_for_ghost(RAIN)
    desk.press(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    replaying(desk).show(provenance(desk).marks.marks()[0])
    assert sample(desk) == SAME


def test_a_changed_context_is_said_before_and_after(asked):
    def change(desk):
        desk.page.go_to(4)
        desk.type("long ")

    desk = asked((HAIL, RAIN), before=change)
    dialog = replaying(desk).dialog
    assert "text around" in dialog.state.text()
    assert dialog.step_button.text() == "Try all the same"
    assert len(desk.engine.requests) == 1
    said = sample(desk)
    assert said.startswith("Other words came, for")
    assert "text around" in said
    assert dialog.again.text() == HAIL.strip()
    assert desk.engine.requests[1].before == "She long waited, and"


def test_a_context_changed_while_the_dialog_is_open_is_said_first(asked):
    desk = asked((RAIN, HAIL))
    desk.page.go_to(4)
    desk.type("long ")
    dialog = replaying(desk).dialog
    dialog.step_button.click()
    assert "text around" in dialog.state.text()
    assert len(desk.engine.requests) == 1
    assert sample(desk).startswith("The same words came again, though")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "other", "fingerprint": "6d"}, "The model was scripted, and is other now."),
        ({"fingerprint": "6d"}, "The files of the model scripted are not what they were."),
        ({"precision": "int8"}, "were kept in fp32, and are in int8 now."),
        ({"machine": "a machine, 2 threads"}, "The machine was “a machine”"),
    ],
)
def test_each_thing_that_differs_is_named(asked, change, words):
    def become(desk):
        desk.engine.identity = replace(desk.engine.identity, **change)

    said = sample(asked((HAIL,), before=become))
    assert said.startswith("Other words came, for not all is as it was:")
    assert words in said
    assert said.count("\n") == 1


def test_other_words_without_a_reason_are_admitted(asked):
    desk = asked((HAIL,))
    assert sample(desk) == "Other words came, though all that decides them is as it was."


def test_a_failure_is_said(asked):
    error = WriterError(ErrorKind.MODEL_DAMAGED, path="m", reason="it is torn")
    assert "it is torn" in sample(asked(error))


def test_typing_and_asking_meanwhile_interrupt_it(asked):
    desk = asked((RAIN, HAIL), (" so",))
    desk.engine.gate.clear()
    desk.engine.reached_gate.clear()
    dialog = replaying(desk).dialog
    dialog.step_button.click()
    assert not dialog.step_button.isEnabled()
    assert desk.engine.reached_gate.wait(5)
    desk.session.ask()
    desk.engine.gate.set()
    desk.bot.waitUntil(dialog.step_button.isEnabled)
    assert "interrupted" in dialog.state.text()
    desk.wait_for_ghost(" so")


def test_words_before_those_that_were_read_change_nothing(asked):
    def change(desk):
        desk.page.go_to(0)
        desk.type("Long ")

    desk = asked((RAIN, HAIL), before=change)
    assert sample(desk) == SAME
    assert desk.engine.requests[1].key == desk.engine.requests[0].key


def test_words_that_are_gone_cannot_be_sampled(asked):
    desk = asked()
    desk.page.selectAll()
    desk.page.cut()
    dialog = replaying(desk).dialog
    dialog.step_button.click()
    assert "no more" in dialog.state.text()
    assert not dialog.step_button.isEnabled()
    assert len(desk.engine.requests) == 1


def test_closed_meanwhile_nobody_is_told(asked):
    desk = asked((RAIN, HAIL))
    desk.engine.gate.clear()
    desk.engine.reached_gate.clear()
    dialog = replaying(desk).dialog
    dialog.step_button.click()
    assert desk.engine.reached_gate.wait(5)
    dialog.reject()
    assert replaying(desk).dialog is None
    desk.engine.gate.set()
    desk.bot.waitUntil(lambda: desk.engine.closed == 2)
    desk.settle()


def test_the_pages_menu_offers_it_on_suggested_words_only(asked, monkeypatch):
    desk = asked()
    shown = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: shown.append(menu))
    replaying(desk).close()
    for place in (2, len("She waited, and the r")):
        desk.page.go_to(place)
        at = desk.page.cursorRect().center() + QPoint(2, 0)
        reason = QContextMenuEvent.Reason.Mouse
        event = QContextMenuEvent(reason, at, desk.page.viewport().mapToGlobal(at))
        QApplication.sendEvent(desk.page.viewport(), event)
    lines = [[action.text() for action in menu.actions()] for menu in shown]
    assert ["come from" in " ".join(each) for each in lines] == [False, True]
    shown[1].actions()[-1].trigger()
    assert replaying(desk).dialog.said.text() == RAIN.strip()
    for menu in shown:
        menu.deleteLater()


def test_of_ones_own_words_the_menu_says_so(open_desk, path):
    desk = open_desk(settings=ON_DEMAND, path=path)
    replaying(desk).show_here()
    assert "your own" in desk.window.messages.text()
