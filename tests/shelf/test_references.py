import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shelf.models import make_folder
from writer.errors import ErrorKind, WriterError
from writer.shelf.shelf import Origin, Shelf

ROOT = Path(__file__).parents[2]
ADD_TEN = """
import sys
from pathlib import Path
from writer.shelf.shelf import Shelf
shelf = Shelf(*map(Path, sys.argv[1:4]))
for number in range(10):
    shelf.add(Path(sys.argv[4]) / str(number) / "emma")
"""


def linked(shelf: Shelf) -> list[str]:
    return [entry.name for entry in shelf.entries() if entry.origin is Origin.LINKED]


def kept_copies(store) -> list[bytes]:
    return [path.read_bytes() for path in sorted(store.parent.glob("models.json.bak*"))]


GOOD = {"name": "emma", "path": "/x/emma"}
DAMAGES = {
    "newer": (json.dumps({"version": 2, "models": [{**GOOD, "colour": "red"}]}), ["emma"]),
    "cut": ('{"version": 1, "models": [{"name": "emma", "path": "/x/emma"}, {"name": ', ["emma"]),
    "a comma": ('{"models": [{"name": "emma", "path": "/x/emma"},]}', ["emma"]),
    "entries": (
        json.dumps(
            {"version": 1, "models": [GOOD, 7, {}, {"name": "a", "path": "b"}, {"name": 1}]}
        ),
        ["emma"],
    ),
    "another shape": (json.dumps({"version": 1, "models": {"emma": "/x"}}), []),
    "no version": (json.dumps({"models": [GOOD]}), ["emma"]),
    "a list": (json.dumps([GOOD]), ["emma"]),
    "noise": ("\x00\xff" * 50, []),
    "deep": ("[" * 100_000, []),
    "evil": (json.dumps({"version": 1, "models": [{"name": "../x", "path": "/x\0y"}]}), []),
}


@pytest.mark.parametrize(("text", "known"), DAMAGES.values(), ids=DAMAGES)
def test_of_a_damaged_file_nothing_is_lost(text, known, shelf, store, novel):
    store.parent.mkdir()
    store.write_bytes(text.encode())
    assert linked(shelf) == known
    assert kept_copies(store) == []
    shelf.add(novel)
    assert linked(shelf) == [*known, "novel"]
    assert kept_copies(store) == [text.encode()]
    shelf.remove("novel")
    assert kept_copies(store) == [text.encode()]


def test_each_damage_is_kept_beside_those_before(shelf, store, tmp_path):
    store.parent.mkdir()
    for number, text in enumerate(("one", "two", "one", "three")):
        store.write_text(text)
        shelf.add(make_folder(tmp_path / str(number)))
    assert sorted(kept_copies(store)) == [b"one", b"three", b"two"]


def test_what_cannot_be_read_is_not_written_over(shelf, store, novel):
    store.mkdir(parents=True)
    assert linked(shelf) == []
    with pytest.raises(WriterError) as caught:
        shelf.add(novel)
    assert caught.value.kind is ErrorKind.MODEL_NOT_ADDED
    assert store.is_dir()


def test_a_good_file_is_not_kept_twice(shelf, store, novel):
    shelf.add(novel)
    shelf.add(make_folder(novel.parent / "other"))
    assert kept_copies(store) == []
    assert json.loads(store.read_bytes())["version"] == 1


def test_a_name_that_is_no_unicode_is_kept(shelf, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9")
    make_folder(path)
    entry = shelf.add(path)
    assert shelf.entries()[-1] == entry
    assert shelf.find(entry.name) == path


def test_processes_that_add_at_once_lose_nothing(shelf, bundled, own, store, tmp_path):
    places = [tmp_path / f"disk-{number}" for number in range(4)]
    for place in places:
        for number in range(10):
            make_folder(place / str(number) / "emma")
    command = [sys.executable, "-c", ADD_TEN, str(bundled), str(own), str(store)]
    running = [subprocess.Popen([*command, str(place)], cwd=ROOT) for place in places]
    assert [process.wait() for process in running] == [0] * 4
    found = linked(shelf)
    assert len(found) == len(set(found)) == 40
    wanted = {place / str(number) / "emma" for place in places for number in range(10)}
    assert {entry.path for entry in shelf.entries()} - wanted == {bundled / "fiction-en"}
