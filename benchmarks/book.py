"""`python -m benchmarks.book`: a book of 1,000,000 words in 1,500 scenes, in a real window.

How long it takes from the wish to open it until its scene is painted, from one scene to another,
until the whole is searched and counted; and from a key to its paint while a model samples without
a pause. The model has GPT-2's smallest size, in 8 bits.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PySide6.QtWidgets import QApplication

from benchmarks.book_stand_in import COMMON, RARE, make_book
from benchmarks.desk import Desk, open_desk, settle_in, wait_until
from benchmarks.stand_in import make_model
from benchmarks.typing import type_keys
from writer.__main__ import load_engine
from writer.manuscript.book.book import Book
from writer.manuscript.book.counting import count
from writer.manuscript.book.search import find
from writer.manuscript.search import Search
from writer.ui.book.books import Books
from writer.ui.book.open_book import OpenBook

_NO_PAUSE = '[suggesting]\npause_ms = 0\nbattery = "as-usual"\n[sampling]\ncandidates = 5\n'


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.book", description=__doc__)
    parser.add_argument("--words", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--scenes", type=int, default=1_500, help="(%(default)s)")
    parser.add_argument("--keys", type=int, default=600, help="to type (%(default)s)")
    parser.add_argument("--every-ms", type=int, default=90, help="a key comes (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measure(Path(folder), arguments), indent=1))


def _measure(work: Path, arguments: argparse.Namespace) -> dict[str, object]:
    model = make_model(work / "gpt2-124m")
    folder = work / "Book"
    make_book(folder, scenes=arguments.scenes, words=arguments.words, seed=1)
    settle_in(work / "home", model, _NO_PAUSE)
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    found: dict[str, object] = {"words": arguments.words, "scenes": arguments.scenes}
    found |= _read(folder)
    desk = open_desk(app, load_engine)
    wait_until(lambda: False, 1.0)
    books = desk.window.findChild(Books)
    found["open, to the paint, ms"] = _until_painted(desk, lambda: books.open(folder))
    found["counted, ms"] = _milliseconds(
        lambda: wait_until(lambda: desk.window.outline.heading.beside() != "", 60)
    )
    found["a scene, to the paint, ms"] = _scenes(desk, books.open_book)
    found["keys without sampling"] = type_keys(desk, arguments)
    desk.sampler.start()
    desk.session.ask()
    assert wait_until(lambda: bool(desk.page.ghost.text), 60), "no suggestion came"
    answers: list[object] = []
    desk.sampler.answered.connect(answers.append)
    found["keys while sampling"] = type_keys(desk, arguments)
    found["answers drawn meanwhile"] = len(answers)
    desk.window.close()
    return found


def _read(folder: Path) -> dict[str, object]:
    """Return what reading the book takes without a window, in ms."""
    found: dict[str, object] = {}
    opened: list[Book] = []
    found["outline read, ms"] = _milliseconds(lambda: opened.append(Book.open(folder)))
    book = opened[0]
    counted = []
    found["counted anew, ms"] = _milliseconds(
        lambda: counted.extend(count(book.scene_paths(), {}, with_texts=True))
    )
    texts = [(each.id, each.text or "") for each in counted]
    for name, words in (("rare", RARE), ("common", COMMON)):
        for whole in (False, True):
            search = Search(words, whole_word=whole)
            what = f"searched for a {name} word{', whole' if whole else ''}, ms"
            found[what] = _milliseconds(lambda search=search: list(find(texts, search)))
    book.close()
    return found


def _scenes(desk: Desk, book: OpenBook) -> dict[str, float]:
    """Return what going to a scene takes, never shown before and shown already."""
    chance = random.Random(1)
    ids = chance.sample([item.id for item in book.outline.scenes()], 40)
    first = [_until_painted(desk, lambda id=id: book.show(id)) for id in ids]
    again = [_until_painted(desk, lambda id=id: book.show(id)) for id in ids]
    return {
        "new, median": median(first),
        "new, worst": max(first),
        "again, median": median(again),
        "again, worst": max(again),
    }


def _until_painted(desk: Desk, act: Callable[[], object]) -> float:
    """Return the ms from `act` to the end of the next paint of the page."""
    desk.painted.clear()
    began = time.perf_counter()
    act()
    desk.painted.clear()  # what was painted on the way there may be the text before
    desk.page.viewport().update()
    assert wait_until(lambda: bool(desk.painted), 30)
    return round((desk.painted[0][0] - began) * 1e3, 1)


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return round((time.perf_counter() - began) * 1e3, 1)


if __name__ == "__main__":
    main()
