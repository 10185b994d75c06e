import errno
import os
import random

import pytest

from writer.errors import ErrorKind, WriterError
from writer.settings import Settings, about, all_settings
from writer.settings_file import read_settings, write_settings

CHANGED = Settings().with_value("sampling", "top_k", 7).with_value("appearance", "theme", "dark")


def _file(tmp_path, content):
    path = tmp_path / "settings.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _backup(path):
    return path.with_name("settings.toml.bak")


def _random_value(random_, setting):
    words = about(setting)
    if words.choices:
        return random_.choice(words.choices)[0]
    if isinstance(setting.default, str):
        return random_.choice(["", 'quo"te', "back\\slash", "模型", "new\nline"])
    if isinstance(setting.default, int):
        return random_.randint(int(words.minimum), int(words.maximum))
    return random_.uniform(words.minimum, words.maximum)


def test_what_is_written_is_read(tmp_path):
    random_, path = random.Random(8), tmp_path / "config" / "settings.toml"
    for _ in range(30):
        settings = Settings()
        for group, setting in all_settings():
            settings = settings.with_value(group, setting.name, _random_value(random_, setting))
        write_settings(path, settings)
        assert read_settings(path) == (settings, [])
    assert not _backup(path).exists()


def test_a_missing_file_is_the_defaults(tmp_path):
    assert read_settings(tmp_path / "none.toml") == (Settings(), [])


def test_a_new_file_says_what_each_setting_does(tmp_path):
    write_settings(tmp_path / "settings.toml", Settings())
    lines = (tmp_path / "settings.toml").read_text().splitlines()
    assert lines[1] == "version = 1"
    for _, setting in all_settings():
        (at,) = (at for at, line in enumerate(lines) if line.startswith(f"{setting.name} = "))
        assert lines[at - 1] == f"# {about(setting).help}"


def test_comments_unknown_keys_and_spelling_are_kept(tmp_path):
    path = _file(
        tmp_path,
        "# mine\nversion = 1\ncolour = 'rust'\n\n[sampling] # how\ntemperature = 1 # as it is\n"
        "top_k = 0x28 # hex\nbanana = [1,\n 2]\n\n[future]\nx = 1\n",
    )
    settings, notices = read_settings(path)
    assert notices == []
    assert settings.sampling.temperature == 1.0
    write_settings(path, settings.with_value("sampling", "top_k", 5))
    text = path.read_text()
    for kept in (
        "# mine\n",
        "colour = 'rust'\n",
        "[sampling] # how\n",
        "temperature = 1 # as it is\n",
        "top_k = 5 # hex\n",
        "banana = [1,\n 2]\n",
        "[future]\nx = 1\n",
    ):
        assert kept in text
    assert read_settings(path) == (settings.with_value("sampling", "top_k", 5), [])
    assert not _backup(path).exists()


def test_writing_the_same_again_changes_nothing(tmp_path):
    path = tmp_path / "settings.toml"
    write_settings(path, CHANGED)
    before = path.stat()
    write_settings(path, CHANGED)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


BROKEN = [
    b"[sampling",
    b"top_k = ",
    b"\xff\xfe[\x00",
    b"version = 1\nversion = 2\n",
    b"x = " + b"[" * 100_000,
    b"[sampling]\ntop_k = " + b"9" * 5000,
    bytes(range(256)),
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_one_notice_and_is_kept_beside(tmp_path, content):
    path = _file(tmp_path, content)
    settings, notices = read_settings(path)
    assert settings == Settings()
    assert [notice.kind for notice in notices] == [ErrorKind.SETTINGS_UNREADABLE]
    assert _backup(path).read_bytes() == content
    _backup(path).unlink()
    write_settings(path, CHANGED)
    assert read_settings(path) == (CHANGED, [])
    assert _backup(path).read_bytes() == content


@pytest.mark.parametrize(
    ("line", "value", "accepts"),
    [
        ("top_k = 500", "500", "a whole number from 0 to 200"),
        ("top_k = -1", "-1", "a whole number from 0 to 200"),
        ("top_k = 1.5", "1.5", "a whole number from 0 to 200"),
        ("top_k = true", "True", "a whole number from 0 to 200"),
        ("top_k = 'many'", "'many'", "a whole number from 0 to 200"),
        ("top_k = nan", "nan", "a whole number from 0 to 200"),
        ("top_k = 0x" + "F" * 9000, "inf", "a whole number from 0 to 200"),
        ("temperature = inf", "inf", "a number from 0 to 2"),
        ("temperature = []", "[]", "a number from 0 to 2"),
        ("temperature = 1979-05-27", "datetime.date(1979, 5, 27)", "a number from 0 to 2"),
    ],
)
def test_a_bad_value_costs_its_own_default_and_is_named(tmp_path, line, value, accepts):
    path = _file(tmp_path, f"[sampling]\ncandidates = 5\n{line}\n")
    settings, (notice,) = read_settings(path)
    assert settings == Settings().with_value("sampling", "candidates", 5)
    assert notice.kind is ErrorKind.SETTING_REPLACED
    name = "sampling." + line.split()[0]
    assert notice.fields == {"path": path, "name": name, "value": value, "accepts": accepts}
    assert _backup(path).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("content", ["sampling = 3", "[[sampling]]\ntop_k = 3\n", "version = 'x'"])
def test_a_group_or_version_of_the_wrong_kind_is_named(tmp_path, content):
    path = _file(tmp_path, content)
    settings, (notice,) = read_settings(path)
    assert settings == Settings()
    assert notice.kind is ErrorKind.SETTING_REPLACED
    write_settings(path, CHANGED)
    assert read_settings(path) == (CHANGED, [])


def test_a_newer_file_is_used_as_far_as_it_is_understood(tmp_path):
    content = b"version = 99\n[sampling]\ntop_k = 7\nmagic = 'x'\n"
    path = _file(tmp_path, content)
    settings, (notice,) = read_settings(path)
    assert settings.sampling.top_k == 7
    assert notice.kind is ErrorKind.SETTINGS_NEWER
    write_settings(path, settings)
    assert _backup(path).read_bytes() == content
    assert read_settings(path) == (settings, [])
    assert "magic = 'x'" in path.read_text()


@pytest.mark.parametrize(
    "content",
    [
        "sampling.top_k = 3\n",
        "sampling = {top_k = 3}\n",
        "[machine.gpu]\nx = 1\n[sampling]\n[machine]\nthreads = 2\n",
        "\ufeff[sampling]\r\ntop_k = 3\r\n",
        "[sampling]\n# only a comment\n",
        "\n\n",
    ],
)
def test_unusual_layouts_are_read_and_written(tmp_path, content):
    path = _file(tmp_path, content)
    settings, notices = read_settings(path)
    assert notices == []
    settings = settings.with_value("sampling", "top_k", 9).with_value("machine", "threads", 4)
    write_settings(path, settings)
    assert read_settings(path) == (settings, [])
    assert ("x = 1" in content) == ("x = 1" in path.read_text())


def test_no_content_stops_the_start(tmp_path):
    random_, path = random.Random(9), tmp_path / "settings.toml"
    pieces = ["[", "]", "sampling", "=", "top_k", "\n", "3", '"', "'", ".", "{", "}", "#", "é", "_"]
    for _ in range(120):
        content = "".join(random_.choices(pieces, k=random_.randrange(30)))
        path.write_text(content)
        settings, notices = read_settings(path)
        assert notices or settings.sampling.temperature == Settings().sampling.temperature


def test_a_folder_in_place_of_the_file_is_a_notice_and_a_failed_save(tmp_path):
    settings, (notice,) = read_settings(tmp_path)
    assert settings == Settings()
    assert notice.kind is ErrorKind.SETTINGS_UNREADABLE
    with pytest.raises(WriterError) as caught:
        write_settings(tmp_path, CHANGED)
    assert caught.value.kind is ErrorKind.SAVE_FAILED


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    write_settings(path, CHANGED)

    def full(*args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriterError, match="the disk is full"):
        write_settings(path, Settings())
    monkeypatch.undo()
    assert read_settings(path) == (CHANGED, [])


def test_a_broken_file_is_not_overwritten_where_it_cannot_be_kept(tmp_path):
    path = _file(tmp_path, "[broken")
    _backup(path).mkdir()
    assert len(read_settings(path)[1]) == 1
    with pytest.raises(WriterError):
        write_settings(path, CHANGED)
    assert path.read_text() == "[broken"
