import os
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock

import pytest

from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.text_file import read_text_file


class Clock:
    """A time that goes on only when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Window:
    """What a window does with a keeper, and all that it is told."""

    def __init__(self, folder: Path, **options):
        self.folder = folder
        self.clock = Clock()
        self.told = []
        self.texts = {}
        self._revision = 0
        self._lock = Lock()
        self.keeper = Keeper(folder / "journal", self._tell, clock=self.clock, **options)
        self.keeper.start()

    def _tell(self, told):
        with self._lock:
            self.told.append(told)

    def open(self, key: str, content: bytes | None = None) -> Path | None:
        """Open a text: a new file with some content, one that is there, or an untitled one."""
        if key.startswith("untitled"):
            self.keeper.open_text(key, TextAbout(), "", None)
            self.texts[key] = ""
            return None
        path = self.folder / key
        if content is not None:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        file = read_text_file(path)
        self.keeper.open_text(key, TextAbout(key), file.text, file)
        self.texts[key] = file.text
        return path

    def type(self, key: str, words: str) -> int:
        """Type at the end of a text; return the revision."""
        last = self.texts[key].split("\n")
        self.texts[key] += words
        self._revision += 1
        added = (last[-1] + words).split("\n")
        self.keeper.edit(key, LineEdit(len(last) - 1, 1, tuple(added)), self._revision)
        return self._revision

    def pass_time(self, seconds: float) -> None:
        """Let some time go by, and everything be done that is due by then."""
        self.wait()
        self.clock.now += seconds
        self.wait()  # which does what is due
        self.wait()  # and tells what came of it

    def wait(self) -> None:
        assert self.keeper.wait(10)

    def all(self, kind):
        return [each for each in self.told if isinstance(each, kind)]

    def journals(self) -> list[Path]:
        return sorted((self.folder / "journal").glob("*.journal"))

    def close(self) -> bool:
        return self.keeper.close(10)


@pytest.fixture
def memory_path(tmp_path):
    """A folder in memory, if there is one, for what would sync a disk a thousand times."""
    if not os.path.isdir("/dev/shm"):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def window(tmp_path):
    """A window with a keeper, in `tmp_path`."""
    window = Window(tmp_path)
    yield window
    window.close()


@pytest.fixture
def new_window(tmp_path):
    """A maker of windows in `tmp_path`; all are closed in the end."""
    windows = []

    def make(**options):
        windows.append(Window(tmp_path, **options))
        return windows[-1]

    yield make
    for window in windows:
        window.close()


@pytest.fixture
def gate():
    """An event that opens in the end, so that nothing waits for it for ever."""
    event = Event()
    yield event
    event.set()
