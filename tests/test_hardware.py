import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from writer import hardware


@pytest.mark.parametrize(("cores", "threads"), [(8, 7), (2, 1), (1, 1), (None, 1)])
def test_one_physical_core_is_left_for_everything_else(cores, threads, monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 2 if logical else cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert hardware.default_threads() == threads


def test_a_container_may_have_fewer_cores_than_the_machine(monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 4, 5}, raising=False)
    assert hardware.default_threads() == 2


@pytest.mark.parametrize(
    ("battery", "on"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=None), False),
        (SimpleNamespace(power_plugged=False), True),
    ],
)
def test_a_battery_counts_only_where_there_is_one_in_use(battery, on, monkeypatch):
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert hardware.on_battery() is on


def test_a_system_that_cannot_tell_is_plugged_in(monkeypatch):
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert hardware.on_battery() is False


@pytest.mark.skipif(os.name == "nt", reason="Windows has classes instead")
def test_the_priority_of_a_process_is_lowered_for_good():
    code = (
        "from writer.hardware import lower_priority; lower_priority(); import os; print(os.nice(0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 15
