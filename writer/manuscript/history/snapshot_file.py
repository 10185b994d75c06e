"""The file of one snapshot: JSON that carries its own checksum, as bytes. It reads no disk.

The last member is the SHA-256 of all bytes before it, so that a file is whole or is refused.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from writer.manuscript.history.objects import is_digest

_VERSION = 1
_CHECKSUM = b',"sha256":"%s"}\n'
_CHECKSUM_BYTES = len(_CHECKSUM % bytes(64))


class HistoryNotice(Enum):
    """What a writer is told about a history that opened all the same."""

    SNAPSHOT_DAMAGED = "A snapshot cannot be read ({reason}); “{path}” is left as it is."
    TEXT_DAMAGED = "One text of a snapshot cannot be read ({reason}); “{path}” is left as it is."
    SOURCE_UNREADABLE = (
        "“{path}” cannot be read just now ({reason}); snapshots hold what it was before."
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What files held at one time."""

    id: str
    when: datetime
    """In UTC."""
    name: str
    """Given by the writer; one with a name is never thinned."""
    entries: Mapping[str, str]
    """The digest of each file's bytes, by the key it was taken under."""


class Stamp(NamedTuple):
    """What tells that a file has not changed, without reading it."""

    size: int
    mtime_ns: int
    inode: int


class Unfit(Exception):
    """Bytes that are no snapshot; says why in plain words."""


def to_bytes(snapshot: Snapshot, stamps: Mapping[str, Stamp]) -> bytes:
    """Return the bytes of a snapshot and of the stamps that its files had."""
    content = {
        "version": _VERSION,
        "when": snapshot.when.isoformat(),
        "name": snapshot.name,
        "entries": dict(snapshot.entries),
        "stamps": dict(stamps),
    }
    body = json.dumps(content, separators=(",", ":")).encode("ascii")[:-1]
    return body + _CHECKSUM % hashlib.sha256(body).hexdigest().encode("ascii")


def from_bytes(id: str, data: bytes) -> tuple[Snapshot, dict[str, Stamp]]:
    """Return the snapshot and the stamps in `data`.

    Raises:
        Unfit: `data` is damaged, or from a newer Writer.
    """
    body, end = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if end != _CHECKSUM % hashlib.sha256(body).hexdigest().encode("ascii"):
        raise Unfit("it is damaged")
    try:
        content = json.loads(body + b"}")
        if content["version"] != _VERSION:
            raise Unfit("it is from a newer Writer")
        when = datetime.fromisoformat(content["when"]).astimezone(UTC)
        if not 1970 <= when.year < 9999:  # what lies beyond has no hour in some zones
            raise Unfit("it is damaged")
        snapshot = Snapshot(id, when, str(content["name"]), _entries(content["entries"]))
        return snapshot, {str(key): _stamp(found) for key, found in content["stamps"].items()}
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise Unfit("it is damaged") from error


def _entries(found: Mapping[str, str]) -> Mapping[str, str]:
    if not all(map(is_digest, found.values())):
        raise ValueError("not digests")
    # Most stand in most snapshots: one copy in memory will do.
    return MappingProxyType({key: sys.intern(digest) for key, digest in found.items()})


def _stamp(found: list[int]) -> Stamp:
    size, mtime_ns, inode = map(int, found)
    return Stamp(size, mtime_ns, inode)
