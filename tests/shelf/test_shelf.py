import os

import pytest

from tests.shelf.models import make_folder, make_snapshot, tree
from writer.errors import ErrorKind, WriterError
from writer.manuscript.lock import FileLock
from writer.shelf.shelf import Entry, Origin, Shelf


def names(shelf: Shelf) -> list[str]:
    return [entry.name for entry in shelf.entries()]


def refused(shelf: Shelf, path, **how) -> str:
    with pytest.raises(WriterError) as caught:
        shelf.add(path, **how)
    assert caught.value.kind is ErrorKind.MODEL_NOT_ADDED
    assert "\n" not in str(caught.value)
    return str(caught.value.fields["reason"])


def kept(shelf: Shelf, name: str) -> str:
    with pytest.raises(WriterError) as caught:
        shelf.remove(name)
    assert caught.value.kind is ErrorKind.MODEL_NOT_REMOVED
    return str(caught.value.fields["reason"])


# What is there


def test_a_person_who_has_added_nothing_has_what_came_along():
    found = Shelf().entries()
    assert [entry.name for entry in found] == ["fiction-en", "fiction-zh"]
    assert all(entry.origin is Origin.BUNDLED and entry.is_there for entry in found)


def test_all_origins_are_listed(shelf, own, novel, tmp_path):
    make_folder(own / "my-emma")
    (own / "a-file").mkdir()
    (own / "a-file" / "emma.Q8_0.gguf").write_bytes(b"GGUF")
    (own / "a-training" / "work").mkdir(parents=True)
    make_folder(own / ".adding-0123")
    (own / "stray").write_bytes(b"")
    shelf.add(novel)
    assert shelf.entries() == [
        Entry("fiction-en", tmp_path / "bundled" / "fiction-en", Origin.BUNDLED),
        Entry("a-file", own / "a-file" / "emma.Q8_0.gguf", Origin.OWN),
        Entry("my-emma", own / "my-emma", Origin.OWN),
        Entry("novel", novel, Origin.LINKED),
    ]


def test_a_model_is_called_as_it_was_named_wherever_it_lies(shelf, novel):
    shelf.add(novel, "my own")
    assert shelf.at(shelf.find("my own")).name == "my own"
    assert shelf.at(novel.parent) is None


def test_a_file_where_a_folder_should_be_holds_nothing(bundled, own, store):
    own.parent.mkdir()
    own.touch()
    assert names(Shelf(bundled, own, store)) == ["fiction-en"]


def test_what_is_gone_stays_listed_and_may_be_removed(shelf, novel):
    shelf.add(novel)
    novel.rename(novel.with_name("elsewhere"))
    assert [entry.is_there for entry in shelf.entries()] == [True, False]
    assert shelf.find("novel") == novel
    shelf.remove("novel")
    assert names(shelf) == ["fiction-en"]


def test_two_never_have_one_name(shelf, bundled, own, novel):
    shelf.add(novel)
    for name in ("novel", "Fiction-EN", "auto"):  # as a person may copy them there
        make_folder(own / name)
    make_folder(bundled / "novel-2")
    assert names(shelf) == [
        "fiction-en", "novel-2", "Fiction-EN-2", "auto-2", "novel", "novel-3"
    ]  # fmt: skip
    assert shelf.find("novel-3") == novel
    assert shelf.find("auto-2") == own / "auto"
    shelf.remove("novel-3")
    shelf.remove("auto-2")
    assert names(shelf) == ["fiction-en", "novel-2", "Fiction-EN-2", "novel"]
    assert novel.exists()


# Finding


def test_a_name_is_found_before_a_path(shelf, own, novel, bundled, tmp_path, monkeypatch):
    make_folder(own / "my-emma")
    shelf.add(novel, "长篇")
    monkeypatch.chdir(tmp_path)
    for name in ("fiction-en", "my-emma", "长篇", "other"):
        (tmp_path / name).mkdir()
    assert shelf.find("fiction-en") == bundled / "fiction-en"
    assert shelf.find("my-emma") == own / "my-emma"
    assert shelf.find("长篇") == novel
    assert os.path.samefile(shelf.find("other"), tmp_path / "other")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_file_of_a_folder_means_the_folder(name, shelf, novel):
    assert shelf.find(str(novel / name)) == novel
    assert shelf.add(novel / name).path == novel


def test_a_home_is_a_path_too(shelf, home):
    make_folder(home / "novel")
    assert shelf.find("~/novel") == home / "novel"


@pytest.mark.parametrize("name", ["none", "~nobody-here/x", "x" * 5000, "", "a\0b", "/"])
def test_what_is_not_there_is_only_a_path(name, shelf):
    assert not os.path.isfile(shelf.find(name) / "config.json")


def test_a_gguf_file_is_a_model(shelf, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "one.gguf").write_bytes(b"GGUF")
    assert shelf.find(str(folder)) == folder / "one.gguf"
    assert shelf.add(folder).name == "one"
    (folder / "two.GGUF").write_bytes(b"GGUF")
    assert shelf.add(folder / "two.GGUF").path == folder / "two.GGUF"
    assert "several GGUF files" in refused(shelf, folder)


# Adding


def test_adding_by_reference_touches_nothing_of_the_writers(shelf, own, novel):
    before = tree(novel)
    assert shelf.add(novel) == Entry("novel", novel, Origin.LINKED)
    assert tree(novel) == before
    assert not own.exists()


def test_adding_again_changes_nothing(shelf, novel, bundled, tmp_path):
    entry = shelf.add(novel)
    (tmp_path / "link").symlink_to(novel)
    assert shelf.add(novel) == entry
    assert shelf.add(tmp_path / "link") == entry
    assert shelf.add(bundled / "fiction-en").origin is Origin.BUNDLED
    assert names(shelf) == ["fiction-en", "novel"]


def test_removing_goes_by_the_model_whatever_its_number_is_now(shelf, own, tmp_path):
    first, second = (make_folder(tmp_path / each / "emma") for each in "ab")
    assert [shelf.add(each).name for each in (first, second)] == ["emma", "emma-2"]
    make_folder(own / "emma")
    assert names(shelf) == ["fiction-en", "emma", "emma-3", "emma-2"]
    assert [shelf.find(name) for name in ("emma-3", "emma-2")] == [first, second]
    shelf.remove("emma-3")
    assert shelf.find("emma-2") == second


@pytest.mark.parametrize("copy", [False, True])
def test_named_after_its_path_a_taken_name_gets_a_number(copy, shelf, own, tmp_path):
    (own / "emma-2" / "work").mkdir(parents=True)  # a training on its way
    paths = ["emma", "Emma", "fiction-en", "auto", "emma"]
    got = [
        shelf.add(make_folder(tmp_path / str(number) / name), copy=copy).name
        for number, name in enumerate(paths)
    ]
    assert got == ["emma", "Emma-3", "fiction-en-2", "auto-2", "emma-4"]
    assert {"fiction-en", *got} == set(names(shelf))


@pytest.mark.parametrize("copy", [False, True])
def test_a_name_that_was_asked_for_is_given_or_refused(copy, shelf, novel, tmp_path):
    assert shelf.add(novel, "小说 第一卷", copy).name == "小说 第一卷"
    other = make_folder(tmp_path / "other")
    for taken in ("小说 第一卷", "fiction-en", "Fiction-EN"):
        assert "already" in refused(shelf, other, name=taken, copy=copy)
    for none in ("auto", "../x", "a/b", "", " x", "~", "x" * 300, "nul.txt"):
        assert "cannot be the name" in refused(shelf, other, name=none, copy=copy)
    assert names(shelf) == ["fiction-en", "小说 第一卷"]


def test_what_is_linked_has_one_name(shelf, novel):
    shelf.add(novel, "emma")
    assert shelf.add(novel).name == "emma"
    assert shelf.add(novel, "emma").name == "emma"
    assert "“emma”" in refused(shelf, novel, name="other")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("小说 第一卷", "小说 第一卷"), (".hidden", "hidden"), ("-x", "x"), ("a\\b:d", "a-b-d"),
        ("nul.txt", "model-nul.txt"), ("x" * 200, "x" * 60), ("雨" * 80, "雨" * 60),
        ("tab\there", "tab-here"), ("~", "model"),
    ],
)  # fmt: skip
def test_names_are_folders_names_everywhere(name, safe, shelf, own, tmp_path):
    entry = shelf.add(make_folder(tmp_path / "theirs" / name), copy=True)
    assert entry.name == safe
    assert entry.path.parent == own


def test_a_repository_in_the_cache_means_its_snapshot(shelf, tmp_path):
    snapshot = make_snapshot(tmp_path / "hub")
    repository = snapshot.parent.parent
    assert shelf.find(str(repository)) == snapshot
    (snapshot.parent / "another").mkdir()
    assert shelf.find(str(repository)) == repository
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name)
    assert shelf.find(str(repository)) == snapshot
    (repository / "refs" / "main").write_text("../../elsewhere")
    assert shelf.find(str(repository)) == repository


def test_a_caches_snapshot_is_called_after_its_repository(shelf, tmp_path):
    snapshot = make_snapshot(tmp_path / "hub")
    assert shelf.add(snapshot) == Entry("novel", snapshot, Origin.LINKED)


def test_what_is_no_model_is_not_added(shelf, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "text.txt").touch()
    (empty / "notes.txt").touch()
    assert "no such file" in refused(shelf, tmp_path / "none")
    assert "neither" in refused(shelf, tmp_path / "text.txt")
    assert "config.json is missing" in refused(shelf, empty)
    (empty / "config.json").touch()
    for copy in (False, True):
        assert "no weights" in refused(shelf, empty, copy=copy)
    assert names(shelf) == ["fiction-en"]


# Removing


def test_what_came_along_stays(shelf, bundled):
    before = tree(bundled)
    assert "came with Writer" in kept(shelf, "fiction-en")
    assert "no model of that name" in kept(shelf, "none")
    assert tree(bundled) == before


def test_a_linked_one_is_only_forgotten(shelf, novel):
    before = tree(novel)
    shelf.add(novel)
    shelf.remove("novel")
    assert names(shelf) == ["fiction-en"]
    assert tree(novel) == before


def test_ones_own_is_deleted_with_its_training(shelf, own):
    folder = make_folder(own / "my-emma")
    (folder / "work" / "tokenizer").mkdir(parents=True)
    for name in ("loss.png", "work/checkpoint.pt", "work/tokenizer/vocab.txt"):
        (folder / name).write_bytes(b"x")
    shelf.remove("my-emma")
    assert list(own.iterdir()) == []


def test_a_gguf_of_ones_own_is_deleted(shelf, own, tmp_path):
    source = tmp_path / "one.gguf"
    source.write_bytes(b"GGUF")
    shelf.add(source, copy=True)
    shelf.remove("one")
    assert list(own.iterdir()) == []
    assert source.exists()


def test_what_else_a_person_put_there_stays(shelf, own, tmp_path):
    folder = make_folder(own / "my-emma")
    outside = make_folder(tmp_path / "outside")
    before = tree(outside)
    (folder / "notes.odt").write_text("mine")
    (folder / "letters").symlink_to(outside)
    (folder / "work").symlink_to(outside)
    (folder / "vocab.txt").symlink_to(outside / "tokenizer.json")
    shelf.remove("my-emma")
    assert names(shelf) == ["fiction-en"]
    assert sorted(os.listdir(folder)) == ["letters", "notes.odt", "work"]
    assert tree(outside) == before


def test_of_a_link_the_link_goes(shelf, own, novel):
    own.mkdir(parents=True)
    (own / "novel").symlink_to(novel)
    before = tree(novel)
    shelf.remove("novel")
    assert list(own.iterdir()) == []
    assert tree(novel) == before


def test_a_model_in_training_stays(shelf, own):
    folder = make_folder(own / "my-emma")
    (folder / "work").mkdir()
    lock = FileLock(folder / "work" / "lock")
    assert lock.acquire()
    before = tree(folder)
    assert "a training is writing into it" in kept(shelf, "my-emma")
    assert tree(folder) == before
    lock.release()
    shelf.remove("my-emma")
    assert names(shelf) == ["fiction-en"]
