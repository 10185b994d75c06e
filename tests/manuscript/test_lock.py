import errno
import os
import random
import subprocess
import sys

import pytest

from writer.manuscript import lock
from writer.manuscript.lock import FileLock

CONTENDER = """
import os, random, sys, time
from pathlib import Path
from writer.manuscript.lock import FileLock

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
chance, wins = random.Random(seed), 0
end = time.monotonic() + 30
print("here", flush=True)
sys.stdin.readline()
while wins < 40 and time.monotonic() < end:
    held = FileLock(folder / "lock")
    if held.acquire():
        os.mkdir(folder / "held")  # fails if another one is in here
        if chance.random() < 0.2:
            time.sleep(0.0002)
        os.rmdir(folder / "held")
        held.release()
        wins += 1
print(wins)
"""


def test_of_many_processes_at_most_one_ever_holds_it(tmp_path):
    contenders = [
        subprocess.Popen(
            [sys.executable, "-c", CONTENDER, str(tmp_path), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(8)
    ]
    for contender in contenders:
        assert contender.stdout.readline() == "here\n"
    for contender in contenders:
        contender.stdin.write("go\n")
        contender.stdin.flush()
    answers = [contender.communicate() for contender in contenders]
    assert answers == [("40\n", "")] * 8
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("moment", ["before locking", "after locking"])
def test_the_lock_of_a_file_that_was_removed_meanwhile_is_not_taken_for_the_lock(
    tmp_path, monkeypatch, moment
):
    path, real, others = tmp_path / "lock", lock._lock, []

    def overtaken(descriptor):
        if moment == "after locking":
            real(descriptor)
        monkeypatch.setattr(lock, "_lock", real)
        path.unlink()
        others.append(FileLock(path))
        assert others[0].acquire()
        if moment == "before locking":
            real(descriptor)

    monkeypatch.setattr(lock, "_lock", overtaken)
    second = FileLock(path)
    assert not second.acquire()
    second.release()
    assert path.exists()  # another one's
    others[0].release()
    assert second.acquire()
    second.release()


def test_releasing_leaves_a_lock_file_that_is_somebody_elses(tmp_path):
    path = tmp_path / "lock"
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    assert first.acquire()
    path.unlink()  # by a tidy person
    assert second.acquire()
    first.release()
    assert not third.acquire()
    second.release()
    assert third.acquire()
    third.release()
    assert not path.exists()


def test_where_nothing_can_be_locked_it_counts_as_taken(tmp_path, monkeypatch):
    def cannot(descriptor):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(lock, "_lock", cannot)
    held = FileLock(tmp_path / "lock")
    assert held.acquire()
    held.release()


def test_a_lock_ends_with_its_owner(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from writer.manuscript.lock import FileLock; held = FileLock(Path(sys.argv[1])); "
        "assert held.acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    held = FileLock(path)
    assert held.acquire()
    held.release()


def test_taking_and_giving_back_in_any_order_leaves_at_most_one_holder(tmp_path):
    chance = random.Random(0)
    locks = [FileLock(tmp_path / "lock") for _ in range(4)]
    holder = None
    for _ in range(500):
        each = chance.choice(locks)
        if chance.random() < 0.5:
            assert each.acquire() == (holder in (None, each))
            holder = holder or each
        else:
            each.release()
            holder = None if holder is each else holder
    for each in locks:
        each.release()
    assert os.listdir(tmp_path) == []
