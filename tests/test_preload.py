import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = """
import sys, threading, time
from writer.preload import preload_torch
assert "torch" not in sys.modules
preload_torch()
assert "torch" not in sys.modules
print("libtorch_cpu" in open("/proc/self/maps").read())
import torch
print(int(torch.ones(3).sum()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_torch_finds_its_library_in_memory_and_works():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "3"], done.stderr
