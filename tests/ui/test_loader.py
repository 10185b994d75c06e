"""Changing models while one is at work: who answers until when, and what becomes of a load."""

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from tests.ui.conftest import Serving
from writer import places
from writer.errors import ErrorKind, WriterError
from writer.settings import Machine
from writer.ui import model_line
from writer.ui.app import build
from writer.ui.loader import AbandonedError, Loader


class Named(Serving):
    def __init__(self, name: str, n_ctx: int = 1024):
        super().__init__(*[(f"{name} says",)] * 9)
        self.name, self.n_ctx = name, n_ctx


class Foundry:
    """Makes engines, and stops in the middle of those that are `held` until told to go on."""

    def __init__(self):
        self.begun: list[str] = []
        self.abandoned: list[str] = []
        self.engines: dict[str, weakref.ref] = {}
        self.damaged: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        self.reached: dict[str, threading.Event] = {}

    def hold(self, model: str) -> None:
        self.held[model], self.reached[model] = threading.Event(), threading.Event()

    def __call__(self, machine: Machine, on_progress: Callable[[float], None]):
        model = machine.model
        self.begun.append(model)
        self._report(model, on_progress, 0.25)
        if model in self.held:
            self.reached[model].set()
            assert self.held[model].wait(10)
        self._report(model, on_progress, 0.5)
        if model in self.damaged:
            raise WriterError(ErrorKind.MODEL_DAMAGED, path=model, reason="torn")
        engine = Named(model, 512 if model == "/small" else 1024)
        self.engines[model] = weakref.ref(engine)
        return engine

    def _report(self, model: str, on_progress: Callable[[float], None], share: float) -> None:
        try:
            on_progress(share)
        except AbandonedError:
            self.abandoned.append(model)
            raise


class Shop:
    """A window whose models come from a foundry."""

    def __init__(self, qtbot, qapp):
        config = places.config_folder()
        config.mkdir(parents=True)
        (config / "settings.toml").write_text("version = 1\n[suggesting]\npause_ms = 0\n")
        self.bot = qtbot
        self.foundry = Foundry()
        self.session, self.window, self.sampler = build(qapp, self.foundry)
        self.window.show()
        self.window.activateWindow()
        self.page.setFocus()

    @property
    def page(self):
        return self.window.page

    @property
    def status(self) -> str:
        return self.window.status.model.toolTip()

    def start(self) -> None:
        self.session.suit_model()
        with self.bot.waitSignal(self.sampler.loaded):
            self.sampler.start()

    def choose(self, model: str) -> None:
        """Choose a model, and wait until it is half there."""
        self.foundry.hold(model)
        self.session.set_model(model)
        self.reach(model)

    def reach(self, model: str) -> None:
        self.bot.waitUntil(self.foundry.reached[model].is_set)

    def let(self, model: str) -> None:
        """Let a model be loaded to its end."""
        with self.bot.waitSignal(self.sampler.loaded):
            self.foundry.held[model].set()

    def said(self, text: str) -> None:
        self.bot.waitUntil(lambda: self.page.ghost.text == text)


@pytest.fixture
def shop(qtbot, qapp):
    shop = Shop(qtbot, qapp)
    yield shop
    for held in shop.foundry.held.values():
        held.set()
    shop.page.document().setModified(False)
    shop.window.close()
    assert not shop.sampler.isRunning()
    shop.window.deleteLater()


def test_the_one_before_answers_until_the_new_one_is_there(shop):
    shop.start()
    shop.choose("/new")
    shop.bot.keyClicks(shop.page, "The rain")
    shop.said("fiction-en says")
    shop.let("/new")
    shop.bot.keyClicks(shop.page, "s")
    shop.said("/new says")


def test_what_the_one_before_said_is_not_shown_as_the_new_ones(shop):
    shop.start()
    shop.bot.keyClicks(shop.page, "The rain")
    shop.said("fiction-en says")
    shop.choose("/new")
    shop.let("/new")
    shop.session.suggester.dismiss()
    shop.session.ask()  # the same place, which has an answer
    shop.said("/new says")


def test_an_answer_is_finished_by_whoever_began_it(shop):
    shop.start()
    before = shop.foundry.engines["fiction-en"]()
    before.gate.clear()
    shop.bot.keyClicks(shop.page, "The rain")
    shop.bot.waitUntil(before.reached_gate.is_set)
    shop.choose("/new")
    shop.foundry.held["/new"].set()
    shop.bot.waitUntil(lambda: "/new" in shop.foundry.engines)
    with shop.bot.waitSignal(shop.sampler.loaded):
        before.gate.set()
    assert before.finished == 1
    shop.said("fiction-en says")


def test_the_one_before_goes_at_once(shop):
    shop.start()
    shop.bot.keyClicks(shop.page, "The rain")
    shop.said("fiction-en says")
    before = shop.foundry.engines["fiction-en"]
    shop.choose("/new")
    assert before() is not None
    shop.let("/new")
    gc.collect()
    assert before() is None
    assert shop.foundry.engines["/new"]().rested >= 1  # gives its memory back


def test_the_newest_wanted_wins_and_an_earlier_load_is_abandoned(shop):
    shop.start()
    shop.choose("/first")
    shop.foundry.hold("/second")
    shop.session.set_model("/second")
    shop.session.set_model("/third")
    with shop.bot.waitSignal(shop.sampler.loaded):
        shop.foundry.held["/first"].set()
    assert shop.foundry.begun == ["fiction-en", "/first", "/third"]
    assert shop.foundry.abandoned == ["/first"]
    assert shop.session.serving.model == "/third"


def test_choosing_the_one_at_work_again_abandons_the_load(shop):
    shop.start()
    shop.choose("/new")
    shop.session.set_model("auto")
    shop.foundry.held["/new"].set()
    shop.bot.waitUntil(lambda: shop.foundry.abandoned == ["/new"])
    assert shop.session.loading == ""
    assert shop.status == "fiction-en · ready"
    shop.bot.keyClicks(shop.page, "The rain")
    shop.said("fiction-en says")
    assert shop.foundry.begun == ["fiction-en", "/new"]


def test_a_failure_that_nobody_waits_for_is_not_said(shop):
    shop.start()
    shop.choose("/torn")
    shop.foundry.damaged.add("/torn")
    shop.session.set_model("/new")
    with shop.bot.waitSignal(shop.sampler.loaded):
        shop.foundry.held["/torn"].set()
    assert shop.window.messages.text() == ""
    assert shop.session.settings.machine.model == "/new"


def test_after_a_failure_the_settings_say_what_serves(shop):
    shop.start()
    shop.session.set_model("fiction-en")
    shop.foundry.damaged.add("/torn")
    shop.choose("/torn")
    assert (shop.session.choice, shop.session.loading) == ("fiction-en", "/torn")
    with shop.bot.waitSignal(shop.sampler.load_failed):
        shop.foundry.held["/torn"].set()
    assert shop.session.settings.machine.model == "fiction-en"
    assert (shop.session.choice, shop.session.loading) == ("fiction-en", "")
    assert shop.status == "fiction-en · ready"


def test_a_text_in_another_language_waits_for_its_model(shop):
    shop.start()
    shop.foundry.hold("fiction-zh")
    shop.page.insert("雨停了，他走进屋子")
    shop.reach("fiction-zh")
    shop.session.ask()
    assert shop.status == "fiction-zh · loading"
    assert len(shop.foundry.engines["fiction-en"]().requests) == 0
    shop.let("fiction-zh")
    shop.said("fiction-zh says")


def test_back_in_its_language_the_one_at_work_answers_without_a_load(shop):
    shop.start()
    shop.foundry.hold("fiction-zh")
    shop.page.insert("雨停了，他走进屋子")
    shop.reach("fiction-zh")
    shop.page.selectAll()
    shop.bot.keyClicks(shop.page, "The rain")
    shop.said("fiction-en says")
    shop.foundry.held["fiction-zh"].set()
    shop.bot.waitUntil(lambda: shop.foundry.abandoned == ["fiction-zh"])
    assert shop.foundry.begun == ["fiction-en", "fiction-zh"]


def test_one_named_while_another_is_waited_for_is_waited_for_itself(shop):
    shop.start()
    shop.foundry.hold("fiction-zh")
    shop.page.insert("雨停了，他走进屋子")
    shop.reach("fiction-zh")
    shop.foundry.hold("/mine")
    shop.session.set_model("/mine")
    shop.session.ask()
    shop.foundry.held["fiction-zh"].set()
    shop.reach("/mine")
    assert len(shop.foundry.engines["fiction-en"]().requests) == 0
    shop.let("/mine")
    shop.said("/mine says")


def test_how_much_it_reads_follows_the_model(shop):
    shop.start()
    row = shop.window.settings_pane.rows["context_length"]
    before = row.slider.maximum()
    shop.choose("/small")
    assert row.slider.maximum() == before
    shop.let("/small")
    assert row.slider.maximum() < before


def test_the_status_line_says_what_is_on_its_way(shop, monkeypatch):
    shop.start()
    shop.choose("/models/my-emma")
    assert shop.status == "fiction-en (loading my-emma) · ready"
    monkeypatch.setattr(model_line, "_PERCENT_AFTER_MS", 0)
    shop.sampler.load_progressed.emit("/models/my-emma", 0.4)
    assert shop.status == "fiction-en (loading my-emma 40 %) · ready"
    shop.sampler.load_progressed.emit("/models/other", 0.9)
    assert shop.status == "fiction-en (loading my-emma 40 %) · ready"
    shop.let("/models/my-emma")
    assert shop.status == "/models/my-emma · ready"


def test_the_first_one_is_waited_for_with_its_share(shop, monkeypatch):
    monkeypatch.setattr(model_line, "_PERCENT_AFTER_MS", 0)
    assert shop.status == "fiction-en · loading"
    shop.sampler.load_progressed.emit("fiction-en", 0.4)
    assert shop.status == "fiction-en · loading 40 %"


@pytest.mark.parametrize("first", [True, False])
def test_closing_in_the_middle_of_a_load_ends_it_at_its_next_report(shop, first, monkeypatch):
    if first:
        shop.foundry.hold("fiction-en")
        shop.sampler.start()
        shop.reach("fiction-en")
    else:
        shop.start()
        shop.choose("/new")
    model, loader = shop.sampler.model, shop.sampler._loader
    close = loader.close

    def close_and_go_on():
        close()
        shop.foundry.held[model].set()

    monkeypatch.setattr(loader, "close", close_and_go_on)
    shop.window.close()
    assert shop.sampler.isFinished()
    assert loader.isFinished()
    assert shop.foundry.abandoned == [model]


def test_a_load_that_was_closed_hands_nothing_on(qtbot):
    delivered, held = [], threading.Event()

    def load(machine, on_progress):
        held.wait(10)
        return Named("late")

    loader = Loader(load, delivered.append)
    loader.want(Machine(model="late"))
    loader.start()
    loader.close()
    held.set()
    loader.wait()
    assert delivered == []


def test_an_exception_that_a_library_made_of_an_abandoned_load_is_no_failure(qtbot):
    failed, begun, held = [], threading.Event(), threading.Event()

    def load(machine, on_progress):
        begun.set()
        held.wait(10)
        try:
            on_progress(0.5)
        except AbandonedError as error:
            raise OSError("while reading") from error
        return Named(machine.model)

    delivered = []
    loader = Loader(load, delivered.append)
    loader.failed.connect(failed.append, Qt.ConnectionType.DirectConnection)
    loader.want(Machine(model="first"))
    loader.start()
    assert begun.wait(10)
    loader.want(Machine(model="second"))
    held.set()
    qtbot.waitUntil(lambda: len(delivered) == 1)
    loader.close()
    loader.wait()
    assert (failed, delivered[0].model) == ([], "second")


def test_other_threads_are_no_other_engine(qtbot):
    delivered = []
    loader = Loader(lambda machine, _: Named(machine.model), delivered.append)
    assert loader.want(Machine(model="one"))
    loader.start()
    qtbot.waitUntil(lambda: len(delivered) == 1)
    assert not loader.want(Machine(model="one", threads=3))
    assert loader.want(Machine(model="one", precision="fp32"))
    loader.close()
    loader.wait()
