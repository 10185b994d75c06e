"""Blocks that are undone on the way back, so that training keeps no activations of inner layers.

The reversible residual layers of Reformer (Kitaev et al., 2001.04451, section 3): of two streams,
y1 = x1 + attention(x2) and y2 = x2 + feed_forward(y1); from y1 and y2 the block finds x1 and x2
again. Of the blocks it knows `looked` and `thought` alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from writer.transformer.block import Block

Slopes = tuple[torch.Tensor | None, ...]


def reversible(blocks: Sequence["Block"], x: torch.Tensor) -> torch.Tensor:
    """Return x (B, T, E), whole texts, as both streams through all blocks: their mean, (B, T, E).

    Where gradients are wanted, two tensors like x are kept until they are taken, whatever the
    number of blocks; each block is worked out a second time then. Random numbers and autocast are
    the second time as they were the first.
    """
    parameters = [each for block in blocks for each in _trained(block)]
    if torch.is_grad_enabled() and (parameters or x.requires_grad):
        result: torch.Tensor = _Reversible.apply(  # type: ignore[no-untyped-call]
            blocks, x, *parameters
        )
        return result
    first = second = x
    for block in blocks:
        first = first + block.looked(second)
        second = second + _thought(block, first)
    return (first + second) / 2


def _trained(block: "Block") -> list[torch.nn.Parameter]:
    return [each for each in block.parameters() if each.requires_grad]


def _thought(block: "Block", x: torch.Tensor) -> torch.Tensor:
    return block.thought(x)[0]  # what comes with a penalty cannot be reversible


class _Reversible(torch.autograd.Function):
    """The whole stack. Parameters are inputs, so that their gradients go the usual way."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch has no type for it
        blocks: Sequence["Block"],
        x: torch.Tensor,
        *parameters: torch.Tensor,
    ) -> torch.Tensor:
        ctx.blocks = blocks
        ctx.autocast = _Autocast.of(x.device)
        ctx.draws = []  # for each block, the random states before attention and feed-forward
        first = second = x
        with ctx.autocast.again():
            for block in blocks:
                before = _RandomState.of(x.device)
                first = first + block.looked(second)
                between = _RandomState.of(x.device)
                second = second + _thought(block, first)
                ctx.draws.append((before, between))
        ctx.save_for_backward(first, second)
        return (first + second) / 2

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: torch.Tensor) -> Any:  # noqa: ANN401
        first, second = ctx.saved_tensors
        by_first = by_second = slope / 2
        by_parameter: list[torch.Tensor | None] = []
        with ctx.autocast.again(), _random_state_kept(first.device):
            for block, (before, between) in zip(
                reversed(ctx.blocks), reversed(ctx.draws), strict=True
            ):
                parameters = _trained(block)
                between.restore()
                step = _Step(partial(_thought, block), first, parameters)
                added, by_input, thinking = step.back(by_second)
                second, by_first = second - added, by_first + by_input
                before.restore()
                step = _Step(block.looked, second, parameters)
                added, by_input, looking = step.back(by_first)
                first, by_second = first - added, by_second + by_input
                by_parameter[:0] = map(_sum, thinking, looking)
        return None, by_first + by_second, *by_parameter


class _Step(NamedTuple):
    """Half a block: what is added to one stream as a function of the other."""

    function: Callable[[torch.Tensor], torch.Tensor]
    x: torch.Tensor
    parameters: list[torch.nn.Parameter]

    def back(self, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Slopes]:
        """Return what it adds, and the gradients of the input and of each parameter.

        Args:
            slope: The gradient of what it adds.
        """
        with torch.enable_grad():
            x = self.x.detach().requires_grad_()
            added = self.function(x)
        by_input, *by_parameter = torch.autograd.grad(
            added, (x, *self.parameters), slope.to(added.dtype), allow_unused=True
        )
        assert by_input is not None
        return added.detach(), by_input, tuple(by_parameter)


class _Autocast(NamedTuple):
    """What precision products had."""

    device: str
    dtype: torch.dtype
    is_on: bool

    @classmethod
    def of(cls, device: torch.device) -> "_Autocast":
        """Return what is in force now."""
        kind = device.type
        return cls(kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind))

    def again(self) -> torch.autocast:
        """Return a context in which it is in force.

        Without the cache: weights that were rounded without gradients would come back from it.
        """
        return torch.autocast(self.device, self.dtype, enabled=self.is_on, cache_enabled=False)


class _RandomState(NamedTuple):
    """What random numbers follow, on the processor and on an accelerator."""

    cpu: torch.Tensor
    cuda: torch.Tensor | None
    device: torch.device

    @classmethod
    def of(cls, device: torch.device) -> "_RandomState":
        """Return the state now."""
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(torch.get_rng_state(), cuda, device)

    def restore(self) -> None:
        """Let the same numbers follow again."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda, self.device)


@contextmanager
def _random_state_kept(device: torch.device) -> Iterator[None]:
    state = _RandomState.of(device)
    try:
        yield
    finally:
        state.restore()


def _sum(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
