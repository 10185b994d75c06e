import os
from pathlib import Path

import pytest

from writer.errors import WriterError
from writer.manuscript.keeping.places import Places


@pytest.fixture
def devices(monkeypatch):
    """A mapping of folders to the devices that they are said to be on."""
    said, real = {}, Path.stat

    def stat(path, **options):
        found = real(path, **options)
        if path not in said:
            return found
        return os.stat_result((*found[:2], said[path], *found[3:10]))

    monkeypatch.setattr(Path, "stat", stat)
    return said


def test_an_empty_mount_point_is_no_place_to_write(tmp_path, devices):
    drive = tmp_path / "drive"
    drive.mkdir()
    places = Places()
    devices[drive] = 1
    places.note(drive)
    devices[drive] = 2  # unplugged
    with pytest.raises(WriterError, match="the folder is gone"):
        places.write(drive / "book.toml", b"order")
    with pytest.raises(WriterError, match="the folder is gone"):
        places.write(drive / ".writer" / "marks" / "a.json", b"{}")
    with pytest.raises(WriterError, match="the folder is gone"):
        places.check_file(drive / "a.txt", was_there=False)
    assert list(drive.iterdir()) == []
    devices[drive] = 1
    places.write(drive / "book.toml", b"order")
    assert (drive / "book.toml").read_bytes() == b"order"


def test_a_drive_that_is_back_under_another_number_is_the_same(tmp_path, devices):
    (tmp_path / "a.txt").write_bytes(b"words")
    places = Places()
    devices[tmp_path] = 1
    places.note(tmp_path)
    devices[tmp_path] = 3
    places.check_file(tmp_path / "a.txt", was_there=True)
    devices[tmp_path] = 4
    with pytest.raises(WriterError, match="the folder is gone"):
        places.check_file(tmp_path / "missing.txt", was_there=True)
    places.check_file(tmp_path / "new.txt", was_there=False)


def test_a_file_that_was_deleted_is_made_anew_on_the_same_device(tmp_path):
    places = Places()
    places.note(tmp_path)
    places.check_file(tmp_path / "deleted.txt", was_there=True)


def test_only_a_books_hidden_folder_is_made(tmp_path):
    places = Places()
    places.write(tmp_path / ".writer" / "marks" / "a.json", b"{}")
    places.write(tmp_path / ".writer" / "marks" / "b.json", b"{}")
    for path in (tmp_path / "gone" / ".writer" / "a.json", tmp_path / "gone" / "a.json"):
        with pytest.raises(WriterError, match="the folder is gone"):
            places.write(path, b"{}")
    assert sorted(os.listdir(tmp_path)) == [".writer"]
    (tmp_path / ".writer" / "file").touch()
    with pytest.raises(WriterError):
        places.write(tmp_path / ".writer" / "file" / "a.json", b"{}")
