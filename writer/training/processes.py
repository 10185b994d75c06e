"""Several processes that train one network together, as `torchrun` starts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

_PATIENCE = timedelta(hours=12)
"""The others wait for the leading process while it encodes a corpus."""


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a training, seen from one of them."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Return whether this is the process that writes and speaks."""
        return self.rank == 0

    def joined(self, module: nn.Module, is_whole: bool = True) -> nn.Module:
        """Return `module` so that its gradients become the mean over all processes.

        Args:
            module: What has the gradients.
            is_whole: Whether each parameter has one after each batch; an expert may not.
        """
        if self.size == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=ids, find_unused_parameters=not is_whole)

    def agreed(self, *values: float) -> list[float]:
        """Return the leading process's values in all of them."""
        told = torch.tensor(values, dtype=torch.float64, device=self.device)
        if self.size > 1:
            distributed.broadcast(told, src=0)
        return [float(value) for value in told]

    def mean(self, value: torch.Tensor) -> float:
        """Return the mean over all processes of a number that each has."""
        if self.size > 1:
            distributed.all_reduce(value)
        return value.item() / self.size

    def wait(self) -> None:
        """Return once all processes have come here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def group() -> Iterator[Group]:
    """Join the processes that `torchrun` has started, or be the only one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    rank, local = (int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK"))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    if size > 1:
        distributed.init_process_group("nccl" if cuda else "gloo", timeout=_PATIENCE)
    try:
        yield Group(rank, size, device)
    finally:
        if size > 1:
            distributed.destroy_process_group()
