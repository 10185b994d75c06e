"""The training as a writer meets it: menu entry, dialog, hint, and the model at the end."""

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QMessageBox

from tests.ui.test_training_process import FINISHED, FIRST, line, scripted
from writer import places
from writer.ui.training_course import Verdict, verdict
from writer.ui.training_dialog import TrainingDialog
from writer.ui.training_folder import TrainingFolder
from writer.ui.training_log import Curve
from writer.ui.training_process import End, Outcome, Phase, Progress
from writer.ui.training_setup import TrainingSetup

BETTER = FIRST + line(1, 1.0, 3.7, 3.5) + json.dumps(FINISHED) + "\n"
UNTIL_STOPPED = (
    ("log", FIRST + line(1, 0.42, 3.9)), ("listen", 0), ("make", "work/checkpoint.pt"),
    ("exit", 130),
)  # fmt: skip


class Bench:
    """A desk whose trainings follow a script."""

    def __init__(self, desk, folder):
        self.desk = desk
        self.training = desk.session.training
        self._folder = folder
        self.training.process._timer.setInterval(1)

    @property
    def dialog(self) -> TrainingDialog:
        return self.training.dialog

    @property
    def own(self) -> TrainingFolder:
        return TrainingFolder(places.own_models() / "my-emma")

    def script(self, *acts) -> None:
        self.training.process.command = scripted(self._folder, *acts)

    def open(self) -> None:
        menus = {menu.title(): menu for menu in self.desk.window.menuBar().findChildren(QMenu)}
        actions = {action.text(): action for action in menus["&File"].actions()}
        actions["&Train on my writing…"].trigger()

    def run(self, *acts, button="start_button") -> None:
        self.script(*acts)
        with self.desk.bot.waitSignal(self.training.process.finished, timeout=20_000):
            getattr(self.dialog, button).click()

    def begin(self) -> None:
        """Start a training, and wait until it learns."""
        self.script(*UNTIL_STOPPED)
        self.dialog.start_button.click()
        self.desk.bot.waitUntil(lambda: self.training.process.progress.phase == Phase.LEARNING)

    def stop(self) -> None:
        with self.desk.bot.waitSignal(self.training.process.finished, timeout=20_000):
            self.dialog.stop_button.click()

    def offered(self) -> list[str]:
        buttons = self.dialog._buttons
        return [buttons.itemAt(place).widget().text() for place in range(1, buttons.count())]


@pytest.fixture
def bench(open_desk, tmp_path):
    path = tmp_path / "Emma.md"
    path.write_text("Emma Woodhouse, handsome, clever, and rich", encoding="utf-8")
    return Bench(open_desk(path=path), tmp_path)


@pytest.fixture
def answers(monkeypatch):
    """Questions that were asked, and the buttons that answer them."""
    asked = []
    buttons = [QMessageBox.StandardButton.Cancel]

    def answer(box):
        asked.append(box.informativeText())
        return buttons[0]

    monkeypatch.setattr(QMessageBox, "exec", answer)
    return asked, buttons


def test_the_open_text_is_ticked_and_counted(bench):
    bench.open()
    setup = bench.dialog.setup
    assert bench.dialog.isVisible()
    assert not bench.dialog.isModal()
    assert setup.open_text.box.isChecked()
    assert "Emma.md" in setup.open_text.box.text()
    assert (setup.wish().words, setup.wish().minutes) == (6, 10)
    assert "fiction-en" in setup._note.text()
    assert bench.offered() == ["Close", "Start"]


def test_nothing_to_read_is_nothing_to_start(open_desk, tmp_path):
    bench = Bench(open_desk(), tmp_path)
    bench.open()
    assert not bench.dialog.setup.open_text.box.isEnabled()
    assert not bench.dialog.start_button.isEnabled()
    bench.desk.type("And")
    bench.dialog.reject()
    bench.open()
    assert bench.dialog.setup.open_text.box.isChecked()
    assert bench.dialog.start_button.isEnabled()
    bench.dialog.setup.open_text.box.setChecked(False)
    assert not bench.dialog.start_button.isEnabled()


def test_texts_are_added_in_any_encoding_once_and_taken_off_again(bench, tmp_path):
    old = tmp_path / "old.txt"
    old.write_text("Café déjà", encoding="utf-16")
    bench.open()
    setup = bench.dialog.setup
    bench.training.add_files([old, old, tmp_path / "gone.txt"])
    assert setup.wish().files == (old,)
    assert setup.wish().words == 8
    assert "gone.txt" in bench.dialog.notice.text()
    bench.run(("exit", 1))
    texts = [path.read_text(encoding="utf-8") for path in bench.own.texts()]
    assert texts == ["Emma Woodhouse, handsome, clever, and rich", "Café déjà"]
    setup._files[0].remove_button.click()
    assert setup.wish().files == ()


def test_slider_and_figures_of_the_minutes_follow_each_other(qtbot):
    setup = TrainingSetup()
    qtbot.addWidget(setup)
    row = setup.minutes
    for place, minutes in ((row.slider.minimum(), 5), (row.slider.maximum(), 120)):
        row.slider.setValue(place)
        assert setup.wish().minutes == minutes
    row.box.setValue(33)
    assert (setup.wish().minutes, row.slider.value()) == (33, 7)


def test_an_unsaved_text_counts(bench):
    bench.desk.type("So ")
    bench.open()
    bench.run(("exit", 1))
    assert bench.own.texts()[0].read_text(encoding="utf-8").startswith("So Emma")


def test_a_model_that_got_better_can_be_written_with(bench):
    bench.open()
    bench.run(("make", "config.json"), ("log", BETTER), ("exit", 0))
    assert bench.dialog.course.before.number.text() == "54.6"
    assert bench.dialog.course.after.number.text() == "33.1"
    assert bench.dialog.course.change.number.accessibleName() == "fewer: 39 %"
    assert bench.offered() == ["Close", "Write with it"]
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.dialog.use_button.click()
    assert bench.desk.session.settings.machine.model == str(bench.own.path)
    assert bench.desk.sampler.model == str(bench.own.path)
    assert not bench.dialog.isVisible()


def test_a_model_that_got_worse_is_not_recommended(bench):
    bench.open()
    worse = json.dumps({"held_out": 4.1, "chosen": "average"}) + "\n"
    bench.run(("log", FIRST + line(1, 1.0, 3.0) + worse), ("exit", 0))
    assert "worse" in bench.dialog.course.said.text()
    assert bench.dialog.close_button.isDefault()
    assert not bench.dialog.use_button.isDefault()
    assert bench.desk.session.settings.machine.model == "auto"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (4.0, 3.9, Verdict.BETTER), (4.0, 4.1, Verdict.WORSE), (4.0, 3.995, Verdict.SAME),
        (None, 3.0, Verdict.UNKNOWN), (3.0, None, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_the_pages_kept_back_are_the_judge(qtbot, tmp_path, before, after, expected):
    last = Progress(Phase.FINISHING, 1.0, 10, before, after, Curve())
    outcome = Outcome(End.DONE, TrainingFolder(tmp_path), last)
    assert verdict(outcome) == expected
    dialog = TrainingDialog()
    qtbot.addWidget(dialog)
    dialog.show_outcome(outcome, "Emma")
    recommended = expected in (Verdict.BETTER, Verdict.UNKNOWN)
    assert dialog.use_button.isDefault() == recommended
    assert dialog.close_button.isDefault() != recommended


def test_escape_closes_the_dialog_and_the_training_goes_on(bench):
    bench.open()
    bench.begin()
    bench.desk.bot.keyClick(bench.dialog, Qt.Key.Key_Escape)
    assert not bench.dialog.isVisible()
    assert bench.training.process.is_running
    assert "a copy is learning, 42 %" in bench.desk.window.status.model.toolTip()
    bench.open()
    assert bench.dialog.course.phase.text() == "Learning: 4 of 10 minutes"
    assert bench.dialog.course.left.text() == "about 6 minutes left"
    bench.stop()
    assert bench.desk.window.status.model.toolTip() == "scripted · ready"


def test_the_end_is_said_on_the_page_while_the_dialog_is_closed(bench):
    bench.open()
    bench.begin()
    bench.dialog.reject()
    bench.stop()
    messages = bench.desk.window.messages
    assert "Emma" in messages.text()
    messages.action_button.click()
    assert bench.dialog.isVisible()
    assert bench.offered() == ["Close", "Go on"]
    assert messages.text() == ""


def test_a_stopped_training_goes_on_with_what_it_began_with(bench):
    bench.open()
    bench.dialog.setup.minutes.box.setValue(10)
    bench.begin()
    bench.stop()
    assert bench.own.is_stopped
    bench.dialog.reject()
    bench.desk.type("Later ")
    bench.open()
    assert "4 of 10 minutes" in bench.dialog.notice.text()
    assert bench.offered() == ["Close", "Start anew", "Go on"]
    bench.dialog.setup.minutes.box.setValue(60)
    bench.run(("exit", 130), button="go_on_button")
    arguments = json.loads((bench.own.path / "arguments.json").read_text())
    assert "--resume" in arguments
    assert arguments[arguments.index("--minutes") + 1] == "10"
    assert bench.own.texts()[0].read_text(encoding="utf-8").startswith("Emma")


def test_starting_anew_asks_first(bench, answers):
    asked, buttons = answers
    bench.open()
    bench.begin()
    bench.stop()
    bench.dialog.reject()
    bench.open()
    bench.script(("exit", 1))
    bench.dialog.start_button.click()
    assert len(asked) == 1
    assert bench.own.is_stopped
    assert not bench.training.process.is_running
    buttons[0] = QMessageBox.StandardButton.Yes
    bench.run(("exit", 1))
    assert not bench.own.is_stopped


def test_a_finished_model_is_replaced_only_when_told(bench, answers):
    asked, _ = answers
    bench.open()
    bench.run(("make", "config.json"), ("log", BETTER), ("exit", 0))
    bench.dialog.reject()
    bench.open()
    assert "my-emma" in bench.dialog.notice.text()
    bench.dialog.start_button.click()
    assert "my-emma" in asked[0]
    assert not bench.training.process.is_running


def test_the_sentence_of_a_failure_is_shown(bench):
    bench.open()
    bench.run(("say", "writer: The text has 3 tokens."), ("exit", 1))
    assert bench.dialog.course.said.text() == "The text has 3 tokens."
    assert bench.offered() == ["Close", "Back"]
    bench.dialog.back_button.click()
    assert bench.offered() == ["Close", "Start"]


def test_a_folder_that_cannot_be_written_is_said_in_the_dialog(bench):
    places.data_folder().mkdir(parents=True, exist_ok=True)
    places.own_models().touch()
    bench.open()
    bench.dialog.start_button.click()
    assert "my-emma" in bench.dialog.notice.text()
    assert not bench.training.process.is_running


def test_quitting_stops_the_training_and_keeps_its_place(bench, open_desk, tmp_path):
    bench.open()
    bench.begin()
    bench.desk.window.close()
    assert not bench.training.process.is_running
    assert bench.own.is_stopped
    later = Bench(open_desk(path=tmp_path / "Emma.md"), tmp_path)
    later.open()
    assert later.offered() == ["Close", "Start anew", "Go on"]


def test_every_step_of_the_dialog_is_reached_with_tab(bench):
    bench.open()
    bench.desk.bot.waitUntil(bench.dialog.isActiveWindow)
    reached = set()
    for _ in range(12):
        bench.desk.bot.keyClick(bench.dialog, Qt.Key.Key_Tab)
        reached.add(bench.dialog.focusWidget())
    setup = bench.dialog.setup
    assert {
        setup.open_text.box, setup.add_button, setup.minutes.slider, setup.minutes.box,
        bench.dialog.close_button, bench.dialog.start_button,
    } <= reached  # fmt: skip


def test_time_left_ends_in_less_than_a_minute(qtbot):
    dialog = TrainingDialog()
    qtbot.addWidget(dialog)
    progress = Progress(Phase.LEARNING, 0.0, 10, 4.0, 4.0, Curve(held_out=((0.0, 4.0),)))
    for share, spent, left in (
        (0.0, "0 of 10", "about 10 minutes left"),
        (0.799, "7 of 10", "about 3 minutes left"),
        (0.95, "9 of 10", "less than a minute left"),
    ):
        dialog.show_progress(replace(progress, share=share), "Emma")
        assert dialog.course.phase.text() == f"Learning: {spent} minutes"
        assert dialog.course.left.text() == left
