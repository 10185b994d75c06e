"""`python -m benchmarks.typing`: from a key to its paint, in a real window, while sampling runs.

A book of 500,000 words at 1280 x 800, the caret in its middle, a model of GPT-2's smallest size in
8 bits that is asked after each key, without a pause, so that it never rests. A key counts from the
moment it is sent until the page has been painted with it. Then the same without an engine.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.desk import Desk, open_desk, post_key, settle_in, wait_until
from benchmarks.stand_in import make_model, make_words
from writer.__main__ import load_engine

_NO_PAUSE = '[suggesting]\npause_ms = 0\nbattery = "as-usual"\n[sampling]\ncandidates = 5\n'


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.typing", description=__doc__)
    parser.add_argument("--words", type=int, default=500_000, help="of the book (%(default)s)")
    parser.add_argument("--keys", type=int, default=600, help="to type (%(default)s)")
    parser.add_argument("--every-ms", type=int, default=90, help="a key comes (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measure(Path(folder), arguments), indent=1))


def _measure(work: Path, arguments: argparse.Namespace) -> dict[str, object]:
    model = make_model(work / "gpt2-124m")
    book = work / "book.txt"
    book.write_text(_book(arguments.words), encoding="utf-8")
    settle_in(work / "home", model, _NO_PAUSE)
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    desk = open_desk(app, load_engine, book)
    found: dict[str, object] = {"platform": app.platformName(), "words": arguments.words}
    cursor = desk.page.textCursor()
    cursor.setPosition(desk.page.document().characterCount() // 2)
    desk.page.setTextCursor(cursor)
    wait_until(lambda: False, 1.0)
    found["without sampling"] = type_keys(desk, arguments)
    desk.sampler.start()
    desk.session.ask()
    assert wait_until(lambda: bool(desk.page.ghost.text), 60), "no suggestion came"
    answers: list[object] = []
    desk.sampler.answered.connect(answers.append)
    found["while sampling"] = type_keys(desk, arguments)
    found["answers drawn meanwhile"] = len(answers)
    desk.page.document().setModified(False)
    desk.window.close()
    return found


def type_keys(desk: Desk, arguments: argparse.Namespace) -> dict[str, float]:
    """Type, from a thread of its own as the hands are; return figures in ms."""
    sent: list[float] = []
    letters = _letters(arguments.keys)

    def hands() -> None:
        for letter in letters:
            sent.append(post_key(desk.page, letter))
            time.sleep(arguments.every_ms / 1e3)

    desk.painted.clear()
    before = desk.page.document().characterCount()
    thread, loop, look = threading.Thread(target=hands), QEventLoop(), QTimer()
    look.timeout.connect(lambda: thread.is_alive() or loop.quit())
    look.start(300)
    QTimer.singleShot(0, thread.start)
    loop.exec()
    return _figures(list(delays(sent, desk.painted, before)))


def _letters(count: int) -> str:
    chance = random.Random(1)
    words = " ".join(make_words(count, seed=3))
    start = chance.randrange(len(words) - count)
    return words[start : start + count]


def delays(sent: list[float], painted: list[tuple[float, int]], before: int) -> Iterator[float]:
    """Yield ms from each key to the end of the first paint that shows it.

    Each key is a character more than the `before` there were when the first was sent.
    """
    paints = iter(painted)
    ended, shown = next(paints, (0.0, 0))
    for number, moment in enumerate(sent, 1):
        while shown < before + number:
            paint = next(paints, None)
            if paint is None:
                return
            ended, shown = paint
        yield (ended - moment) * 1e3


def _figures(delays: list[float]) -> dict[str, float]:
    return {
        "keys": len(delays),
        "median ms": round(median(delays), 2),
        "p99 ms": round(quantiles(delays, n=100)[98], 2),
        "worst ms": round(max(delays), 2),
    }


def _book(words: int) -> str:
    chance = random.Random(2)
    vocabulary = make_words(5_000, seed=4)
    paragraphs = []
    while words > 0:
        length = min(words, chance.randrange(30, 130))
        said = " ".join(chance.choices(vocabulary, k=length))
        paragraphs.append(said.capitalize() + ".")
        words -= length
    return "\n\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    main()
