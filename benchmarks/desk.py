"""A real window of a writer who has just installed the program, with a model and a book."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication

from writer import places
from writer.ui.app import LoadEngine, build
from writer.ui.editor import Page
from writer.ui.main_window import MainWindow
from writer.ui.pauses import Collector, take_short_turns
from writer.ui.sampler import Sampler
from writer.ui.session import Session

WINDOW_PX = (1280, 800)


def settle_in(home: Path, model: Path, more: str = "") -> dict[str, str]:
    """Return the environment of a new home whose settings name `model`."""
    environment = {**os.environ, "HOME": str(home), "PYTHONWARNINGS": "ignore"}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    os.environ.clear()
    os.environ.update(environment)
    config = places.config_folder()
    config.mkdir(parents=True, exist_ok=True)
    text = f'version = 1\n[machine]\nmodel = "{model}"\nprecision = "int8"\n{more}'
    (config / "settings.toml").write_text(text, encoding="utf-8")
    return environment


@dataclass
class Desk:
    """The parts of the window, and when its page was painted."""

    session: Session
    window: MainWindow
    sampler: Sampler
    painted: list[tuple[float, int]] = field(default_factory=list)
    """When a paint of the page ended, and how many characters the text then had."""

    @property
    def page(self) -> Page:
        """Return the page."""
        return self.window.page


def open_desk(app: QApplication, load_engine: LoadEngine, path: Path | None = None) -> Desk:
    """Build and show the window with the text at `path`; the engine is not started yet."""
    take_short_turns()
    desk = Desk(*build(app, load_engine))
    Collector(desk.page)
    paint = Page.paintEvent

    def paint_and_note(page: Page, event: QPaintEvent) -> None:
        characters = page.document().characterCount()
        paint(page, event)
        desk.painted.append((time.perf_counter(), characters))

    Page.paintEvent = paint_and_note  # type: ignore[method-assign]
    desk.window.resize(*WINDOW_PX)
    desk.window.show()
    desk.session.filing.begin(path)
    desk.window.activateWindow()
    desk.page.setFocus()
    return desk


def post_key(page: Page, letter: str) -> float:
    """Send a key, as the window system does; return when. From any thread."""
    key = Qt.Key.Key_Space if letter == " " else Qt.Key(ord(letter.upper()))
    sent = time.perf_counter()
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, letter)
        QCoreApplication.postEvent(page, event)
    return sent


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Let events happen until `condition` holds; return whether it does."""
    end = time.perf_counter() + seconds
    while not condition() and time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.001)
    return condition()
