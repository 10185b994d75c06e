"""Several processes are one: `torchrun` gives the losses of a single process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkpoints.tiny_models import PROSE

ROOT = Path(__file__).parents[2]
TRAIN = [
    "-m", "writer", "train", "--tokens", "5120", "--layers", "2", "--width", "16", "--heads", "2",
    "--n-ctx", "32", "--vocab", "300", "--batch", "256", "--micro-batch", "64", "--threads", "1",
    "--precision", "fp32", "--hold-out", "0.2",
]  # fmt: skip


def losses(out: Path) -> list[float]:
    lines = (out / "work" / "log.jsonl").read_text().splitlines()
    found = [json.loads(line).get("loss") for line in lines]
    return [loss for loss in found if loss is not None]


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs more than Windows gives it")
def test_two_processes_lose_what_one_does(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text(PROSE * 8, encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    for name, launcher in (
        ("one", []),
        ("two", ["-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]),
    ):
        # torchrun takes the module to run as `-m NAME`, as python does.
        command = [sys.executable, *launcher, *TRAIN, str(corpus), "--out", str(tmp_path / name)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert (tmp_path / name / "model.safetensors").exists()
        assert done.stderr.count("wrote ") == 1
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 20
    assert one[0] > one[-1] + 0.5
    assert two == pytest.approx(one, abs=1e-4)
