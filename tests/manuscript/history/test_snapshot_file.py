import hashlib
import json
import random
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest

from writer.manuscript.history.snapshot_file import Snapshot, Stamp, Unfit, from_bytes, to_bytes

WHEN = datetime(2026, 11, 24, 15, 2, 3, 456, tzinfo=UTC)


def _snapshot(chance):
    keys = [
        chance.choice(("book.toml", "k3f9x2ab", "雨", "\ud800", "")) + str(at) for at in range(9)
    ]
    entries = {key: chance.randbytes(32).hex() for key in keys[: chance.randrange(10)]}
    return Snapshot(
        "a", WHEN, chance.choice(("", "First draft", "初稿")), MappingProxyType(entries)
    )


@pytest.mark.parametrize("seed", range(20))
def test_it_comes_back_as_it_was(seed):
    chance = random.Random(seed)
    snapshot = _snapshot(chance)
    stamps = {key: Stamp(chance.randrange(9**9), -5, 2**63) for key in snapshot.entries}
    data = to_bytes(snapshot, stamps)
    assert from_bytes("a", data) == (snapshot, stamps)
    assert json.loads(data)["name"] == snapshot.name


def test_any_other_byte_anywhere_is_noticed():
    data = to_bytes(_snapshot(random.Random(1)), {})
    for at in range(len(data)):
        spoiled = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(Unfit):
            from_bytes("a", spoiled)
        with pytest.raises(Unfit):
            from_bytes("a", data[:at])


def _sealed(content):
    body = json.dumps(content).encode()[:-1]
    return body + b',"sha256":"%s"}\n' % hashlib.sha256(body).hexdigest().encode()


_SOUND = {"version": 1, "when": WHEN.isoformat(), "name": "", "entries": {}, "stamps": {}}


@pytest.mark.parametrize(
    "other",
    [
        {"when": "today"},
        {"when": 3},
        {"when": "0001-01-01T00:00:00+00:00"},
        {"when": "9999-12-31T23:59:59-10:00"},
        {"entries": []},
        {"entries": {"a": "../../etc/passwd"}},
        {"entries": {"a": 3}},
        {"stamps": {"a": [1, 2]}},
        {"stamps": {"a": "abc"}},
        {"stamps": 7},
        {"stamps": {"a": [1, 2, float("inf")]}},
    ],
)
def test_a_file_with_a_good_checksum_and_nonsense_in_it_is_refused(other):
    assert from_bytes("a", _sealed(_SOUND))
    with pytest.raises(Unfit, match="damaged"):
        from_bytes("a", _sealed({**_SOUND, **other}))


def test_one_of_a_newer_writer_is_refused_as_that():
    with pytest.raises(Unfit, match="newer"):
        from_bytes("a", _sealed({**_SOUND, "version": 2}))


def test_times_are_in_utc_whatever_zone_they_were_taken_in():
    there = WHEN.astimezone(timezone(timedelta(hours=8)))
    found, _ = from_bytes("a", to_bytes(Snapshot("a", there, "", {}), {}))
    assert found.when == WHEN
    assert found.when.tzinfo is UTC
