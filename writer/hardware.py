"""What the program runs on: cores, memory and the battery. psutil asks each system its own way."""

import os
import platform
from functools import cache
from pathlib import Path

import psutil


def default_threads() -> int:
    """Return how many threads the engine takes unasked: one core is left for everything else.

    Physical cores: two threads of one core share its arithmetic units, and wait for each other.
    """
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 2
    if hasattr(os, "sched_getaffinity"):  # a container may have fewer than the machine
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, cores - 1)


@cache
def processor_name() -> str:
    """Return what the processor is called, or at least its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def free_memory_bytes() -> int:
    """Return how much memory can be taken without driving anything else out of it."""
    return int(psutil.virtual_memory().available)


def on_battery() -> bool:
    """Return whether the machine draws on its battery."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False


def lower_priority() -> None:
    """Let this process work only where nothing else wants to."""
    process = psutil.Process()
    if hasattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS"):  # Windows
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        process.nice(max(process.nice(), 15))
