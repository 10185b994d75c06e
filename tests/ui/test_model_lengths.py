"""The charts in the dialog, and measuring from there."""

import json

import pytest
from PySide6.QtCore import Qt

from tests.ui.test_length_curves import OWN, reading
from tests.ui.test_models_dialog import Bench, Describer, card
from writer.errors import ErrorKind, WriterError
from writer.shelf.speeds import LengthTime, LengthTimes, Speeds
from writer.ui.model_lengths import LOSS, MEMORY, TIME

TIMES = [[128, 0.05, 0.002], [1024, 1.25, 0.0031]]
MEASURED = (
    ("tell", {"phase": "lengths", "share": 0.5}),
    ("tell", {"ok": True, "precision": "int8", "by_length": TIMES}),
    ("exit", 0),
)


class Measuring(Describer):
    """Describes models that were measured when they were made."""

    def __call__(self, path):
        super().__call__(path)
        if "gaps" in path.name:
            raise WriterError(ErrorKind.MODEL_READS_BOTH_SIDES, path=path)
        tokens = "zh" if "zh" in path.name else "en"
        sizes = {128: {"int8": 1, "fp32": 2}, 1024: {"int8": 2, "fp32": 3}}
        return card(path, reading=reading(1024, tokenizer=tokens), memory_by_length=sizes)


@pytest.fixture
def bench(open_desk, tmp_path):
    return Bench(open_desk(describe=Measuring()), tmp_path)


@pytest.fixture
def lengths(bench):
    bench.open()
    bench.known("fiction-en")
    return bench.dialog.card.lengths


def choose(bench, lengths, chart: str) -> None:
    button = lengths.choice._group.button([LOSS, MEMORY, TIME].index(chart))
    bench.desk.bot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_chosen_models_curves_are_shown(bench, lengths):
    assert lengths.isVisibleTo(bench.dialog)
    assert lengths.plot.accessibleName().startswith("Tokens it hesitates between")
    assert not lengths.measure_button.isVisibleTo(bench.dialog)
    choose(bench, lengths, MEMORY)
    assert "estimate" in lengths.caption.text()
    choose(bench, lengths, TIME)
    assert lengths.measure_button.isVisibleTo(bench.dialog)
    bench.known("fiction-zh")
    assert lengths.choice.value() == TIME  # one compares models


def test_models_of_the_same_tokens_are_compared(bench):
    path = bench.make_own("my-emma")
    bench.open()
    for name in ("my-emma", "fiction-zh", "fiction-en"):
        bench.known(name)
    said = bench.dialog.card.lengths.plot.accessibleDescription()
    assert "my-emma" in said
    assert "fiction-zh" not in said
    assert str(path) not in said


def test_no_chart_where_there_is_no_model(bench, lengths):
    bench.dialog.list.setCurrentRow(0)
    assert not lengths.isVisibleTo(bench.dialog)
    bench.consider(bench.make("new"))
    assert not lengths.isVisibleTo(bench.dialog)


@pytest.mark.parametrize(("name", "sentence"), [("torn", "ends too soon"), ("gaps", "fills gaps")])
def test_of_one_that_cannot_be_used_the_sentence_is_all(bench, name, sentence):
    bench.make_own(name)
    bench.open()
    bench.choose(name)
    shown = bench.dialog.card
    bench.desk.bot.waitUntil(lambda: sentence in shown.warning.text())
    assert shown.warning.property("part") == "error"
    assert not shown.lengths.isVisibleTo(bench.dialog)
    assert bench.summary(name) == "cannot be used"
    assert not bench.dialog.use_button.isEnabled()


def test_measuring_has_progress_and_is_shown(bench, lengths):
    choose(bench, lengths, TIME)
    assert lengths.plot.accessibleDescription() == "Not measured on this machine yet."
    seen = []
    bench.models.work.progressed.connect(lambda words, share: seen.append((words, share)))
    bench.run(lengths.measure_button, "measured", *MEASURED)
    arguments = json.loads((bench.folder / "arguments.json").read_text())
    assert arguments[:2] == ["models", "measure"]
    assert ("Measuring “fiction-en” by length of context", 0.75) in seen
    assert "1.2 s to read 1,024 tokens" in lengths.plot.accessibleDescription()
    assert "in 8 bits" in lengths.caption.text()
    assert lengths.measure_button.text() == "Measure again"
    assert bench.dialog.work.isHidden()
    bench.known("fiction-zh")
    assert "Not measured" in lengths.plot.accessibleDescription()


def test_measuring_can_be_cancelled(bench, lengths):
    choose(bench, lengths, TIME)
    bench.script(("tell", {"phase": "lengths", "share": 0.5}), ("stay", 0))
    lengths.measure_button.click()
    bench.desk.bot.waitUntil(lambda: "by length" in bench.dialog.work.words.text())
    for button in (lengths.measure_button, bench.dialog.check_button):
        assert not button.isEnabled()
    with bench.desk.bot.waitSignal(bench.models.work.cancelled):
        bench.dialog.work.cancel_button.click()
    assert bench.said == "The measuring of “fiction-en” was ended."
    assert lengths.measure_button.isEnabled()
    assert "Not measured" in lengths.plot.accessibleDescription()


def test_why_it_could_not_be_measured_is_said(bench, lengths):
    choose(bench, lengths, TIME)
    torn = (("tell", {"ok": False, "error": "The weights end in the middle."}), ("exit", 1))
    bench.run(lengths.measure_button, "failed", *torn)
    assert bench.said == "The weights end in the middle."


def test_what_was_measured_is_known_the_next_time(bench):
    path = bench.make("of-a-friend")
    bench.shelf.add(path)
    Speeds().remember_times(path, LengthTimes((LengthTime(128, 0.05, 0.002),), "bf16"))
    bench.open()
    bench.known("of-a-friend")
    lengths = bench.dialog.card.lengths
    choose(bench, lengths, TIME)
    assert "50 ms to read 128 tokens" in lengths.plot.accessibleDescription()


def test_the_chart_is_reached_with_tab(bench, lengths):
    reached = {bench.dialog.focusWidget()}
    for _ in range(10):
        bench.desk.bot.keyClick(bench.dialog, Qt.Key.Key_Tab)
        reached.add(bench.dialog.focusWidget())
    assert lengths.plot in reached
    bench.desk.bot.keyClick(lengths.plot, Qt.Key.Key_Right)
    assert lengths.plot.said == lengths._charts[LOSS].curves[-1].points[0].words


def test_it_is_the_same_reading_as_the_card_has(lengths):
    assert lengths._charts[LOSS].lengths[-1] == OWN.n_ctx
