"""Which model answers: the text's language decides until the writer does."""

import threading

import pytest
from PySide6.QtWidgets import QMenu

from tests.conftest import ScriptedEngine
from writer import places
from writer.errors import ErrorKind, WriterError
from writer.ui.app import build
from writer.ui.model_menu import ModelMenu


class Named(ScriptedEngine):
    def __init__(self, name: str):
        super().__init__(*[(f"{name} says",)] * 9)
        self.name = name


class Shelf:
    """Loads an engine for any model, and remembers which; `damaged` ones it refuses."""

    def __init__(self):
        self.loaded: list[str] = []
        self.damaged: set[str] = set()
        self.threads: set[int] = set()

    def __call__(self, machine):
        self.threads.add(threading.get_ident())
        self.loaded.append(machine.model)
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


def test_a_model_that_cannot_be_loaded_is_said_and_another_one_serves(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged.add("/torn")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        session.set_model("/torn")
    assert "torn" in window.messages.text()
    qtbot.keyClicks(window.page, "The rain")
    assert window.page.ghost.text == ""
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("auto")
    session.ask()
    said(qtbot, window, "fiction-en says")


def test_a_text_in_another_language_is_served_though_one_model_is_lacking(desk, qtbot):
    shelf, session, window, sampler = desk
    shelf.damaged.add("fiction-zh")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        window.page.insert("雨停了，他走进屋子")
    window.page.selectAll()
    qtbot.keyClicks(window.page, "The rain")
    said(qtbot, window, "fiction-en says")
    assert shelf.loaded == ["fiction-en", "fiction-zh", "fiction-en"]


def test_a_model_that_was_mended_is_loaded_when_it_is_chosen_again(desk, qtbot):
    shelf, session, _, sampler = desk
    shelf.damaged.add("/torn")
    start(qtbot, session, sampler)
    with qtbot.waitSignal(sampler.load_failed):
        session.set_model("/torn")
    shelf.damaged.clear()
    with qtbot.waitSignal(sampler.loaded):
        session.set_model("/torn")


def test_the_menu_lists_what_there_is(desk, qtbot):
    _, session, window, _ = desk
    own = places.own_models() / "my-emma"
    own.mkdir(parents=True)
    (own / "config.json").write_text("{}")
    bundled = sorted(path.name for path in places.bundled_models().iterdir())
    menu = QMenu(window)
    ModelMenu(menu, session, window)
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "By the &language of the text", *bundled, "my-emma", "Another &folder…",
    ]  # fmt: skip
    assert [action.text() for action in menu.actions() if action.isChecked()] == words[:1]
    next(action for action in menu.actions() if action.text() == "my-emma").trigger()
    assert session.settings.machine.model == str(own)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["my-emma"]
