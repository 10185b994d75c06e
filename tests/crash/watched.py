"""What the window's keeper is handed and tells, said aloud for whoever watches the process.

One JSON list a line. Every state of a text is said before the keeper hears of it.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable

from tests.crash.window_story import plain
from writer.manuscript.differing import smallest_change
from writer.manuscript.keeping.mirror import Mirror
from writer.manuscript.keeping.told import (
    Journaled,
    NotJournaled,
    NotSaved,
    NotWritten,
    OutOfStep,
    Saved,
    Trouble,
)
from writer.ui.book.open_book import OpenBook
from writer.ui.keeping import Keeping

_saying = threading.Lock()
_write = os.write
"""The real one, whatever layer is put before it."""


def report(*values: object) -> None:
    """Say something to whoever watches; whole lines, of one thread after the other."""
    data = memoryview(json.dumps(values).encode() + b"\n")
    with _saying:
        while data:
            data = data[_write(1, data) :]


def serve(run: Callable[[dict], None]) -> None:
    """Fork a process for each line on standard input, a JSON object, and say how it ended."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            try:
                run(json.loads(line))
            except BaseException:
                report("wrong", traceback.format_exc())
            os._exit(0)
        _, status = os.waitpid(process, 0)
        _write(1, b"\n")  # after half a line, perhaps
        report("ended", os.waitstatus_to_exitcode(status))


def whole(book: OpenBook) -> tuple[list[list], dict[str, str], list[str]]:
    """Return the items of a book, what its scenes say now, and which of them have no file."""
    scenes = [item for item in book.outline if item.file]
    texts = {item.id: book.text(item.id) for item in scenes}
    missing = [item.id for item in scenes if not (book.book.folder / item.file).exists()]
    return [plain(item) for item in book.outline], texts, missing


class Watch:
    """Says what texts say, as changes of what was said of them before."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """Of the keeper's keys: a scene's id, else the key itself."""
        self._known: dict[str, str] = {}

    def say(self, name: str, text: str, at: float | None = None) -> None:
        """Report that a text says this since `at`, if that is new."""
        old = self._known.get(name)
        if old == text:
            return
        self._known[name] = text
        at = time.monotonic() if at is None else at
        place, added = None, text
        if old is not None:
            start, end, added = smallest_change(old, text)
            place = (start, end)
        report("said", name, at, place, added)

    def said(self, name: str) -> str | None:
        """Return what was said of a text last."""
        return self._known.get(name)

    def forget(self, name: str) -> None:
        """Report that a text is needed no more."""
        self._known.pop(name, None)
        report("gone", name)


class Watched(Keeping):
    """Keeping that is heard by whoever watches, before anything is handed on."""

    watch = Watch()

    def __init__(self, *arguments: object) -> None:
        self._mirrors: dict[str, Mirror] = {}
        super().__init__(*arguments)

    def open_text(self, key, about, text, file) -> None:
        name = self.watch.names[key] = about.item or key
        if file is not None and text == file.text and self.watch.said(name) not in (None, text):
            report("wrong", f"{name} was opened as it was not when it was left")
        self._mirrors[key] = Mirror(text)
        self._say(key, 0)
        super().open_text(key, about, text, file)

    def edit(self, key, edit, revision) -> None:
        self._mirrors[key].apply(edit)
        self._say(key, revision)
        super().edit(key, edit, revision)

    def replace(self, key, text, revision) -> None:
        self._mirrors[key] = Mirror(text)
        self._say(key, revision)
        super().replace(key, text, revision)

    def write(self, path, data) -> None:
        if path.parent.name == "scenes":
            self.watch.say(path.stem.rpartition("-")[2], data.decode())
        elif path.name == "book.toml" and path.parent.name != ".writer":
            report("outline", time.monotonic(), data.decode())
        super().write(path, data)

    def create(self, path, data) -> bool:
        self.watch.say(path.stem.rpartition("-")[2], data.decode())
        return super().create(path, data)

    def _say(self, key: str, revision: int) -> None:
        name = self.watch.names[key]
        self.watch.say(name, self._mirrors[key].text)
        report("revision", name, revision)

    def _hear(self, told) -> None:
        match told:
            case Journaled(key=key, revision=revision):
                report("journaled", self.watch.names[key], revision)
            case Saved(key=key, revision=revision):
                report("saved", self.watch.names[key], revision)
            case NotSaved(error=error) | NotJournaled(error=error) | NotWritten(error=error):
                report("wrong", f"{type(told).__name__}: {error}")
            case Trouble(error=error):
                report("wrong", f"trouble: {error}")
            case OutOfStep(key=key):
                report("wrong", f"{key} is out of step")
        super()._hear(told)
