"""The bundled model in a window: what was taken from it comes again, long after."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt

from tests.ui.conftest import Desk
from tests.ui.marked_desks import marked, provenance, replaying
from writer import places
from writer.__main__ import load_engine
from writer.ui.app import build

SETTINGS = """version = 1
[suggesting]
mode = "on-demand"
[machine]
model = "fiction-en"
precision = "int8"
threads = 1
[sampling]
length = 12
"""


@pytest.fixture
def desk(qtbot, qapp, tmp_path) -> Iterator[Desk]:
    config = places.config_folder()
    config.mkdir(parents=True)
    (config / "settings.toml").write_text(SETTINGS)
    path = tmp_path / "story.md"
    path.write_text("The rain fell on the roofs of the town, and she\n\nIt was dusk.")
    session, window, sampler = build(qapp, load_engine)
    desk = Desk(session, window, sampler, None, qtbot)
    window.show()
    session.filing.begin(path)
    window.activateWindow()
    window.page.setFocus()
    with qtbot.waitSignal(sampler.loaded, timeout=60_000):
        sampler.start()
    yield desk
    window.close()
    assert sampler.isFinished()
    window.deleteLater()


def test_what_was_taken_comes_again_after_typing_on_and_asking_elsewhere(desk):
    desk.page.go_to(len("The rain fell on the roofs of the town, and she"))
    ask(desk)
    desk.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    desk.press(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    desk.press(Qt.Key.Key_Tab)
    assert marked(desk)
    desk.type(", and so on, until nothing was left. ")
    ask(desk)
    desk.press(Qt.Key.Key_Escape)
    mark = provenance(desk).marks.marks()[0]
    assert mark.origin.fingerprint
    replaying(desk).show(mark)
    dialog = replaying(desk).dialog
    assert not dialog.state.text()
    dialog.step_button.click()
    desk.bot.waitUntil(dialog.step_button.isEnabled, timeout=20_000)
    assert dialog.state.text() == "The same words came again."


def ask(desk):
    desk.session.ask()
    desk.bot.waitUntil(lambda: bool(desk.ghost), timeout=20_000)
    desk.bot.waitUntil(lambda: desk.session.suggester._offer.done, timeout=20_000)
