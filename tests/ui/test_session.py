"""The parts of the window working together: settings, model, words, theme."""

import tomllib

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu

from writer import places
from writer.errors import ErrorKind, WriterError
from writer.settings import Theme
from writer.ui.app import build
from writer.ui.theme import page_font

CONTROL = Qt.KeyboardModifier.ControlModifier


def stored() -> dict:
    return tomllib.loads((places.config_folder() / "settings.toml").read_text())


def test_a_change_in_the_pane_reaches_the_next_request_and_the_file(open_desk):
    desk = open_desk((" one",), (" two",))
    changed = desk.session.settings.with_value("sampling", "temperature", 0.5)
    desk.window.settings_pane.settings_changed.emit(changed)
    desk.type("And")
    desk.wait_for_ghost(" one")
    assert desk.engine.requests[-1].sampling.temperature == 0.5
    desk.bot.waitUntil(lambda: stored().get("sampling", {}).get("temperature") == 0.5)


def test_a_change_while_something_is_offered_asks_anew(open_desk):
    desk = open_desk((" one",), (" two",))
    desk.type("And")
    desk.wait_for_ghost(" one")
    changed = desk.session.settings.with_value("sampling", "top_k", 7)
    desk.window.settings_pane.settings_changed.emit(changed)
    desk.wait_for_ghost(" two")
    assert desk.engine.requests[-1].sampling.top_k == 7


def test_the_last_mode_chosen_is_the_one_that_is_said(open_desk):
    desk = open_desk()
    desk.session.switch_mode()
    desk.session.switch_mode()
    assert desk.window.messages.text() == "Suggestions are off."
    assert desk.window.messages.waiting() == 0


def test_the_reach_of_the_context_is_said_in_words(open_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("word " * 2000)
    desk = open_desk(settings='[suggesting]\nmode = "off"\n', path=path)
    desk.press(Qt.Key.Key_End, CONTROL)
    changed = desk.session.settings.with_value("sampling", "context_length", 100)
    desk.window.settings_pane.settings_changed.emit(changed)
    assert reach_of(desk) == "Reads the last 100 tokens, about 80 words"


def reach_of(desk) -> str:
    labels = desk.window.settings_pane.rows["context_length"].findChildren(QLabel)
    return next(label.text() for label in labels if "Reads the last" in label.text())


def test_the_context_goes_up_to_what_the_chosen_model_reads(open_desk, monkeypatch):
    desk = open_desk()
    row = desk.window.settings_pane.rows["context_length"]
    n_ctx = {"fiction-en": 1024, "long": 4096, "longer": 16_384}

    def write_with(model: str) -> None:
        desk.engine.n_ctx = n_ctx[model]
        with desk.bot.waitSignal(desk.sampler.loaded):
            desk.session.set_model(model)

    assert (row.box.value(), row.box.maximum()) == (999, 999)
    write_with("long")
    assert (row.box.value(), row.box.maximum()) == (4071, 4071)
    assert reach_of(desk) == "Reads the last 4,071 tokens, about 2,900 words"
    row.box.setValue(3000)
    write_with("fiction-en")
    assert (row.box.value(), desk.session.settings.sampling.context_length) == (999, 3000)
    assert reach_of(desk).startswith("Reads the last 999 tokens")
    write_with("longer")
    assert (row.box.value(), row.box.maximum()) == (3000, 16_359)
    row.slider.setValue(row.slider.maximum())
    write_with("long")
    assert row.box.value() == 4071
    write_with("longer")
    assert row.box.value() == 16_359


def test_room_for_what_is_said_is_kept_as_the_engine_keeps_it(open_desk):
    desk = open_desk()
    desk.engine.n_ctx = 128
    with desk.bot.waitSignal(desk.sampler.loaded):
        desk.session.set_model("small")
    row = desk.window.settings_pane.rows["context_length"]
    for length, limit in ((24, 103), (200, 63)):
        changed = desk.session.settings.with_value("sampling", "length", length)
        desk.session.set_settings(changed)
        assert row.box.maximum() == limit


def test_chinese_is_counted_in_characters(open_desk, tmp_path):
    path = tmp_path / "雨.txt"
    path.write_text("雨停了，他走进屋子。" * 300)
    desk = open_desk(path=path)
    assert reach_of(desk) == "Reads the last 999 tokens, about 1,000 characters"


def test_a_long_book_is_read_far_back(open_desk, tmp_path):
    path = tmp_path / "book.txt"
    words = "".join(f"word{n} " + "\n" * (n % 50 == 0) for n in range(60_000))
    path.write_text(words)
    desk = open_desk((" one",), path=path, settings='[suggesting]\nmode = "on-demand"\n')
    desk.engine.n_ctx = 16_384
    with desk.bot.waitSignal(desk.sampler.loaded):
        desk.session.set_model("longer")
    desk.press(Qt.Key.Key_End, CONTROL)
    desk.session.ask()
    desk.wait_for_ghost(" one")
    before = desk.engine.requests[-1].before
    assert len(before) >= 16_384 * 6 - 20
    assert words.endswith(before)


def test_threads_reach_the_engine(open_desk):
    desk = open_desk((" one",), (" two",))
    changed = desk.session.settings.with_value("machine", "threads", 3)
    desk.session.set_settings(changed)
    desk.type("And")
    desk.wait_for_ghost(" one")
    assert desk.engine.threads[-1] == 3


def test_a_setting_changed_just_before_closing_is_kept(open_desk):
    desk = open_desk()
    desk.session.zoom(2)
    desk.window.close()
    assert stored()["appearance"]["font_size"] == 20


def test_a_broken_setting_is_named_and_the_file_kept(open_desk):
    desk = open_desk(settings="[sampling]\ntemperature = 99\n")
    assert "temperature" in desk.window.messages.text()
    assert "99" in desk.window.messages.text()
    assert desk.session.settings.sampling.temperature == 0.9
    assert "99" in (places.config_folder() / "settings.toml.bak").read_text()


def test_words_are_counted_as_they_are_typed(open_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one two\n\nthree")
    desk = open_desk(settings='[suggesting]\nmode = "off"\n', path=path)
    assert desk.window.status.words.text() == "3 words"
    desk.type("a new ")
    assert desk.window.status.words.text() == "5 words"
    assert desk.window.status.session.text().startswith("+2")
    desk.page.selectAll()
    desk.press(Qt.Key.Key_Delete)
    assert desk.window.status.words.text() == "0 words"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.window.status.words.text() == "5 words"


def test_the_status_line_names_model_and_state(open_desk):
    desk = open_desk((" one",))
    assert desk.window.status.model.toolTip() == "scripted · ready"
    desk.type("And")
    desk.wait_for_ghost(" one")
    desk.bot.waitUntil(lambda: desk.window.status.model.toolTip().endswith(" ms"))
    assert desk.window.status.hint.text() == "Tab takes"


def test_without_a_model_the_page_still_works(qtbot, qapp):
    def missing(*_):
        raise WriterError(ErrorKind.MODEL_MISSING, path="models/x", reason="it is not there")

    session, window, sampler = build(qapp, missing)
    qtbot.addWidget(window)
    window.show()
    session.filing.begin(None)
    with qtbot.waitSignal(sampler.load_failed):
        sampler.start()
    qtbot.waitUntil(lambda: "models/x" in window.messages.text())
    qtbot.keyClicks(window.page, "still")
    session.suggester.ask()
    assert window.page.read() == "still"
    assert "models/x" in window.candidates.sentence()
    assert window.status.model.toolTip() == "no model"
    window.page.document().setModified(False)
    window.close()
    assert sampler.isFinished()


def test_typing_before_the_model_is_there_is_answered_when_it_is(open_desk, qtbot, qapp):
    desk = open_desk((" one",))
    desk.window.close()
    sampler_waits = build(qapp, lambda *_: desk.engine)
    session, window, sampler = sampler_waits
    window.show()
    session.filing.begin(None)
    qtbot.keyClicks(window.page, "And")
    sampler.start()
    qtbot.waitUntil(lambda: window.page.ghost.text == " one")
    window.page.document().setModified(False)
    window.close()


def test_the_page_opens_in_its_own_font_and_colours(open_desk):
    desk = open_desk(settings='[appearance]\nfont_size = 21\ntheme = "light"\n')
    assert desk.page.font().families() == page_font(21).families()
    assert desk.page.font().pixelSize() == 21
    assert desk.page.palette().window().color().name().upper() == "#FBFAF6"


@pytest.mark.parametrize("theme", [Theme.DARK, Theme.LIGHT])
def test_a_theme_is_chosen_and_remembered(open_desk, theme):
    desk = open_desk()
    desk.session.set_theme(theme)
    paper = desk.page.palette().base().color().name().upper()
    assert paper == {Theme.DARK: "#1C1B19", Theme.LIGHT: "#FBFAF6"}[theme]
    desk.window.close()
    assert stored()["appearance"]["theme"] == theme.value


def test_what_nobody_foresaw_is_said_and_the_text_kept(open_desk, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a")
    desk = open_desk(settings='[suggesting]\nmode = "off"\n', path=path)
    desk.type("b")
    desk.session.report(WriterError(ErrorKind.INTERNAL, reason="a test"))
    assert "a test" in desk.window.messages.text()
    desk.bot.waitUntil(lambda: path.read_text() == "ba")


def test_the_menus_say_what_is_on(open_desk):
    desk = open_desk()
    desk.session.switch_mode()
    menus = {menu.title(): menu for menu in desk.window.menuBar().findChildren(QMenu)}
    menus["&Suggest"].aboutToShow.emit()
    desk.window.toggle_settings()
    menus["&View"].aboutToShow.emit()
    checked = [
        action.text()
        for title in ("&View", "&Suggest")
        for action in menus[title].actions()
        if action.isChecked()
    ]
    assert checked == [
        "&Continuations", "Show &emphasis as emphasis", "Colours as the s&ystem", "When I &ask",
    ]  # fmt: skip


def test_selected_text_is_said_to_be_in_the_way(open_desk):
    desk = open_desk(settings='[suggesting]\nmode = "on-demand"\n')
    desk.type("rain")
    desk.page.selectAll()
    desk.press(Qt.Key.Key_Space, CONTROL)
    assert "selected" in desk.window.candidates.sentence()
