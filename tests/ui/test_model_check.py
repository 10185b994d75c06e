"""The check of a model in a process of its own, with a child that follows a script."""

import json
import sys
from pathlib import Path

import pytest

from writer.ui.model_check import ModelCheck, Stage

CHILD = """
import json, os, pathlib, signal, sys
here = pathlib.Path(__file__)
here.with_name("arguments.json").write_text(json.dumps(sys.argv[1:]))
for act, value in json.loads(here.with_suffix(".json").read_text()):
    if act == "tell":
        sys.stdout.buffer.write(json.dumps(value).encode() + b"\\n")
    elif act == "print":
        sys.stdout.buffer.write(value.encode("utf-8", "surrogateescape"))
    elif act == "say":
        sys.stderr.buffer.write(value.encode("utf-8") + b"\\n")
    elif act == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    elif act == "stay":
        sys.stdout.flush()
        sys.stdin.read()
    elif act == "exit":
        sys.exit(value)
"""
WORKS = {"ok": True, "tokens_per_second": 12.3, "before": "天黑了", "continuation": " 雨停了"}
MODEL = Path("/models/雨")


def scripted(folder: Path, *script: tuple[str, object]) -> tuple[str, ...]:
    """Return a command that follows `script` instead of checking."""
    child = folder / "check.py"
    child.write_text(CHILD)
    child.with_suffix(".json").write_text(json.dumps(script))
    return (sys.executable, "-S", str(child))


@pytest.fixture
def check(qtbot, tmp_path):
    """Return a function that checks by a script, and gives what it came to and its progress."""
    process = ModelCheck()

    def follow(*script):
        process.command = scripted(tmp_path, *script)
        seen = []
        process.progressed.connect(seen.append)
        with qtbot.waitSignal(process.finished, timeout=20_000) as finished:
            process.start(MODEL)
        assert not process.is_running
        return finished.args[0], seen

    yield follow
    process.close()


def test_a_model_that_works_says_how_fast_and_how_it_goes_on(check, tmp_path):
    checked, seen = check(
        ("tell", {"phase": "reading", "share": 0.5}), ("tell", {"phase": "writing", "share": 0}),
        ("tell", {"phase": "measuring", "share": 1.0}), ("tell", WORKS), ("exit", 0),
    )  # fmt: skip
    arguments = json.loads((tmp_path / "arguments.json").read_text())
    assert arguments == ["models", "check", str(MODEL), "--json"]
    stages = [(each.stage, each.share) for each in seen]
    assert stages == [
        (Stage.READING, 0.0), (Stage.READING, 0.5), (Stage.WRITING, 0.0), (Stage.MEASURING, 1.0),
    ]  # fmt: skip
    assert (checked.path, checked.works, checked.tokens_per_second) == (MODEL, True, 12.3)
    assert (checked.before, checked.continuation) == ("天黑了", " 雨停了")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([("tell", {"ok": False, "error": "It is torn."}), ("exit", 1)], "It is torn."),
        ([("say", "Traceback"), ("say", "writer: There is no model."), ("exit", 1)],
         "There is no model."),
        ([("say", "MemoryError"), ("exit", 1)], ""),
        ([("exit", 0)], ""),
        ([("tell", {"phase": "reading", "share": 0.1}), ("crash", 0)], ""),
    ],
)  # fmt: skip
def test_why_a_model_does_not_work_is_handed_on(check, script, error):
    checked, _ = check(*script)
    assert (checked.works, checked.error, checked.was_cancelled) == (False, error, False)


def test_what_no_check_would_print_is_passed_over(check):
    noise = '\udcff\n[]\n{}\n{"phase": 3}\nNaN\n' + "[" * 5000 + "\n" + "x" * 200_000 + "\n"
    checked, seen = check(
        ("print", noise), ("tell", {"phase": "cooking", "share": 1}),
        ("tell", {"phase": "reading", "share": float("nan")}),
        ("tell", {"phase": "reading", "share": 7}),
        ("tell", {"ok": True, "tokens_per_second": True, "continuation": 3}), ("exit", 0),
    )  # fmt: skip
    assert [each.share for each in seen] == [0.0, 0.0, 1.0]
    assert (checked.works, checked.tokens_per_second, checked.continuation) == (True, None, "")


def test_a_check_that_is_not_wanted_ends_at_once(qtbot, tmp_path):
    process = ModelCheck(
        scripted(tmp_path, ("tell", {"phase": "writing", "share": 0}), ("stay", 0))
    )
    process.progressed.connect(lambda each: each.stage == Stage.WRITING and process.cancel())
    with qtbot.waitSignal(process.finished, timeout=20_000) as finished:
        process.start(MODEL)
    assert (finished.args[0].was_cancelled, finished.args[0].works) == (True, False)
    process.cancel()  # nothing to end


def test_closing_waits_for_the_end(qtbot, tmp_path):
    process = ModelCheck(scripted(tmp_path, ("stay", 0)))
    process.start(MODEL)
    with pytest.raises(ValueError, match="on its way"):
        process.start(MODEL)
    with qtbot.waitSignal(process.finished):
        process.close()
    assert not process.is_running
    process.close()


def test_a_command_that_is_not_there_fails(qtbot, tmp_path):
    process = ModelCheck((str(tmp_path / "nothing"),))
    with qtbot.waitSignal(process.finished) as finished:
        process.start(MODEL)
    assert not finished.args[0].works
    assert finished.args[0].error
