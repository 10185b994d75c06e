"""A process that has imported the program once and forks a session for each wish, to be killed."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_PATIENCE_SECONDS = 60


class Nursery:
    """Forks sessions of a module that runs `watched.serve`, in a home of their own."""

    def __init__(self, module: str, folder: Path) -> None:
        """Make the home in `folder`, which the module is told; nobody is suggested anything."""
        home = folder / "home"
        config = home / ".config" / "writer"
        config.mkdir(parents=True)
        (config / "settings.toml").write_text('version = 1\n[suggesting]\nmode = "off"\n')
        self.journal = home / ".local" / "share" / "writer" / "journal"
        environment = {**os.environ, "HOME": str(home), "PYTHONWARNINGS": "ignore"}
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
        )

    def begin(self, wishes: dict) -> "Session":
        """Fork a session that is to do this."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wishes).encode() + b"\n")
        return Session(self._process)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Session:
    """What one session says, from its fork to its end."""

    def __init__(self, process: subprocess.Popen) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self.said: list[list] = []
        self._rest = b""

    def wait_for(self, kind: str) -> bool:
        """Read until a line of that kind, or until the session has ended; return which."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._has(kind) and not self._has("ended") and time.monotonic() < end:
            self._read(0.5)
        return self._has(kind)

    def read_until(self, moment: float) -> None:
        """Read what comes until then, for a full pipe would hold the session up."""
        while (left := moment - time.monotonic()) > 0:
            self._read(left)

    def kill(self) -> float:
        """Kill it and read what it still said; return when it was killed."""
        self.wait_for("process")
        process = next(line[1] for line in self.said if line[0] == "process")
        killed_at = time.monotonic()
        if not self._has("ended"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.wait_for("ended")
        return killed_at

    def _has(self, kind: str) -> bool:
        return any(line[0] == kind for line in self.said)

    def _read(self, seconds: float) -> None:
        if not select.select([self._pipe], [], [], seconds)[0]:
            return
        *lines, self._rest = (self._rest + os.read(self._pipe.fileno(), 1 << 20)).split(b"\n")
        for line in lines:
            if line:
                with contextlib.suppress(ValueError):  # the half of a line
                    self.said.append(json.loads(line))
