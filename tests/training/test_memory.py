import math
import subprocess
import sys
import textwrap
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from writer.errors import ErrorKind, WriterError
from writer.training.memory import (
    fitted,
    fitted_here,
    is_out_of_memory,
    smaller,
    training_need,
)
from writer.training.objective import Objective
from writer.training.recipe import Recipe
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

ROOT = Path(__file__).parents[2]
RELATIVE = {"position_embedding": "relative"}
SEGMENTS = {**RELATIVE, "segment_length": 64, "memory_length": 64}
SPARSE = {"block_size": 64, "global_blocks": 1, "window_blocks": 3, "random_blocks": 2}
HASHED = {"hash_buckets": 8, "hash_rounds": 2, "bucket_window": 64, "attention_seed": 1}
KINDS = {
    "bigbird": {"attention": "bigbird", **SPARSE, "attention_seed": 1},
    "reformer": {"attention": "reformer", **HASHED},
    "performer": {"attention": "performer", "random_features": 128, "attention_seed": 1},
    "hierarchical": {"attention": "hierarchical", "segment_length": 128, "summary_length": 32},
    "permutation": {**RELATIVE, "objective": "permutation"},
    "switch": {
        "feed_forward": "switch",
        "experts": 4,
        "expert_capacity": 1.25,
        "expert_balance": 0.01,
    },
    "compressive": {
        **SEGMENTS,
        "memory": "compressive",
        "compressed_length": 32,
        "compression_rate": 4,
    },
    "plain": {},
    "rotary": {"position_embedding": "rotary", "rotary_base": 1e4},
    "relative": RELATIVE,
    "banded": {"attention": "banded", "attention_window": 32},
    "recurrent": {**SEGMENTS, "memory": "recurrent"},
    "reversible": {"blocks": "reversible"},
}


class Alive(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, but for those known before."""

    def __init__(self, *known: torch.Tensor):
        super().__init__()
        self.now = self.peak = 0
        self.storages: dict[int, object] = {each.untyped_storage()._cdata: None for each in known}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for each in tree_leaves(out):
            if isinstance(each, torch.Tensor):
                self._see(each.untyped_storage())
        return out

    def _see(self, storage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self.storages:
            return

        def gone(_) -> None:
            del self.storages[key]
            self.now -= size

        self.storages[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


def network_of(n_layer: int = 4, n_ctx: int = 512, **kinds: object) -> GPT:
    torch.manual_seed(0)
    return GPT(
        GPTConfig(vocab_size=64, n_ctx=n_ctx, n_embd=128, n_head=2, n_layer=n_layer, **kinds)
    )


def taken(network: GPT, checkpointing: bool) -> int:
    """Return the most bytes that a window of all tokens takes on its way there and back."""
    network.train().checkpointing = checkpointing
    for each in network.parameters():
        each.grad = torch.zeros_like(each)
    windows = torch.randint(64, (1, network.n_ctx + 1))
    known = [part for each in network.parameters() for part in (each, each.grad)]
    with Alive(*known) as alive:
        plain, penalty = Objective(network)(windows)
        (plain if penalty is None else plain + penalty).backward()
    return alive.peak


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_foretold_is_what_a_window_takes(kind, checkpointing):
    network = network_of(**KINDS[kind])
    need = training_need(network, Recipe(checkpointing=checkpointing), 512)
    # The allocator's gaps are foretold too: a fourth.
    assert 0.8 < need.window / taken(network, checkpointing) < 2.1


def test_working_out_again_needs_memory_for_one_layer_whatever_the_depth():
    for kinds, checkpointing in (({}, True), ({"blocks": "reversible"}, False)):
        recipe = Recipe(checkpointing=checkpointing)
        few, many = (training_need(network_of(n, **kinds), recipe, 512).window for n in (2, 12))
        assert many < 1.8 * few


def test_fewer_windows_are_taken_at_once_where_memory_is_short():
    network, recipe = network_of(), Recipe(micro_tokens=4096)
    need = training_need(network, recipe, 512)
    assert need.rows == 8
    assert fitted(network, recipe, 512, need.total) == (recipe, need)
    fewer, less = fitted(network, recipe, 512, need.total - 1)
    assert (fewer.micro_tokens, fewer.checkpointing) == (7 * 512, False)
    assert less.total < need.total
    again, least = fitted(network, recipe, 512, need.kept + need.window - 1)
    assert again.checkpointing
    assert least.rows >= 1
    assert least.total < need.kept + need.window
    with pytest.raises(WriterError) as caught:
        fitted(network, recipe, 512, replace(least, rows=1).total - 1)
    assert caught.value.kind is ErrorKind.TRAINING_TOO_LARGE


def test_it_says_what_it_needs_of_what_is_free(monkeypatch):
    monkeypatch.setattr("writer.training.memory.free_memory_bytes", lambda: 18_000_000_000)
    recipe, line = fitted_here(network_of(), Recipe(), 512, torch.device("cpu"))
    assert recipe == Recipe()
    assert "of 18.0 GB free: 4 windows of 512 tokens at once" in line


def test_the_way_down_ends():
    recipe, seen = Recipe(micro_tokens=4096), []
    while recipe is not None:
        seen.append((recipe.micro_tokens // 512, recipe.checkpointing))
        recipe = smaller(recipe, recipe.micro_tokens // 512, 512)
    assert seen == [(8, False), (4, False), (2, False), (1, False), (1, True)]


def test_what_torch_says_is_understood():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(KeyError("not enough memory"))


_LIMITED = """
    import resource, sys, torch
    from pathlib import Path
    import numpy as np
    from writer.training.recipe import Recipe
    from writer.training.shard import TokenShard
    from writer.training.trainer import Trainer
    from writer.training.windows import Windows
    from writer.transformer.config import GPTConfig
    from writer.transformer.gpt import GPT

    torch.set_num_threads(1)

    class Numbers:
        vocab_size, end_id, opening = 64, None, (0,)
        def token_bytes(self, token):
            return b"x"

    torch.manual_seed(0)
    network = GPT(GPTConfig(vocab_size=64, n_ctx=256, n_embd=128, n_head=2, n_layer=6))
    shard = TokenShard((np.arange(64 * 256) % 61).astype(np.uint16))
    recipe = Recipe(tokens=2 * 4096, batch_tokens=4096, micro_tokens=4096, short_share=0)
    windows = Windows(shard, Numbers(), 256, 1)
    trainer = Trainer(recipe, network, windows, torch.empty((0, 2)).long(), Path(sys.argv[1]))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 150_000_000, resource.RLIM_INFINITY))
    print(trainer.run(lambda progress: None), trainer.recipe.micro_tokens // 256, trainer.step)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are Linux's")
def test_where_there_really_is_no_more_memory_it_goes_on_with_less(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(_LIMITED), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    is_spent, rows, step = done.stdout.split()
    assert (is_spent, step) == ("True", "2")
    assert int(rows) < 16
    assert math.log2(int(rows)).is_integer()
