"""Weights kept beside those that move: their mean over the last updates, the best so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class KeptWeights:
    """The parameters of a network as they were, and what it has drawn; none at first."""

    def __init__(self, network: nn.Module) -> None:
        drawn = [each for each in network.buffers() if each.is_floating_point()]
        self._parameters = [*network.parameters(), *drawn]
        self._kept: list[torch.Tensor] = []

    def __bool__(self) -> bool:
        return bool(self._kept)

    @torch.no_grad()
    def keep(self) -> None:
        """Keep the weights as they are now."""
        self._kept = [each.detach().clone() for each in self._parameters]

    @torch.no_grad()
    def apply(self) -> None:
        """Give the network what is kept; without anything it stays as it is."""
        for parameter, kept in zip(self._parameters, self._kept, strict=False):
            parameter.copy_(kept)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the network have what is kept for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        """Change places with the network's own: a third copy of them is not needed."""
        for number, parameter in enumerate(self._parameters[: len(self._kept)]):
            parameter.data, self._kept[number] = self._kept[number], parameter.data

    def state(self) -> dict[str, Any]:
        """Return it as a checkpoint keeps it."""
        return {"weights": self._kept}

    def load(self, state: dict[str, Any]) -> None:
        """Take it as a checkpoint kept it."""
        places = zip(state["weights"], self._parameters, strict=False)
        self._kept = [kept.to(parameter.device) for kept, parameter in places]


class AverageWeights(KeptWeights):
    """The running mean of the parameters of a network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._count = 0

    @torch.no_grad()
    def add(self) -> None:
        """Take the weights as they are now into the mean."""
        self._count += 1
        if self._count == 1:
            self.keep()
        for mean, each in zip(self._kept, self._parameters, strict=True):
            mean.lerp_(each, 1 / self._count)

    def state(self) -> dict[str, Any]:
        """Return it as a checkpoint keeps it."""
        return {**super().state(), "count": self._count}

    def load(self, state: dict[str, Any]) -> None:
        """Take it as a checkpoint kept it."""
        super().load(state)
        self._count = state["count"]


class BestWeights(KeptWeights):
    """The weights with the lowest loss so far."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.loss = float("inf")

    def offer(self, loss: float) -> None:
        """Keep the weights as they are now, if their `loss` is the lowest."""
        if loss < self.loss:
            self.loss = loss
            self.keep()

    def state(self) -> dict[str, Any]:
        """Return it as a checkpoint keeps it."""
        return {**super().state(), "loss": self.loss}

    def load(self, state: dict[str, Any]) -> None:
        """Take it as a checkpoint kept it."""
        super().load(state)
        self.loss = state["loss"]
