"""Which model answers: the text's language decides until the writer does."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.ui.conftest import Serving
from writer import places
from writer.errors import ErrorKind, WriterError
from writer.settings_file import read_settings
from writer.ui.app import build
from writer.ui.model_menu import ModelMenu
from writer.ui.models import Models


class Named(Serving):
    def __init__(self, name: str):
        super().__init__(*[(f"{name} says",)] * 9)
        self.name = name


class Shelf:
    """Loads an engine for any model, and remembers which; `damaged` ones it refuses."""

    def __init__(self):
        self.loaded: list[str] = []
        self.damaged: set[str] = set()
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, machine, on_progress):
        self.threads.add(threading.get_ident())
        self.loaded.append(machine.model)
        self.gate.wait(10)
        if machine.model in self.damaged:
            raise WriterError(ErrorKind.MODEL_DAMAGED, path=machine.model, reason="torn")
        return Named(machine.model)


@pytest.fixture
def desk(qtbot, qapp):
    """Return (shelf, session, window) with pauses of no time, nothing loaded yet."""
    config = places.config_folder()
    config.mkdir(parents=True)
    (config / "settings.toml").write_text("version = 1\n[suggesting]\npause_ms = 0\n")
    shelf = Shelf()
    session, window, sampler = build(qapp, shelf)
    window.show()
    window.activateWindow()
    window.page.setFocus()
    yield shelf, session, window, sampler
    window.page.document().setModified(False)
    window.close()
    assert not sampler.isRunning()
    window.deleteLater()


def start(qtbot, session, sampler):
    session.suit_model()
    with qtbot.waitSignal(sampler.loaded):
        sampler.start()


def said(qtbot, window, text):
    qtbot.waitUntil(lambda: window.page.ghost.text == text)


def test_the_model_follows_the_language_of_the_text(desk, qtbot):
    shelf, session, window, sampler = desk
    start(qtbot, session, sampler)
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")
    window.page.selectAll()
    window.page.insert("雨停了，他走进屋子")
    said(qtbot, window, "fiction-zh says")
    window.page.selectAll()
    qtbot.keyClicks(window.page, "The rain")  # the same place again: no answer of the other one
    said(qtbot, window, "fiction-en says")
    assert shelf.loaded == ["fiction-en", "fiction-zh", "fiction-en"]
    assert threading.get_ident() not in shelf.threads
    assert "fiction-en" in window.status.model.text()


def test_a_chinese_text_loads_the_chinese_model_alone(desk, qtbot, tmp_path):
    shelf, session, _, sampler = desk
    path = tmp_path / "雨.txt"
    path.write_text("雨停了，他走进屋子。\n", encoding="utf-8")
    session.filing.begin(path)
    start(qtbot, session, sampler)
    assert shelf.loaded == ["fiction-zh"]


def test_what_the_writer_chooses_stays_chosen(desk, qtbot):
    _, session, window, sampler = desk
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("fiction-zh")
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-zh says")
    assert session.settings.machine.model == "fiction-zh"
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("auto")
    assert sampler.model == "fiction-en"


def test_a_model_that_cannot_be_loaded_is_said_and_the_one_before_serves(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged.add("/torn")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        session.set_model("/torn")
    assert "torn" in window.messages.text()
    assert "fiction-en" in window.messages.text()
    assert session.settings.machine.model == "auto"
    assert sampler.model == "fiction-en"
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")
    assert shelf.loaded == ["fiction-en", "/torn"]


def test_without_any_model_the_choice_stays_and_another_one_may_serve(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged |= {"/torn", "fiction-en"}
    session.set_model("/torn")
    sampler.start()
    qtbot.waitUntil(lambda: window.status.model.toolTip() == "no model")
    assert "fiction-en" in window.messages.text()
    assert window.messages.waiting() == 0
    assert session.settings.machine.model == "/torn"
    shelf.damaged.clear()
    qtbot.keyClicks(window.page, "The rain")
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("auto")
    session.ask()
    said(qtbot, window, "fiction-en says")


def stand_in(qtbot, desk):
    """Start with a chosen model that is damaged."""
    shelf, session, _, sampler = desk
    shelf.damaged.add("/torn")
    session.set_model("/torn")
    with qtbot.waitSignal(sampler.loaded):
        sampler.start()


def test_what_suits_the_text_stands_in_for_a_model_that_is_gone(desk, qtbot):
    shelf, session, window, sampler = desk
    stand_in(qtbot, desk)
    assert shelf.loaded == ["/torn", "fiction-en"]
    assert session.settings.machine.model == "/torn"  # a stick may be attached again
    assert "torn" in window.messages.text()
    assert window.messages.text().endswith("Writer goes on with fiction-en.")
    assert window.messages.waiting() == 0
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")
    window.page.selectAll()
    with qtbot.waitSignal(sampler.loaded):
        window.page.insert("雨停了，他走进屋子")
    said(qtbot, window, "fiction-zh says")
    assert session.settings.machine.model == "/torn"
    window.page.document().setModified(False)
    window.close()
    assert read_settings(places.config_folder() / "settings.toml")[0].machine.model == "/torn"


def test_a_chinese_text_has_the_chinese_one_stand_in(desk, qtbot):
    shelf, _, window, _ = desk
    window.page.insert("雨停了，他走进屋子")
    stand_in(qtbot, desk)
    assert shelf.loaded == ["/torn", "fiction-zh"]
    assert window.messages.text().endswith("Writer goes on with fiction-zh.")


def test_the_message_leads_to_the_models(desk, qtbot):
    _, _, window, _ = desk
    stand_in(qtbot, desk)
    words = window.messages.text()
    assert window.messages.action_button.text() == "Models…"
    qtbot.mouseClick(window.messages.action_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(Models).dialog
    assert dialog.isVisible()
    assert dialog.notice.text() == words
    assert dialog.list.chosen_key() == "fiction-en"
    assert window.messages.text() == ""


def test_a_model_that_is_back_takes_its_place_again(desk, qtbot):
    shelf, session, window, sampler = desk
    stand_in(qtbot, desk)
    shelf.damaged.clear()
    with qtbot.waitSignal(session.model_settled):
        session.set_model("/torn")
    assert sampler.model == session.choice == "/torn"
    assert window.messages.text() == ""


def test_another_refused_model_leaves_the_wish_and_its_stand_in(desk, qtbot):
    shelf, session, window, sampler = desk
    stand_in(qtbot, desk)
    shelf.damaged.add("/other")
    with qtbot.waitSignal(sampler.load_failed):
        session.set_model("/other")
    assert session.settings.machine.model == "/torn"
    assert session.choice == "auto"
    assert "other" in window.messages.text()
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")


def test_the_newest_refusal_is_said_and_a_model_at_work_ends_it(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged |= {"/one", "/two"}
    start(qtbot, session, sampler)
    for model in ("/one", "/two"):
        with qtbot.waitSignal(sampler.load_failed):
            session.set_model(model)
    assert "two" in window.messages.text()
    assert window.messages.waiting() == 0
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("fiction-zh")
    assert window.messages.text() == ""


def test_a_text_in_another_language_is_served_though_one_model_is_lacking(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged.add("fiction-zh")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        window.page.insert("雨停了，他走进屋子")
    assert window.page.ghost.text == ""  # nobody goes on in English
    assert window.status.model.toolTip() == "no model"
    assert "fiction-zh" in window.candidates.sentence()
    window.page.selectAll()
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")
    assert shelf.loaded == ["fiction-en", "fiction-zh"]
    assert window.status.model.toolTip().startswith("fiction-en · ")


def test_a_model_named_for_a_text_that_none_suits_may_serve_it(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged.add("fiction-zh")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        window.page.insert("雨停了，他走进屋子")
    session.set_model("fiction-en")  # by name, so be it
    session.ask()
    said(qtbot, window, "fiction-en says")
    assert shelf.loaded == ["fiction-en", "fiction-zh"]


def test_a_model_that_was_mended_is_loaded_when_it_is_chosen_again(desk, qtbot):
    shelf, session, _, sampler = desk
    shelf.damaged.add("/torn")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        session.set_model("/torn")
    shelf.damaged.clear()
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("/torn")


def test_the_menu_lists_what_there_is(desk, qtbot, tmp_path):
    _, session, window, sampler = desk
    start(qtbot, session, sampler)
    own = places.own_models() / "my-emma"
    own.mkdir(parents=True)
    (own / "config.json").write_text("{}")
    (own / "model.safetensors").touch()
    bundled = sorted(path.name for path in places.bundled_models().iterdir())
    shelf = window.findChild(Models).shelf
    assert shelf.add(own).path == own  # it is there already, so it stays as it is
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "config.json").write_text("{}")
    (tmp_path / "linked" / "model.safetensors").touch()
    shelf.add(tmp_path / "linked", name="雨 & Co")
    menu = QMenu(window)
    ModelMenu(menu, session, window.findChild(Models))
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "By the &language of the text", *bundled, "my-emma", "雨 && Co", "&Models…",
    ]  # fmt: skip
    assert [action.text() for action in menu.actions() if action.isChecked()] == words[:1]
    with qtbot.waitSignal(sampler.loaded):
        next(action for action in menu.actions() if action.text() == "my-emma").trigger()
    assert session.settings.machine.model == str(own)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["my-emma"]
    (tmp_path / "linked" / "model.safetensors").unlink()
    (tmp_path / "linked" / "config.json").unlink()
    (tmp_path / "linked").rmdir()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if not action.isEnabled()] == ["雨 && Co"]
    menu.actions()[-1].trigger()
    assert window.findChild(Models).dialog.isVisible()


def test_the_menu_checks_what_is_at_work_and_says_what_is_on_its_way(desk, qtbot):
    shelf, session, window, sampler = desk
    start(qtbot, session, sampler)
    shelf.gate.clear()
    session.set_model("fiction-zh")
    menu = QMenu(window)
    ModelMenu(menu, session, window.findChild(Models))
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions()]
    assert "fiction-zh, loading" in words
    assert [action.text() for action in menu.actions() if action.isChecked()] == words[:1]
    with qtbot.waitSignal(sampler.loaded):
        shelf.gate.set()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["fiction-zh"]
