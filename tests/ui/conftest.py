"""A whole window with a scripted engine, whose pauses take no time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from tests.conftest import ScriptedEngine
from writer import places
from writer.ui.app import build, undescribed
from writer.ui.main_window import MainWindow
from writer.ui.sampler import Sampler
from writer.ui.session import Session


class Serving(ScriptedEngine):
    """A scripted engine, with all that the window asks of one."""

    precision = "fp32"


@dataclass
class Desk:
    """One window at work, and the hands at its keyboard."""

    session: Session
    window: MainWindow
    sampler: Sampler
    engine: ScriptedEngine
    bot: object

    @property
    def page(self):
        return self.window.page

    @property
    def ghost(self) -> str:
        return self.window.page.ghost.text

    def type(self, text: str) -> None:
        self.bot.keyClicks(self.page, text)

    def press(self, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.bot.keyClick(self.page, key, modifier)

    def wait_for_ghost(self, text: str) -> None:
        self.bot.waitUntil(lambda: self.ghost == text)

    def settle(self) -> None:
        """Let everything that is due happen."""
        for _ in range(3):
            QApplication.processEvents()


@pytest.fixture(autouse=True)
def _clear_away(qapp) -> Iterator[None]:
    """Let what is to be deleted go at once: each new theme is put onto every window there is."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # Without a display, Qt would take what is on it away after Python has gone.
    QApplication.clipboard().clear()


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch) -> None:
    """Let a box that a test does not expect be a failure rather than a test that never ends."""

    def refuse(box: QMessageBox) -> int:
        pytest.fail(f"a box asks: {box.text()} {box.informativeText()}")

    monkeypatch.setattr(QMessageBox, "exec", refuse)


@pytest.fixture
def open_desk(qtbot, qapp) -> Iterator[Callable[..., Desk]]:
    """Return a function that opens a window whose engine follows a script."""
    desks = []

    def make(*script, settings: str = "", path=None, describe=undescribed) -> Desk:
        config = places.config_folder()
        config.mkdir(parents=True, exist_ok=True)
        if not (config / "settings.toml").exists():
            text = settings or "[suggesting]\npause_ms = 0\n"
            (config / "settings.toml").write_text(f"version = 1\n{text}")
        engine = Serving(*script)
        session, window, sampler = build(qapp, lambda *_: engine, describe)
        desk = Desk(session, window, sampler, engine, qtbot)
        desks.append(desk)
        window.show()
        session.filing.begin(path)
        window.activateWindow()
        window.page.setFocus()
        with qtbot.waitSignal(sampler.loaded):
            sampler.start()
        return desk

    yield make
    for desk in desks:
        desk.engine.gate.set()
        desk.page.document().setModified(False)
        desk.window.close()
        assert desk.sampler.isFinished()
        desk.window.deleteLater()
