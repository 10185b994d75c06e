"""`python -m benchmarks.startup`: a start as a writer meets it, in a process of its own.

From the start of the process: until a key shows on the page, until the first suggestion; then what
stays in memory, and what the processor does while nothing is asked, the caret blinking. A second
start types without a rest from the first moment, and tells how long keys waited while the model was
loaded. The model has GPT-2's smallest size, in 8 bits.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

_SETTINGS = '[suggesting]\nbattery = "as-usual"\n[sampling]\ncandidates = 5\n'
_TEXT = "Chapter One\n\n" + " ".join(["It had rained for three days and the road was gone."] * 400)


def main() -> None:
    """Measure some starts, and print the medians as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="whose median counts (%(default)s)")
    parser.add_argument("--idle-s", type=float, default=20, help="of rest (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from benchmarks.stand_in import make_model

        work = Path(folder)
        model = make_model(work / "gpt2-124m")
        starts = [_start(work, model, "rest", arguments.idle_s) for _ in range(arguments.runs)]
        typed = [_start(work, model, "type", 0) for _ in range(arguments.runs)]
    found = {name: round(median(each[name] for each in starts), 3) for name in starts[0]}
    found |= {name: round(median(each[name] for each in typed), 1) for name in typed[0]}
    print(json.dumps(found, indent=1))


def _start(work: Path, model: Path, manner: str, idle_s: float) -> dict[str, float]:
    """Return what one start, in a process of its own, has measured."""
    arguments = [manner, str(work / "home"), str(model), str(time.time()), str(idle_s)]
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.startup", "--child", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(manner: str, home: str, model: str, began: str, idle_s: str) -> None:
    """Start the program; `began` is when this process was asked for, by the clock."""
    from PySide6.QtGui import QTextCursor
    from PySide6.QtWidgets import QApplication

    from benchmarks.desk import open_desk, post_key, settle_in, wait_until
    from writer.__main__ import load_engine

    settle_in(Path(home), Path(model), _SETTINGS)
    text = Path(home) / "book.txt"
    text.write_text(_TEXT, encoding="utf-8")
    app = QApplication([])
    desk = open_desk(app, load_engine, text)
    desk.page.moveCursor(QTextCursor.MoveOperation.End)
    desk.sampler.start()
    before = desk.page.document().characterCount()
    post_key(desk.page, "a")
    wait_until(lambda: desk.page.document().characterCount() > before and bool(desk.painted), 60)
    typeable = time.time() - float(began)
    if manner == "type":
        print(json.dumps(_type_while_loading(desk)))
    else:
        wait_until(lambda: bool(desk.page.ghost.text), 120)
        suggested = time.time() - float(began)
        print(json.dumps({
            "typeable s": typeable, "first suggestion s": suggested, **_rest(float(idle_s))
        }))  # fmt: skip
    sys.stdout.flush()
    desk.page.document().setModified(False)
    desk.window.close()


def _rest(idle_s: float) -> dict[str, float]:
    """Return memory and what the processor does while nothing happens."""
    import psutil
    from PySide6.QtCore import QEventLoop, QTimer

    process, loop = psutil.Process(), QEventLoop()
    QTimer.singleShot(5000, loop.quit)  # until what was prepared is done
    loop.exec()
    used = sum(process.cpu_times()[:2])
    QTimer.singleShot(int(idle_s * 1000), loop.quit)
    loop.exec()
    spent = sum(process.cpu_times()[:2]) - used
    resident = process.memory_info().rss / 1e6
    return {"resident MB": resident, "idle % of a core": 100 * spent / idle_s}


def _type_while_loading(desk) -> dict[str, float]:  # type: ignore[no-untyped-def] # noqa: ANN001
    from benchmarks.desk import post_key, wait_until
    from benchmarks.typing import delays

    loaded, sent = threading.Event(), []
    desk.painted.clear()
    before = desk.page.document().characterCount()
    desk.sampler.loaded.connect(lambda *_: loaded.set())

    def hands() -> None:
        while not loaded.is_set():
            sent.append(post_key(desk.page, "e"))
            time.sleep(0.03)

    thread = threading.Thread(target=hands)
    thread.start()
    wait_until(lambda: not thread.is_alive(), 120)
    wait_until(lambda: False, 0.3)
    waits = sorted(delays(sent, desk.painted, before))
    return {"longest wait while loading ms": waits[-1], "second longest ms": waits[-2]}


if __name__ == "__main__":
    if "--child" in sys.argv:
        _child(*sys.argv[2:])
    else:
        main()
