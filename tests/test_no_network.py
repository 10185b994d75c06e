"""Nothing opens an Internet socket: proved with such sockets forbidden, and with no interfaces."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = """
import sys

def forbid(event, arguments):
    if event == "socket.__new__" and arguments[1] in (2, 10):  # AF_INET, AF_INET6
        sys.exit("an Internet socket was opened")
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        sys.exit(f"the network was asked: {event}")

sys.addaudithook(forbid)
"""

COMPLETE = """
from writer.__main__ import main
sys.exit(main(["complete", sys.argv[1], "--length", "4", "--seed", "1"]))
"""

WINDOW = """
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from writer.__main__ import load_engine
from writer.ui.app import build

app = QApplication([])
session, window, sampler = build(app, load_engine)
window.show()
session.filing.begin(Path(sys.argv[1]))
sampler.start()
QTest.keyClicks(window.page, "It was ")

def look():
    if window.page.ghost.text:
        print("a ghost was shown")
        window.close()

# Not QTest.qWait, which keeps the interpreter to itself while it waits.
timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
QTimer.singleShot(150_000, window.close)
app.exec()
"""


def run(code: str, path: Path, home: Path, *wrapper: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
    }  # fmt: skip
    return subprocess.run(
        [*wrapper, sys.executable, "-c", FORBIDDEN + code, str(path)],
        cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


@pytest.fixture
def text(tmp_path) -> Path:
    path = tmp_path / "page.txt"
    path.write_text("The rain had not stopped for three days.\n")
    return path


def test_the_guard_itself_forbids():
    code = FORBIDDEN + "import socket; socket.socket(socket.AF_INET)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Internet socket" in done.stderr


@pytest.mark.parametrize("code", [COMPLETE, WINDOW], ids=["complete", "window"])
def test_with_internet_sockets_forbidden(code, text, home):
    done = run(code, text, home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("code", [COMPLETE, WINDOW], ids=["complete", "window"])
def test_on_a_machine_without_interfaces(code, text, home):
    unshare = shutil.which("unshare")
    wrapper = [unshare or "", "--net", "--map-root-user"]
    if not unshare or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("this system permits no network namespace")
    done = run(code, text, home, *wrapper)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
