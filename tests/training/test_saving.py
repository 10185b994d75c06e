import errno

import pytest
import torch

from writer.errors import ErrorKind, WriterError
from writer.training.saving import (
    append_to_log,
    cut_log,
    read_checkpoint,
    read_log,
    write_checkpoint,
)

STATE = {"step": 3, "network": {"weight": torch.ones(50)}}


def kept(folder):
    return sorted(each.name for each in folder.iterdir())


def test_what_is_kept_comes_back(tmp_path):
    assert read_checkpoint(tmp_path) is None
    write_checkpoint(tmp_path, STATE)
    found = read_checkpoint(tmp_path)
    assert found["step"] == 3
    assert torch.equal(found["network"]["weight"], torch.ones(50))
    assert kept(tmp_path) == ["checkpoint.pt"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), RuntimeError("write")])
def test_a_full_disk_leaves_the_checkpoint_before(error, tmp_path, monkeypatch):
    write_checkpoint(tmp_path, STATE)
    good = (tmp_path / "checkpoint.pt").read_bytes()

    def fill(state, out):
        out.write(b"half")
        raise error

    monkeypatch.setattr(torch, "save", fill)
    with pytest.raises(WriterError, match="--resume") as caught:
        write_checkpoint(tmp_path, {})
    assert caught.value.kind is ErrorKind.CHECKPOINT_FAILED
    assert (tmp_path / "checkpoint.pt").read_bytes() == good
    assert kept(tmp_path) == ["checkpoint.pt"]


@pytest.mark.parametrize("length", [0, 10, -100])
def test_a_damaged_checkpoint_is_named(length, tmp_path):
    write_checkpoint(tmp_path, STATE)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WriterError, match=r"checkpoint\.pt"):
        read_checkpoint(tmp_path)


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    torch.save({"step": 3}, tmp_path / "checkpoint.pt")
    with pytest.raises(WriterError, match="another version"):
        read_checkpoint(tmp_path)


def test_the_log_goes_back_to_where_the_training_goes_on(tmp_path):
    for step in (1, 2, 3):
        append_to_log(tmp_path, {"step": step})
    append_to_log(tmp_path, {"chosen": "last"})
    cut_log(tmp_path, 2)
    assert read_log(tmp_path) == [{"step": 1}, {"step": 2}]


def test_the_log_is_read_up_to_where_a_crash_cut_it(tmp_path):
    assert read_log(tmp_path) == []
    append_to_log(tmp_path, {"step": 1})
    append_to_log(tmp_path, {"step": 2})
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": ')
    assert read_log(tmp_path) == [{"step": 1}, {"step": 2}]


def test_a_log_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(WriterError) as caught:
        append_to_log(tmp_path, {})
    assert caught.value.kind is ErrorKind.CHECKPOINT_FAILED
