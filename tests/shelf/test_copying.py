import errno
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.shelf.models import make_folder, make_snapshot, tree
from writer.errors import ErrorKind, WriterError
from writer.shelf.copying import Cancelled
from writer.shelf.shelf import Entry, Origin

NEEDED = (
    "generation_config.json", "special_tokens_map.json", "tokenizer_config.json", "merges.txt",
    "vocab.json", "vocab_small.txt", "added_tokens.json", "README.md", "LICENSE", "LICENSE.txt",
    "tokenizer.model", "model-00001-of-00002.safetensors", "model.safetensors.index.json",
    "reading.json",
)  # fmt: skip
OTHER = ("tf_model.h5", "flax_model.msgpack", "modeling.py", "notes.odt", ".hidden", "loss.png")


def test_a_copy_is_what_a_model_needs(shelf, own, novel):
    for name in (*NEEDED, *OTHER, "pytorch_model.bin"):
        (novel / name).write_bytes(name.encode())
    (novel / "work").mkdir()
    (novel / "work" / "checkpoint.pt").write_bytes(b"x")
    before = tree(novel)
    entry = shelf.add(novel, copy=True)
    assert entry == Entry("novel", own / "novel", Origin.OWN)
    own_files = {"config.json", "model.safetensors", "tokenizer.json", *NEEDED}
    assert tree(entry.path) == {name: before[name] for name in own_files}
    assert tree(novel) == before
    assert os.listdir(own) == ["novel"]


def test_pytorchs_weights_are_copied_where_there_are_no_others(shelf, novel):
    (novel / "model.safetensors").unlink()
    for name in ("pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"):
        (novel / name).write_bytes(b"x")
    entry = shelf.add(novel, copy=True)
    assert set(tree(entry.path)) == set(tree(novel))


def test_progress_is_told_in_bytes(shelf, novel, monkeypatch):
    monkeypatch.setattr("writer.shelf.copying._BLOCK", 1000)
    told = []
    shelf.add(novel, copy=True, on_progress=lambda *each: told.append(each))
    total = 2 + 3000 + 10
    assert [done for done, _ in told] == [2, 1002, 2002, 3002, 3012]
    assert {all_of_it for _, all_of_it in told} == {total}


@pytest.mark.parametrize("block", [1, 3])
def test_a_cancelled_copy_leaves_nothing(block, shelf, own, novel):
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) == block

    with pytest.raises(Cancelled):
        shelf.add(novel, copy=True, cancelled=cancelled)
    assert list(own.iterdir()) == []
    assert len(shelf.entries()) == 1


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failed_copy_leaves_nothing(error, shelf, own, novel):
    def fail(done: int, total: int) -> None:
        if done == total:
            raise error

    with pytest.raises((WriterError, KeyboardInterrupt)) as caught:
        shelf.add(novel, copy=True, on_progress=fail)
    if isinstance(caught.value, WriterError):
        assert caught.value.kind is ErrorKind.MODEL_NOT_ADDED
        assert "the disk is full" in str(caught.value)
    assert list(own.iterdir()) == []
    assert tree(novel)


def test_too_little_room_is_said_beforehand_with_both_numbers(shelf, own, novel, monkeypatch):
    usage = SimpleNamespace(free=2_000)
    monkeypatch.setattr("writer.shelf.copying.shutil.disk_usage", lambda path: usage)
    with pytest.raises(WriterError, match=r"it takes 3.01 KB, and 2 KB are free on the disk"):
        shelf.add(novel, copy=True)
    assert list(own.iterdir()) == []


def test_a_link_out_of_the_folder_is_not_followed(shelf, own, novel, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("mine")
    (novel / "vocab.txt").symlink_to(secret)
    for copy in (False, True):
        with pytest.raises(WriterError, match="leads out of the folder"):
            shelf.add(novel, copy=copy)
    assert not own.exists() or list(own.iterdir()) == []
    (novel / "vocab.txt").unlink()
    (novel / "vocab.txt").symlink_to("tokenizer.json")
    assert tree(shelf.add(novel, copy=True).path)["vocab.txt"] == b"w" * 10


def test_a_caches_snapshot_is_copied_whole(shelf, own, tmp_path):
    snapshot = make_snapshot(tmp_path / "hub")
    entry = shelf.add(snapshot, copy=True)
    assert entry.path == own / "novel"
    assert tree(entry.path) == tree(snapshot)
    assert not any(path.is_symlink() for path in entry.path.iterdir())


def test_a_snapshots_link_elsewhere_is_not_followed(shelf, tmp_path):
    snapshot = make_snapshot(tmp_path / "hub")
    (tmp_path / "secret").write_text("mine")
    for target in (Path("../../../../secret"), Path("../../blobs/../../../secret")):
        (snapshot / "README.md").unlink(missing_ok=True)
        (snapshot / "README.md").symlink_to(target)
        with pytest.raises(WriterError, match="leads out"):
            shelf.add(snapshot, copy=True)


def test_a_file_that_is_no_file_is_left_alone(shelf, novel):
    os.mkfifo(novel / "vocab.txt")
    (novel / "README.md").symlink_to(novel / "none")
    (novel / "LICENSE").mkdir()
    assert len(tree(shelf.add(novel, copy=True).path)) == 3


def test_what_a_crash_has_left_goes_with_the_next_copy(shelf, own, novel):
    old, new = make_folder(own / ".adding-old"), make_folder(own / ".adding-new")
    before = time.time() - 2 * 24 * 3600
    os.utime(old, (before, before))
    shelf.add(novel, copy=True)
    assert not old.exists()
    assert new.exists()
