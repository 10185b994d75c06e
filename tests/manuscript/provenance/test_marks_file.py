"""Marks come back from their file as they were, or, where the text has changed, by their words."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.marks_file import (
    MarksNotice,
    StoredMarks,
    cut,
    from_bytes,
    joined,
    placed,
    read_marks,
    said_by,
    single_marks_path,
    text_digest,
    to_bytes,
)
from writer.manuscript.provenance.origin import Conditions, Origin

TEXT = "The rain fell on the roof.\n他走进了古老的屋子。 😀 And so they slept, all of them.\n"
CONDITIONS = Conditions("A model", "f0", "int8", "cpu, 2 threads", "c0", {"temperature": 0.9})


def origin(name, text, **more):
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Origin.under(name, CONDITIONS, -7, 2, text, taken=when, **more)


def stored_of(text, *said, taken=()):
    marks, origins = [], {}
    for number, words in enumerate(said):
        start = text.index(words)
        whole = origin(f"o{number}", f"so {words} and on", skipped=3)
        marks.append(Mark(start, start + len(words), whole, 3))
        origins[whole.id] = whole
    return StoredMarks(tuple(marks), text_digest(text), len(text), dict(taken), origins)


@pytest.fixture
def stored():
    said = (" fell on the roof.", "古老的屋子。 😀", " they slept")
    return stored_of(TEXT, *said, taken={"o0": 5, "o1": 5, "o2": 2}.items())


def test_the_same_text_round_trips_exactly(stored):
    again, notice = from_bytes(to_bytes(stored), "text")
    assert (again, notice) == (stored, None)
    assert placed(again, TEXT) == stored.marks
    assert to_bytes(again) == to_bytes(stored)


def test_what_a_newer_writer_keeps_is_kept(stored):
    values = json.loads(to_bytes(stored))
    values["later"] = {"a": [1]}
    values["origins"][0]["mood"] = "calm"
    again, _ = from_bytes(json.dumps(values).encode(), "text")
    assert json.loads(to_bytes(again)) == values


def test_lone_surrogates_and_strange_names_survive():
    text = "a \ud83d b"
    stored = stored_of(text, "a \ud83d b")
    assert from_bytes(to_bytes(stored), "t") == (stored, None)


def test_marks_are_found_in_a_text_that_was_changed_meanwhile(stored):
    new = "A line.\n" + TEXT.replace("slept", "dreamt")
    found = placed(stored, new)
    assert [new[mark.start : mark.end] for mark in found] == [
        " fell on the roof.",
        "古老的屋子。 😀",
    ]
    assert all(new[mark.start : mark.end] == said_by(mark) for mark in found)


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_file_is_no_marks_and_a_notice(stored, seed):
    chance = random.Random(seed)
    data = bytearray(to_bytes(stored))
    for _ in range(chance.choice((1, 2, 10))):
        what, place = chance.random(), chance.randrange(len(data))
        if what < 0.5:
            data[place] = chance.randrange(256)
        elif what < 0.75:
            del data[place : place + chance.randrange(200)]
        else:
            data[place:place] = chance.choice((b"null", b"[", b"-1", b"\0\0", b'"x"', b"1e999"))
        data = data or bytearray(b"\0")
    again, notice = from_bytes(bytes(data), "Dusk")
    if notice is None:  # it can still be read, so it can be written, and placed
        assert from_bytes(to_bytes(again), "Dusk") == (again, None)
        for mark in placed(replace(again, digest=""), TEXT):
            assert TEXT[mark.start : mark.end] == said_by(mark)
    else:
        assert again == StoredMarks()
        assert notice.kind is MarksNotice.DAMAGED
        assert "Dusk" in str(notice)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_such_file_is_a_notice(data):
    assert from_bytes(data, "Dusk")[1] is not None


@pytest.mark.parametrize("seed", range(30))
def test_a_text_cut_in_two_and_joined_again_has_the_same_marks(stored, seed):
    place = random.Random(seed).randint(0, len(TEXT))
    one, other = cut(stored, 0, place), cut(stored, place, len(TEXT))
    assert [said_by(mark) for mark in one.marks] == [
        TEXT[max(0, mark.start) : min(place, mark.end)]
        for mark in stored.marks
        if mark.start < place
    ]
    for part, text in ((one, TEXT[:place]), (other, TEXT[place:])):
        assert placed(part, text) == part.marks
    again = joined(one, place, other)
    assert (again.marks, again.length) == (stored.marks, stored.length)
    assert again.taken == stored.taken
    assert again.origins == stored.origins
    assert placed(again, TEXT) == stored.marks


def test_texts_merged_in_order_keep_all_marks(stored):
    both = joined(stored, len(TEXT) + 1, stored)
    assert placed(both, f"{TEXT}\n{TEXT}") == both.marks
    assert len(both.marks) == 6
    assert both.taken["o0"] == 10


def test_each_file_has_a_place_of_its_own():
    folder = Path("/data")
    one, other = (single_marks_path(folder, Path(name)) for name in ("/a/b.txt", "/a/c.txt"))
    assert one != other
    assert one == single_marks_path(folder, Path("/a/b.txt"))
    assert one.parent == folder / "marks"


def test_a_damaged_file_is_kept_beside(tmp_path, stored):
    path = tmp_path / "k3f9x2ab.json"
    assert read_marks(path, "Dusk") == (StoredMarks(), None)
    path.write_bytes(to_bytes(stored))
    assert read_marks(path, "Dusk") == (stored, None)
    path.write_bytes(b"{half")
    assert read_marks(path, "Dusk")[1].kind is MarksNotice.DAMAGED
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"{half"]
    (tmp_path / "folder.json").mkdir()
    assert read_marks(tmp_path / "folder.json", "Dusk")[1].kind is MarksNotice.UNREADABLE


def test_a_mark_that_says_something_else_is_damage(stored):
    values = json.loads(to_bytes(stored))
    values["marks"][0]["text"] = " fell on the floor"
    assert from_bytes(json.dumps(values).encode(), "Dusk")[0] == StoredMarks()
