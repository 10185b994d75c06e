"""The process of a training, its folder and its log, with a child that follows a script."""

import json
import sys
from pathlib import Path

import pytest

from tests.checkpoints.tiny_models import PROSE, tiny_model
from writer import places
from writer.checkpoints.folder import write_model
from writer.errors import ErrorKind, WriterError
from writer.hardware import default_threads
from writer.manuscript.lock import FileLock
from writer.ui.training_folder import Plan, TrainingFolder, folder_for
from writer.ui.training_log import TrainingLog
from writer.ui.training_process import End, Phase, TrainingProcess

CHILD = """
import json, pathlib, signal, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "arguments.json").write_text(json.dumps(sys.argv[1:]))
for act, value in json.loads(pathlib.Path(__file__).with_suffix(".json").read_text()):
    if act == "log":
        with (out / "work" / "log.jsonl").open("a") as log:
            log.write(value)
    elif act == "say":
        sys.stderr.buffer.write(value.encode("utf-8") + b"\\n")
        sys.stderr.flush()
    elif act == "make":
        (out / value).touch()
    elif act == "listen":
        sys.stdin.read()
    elif act == "sleep for ever":
        signal.pause()
    elif act == "exit":
        sys.exit(value)
"""
PLAN = Plan("Emma", "/novels/emma.md", "/models/fiction-en", 10, 1000)
FINISHED = {"held_out": 3.5, "chosen": "average", "last": 3.6, "average": 3.5}


def line(step: int, share: float, loss: float | None, held_out: float | None = None) -> str:
    event = {"step": step, "tokens": step * 100, "loss": loss, "held_out": held_out,
             "share": share, "tokens_per_second": 1.0, "seconds": 1.0}  # fmt: skip
    return json.dumps(event) + "\n"


FIRST = line(0, 0.0, None, 4.0)


def scripted(folder: Path, *script: tuple[str, object]) -> tuple[str, ...]:
    """Return a command that follows `script` instead of training."""
    child = folder / "child.py"
    child.write_text(CHILD)
    child.with_suffix(".json").write_text(json.dumps(script))
    return (sys.executable, "-S", str(child))


@pytest.fixture
def folder(tmp_path) -> TrainingFolder:
    folder = TrainingFolder(tmp_path / "my-emma")
    folder.begin(PLAN, ["Emma Woodhouse, handsome, clever", "and rich"])
    return folder


@pytest.fixture
def run(qtbot, tmp_path, folder):
    """Return a function that lets a process follow a script, and gives (outcome, progress)."""
    process = TrainingProcess(look_ms=1)

    def follow(*script, resume=False, on_progress=lambda _process, _progress: None):
        process.command = scripted(tmp_path, *script)
        seen = []
        process.progressed.connect(seen.append)
        process.progressed.connect(lambda progress: on_progress(process, progress))
        with qtbot.waitSignal(process.finished, timeout=20_000) as finished:
            process.start(folder, resume)
        assert not process.is_running
        return finished.args[0], seen

    yield follow
    process.wait(0)


# The process


def test_the_command_is_told_what_the_plan_says(run, folder):
    run(("exit", 0))
    arguments = json.loads((folder.path / "arguments.json").read_text())
    work = folder.path / "work"
    assert arguments == [
        "train", str(work / "text.md"), str(work / "text-2.md"), "--out", str(folder.path),
        "--from", "/models/fiction-en", "--minutes", "10", "--hold-out", "0.1",
        "--threads", str(default_threads()), "--background", "--replace",
    ]  # fmt: skip
    run(("exit", 0), resume=True)
    assert json.loads((folder.path / "arguments.json").read_text()) == [*arguments[:-1], "--resume"]


def test_a_training_reads_learns_and_is_done(run, folder):
    (folder.path / "work" / "checkpoint.pt").touch()
    outcome, seen = run(
        ("log", FIRST + line(1, 0.5, 3.9)),
        ("log", line(2, 1.0, 3.7, 3.6) + json.dumps(FINISHED) + "\n"),
        ("exit", 0),
    )
    assert seen[0].phase == Phase.READING
    assert (outcome.end, outcome.last.before, outcome.last.now) == (End.DONE, 4.0, 3.5)
    assert outcome.last.curve.held_out == ((0.0, 4.0), (1.0, 3.6))
    assert not folder.is_stopped  # there is nothing to go on with


def test_progress_comes_while_it_learns_and_stop_closes_its_input(run, folder):
    def stop(process, progress):
        if progress.phase == Phase.LEARNING:
            process.stop()

    outcome, seen = run(
        ("log", FIRST + line(1, 0.4, 3.9)), ("listen", 0), ("make", "work/checkpoint.pt"),
        ("exit", 130), on_progress=stop,
    )  # fmt: skip
    phases = [progress.phase for progress in seen]
    assert phases[0] == Phase.READING
    assert phases[-1] == Phase.STOPPING
    assert Phase.LEARNING in phases
    assert (outcome.end, outcome.last.share) == (End.STOPPED, 0.4)
    assert folder.is_stopped


def test_its_sentence_is_handed_on(run):
    outcome, _ = run(("say", "reading"), ("say", "writer: The “text” has 3 tokens."), ("exit", 1))
    assert (outcome.end, outcome.is_worded) == (End.FAILED, True)
    assert outcome.sentence == "The “text” has 3 tokens."


def test_what_it_says_otherwise_is_no_sentence_for_a_writer(run):
    outcome, _ = run(("say", "Traceback"), ("say", "MemoryError"), ("exit", 1))
    assert (outcome.end, outcome.is_worded, outcome.sentence) == (End.FAILED, False, "MemoryError")


def test_a_command_that_is_not_there_fails(qtbot, folder, tmp_path):
    process = TrainingProcess((str(tmp_path / "nothing"),))
    with qtbot.waitSignal(process.finished) as finished:
        process.start(folder)
    assert finished.args[0].end == End.FAILED
    assert finished.args[0].sentence


@pytest.mark.skipif(sys.platform == "win32", reason="the child waits for a signal")
def test_who_does_not_listen_is_ended_in_the_end(qtbot, folder, tmp_path):
    process = TrainingProcess(scripted(tmp_path, ("log", FIRST), ("sleep for ever", 0)), 1)
    process.start(folder)
    qtbot.waitUntil(lambda: process.progress.phase == Phase.LEARNING)
    with pytest.raises(ValueError, match="on its way"):
        process.start(folder)
    process.stop()
    with qtbot.waitSignal(process.finished) as finished:
        process.wait(0)
    assert finished.args[0].end == End.STOPPED
    assert process.progress is None
    process.wait(0)  # nothing to wait for


def test_a_resumed_training_shows_what_came_before(run, folder):
    folder.log.write_text(FIRST + line(1, 0.3, 3.9), encoding="utf-8")
    outcome, seen = run(("log", line(2, 0.6, 3.8)), ("exit", 130), resume=True)
    assert (seen[0].phase, seen[0].share) == (Phase.READING, 0.3)
    assert (outcome.last.before, outcome.last.share) == (4.0, 0.6)
    assert [share for share, _ in outcome.last.curve.read] == [0.3, 0.6]


def test_the_real_command_is_followed_to_its_end(qtbot, tmp_path):
    tiny = tiny_model()
    write_model(tmp_path / "tiny", tiny.network, tiny.tokenizer)
    folder = TrainingFolder(tmp_path / "my-emma")
    folder.begin(Plan("Emma", "", str(tmp_path / "tiny"), 0.001, 300), [PROSE * 4])
    process = TrainingProcess(look_ms=10)
    with qtbot.waitSignal(process.finished, timeout=120_000) as finished:
        process.start(folder)
    outcome = finished.args[0]
    assert outcome.end == End.DONE, outcome.sentence
    assert outcome.last.share == 1
    assert outcome.last.before is not None
    assert outcome.last.now is not None
    assert outcome.last.curve.read
    assert folder.has_model


# The log


@pytest.fixture
def log(tmp_path):
    return TrainingLog(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"


def test_half_a_line_is_read_when_it_is_whole(log):
    reader, path = log
    assert not reader.read_new()
    whole = FIRST + line(1, 0.5, 3.0)
    for end in range(len(whole) + 1):
        path.write_text(whole[:end])
        reader.read_new()
        assert reader.has_begun == (end >= len(FIRST))
    assert reader.share == 0.5
    assert reader.curve.read == ((0.5, 3.0),)
    assert not reader.read_new()


@pytest.mark.parametrize("broken", ['{"st', "[]", "{}", '{"step": null, "share": true}', "NaN"])
def test_a_line_that_a_crash_has_spoiled_costs_only_itself(log, broken):
    reader, path = log
    path.write_text(FIRST + broken + "\n" + line(1, 0.5, float("nan")) + line(2, 0.9, 3.0))
    reader.read_new()
    assert (reader.before, reader.share) == (4.0, 0.9)
    assert reader.curve.read == ((0.9, 3.0),)


def test_what_was_learned_after_the_checkpoint_does_not_count(log):
    reader, path = log
    path.write_text(
        FIRST + line(1, 0.2, 3.8) + line(2, 0.4, 3.6, 3.7) + line(2, 0.3, 3.0, 3.1)
    )  # fmt: skip
    reader.read_new()
    assert [share for share, _ in reader.curve.read] == [0.2, 0.3]
    assert reader.curve.held_out == ((0.0, 4.0), (0.3, 3.1))


def test_the_last_line_says_what_the_model_was_left_with(log):
    reader, path = log
    for after in (3.0, None):
        with path.open("a") as out:
            out.write(json.dumps({"held_out": after, "chosen": "last", "last": 2.0}) + "\n")
        reader.read_new()
        assert reader.is_finished
        assert reader.after == after


def test_however_long_a_training_is_its_curve_is_short_and_smooth(log):
    reader, path = log
    path.write_text("".join(line(n, n / 20_000, 3.0 + n % 2) for n in range(1, 20_001)))
    reader.read_new()
    assert len(reader.curve.read) <= 401
    assert reader.curve.read[-1][0] == 1.0
    assert all(abs(loss - 3.5) < 0.1 for _, loss in reader.curve.read[1:])


# The folder


def test_a_folder_keeps_plan_and_texts_and_no_earlier_training(folder):
    work = folder.path / "work"
    (work / "checkpoint.pt").touch()
    (work / "tokenizer").mkdir()
    folder.log.write_text(FIRST)
    folder.begin(PLAN, ["雨停了 \ud83d"])
    assert [path.read_text(encoding="utf-8") for path in folder.texts()] == ["雨停了 ?"]
    assert sorted(path.name for path in work.iterdir()) == ["plan.json", "text.md"]
    assert folder.plan().title == "Emma"
    assert not folder.is_stopped


def test_the_training_of_another_window_is_left_alone(folder):
    lock = FileLock(folder.path / "work" / "lock")
    assert lock.acquire()
    before = folder.texts()[0].read_bytes()
    with pytest.raises(WriterError) as raised:
        folder.begin(PLAN, ["other"])
    assert raised.value.kind == ErrorKind.TRAINING_RUNNING
    assert folder.texts()[0].read_bytes() == before
    lock.release()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriterError) as raised:
        TrainingFolder(tmp_path / "file" / "my-emma").begin(PLAN, ["text"])
    assert raised.value.kind == ErrorKind.OUTPUT_UNWRITABLE


def test_no_training_replaces_a_model_from_elsewhere_or_one_in_use():
    models = places.own_models()
    other = Path("/models/fiction-en")
    (models / "my-emma").mkdir(parents=True)  # by whomever
    folder = folder_for("Emma", "/novels/emma.md", other)
    assert folder.path == models / "my-emma-2"
    folder.begin(PLAN, ["text"])
    assert folder_for("Emma", "/novels/emma.md", other).path == models / "my-emma-2"
    assert folder_for("Emma", "/elsewhere/emma.md", other).path == models / "my-emma-3"
    assert folder_for("Emma", "/novels/emma.md", folder.path).path == models / "my-emma-3"


def test_a_model_is_found_by_name_and_by_path():
    assert places.model_folder("fiction-en") == places.bundled_models() / "fiction-en"
    assert places.model_folder("/x/my-emma") == Path("/x/my-emma")
