"""The models as a writer meets them: menu entry, dialog, cards, writing with one."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton

from tests.ui.test_model_check import WORKS, scripted
from writer import places
from writer.errors import ErrorKind, WriterError
from writer.shelf.card import Card
from writer.shelf.speeds import Speed, Speeds
from writer.ui.model_rows import AUTOMATIC_KEY
from writer.ui.model_words import language_of, parameters_of, reading_of, speed_of
from writer.ui.models import Models
from writer.ui.models_dialog import ModelsDialog

GB = 10**9
GOOD = (("tell", {"phase": "measuring", "share": 0.5}), ("tell", WORKS), ("exit", 0))
ENDLESS = (("tell", {"phase": "writing", "share": 0.5}), ("stay", 0))
TORN = (("tell", {"ok": False, "error": "The weights end in the middle."}), ("exit", 1))


def card(path: Path, **changes) -> Card:
    usual = {
        "path": path, "kind": "gpt2", "format": "safetensors", "parameters": 7_100_000,
        "n_ctx": 1024, "vocabulary": 8192, "tokenizer": "byte-level BPE",
        "language": "zh" if "雨" in path.name else "en", "licence": "CC0-1.0",
        "size_bytes": 14_204_216, "memory_bytes": {"int8": 2 * GB, "fp32": 6 * GB},
    }  # fmt: skip
    return Card(**{**usual, **changes})


class Describer:
    """Describes any model; those whose name has “torn” in it are damaged."""

    def __init__(self):
        self.threads = set()

    def __call__(self, path: Path) -> Card:
        self.threads.add(threading.get_ident())
        if "torn" in path.name:
            raise WriterError(ErrorKind.MODEL_DAMAGED, path=path, reason="it ends too soon")
        return card(path)


class Bench:
    """A desk with its models dialog, whose checks follow a script."""

    def __init__(self, desk, folder: Path):
        self.desk = desk
        self.folder = folder
        self.models = desk.window.findChild(Models)
        self.models.facts.free_bytes = lambda: 8 * GB
        self.shelf = self.models.shelf

    @property
    def dialog(self) -> ModelsDialog:
        return self.models.dialog

    @property
    def names(self) -> list[str]:
        """Of the rows beneath the choice by language."""
        return [self.dialog.list.item(row).text() for row in range(1, self.dialog.list.count())]

    @property
    def said(self) -> str:
        return self.dialog.notice.text()

    def make(self, name: str, folder: Path | None = None) -> Path:
        """Make what looks like a model; by default where the writer keeps others."""
        path = (folder or self.folder / "elsewhere") / name
        path.mkdir(parents=True)
        (path / "config.json").write_text("{}")
        (path / "model.safetensors").write_bytes(b"weights")
        return path

    def make_own(self, name: str) -> Path:
        return self.make(name, places.own_models())

    def open(self) -> None:
        menus = {menu.title(): menu for menu in self.desk.window.menuBar().findChildren(QMenu)}
        menus["Mode&l"].aboutToShow.emit()
        menus["Mode&l"].actions()[-1].trigger()
        self.desk.bot.waitUntil(self.dialog.isActiveWindow)

    def choose(self, name: str) -> None:
        assert self.dialog.list.choose(name)

    def known(self, name: str) -> None:
        """Wait until the card of a model shows what it is."""
        self.choose(name)
        self.desk.bot.waitUntil(lambda: self.fact("parameters") == "7 million")

    def fact(self, key: str) -> str:
        return self.dialog.card.facts[key].text()

    def summary(self, name: str) -> str:
        place = 1 + self.names.index(name)
        said = self.dialog.list.item(place).data(Qt.ItemDataRole.AccessibleTextRole)
        return said.partition(", ")[2]

    def press(self, key: Qt.Key) -> None:
        self.desk.bot.keyClick(self.dialog.list, key)

    def script(self, *acts) -> None:
        self.models.work.checking.command = scripted(self.folder, *acts)

    def consider(self, path: Path) -> None:
        self.models.consider(path)
        self.desk.bot.waitUntil(self.dialog.add_this_button.isEnabled)

    def run(self, button: QPushButton, signal: str, *acts):
        """Press a button whose check follows a script, and wait for what it comes to."""
        self.script(*acts)
        with self.desk.bot.waitSignal(getattr(self.models.work, signal), timeout=20_000):
            button.click()

    def begin(self, button: QPushButton) -> None:
        """Press a button whose check does not end, and wait until it is under way."""
        self.script(*ENDLESS)
        button.click()
        self.desk.bot.waitUntil(lambda: "write" in self.dialog.work.words.text())


@pytest.fixture
def bench(open_desk, tmp_path):
    return Bench(open_desk(describe=Describer()), tmp_path)


# What is shown


def test_all_models_are_listed_and_the_one_at_work_is_chosen(bench):
    bench.make_own("雨夜-第二稿")
    bench.shelf.add(bench.make("of-a-friend"))
    bench.open()
    assert not bench.dialog.isModal()
    assert bench.names == ["fiction-en", "fiction-zh", "雨夜-第二稿", "of-a-friend"]
    assert bench.dialog.list.chosen_key() == "fiction-en"
    bench.desk.bot.waitUntil(lambda: "Chinese" in bench.summary("雨夜-第二稿"))
    assert bench.summary("fiction-en") == "English, 7 million parameters, at work"
    assert bench.summary("雨夜-第二稿") == "Chinese, 7 million parameters"


def test_cards_are_read_on_another_thread(open_desk, tmp_path):
    describer = Describer()
    bench = Bench(open_desk(describe=describer), tmp_path)
    bench.open()
    bench.known("fiction-en")
    assert threading.get_ident() not in describer.threads


def test_a_card_tells_all_that_is_known(bench):
    path = bench.make("雨夜")
    bench.shelf.add(path)
    Speeds().remember(path, Speed(83.2, "int8"))
    bench.open()
    bench.known("雨夜")
    facts = {key: label.text() for key, label in bench.dialog.card.facts.items()}
    assert facts == {
        "language": "Chinese", "parameters": "7 million",
        "reading": "1,024 tokens, about 1,000 characters",
        "vocabulary": "8,192 tokens, byte-level BPE", "licence": "CC0-1.0",
        "size": "14.2 MB, safetensors", "memory": "6 GB; 8 GB are free now",
        "speed": "83 tokens a second in int8", "origin": "where it was, by reference",
        "place": str(path),
    }  # fmt: skip
    for key, words in facts.items():  # there may be room for less
        assert bench.dialog.card.facts[key].toolTip() == words
    assert bench.dialog.card.name.toolTip() == "雨夜"
    bench.known("fiction-zh")
    assert (bench.fact("speed"), bench.fact("origin")) == (
        "not measured yet", "comes with Writer",
    )  # fmt: skip


def test_a_model_that_needs_more_memory_than_is_free_is_warned_of(bench):
    bench.models.facts.free_bytes = lambda: 5 * GB
    bench.open()
    bench.known("fiction-zh")
    warning = bench.dialog.card.warning.text()
    assert "6 GB" in warning
    assert "5 GB" in warning
    assert bench.dialog.use_button.isEnabled()  # the engine decides
    changed = bench.desk.session.settings.with_value("machine", "precision", "int8")
    bench.desk.session.set_settings(changed)
    bench.known("fiction-en")
    bench.known("fiction-zh")
    assert bench.dialog.card.warning.text() == ""
    assert bench.fact("memory").startswith("2 GB")


def test_a_missing_model_says_what_can_be_done(bench):
    path = bench.make("of-a-friend")
    bench.shelf.add(path)
    path.rename(bench.folder / "moved")
    bench.open()
    bench.choose("of-a-friend")
    assert bench.summary("of-a-friend") == "not found"
    assert "add it from its new place" in bench.dialog.card.warning.text()
    assert not bench.dialog.use_button.isEnabled()
    assert not bench.dialog.check_button.isEnabled()
    assert bench.dialog.remove_button.isEnabled()


def test_a_damaged_model_says_why(bench):
    bench.make_own("torn")
    bench.open()
    bench.choose("torn")
    bench.desk.bot.waitUntil(lambda: "ends too soon" in bench.dialog.card.warning.text())
    assert str(places.own_models()) not in bench.dialog.card.warning.text()
    assert bench.summary("torn") == "cannot be used"
    assert not bench.dialog.use_button.isEnabled()


@pytest.mark.parametrize(
    ("changes", "language", "parameters", "reading"),
    [
        ({}, "English", "7 million", "1,024 tokens, about 770 words"),
        ({"language": "zh", "parameters": 124_439_808}, "Chinese", "124 million",
         "1,024 tokens, about 1,000 characters"),
        ({"language": "en, de,zh", "parameters": 1_560_000_000}, "English, German and Chinese",
         "1.6 billion", "1,024 tokens, about 770 words"),
        ({"language": "", "parameters": 999, "n_ctx": 131_072}, "", "999",
         "131,072 tokens, about 98,000 words"),
        ({"language": "xyzzy"}, "xyzzy", "7 million", "1,024 tokens, about 770 words"),
    ],
)  # fmt: skip
def test_figures_are_said_in_words(changes, language, parameters, reading):
    shown = card(Path("m"), **changes)
    assert (language_of(shown), parameters_of(shown), reading_of(shown)) == (
        language, parameters, reading,
    )  # fmt: skip
    assert [speed_of(each) for each in (None, 4.26, 83.2)] == [
        "not measured yet", "4.3 tokens a second", "83 tokens a second",
    ]  # fmt: skip


def test_what_is_at_work_is_said_though_it_is_not_on_the_shelf(bench):
    path = bench.make("of-a-friend")
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.desk.session.set_model(str(path))
    bench.open()
    assert bench.names == ["fiction-en", "fiction-zh", "scripted"]
    assert bench.dialog.list.chosen_key() == str(path)
    bench.known(str(path))
    assert bench.summary("scripted") == "not on the shelf, English, 7 million parameters, at work"
    assert "Add it" in bench.dialog.card.warning.text()
    assert bench.dialog.card.facts["origin"].isHidden()
    assert bench.dialog.check_button.isEnabled()
    assert not bench.dialog.remove_button.isEnabled()
    path.rename(path.with_name("moved"))
    bench.dialog.close()
    bench.open()
    assert "its files are gone" in bench.dialog.card.warning.text()
    bench.consider(path.with_name("moved"))


def test_the_dialog_opens_at_the_model_at_work(bench):
    bench.open()
    bench.choose("fiction-zh")
    bench.dialog.close()
    bench.open()
    assert bench.dialog.list.chosen_key() == "fiction-en"


def test_the_chosen_row_stays_in_sight_when_something_is_said(bench):
    for number in range(20):
        bench.make_own(f"my-{number:02}")
    bench.open()
    bench.choose("my-19")
    shown = bench.dialog.list
    bench.models._say("Something that is said in the dialog.\n" * 3)
    bench.desk.bot.waitUntil(
        lambda: shown.viewport().rect().contains(shown.visualItemRect(shown.currentItem()))
    )


# Writing with one


def test_the_language_of_the_text_can_be_chosen(bench):
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.desk.session.set_model("fiction-zh")
    bench.open()
    bench.choose(AUTOMATIC_KEY)
    card, dialog = bench.dialog.card, bench.dialog
    assert card.name.text() == "By the language of the text"
    assert "“fiction-en” with English, “fiction-zh” with Chinese" in card.warning.text()
    assert not any(label.isVisible() for label in card.facts.values())
    assert not dialog.check_button.isEnabled()
    assert not dialog.remove_button.isEnabled()
    dialog.use_button.click()
    assert bench.desk.session.settings.machine.model == "auto"
    assert not dialog.use_button.isEnabled()
    said = dialog.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "By the language of the text, English or Chinese, chosen"


def test_return_writes_with_the_chosen_one(bench):
    path = bench.make_own("雨夜")
    bench.open()
    bench.known("fiction-en")
    for _ in range(2):
        bench.press(Qt.Key.Key_Down)
    assert bench.dialog.card.name.text() == "雨夜"
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.press(Qt.Key.Key_Return)
    assert bench.desk.session.settings.machine.model == str(path)
    assert bench.summary("雨夜").endswith("at work")
    assert not bench.dialog.use_button.isEnabled()
    assert bench.dialog.isVisible()


def test_a_bundled_one_is_named(bench):
    bench.open()
    bench.choose("fiction-zh")
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.dialog.use_button.click()
    assert bench.desk.session.settings.machine.model == "fiction-zh"


def test_a_refusal_is_said_in_the_dialog(bench, monkeypatch):
    def refuse(machine, on_progress):
        raise WriterError(ErrorKind.MODEL_TOO_LARGE, path="x", needed="12 GB", free="5 GB")

    monkeypatch.setattr(bench.desk.sampler._loader, "_load_engine", refuse)
    bench.open()
    bench.choose("fiction-zh")
    with bench.desk.bot.waitSignal(bench.desk.sampler.load_failed):
        bench.dialog.use_button.click()
    assert "12 GB" in bench.said
    assert "scripted" in bench.said  # goes on
    assert bench.dialog.notice.property("part") == "error"
    assert bench.summary("fiction-en").endswith("at work")


# Keys


def test_every_step_is_reached_with_tab(bench):
    bench.make_own("my-emma")
    bench.open()
    bench.known("my-emma")
    reached = {bench.dialog.focusWidget()}
    for _ in range(8):
        bench.desk.bot.keyClick(bench.dialog, Qt.Key.Key_Tab)
        reached.add(bench.dialog.focusWidget())
    dialog = bench.dialog
    assert {
        dialog.list, dialog.add_button, dialog.remove_button, dialog.check_button,
        dialog.close_button, dialog.use_button,
    } <= reached  # fmt: skip


def test_the_keyboard_chooses_how_to_add(bench):
    bench.open()
    bench.consider(bench.make("new"))
    how = bench.dialog.card.how
    assert bench.dialog.focusWidget() == how.link
    reached = {how.link}
    for _ in range(8):
        bench.desk.bot.keyClick(bench.dialog, Qt.Key.Key_Tab)
        reached.add(bench.dialog.focusWidget())
    assert {how.link, bench.dialog.add_this_button, bench.dialog.back_button} <= reached
    assert not how.is_copy
    how.link.setFocus()
    bench.desk.bot.keyClick(how.link, Qt.Key.Key_Down)
    assert how.is_copy
    bench.dialog.back_button.click()
    assert bench.dialog.list.chosen_key() == "fiction-en"
    assert bench.dialog.focusWidget() == bench.dialog.list
    assert bench.dialog.use_button.isVisible()
