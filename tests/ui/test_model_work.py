"""What takes its time with models: checking them, adding them, and leaving in the middle of it."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from tests.ui.test_model_check import WORKS
from tests.ui.test_models_dialog import GOOD, TORN, Bench, Describer
from writer import places
from writer.shelf.copying import Cancelled
from writer.shelf.shelf import Origin
from writer.shelf.speeds import Speed, Speeds


@pytest.fixture
def bench(open_desk, tmp_path):
    return Bench(open_desk(describe=Describer()), tmp_path)


# Checking


def test_a_check_has_progress_and_says_what_it_found(bench):
    bench.open()
    bench.known("fiction-zh")
    bench.run(bench.dialog.check_button, "checked", *GOOD)
    assert not bench.dialog.work.isVisible()
    assert "12 tokens a second" in bench.said
    assert bench.fact("speed") == "12 tokens a second"
    assert "…天黑了</span> 雨停了" in bench.dialog.card.sample.text()
    bench.known("fiction-en")
    assert bench.dialog.card.sample.isHidden()
    assert bench.said == ""


def test_a_check_says_of_which_model_it_speaks(bench):
    bench.open()
    bench.known("fiction-zh")
    bench.script(("tell", {**WORKS, "precision": "bf16"}), ("exit", 0))
    with bench.desk.bot.waitSignal(bench.models.work.checked, timeout=20_000):
        bench.dialog.check_button.click()
        bench.choose("fiction-en")
    assert bench.said == "“fiction-zh” works: 12 tokens a second in bf16."
    bench.choose("fiction-zh")
    assert bench.fact("speed") == "12 tokens a second in bf16"


def test_a_bar_shows_no_share_before_there_is_any(bench):
    bench.open()
    bench.known("fiction-zh")
    bench.script(("stay", 0))
    bench.dialog.check_button.click()
    bar = bench.dialog.work.bar
    assert (bar.minimum(), bar.maximum()) == (0, 0)  # as Qt says that something goes on
    bench.dialog.work.show_work("Reading", 0.25)
    assert bar.value() / bar.maximum() == 0.25


def test_only_one_thing_goes_on_at_a_time_and_it_can_be_cancelled(bench):
    bench.make_own("my-emma")
    bench.open()
    bench.known("my-emma")
    bench.begin(bench.dialog.check_button)
    assert bench.dialog.work.bar.value() == 500
    assert bench.dialog.work.isVisible()
    for button in (bench.dialog.check_button, bench.dialog.remove_button):
        assert not button.isEnabled()
    assert bench.dialog.use_button.isEnabled()
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        bench.dialog.work.cancel_button.click()
    assert bench.dialog.work.isHidden()
    assert bench.said == "The check of “my-emma” was ended."
    assert bench.dialog.check_button.isEnabled()


@pytest.mark.parametrize(
    ("script", "said"), [(TORN, "The weights end in the middle."), ([("exit", 1)], "broke off")]
)
def test_a_check_that_fails_says_why(bench, script, said):
    bench.open()
    bench.known("fiction-zh")
    bench.run(bench.dialog.check_button, "failed", *script)
    assert said in bench.said
    assert bench.dialog.notice.property("part") == "error"


def test_escape_ends_a_check_and_says_so_beneath_the_page(bench):
    bench.open()
    bench.known("fiction-zh")
    bench.begin(bench.dialog.check_button)
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        bench.press(Qt.Key.Key_Escape)
    assert not bench.dialog.isVisible()
    assert bench.desk.window.messages.text() == "The check of “fiction-zh” was ended."
    bench.open()
    assert bench.desk.window.messages.text() == ""
    assert not bench.models.work.is_busy


# Adding


@pytest.mark.parametrize("copy", [False, True])
def test_a_model_that_works_is_added_as_it_was_asked(bench, copy):
    path = bench.make("雨夜 小说")
    bench.open()
    bench.consider(path)
    assert bench.dialog.card.name.text() == "雨夜 小说"
    assert bench.fact("place") == str(path)
    if copy:
        bench.dialog.card.how.copy.setChecked(True)
    Speeds().remember(path, Speed(12.3, "int8"))  # as the check does
    bench.run(bench.dialog.add_this_button, "added", *GOOD)
    entry = next(each for each in bench.shelf.entries() if each.name == "雨夜 小说")
    assert entry.origin == (Origin.OWN if copy else Origin.LINKED)
    assert (entry.path == path) != copy
    assert (path / "model.safetensors").exists()
    assert bench.dialog.list.chosen_key() == "雨夜 小说"
    assert bench.dialog.use_button.isVisible()
    assert "雨夜 小说" in bench.said
    bench.known("雨夜 小说")
    assert bench.fact("speed") == "12 tokens a second"
    assert "…天黑了</span> 雨停了" in bench.dialog.card.sample.text()
    assert Speeds().known(entry.path).tokens_per_second == 12.3


def test_a_failed_check_adds_nothing(bench):
    before = bench.shelf.entries()
    bench.open()
    bench.consider(bench.make("new"))
    bench.run(bench.dialog.add_this_button, "failed", *TORN)
    assert bench.said == "The weights end in the middle. It was not added."
    assert bench.shelf.entries() == before
    assert bench.dialog.add_this_button.isEnabled()  # it may be mended


def test_what_is_no_model_is_said_and_cannot_be_added(bench):
    bench.open()
    bench.models.consider(bench.make("torn"))
    bench.desk.bot.waitUntil(lambda: "ends too soon" in bench.dialog.card.warning.text())
    assert not bench.dialog.add_this_button.isEnabled()
    assert bench.dialog.card.how.isHidden()
    assert bench.dialog.focusWidget() == bench.dialog.back_button


def test_what_is_to_be_minded_keeps_away_from_what_is_asked(bench):
    bench.models.facts.free_bytes = lambda: 1
    bench.open()
    bench.consider(bench.make("new"))
    card = bench.dialog.card
    assert card.warning.isVisible()
    assert card.how.isVisible()
    inside = card.warning.contentsRect().translated(card.warning.pos())
    assert card.how.y() - inside.bottom() >= 16


@pytest.mark.parametrize("kind", ["getExistingDirectory", "getOpenFileName"])
def test_one_adds_from_where_one_last_added(bench, monkeypatch, kind):
    begun, path = [], bench.make("new")

    def ask(parent, title, start, *_):
        begun.append(Path(start))
        return str(path) if kind == "getExistingDirectory" else (str(path / "config.json"), "")

    monkeypatch.setattr(QFileDialog, kind, ask)
    bench.open()
    place = ["getExistingDirectory", "getOpenFileName"].index(kind)
    for _ in range(2):
        bench.dialog.add_button.menu().actions()[place].trigger()
        assert bench.dialog.card.name.text() == "new"
    assert begun == [Path.home(), path.parent if place == 0 else path]


def test_what_is_here_already_is_shown(bench):
    path = bench.make("of-a-friend")
    bench.shelf.add(path)
    bench.open()
    bench.models.consider(path / "config.json")
    assert bench.dialog.list.chosen_key() == "of-a-friend"
    assert "already" in bench.said


@pytest.mark.parametrize("closes", [False, True])
def test_cancelling_the_check_adds_nothing(bench, closes):
    before = bench.shelf.entries()
    bench.open()
    bench.consider(bench.make("new"))
    bench.begin(bench.dialog.add_this_button)
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        if closes:
            bench.dialog.close()
        else:
            bench.dialog.work.cancel_button.click()
    said = bench.desk.window.messages.text() if closes else bench.said
    assert said == "“new” was not added."
    assert bench.shelf.entries() == before


class Copying:
    """A copy that goes on until nobody wants it any more."""

    def __init__(self, monkeypatch, shelf):
        self.ended = threading.Event()
        monkeypatch.setattr(shelf, "add", self.add)

    def add(self, path, name=None, copy=False, on_progress=None, cancelled=None):
        on_progress(1, 4)
        while not cancelled():
            self.ended.wait(0.001)
        self.ended.set()
        raise Cancelled


def test_a_copy_has_progress_and_can_be_cancelled(bench, monkeypatch):
    copying = Copying(monkeypatch, bench.shelf)
    bench.open()
    bench.consider(bench.make("new"))
    bench.dialog.card.how.copy.setChecked(True)
    bench.script(*GOOD)
    bench.dialog.add_this_button.click()
    bench.desk.bot.waitUntil(lambda: "Copying" in bench.dialog.work.words.text(), timeout=20_000)
    bench.desk.bot.waitUntil(lambda: bench.dialog.work.bar.value() == 250)
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        bench.dialog.work.cancel_button.click()
    assert copying.ended.is_set()
    assert bench.said == "“new” was not added."
    assert not bench.models.work.is_busy


def test_a_shelf_that_cannot_be_written_is_said(bench):
    bench.open()
    bench.consider(bench.make("new"))
    places.data_folder().mkdir(parents=True, exist_ok=True)
    (places.data_folder() / "models.json").mkdir()
    bench.run(bench.dialog.add_this_button, "failed", *GOOD)
    assert "new" in bench.said
    assert bench.dialog.notice.property("part") == "error"
    assert "new" not in bench.names


# Leaving


def test_quitting_ends_a_check(bench):
    bench.open()
    bench.known("fiction-zh")
    bench.begin(bench.dialog.check_button)
    bench.desk.window.close()
    assert not bench.models.work.is_busy
    assert bench.models.describing.isFinished()


def test_quitting_ends_a_copy(bench, monkeypatch):
    copying = Copying(monkeypatch, bench.shelf)
    bench.open()
    bench.consider(bench.make("new"))
    bench.script(*GOOD)
    bench.dialog.add_this_button.click()
    bench.desk.bot.waitUntil(lambda: bench.dialog.work.bar.value() == 250, timeout=20_000)
    bench.desk.window.close()
    assert copying.ended.is_set()
    assert bench.desk.sampler.isFinished()
