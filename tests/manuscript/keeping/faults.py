"""A layer between the program and the system that makes one call go wrong, or all that match.

While it is in place every call of `os` that saves and journals are made of is counted; the n-th
raises, writes less than it should, or is the last thing that the process does.
"""

import errno
import os
import signal
from contextlib import contextmanager
from enum import Enum
from threading import Lock

CALLS = ("open", "write", "fsync", "replace", "unlink", "close", "mkdir")
REAL = {name: getattr(os, name) for name in CALLS}


class Fault(Enum):
    """What goes wrong."""

    EIO = errno.EIO
    ENOSPC = errno.ENOSPC
    EDQUOT = errno.EDQUOT
    SHORT = "half of it is written"
    FULL = "half of it is written, and then the disk is full"
    KILL_BEFORE = "the process is killed before"
    KILL_AFTER = "the process is killed after"
    KILL_TORN = "the process is killed when half of it is written"

    @property
    def is_deadly(self):
        return self.name.startswith("KILL")


class Faults:
    """Counts calls, and makes the one whose number is `at` go wrong; none if `at` is 0."""

    def __init__(self, fault=None, at=0, match=None):
        self.count = 0
        self.calls = []
        self.struck = 0
        self._fault, self._at = fault, at
        self._match = match
        self._full = False
        self._lock = Lock()

    @contextmanager
    def __call__(self):
        for name in CALLS:
            setattr(os, name, self._wrapped(name))
        try:
            yield self
        finally:
            for name, real in REAL.items():
                setattr(os, name, real)

    def _wrapped(self, name):
        real = REAL[name]

        def call(*args, **kwargs):
            with self._lock:
                self.count += 1
                self.calls.append(name)
                strikes = self.count == self._at or self._matches(name, args)
                full = self._full and name == "write"
                self.struck += strikes or full
                self._full = False
            if full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self._go_wrong(real, name, args, kwargs) if strikes else real(*args, **kwargs)

        return call

    def _matches(self, name, args):
        if self._match is None:
            return False
        path = args[0]
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        return self._match(name, os.fspath(path))

    def _go_wrong(self, real, name, args, kwargs):
        fault = self._fault
        if isinstance(fault.value, int):
            if name == "close":
                real(*args, **kwargs)  # the system closes it all the same
            raise OSError(fault.value, os.strerror(fault.value))
        if name == "write" and fault in (Fault.SHORT, Fault.FULL, Fault.KILL_TORN):
            descriptor, data = args
            written = real(descriptor, memoryview(data)[: max(1, len(data) // 2)])
            if fault is Fault.KILL_TORN:
                os.kill(os.getpid(), signal.SIGKILL)
            self._full = fault is Fault.FULL
            return written
        if fault is Fault.KILL_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*args, **kwargs)
        finally:
            if fault.is_deadly:
                os.kill(os.getpid(), signal.SIGKILL)


def in_child(work):
    """Run `work(report)` in a forked process; return the lines it reported and its exit status.

    `report` gets past the faults.
    """
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            REAL["close"](reader)
            work(lambda line: REAL["write"](writer, line.encode() + b"\n"))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, "rb") as pipe:
        lines = pipe.read().decode().splitlines()
    _, status = os.waitpid(process, 0)
    return lines, os.waitstatus_to_exitcode(status)
