"""Laying claim to journals whose owners are gone, and putting them away once they are settled.

The claim is the lock that an owner would hold, so that no other window offers the same texts.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import psutil

from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.keeping.journal import NAME
from writer.manuscript.keeping.records import VERSION
from writer.manuscript.keeping.replay import Replayed, replay
from writer.manuscript.lock import lock_descriptor, stands_at

OLD = "old"
"""The folder of settled journals, in the folder of journals."""


class Claim:
    """The journals that one keeper left behind, oldest first, held until all is settled."""

    def __init__(self, held: list[tuple[Path, int]]) -> None:
        self._held = held
        self._folder = held[0][0].parent
        session = NAME.fullmatch(held[0][0].name)
        assert session is not None
        self._notes = self._folder / f"{session['session']}.settled"
        self._settled = _read_notes(self._notes)
        self._waiting: set[str] = set()

    @property
    def paths(self) -> list[Path]:
        """The files of the journals."""
        return [path for path, _ in self._held]

    def offers(self, ids: Iterable[str]) -> set[str]:
        """Return which texts, by their ids, wait to be settled; others were settled before."""
        self._waiting = set(ids) - self._settled.keys()
        return set(self._waiting)

    def settle(self, id: str, how: str) -> None:
        """Note what became of a text; with the last one the journals are put away."""
        if id not in self._waiting:
            return
        self._waiting.discard(id)
        self._settled[id] = how
        if not self._waiting:
            self.put_away()
            return
        with contextlib.suppress(WriterError):  # it would only be offered once more
            write_atomically(self._notes, json.dumps(self._settled).encode("ascii"))

    def put_away(self) -> None:
        """Move the journals into the folder of old ones and give them back."""
        old = self._folder / OLD
        with contextlib.suppress(OSError):  # they would only be offered once more
            old.mkdir(mode=0o700, exist_ok=True)
            for path, _ in self._held:
                os.utime(path)  # from now on they are old
                os.replace(path, old / path.name)
            self._notes.unlink(missing_ok=True)
        self.give_back()

    def remove(self) -> None:
        """Remove the journals, for there is nothing in them, and give them back."""
        for path in [*self.paths, self._notes]:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self.give_back()

    def give_back(self) -> None:
        """Leave the journals to whoever asks next."""
        for _, descriptor in self._held:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._held = []


def claim_left_behind(folder: Path) -> list[tuple[Claim, list[tuple[Path, Replayed]]]]:
    """Claim every journal in `folder` whose owner is gone, all of one keeper together; read them.

    Journals that cannot be read, or are of a newer program, are left alone.
    """
    found = []
    try:
        names = sorted(name for name in os.listdir(folder) if NAME.fullmatch(name))
    except OSError:
        return []
    for _, group in groupby(names, key=_session):
        held: list[tuple[Path, int]] = []
        try:
            journals = _claim_all([folder / name for name in group], held)
        except OSError:
            journals = []
        if journals and all(replayed.version <= VERSION for _, replayed in journals):
            found.append((Claim(held), journals))
        else:
            for _, descriptor in held:
                os.close(descriptor)
    return found


def _claim_all(paths: list[Path], held: list[tuple[Path, int]]) -> list[tuple[Path, Replayed]]:
    """Lock the journals of one keeper, the oldest first; return none if it lives."""
    journals = []
    for path in paths:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        held.append((path, descriptor))
        can_lock = True
        try:
            if not lock_descriptor(descriptor):
                return []
        except OSError:
            can_lock = False
        if not stands_at(descriptor, path):  # its owner has just removed it
            return []
        replayed = replay(path.read_bytes(), path.stem)
        if not can_lock and _owner_lives(replayed):
            return []
        journals.append((path, replayed))
    return journals


def _owner_lives(replayed: Replayed) -> bool:
    """Guess where there are no locks whether a journal's owner is at work on this machine."""
    return replayed.host == socket.gethostname() and psutil.pid_exists(replayed.process)


def _session(name: str) -> str:
    found = NAME.fullmatch(name)
    return found["session"] if found else ""


def _read_notes(path: Path) -> dict[str, str]:
    try:
        notes = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(id): str(how) for id, how in notes.items()} if isinstance(notes, dict) else {}
