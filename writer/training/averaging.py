"""The mean of a network's weights over its last updates."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class Average:
    """The running mean of the parameters of a network."""

    def __init__(self, network: nn.Module) -> None:
        self._count = 0
        self._mean: list[torch.Tensor] = []
        self._parameters = list(network.parameters())

    @torch.no_grad()
    def add(self, network: nn.Module) -> None:
        """Take the weights as they are now into the mean."""
        now = list(network.parameters())
        self._count += 1
        if not self._mean:
            self._mean = [each.detach().clone() for each in now]
        for mean, each in zip(self._mean, now, strict=True):
            mean.lerp_(each, 1 / self._count)

    @torch.no_grad()
    def apply(self, network: nn.Module) -> None:
        """Give `network` the mean; without one it stays as it is."""
        for parameter, mean in zip(network.parameters(), self._mean, strict=False):
            parameter.copy_(mean)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Let `network` have the mean for a while."""
        own = [each.detach().clone() for each in network.parameters()]
        self.apply(network)
        try:
            yield
        finally:
            with torch.no_grad():
                for parameter, before in zip(network.parameters(), own, strict=True):
                    parameter.copy_(before)

    def state(self) -> dict[str, Any]:
        """Return it as a checkpoint keeps it."""
        return {"count": self._count, "mean": self._mean}

    def load(self, state: dict[str, Any]) -> None:
        """Take it as a checkpoint kept it."""
        self._count = state["count"]
        places = zip(state["mean"], self._parameters, strict=False)  # no mean, no places
        self._mean = [mean.to(parameter.device) for mean, parameter in places]
