import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from writer.settings import Mode
from writer.ui import utf16
from writer.ui.candidate_card import MAX_LINES, opening_of
from writer.ui.candidates_panel import CandidatesPanel

TEXTS = [" had stepped down into the mud", " drew back", " counted the lamps 😀 and waited"]


@pytest.fixture
def panel(qtbot):
    panel = CandidatesPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 400)
    panel.show()
    return panel


@pytest.mark.parametrize("count", [1, 3, 8])
def test_each_continuation_has_a_card(panel, count):
    texts = [f" text {n}" for n in range(count)]
    panel.show_candidates(texts, 0, True)
    assert [card.shown_text() for card in panel.cards()] == [text.strip() for text in texts]
    assert panel.place() == f"1/{count}"
    assert panel.sentence() == ""


def test_cards_grow_in_place(panel):
    panel.show_candidates([" had", ""], 0, False)
    cards = panel.cards()
    assert cards[1].shown_text() == "…"
    panel.show_candidates([" had stepped", " drew"], 0, False)
    assert panel.cards() == cards
    assert [card.shown_text() for card in cards] == ["had stepped", "drew"]


def test_a_card_that_says_the_same_is_left_alone(panel, qtbot, monkeypatch):
    panel.show_candidates(TEXTS, 0, False)
    laid_out = []
    for card in panel.cards():
        monkeypatch.setattr(card, "_lay_out_again", lambda: laid_out.append(1))
    panel.show_candidates([*TEXTS[:2], TEXTS[2] + " on"], 1, False)
    assert laid_out == [1]


def test_fewer_hide_the_rest_and_empty_ones_go_when_done(panel):
    panel.show_candidates(TEXTS, 2, True)
    panel.show_candidates([" one", " "], 0, True)
    assert [card.shown_text() for card in panel.cards()] == ["one"]


def test_states_without_cards(panel):
    panel.show_candidates(TEXTS, 0, True)
    for mode in Mode:
        panel.show_empty(mode.value)
        assert panel.cards() == []
        assert panel.sentence()
        assert panel.place() == ""
    panel.show_empty(Mode.AFTER_PAUSE)
    assert "Ctrl+Space" in panel.sentence()
    panel.show_message("No <b>model</b>.")
    assert panel.sentence() == "No <b>model</b>."
    panel.show_candidates(["", ""], 0, False)
    assert panel.sentence() == "Thinking…"
    panel.show_candidates([], -1, True)
    assert panel.sentence() == "Nothing came to mind here."


def test_a_click_takes_and_the_page_keeps_the_keyboard(qtbot):
    window = QWidget()
    page = QLineEdit()
    panel = CandidatesPanel()
    column = QVBoxLayout(window)
    column.addWidget(page)
    column.addWidget(panel)
    qtbot.addWidget(window)
    window.show()
    panel.show_candidates(TEXTS, 0, True)
    page.setFocus()
    with qtbot.waitSignal(panel.chosen) as chosen:
        qtbot.mouseClick(panel.cards()[2], Qt.MouseButton.LeftButton)
    assert chosen.args == [2]
    assert window.focusWidget() is page


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_the_keyboard_takes_too(qtbot, panel, key):
    panel.show_candidates(TEXTS, 0, True)
    with qtbot.waitSignal(panel.chosen) as chosen:
        qtbot.keyClick(panel.cards()[1], key)
    assert chosen.args == [1]


def test_hovering_announces_coming_and_going(qtbot, panel):
    panel.show_candidates(TEXTS, 0, True)
    qtbot.waitExposed(panel)
    heard = []
    panel.hovered.connect(heard.append)
    for index in (0, 1):
        card = panel.cards()[index]
        qtbot.mouseMove(card, card.rect().center())
        qtbot.mouseMove(card, card.rect().center() + QPoint(3, 0))
    qtbot.mouseMove(panel, QPoint(5, 5))
    assert heard == [0, -1, 1, -1]


def test_long_texts_are_shortened_and_the_card_is_as_high_as_its_lines(qtbot, panel):
    long = "雨下了三天三夜，" * 40
    panel.show_candidates([" short", long, " words and more words" * 30], 0, True)
    cards = panel.cards()
    qtbot.waitUntil(lambda: cards[2].height() == cards[2].heightForWidth(cards[2].width()))
    assert [card.line_count() for card in cards] == [1, MAX_LINES, MAX_LINES]
    assert cards[0].height() < cards[1].height() == cards[2].height()
    assert cards[1].shown_text().endswith("…")
    assert long.startswith(cards[1].shown_text()[:-1])


def test_accessible_names(panel):
    panel.show_candidates(TEXTS, 0, True)
    assert panel.cards()[1].accessibleName() == "Continuation 2: drew back"


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("had stepped down into", "had stepped down"),
        ("yes", "yes"),
        ("雨下了三天三夜才停", "雨下了三天三"),
        ("", ""),
    ],
)
def test_the_opening_tells_candidates_apart(text, opening):
    assert opening_of(text) == opening
    assert utf16.units(opening) <= utf16.units(text)


def test_of_a_long_text_it_says_how_much_has_been_read(panel):
    panel.show_thinking(0.421)
    assert panel.sentence() == "Reading your text… 42 %"
    panel.show_thinking(1.0)
    assert panel.sentence() == "Thinking…"
