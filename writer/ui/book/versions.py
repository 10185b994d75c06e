"""Versions: what a history offers of one scene or of a whole book. No Qt, and no file of its own.

It asks of a history only what the protocols here say.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol


class Taken(Protocol):
    """A snapshot."""

    @property
    def id(self) -> str:
        """What tells it from all others."""

    @property
    def when(self) -> datetime:
        """When it was taken; it knows its zone."""

    @property
    def name(self) -> str:
        """What the writer called it; mostly empty."""

    @property
    def entries(self) -> Mapping[str, str]:
        """The digest of each text, by its key."""


class Past(Protocol):
    """A history; both methods may be called on any thread."""

    def snapshots(self) -> Sequence[Taken]:
        """Return the snapshots, newest first."""

    def text(self, snapshot: Any, key: str) -> str:  # noqa: ANN401 - one of its own snapshots
        """Return a text as it was."""


def versions_of(snapshots: Sequence[Taken], keys: Collection[str]) -> list[Taken]:
    """Return the snapshots in which one of the texts has become what it is, newest first.

    Of several in a row with the same texts the oldest stands for all, or those with a name.
    """
    wanted = frozenset(keys)
    found: list[Taken] = []
    for state, run in groupby(snapshots, key=lambda each: _state(each, wanted)):
        if state:
            same = list(run)
            found += [each for each in same if each.name] or same[-1:]
    return found


def changed_keys(older: Taken | None, newer: Taken, keys: Collection[str]) -> list[str]:
    """Return which of the texts two snapshots have otherwise, in the order of `keys`."""
    before = older.entries if older is not None else {}
    return [key for key in keys if before.get(key) != newer.entries.get(key)]


def _state(taken: Taken, keys: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset(entry for entry in taken.entries.items() if entry[0] in keys)
