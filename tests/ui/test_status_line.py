import pytest

from writer.ui.status_line import StatusLine


@pytest.fixture
def line(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    return line


@pytest.mark.parametrize(("count", "words"), [(0, "0 words"), (1, "1 word"), (3412, "3,412 words")])
def test_words(line, count, words):
    line.set_words(count)
    assert line.words.text() == words


def test_the_session_is_hidden_until_it_is_known(line):
    assert not line.session.isVisible()
    for count, words in (
        (210, "+210 this session"),
        (0, "+0 this session"),
        (-1300, "−1,300 this session"),
    ):
        line.set_session(count)
        assert line.session.isVisible()
        assert line.session.text() == words
    line.set_session(None)
    assert not line.session.isVisible()


def test_the_model_its_state_and_time(line):
    line.set_model("fiction-en", "ready", 48)
    assert line.model.text() == "fiction-en · ready · 48 ms"
    line.set_model("fiction-en", "loading 40 %")
    assert line.model.text() == "fiction-en · loading 40 %"
    line.set_model("", "off")
    assert line.model.text() == "off"


def test_hint_and_save_state_hide_when_empty(line):
    for label, setter in ((line.hint, line.set_hint), (line.save_state, line.set_save_state)):
        assert not label.isVisible()
        setter("words")
        assert label.isVisible()
        setter("")
        assert not label.isVisible()


def test_a_long_name_does_not_widen_the_window(line):
    before = line.minimumSizeHint().width()
    line.set_model("/a/very/long/path/to/a/model" * 20, "ready", 48)
    assert line.minimumSizeHint().width() == before


@pytest.mark.parametrize("width", [480, 900])
def test_a_long_name_keeps_away_from_what_stands_beside_it(line, width):
    line.resize(width, line.height())
    line.set_save_state("saved")
    line.set_model("a-long-name-" * 20, "ready", 48)
    assert line.model.x() - line.save_state.geometry().right() >= 16
    assert line.local.geometry().left() - line.model.geometry().right() >= 16
    assert line.model.toolTip() == line.model.text()


def test_it_says_that_nothing_leaves_the_machine(line):
    assert line.local.text() == "on this machine only"


def test_a_book_has_words_too_and_the_day_stands_in_for_the_session(line):
    line.set_words(812)
    line.set_session(5)
    line.set_book(None, 0)
    assert line.words.text() == "812 words"
    assert line.session.isHidden()
    line.set_book(94310, -20)
    assert line.words.text() == "812 words · 94,310 in the book"
    assert line.session.text() == "−20 today"
    line.set_book(None, None)
    assert (line.words.text(), line.session.text()) == ("812 words", "+5 this session")
