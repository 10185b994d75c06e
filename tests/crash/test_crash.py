"""A fiftieth of what `python -m tests.crash` goes through."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.harness import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

ROOT = Path(__file__).parents[2]


def test_killed_at_any_moment_a_session_loses_nothing(tmp_path):
    world = World(tmp_path / "world", seed=50)
    world.longest_life_seconds = 0.6
    results = [world.kill_one() for _ in range(10)]
    assert [what for result in results for what in result.wrong] == []
    assert sum(result.edits for result in results) > 50
    assert sum(result.saves for result in results) > 5


def test_the_harness_notices_what_is_missing(tmp_path):
    """A session that lies, for the harness would be worth nothing if it never found anything."""
    liar = tmp_path / "liar.py"
    liar.write_text(
        "import time; from tests.crash import session as real\n"
        "for name in real.TEXTS: real.report('opened', name, real.digest(''))\n"
        "real.report('opened', real.UNTITLED, real.digest(''))\n"
        "real.report('typed', 'dusk.md', 1, real.digest('x'), time.monotonic() - 2)\n"
        "real.report('journaled', 'dusk.md', 1)\n"
        "real.report('saved', 'night.md', 1)\n"
        "real.report('typed', 'night.md', 1, real.digest(''), time.monotonic())\n"
        "real.report('typed', 'night.md', 2, real.digest('y'), time.monotonic())\n"
        "real.report('begun')\n"
        "time.sleep(60)\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
        result = World(tmp_path / "world", 0, "liar").kill_one()
    assert 2000 < result.missing_ms < 10_000
    assert len(result.wrong) == 2
    assert "told to be in the journal" in result.wrong[0]
    assert "ms of typing are missing" in result.wrong[1]


HAMMER = """
import sys
from pathlib import Path
from writer.manuscript.lock import FileLock
from writer.manuscript.text_file import read_text_file

folder, times, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
while times:
    lock = FileLock(folder / "lock")
    if not lock.acquire():
        continue
    file = read_text_file(folder / "book.md")
    lines = file.text.split("\\n")
    assert len(set(lines[1:])) <= 1, "a save of one is mixed with a save of the other"
    file.save("\\n".join([str(int(lines[0]) + 1), *[f"{name} {times}"] * 20_000]))
    lock.release()
    times -= 1
"""


def test_two_processes_hammering_one_file_through_its_lock_never_interleave(tmp_path):
    (tmp_path / "book.md").write_text("0")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(tmp_path), "40", name], stderr=subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    errors = [process.communicate()[1] for process in processes]
    assert errors == [b"", b""]
    lines = (tmp_path / "book.md").read_text().split("\n")
    assert lines[0] == "80"  # none has overwritten what it had not read
    assert len(set(lines[1:])) == 1
    assert len(lines) == 20_001


OVERWRITER = """
import sys
from pathlib import Path
from writer.manuscript.keeping.keeper import Keeper
from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.text_file import read_text_file

folder, name = Path(sys.argv[1]), sys.argv[2]
keeper = Keeper(folder / "journal", lambda told: None)
keeper.start()
file = read_text_file(folder / "book.md")
keeper.open_text("book", TextAbout(), file.text, file)
for number in range(40):
    keeper.replace("book", "\\n".join([f"{name} {number}"] * 20_000), number)
    keeper.save("book", overwrite=True)
    keeper.write(folder / "book.toml", f"{name} {number}\\n".encode() * 5_000)
    assert keeper.wait(30)
    for path in (folder / "book.md", folder / "book.toml"):
        lines = path.read_text().rstrip("\\n").split("\\n")
        assert len(set(lines)) == 1 and len(lines) in (20_000, 5_000), "mixed"
sys.exit(not keeper.close(30))
"""


def test_two_keepers_that_overwrite_each_other_never_interleave(tmp_path):
    """Which a window never does, for it asks before it overwrites; whole files even then."""
    (tmp_path / "book.md").write_text("0")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OVERWRITER, str(tmp_path), name], stderr=subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    errors = [process.communicate()[1] for process in processes]
    assert errors == [b"", b""]
