"""Windows that die, and what the next one is told of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from writer import places
from writer.manuscript.keeping.recovery import left_behind
from writer.ui.book.recovery_dialog import Decision, RecoveryDialog

_SESSION = """
import os, signal, sys
from pathlib import Path
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.mirror import LineEdit
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.text_file import read_text_file
folder, path, typed, book, id, item = sys.argv[1:]
file = read_text_file(Path(path)) if path else None
about = TextAbout(name=item or path, book=Path(book) if book else None, book_id=id, item=item)
keeper = Keeper(Path(folder), lambda told: None)
keeper.start()
keeper.open_text("a", about, file.text if file else "", file)
lines = file.text.count("\\n") + 1 if file else 1
keeper.edit("a", LineEdit(0, lines, tuple(typed.split("\\n"))), 1)
assert keeper.wait(10)
os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(
    typed: str, path: Path | None = None, book: Path | None = None, id: str = "", item: str = ""
) -> None:
    """Let a process die in which `typed` was typed, into a new text or into the file at `path`."""
    arguments = (str(journal()), str(path or ""), typed, str(book or ""), id, item)
    command = (sys.executable, "-c", _SESSION, *arguments)
    root = Path(__file__).parents[2]
    ended = subprocess.run(command, cwd=root, env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL


def journal() -> Path:
    """Return the folder of the journals."""
    return places.data_folder() / "journal"


def lost_texts() -> list[str]:
    """Return what would be offered to the next window."""
    left = left_behind(journal())
    left.give_back()
    return [lost.text for lost in left.texts]


def decide(monkeypatch, decision: Decision) -> list:
    """Let the person in front of the recovery dialog decide; return what it will show."""
    shown = []

    def answer(dialog):
        shown.append(list(dialog._items.values()))
        dialog.decide_all(decision)
        dialog.accept()

    monkeypatch.setattr(RecoveryDialog, "exec", answer)
    return shown
