"""A feed-forward of several experts, of which each token asks one (Fedus et al., 2101.03961).

It knows what stands at each place of a text and nothing of attention. A token's result depends on
no later token, to the last bit: what is multiplied has a shape that the text's words do not change.
"""

import math
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from writer.transformer.activations import ACTIVATIONS
from writer.transformer.config import GPTConfig

_BLOCK = 64
"""Tokens that an expert takes at once where none is dropped."""


class Router(nn.Linear):
    """Scores of the experts, in fp32 whatever the network works in: in bf16, near ones are equal.

    The engine leaves it as it is where it makes other layers 8 bits wide.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scores (..., X) of x (..., E), in fp32, or in x's dtype if that is wider."""
        wide = torch.promote_types(x.dtype, torch.float32)
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(x.to(wide), self.weight.to(wide))


class Expert(nn.Module):
    """One feed-forward of the usual form."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.n_embd, config.inner)
        self.down = nn.Linear(config.inner, config.n_embd)
        self.activation = ACTIVATIONS[config.activation_function]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what it makes of x (..., E), (..., E)."""
        result: torch.Tensor = self.down(self.activation(self.up(x)))
        return result


class Switch(nn.Module):
    """Experts and their router: y = p E(x), E the likeliest expert and p how likely it is.

    In training an expert takes only so many tokens of a text, the first ones; those beyond get 0.
    In evaluation it takes all that come.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        count = config.size("experts")
        assert config.expert_capacity is not None
        assert config.expert_balance is not None
        self._capacity, self._balance = config.expert_capacity, config.expert_balance
        self.router = Router(config.n_embd, count, bias=False)
        self.experts = nn.ModuleList(Expert(config) for _ in range(count))

    def silence(self) -> None:
        """Let every expert start at zero."""
        for expert in self.experts:
            nn.init.zeros_(cast(Expert, expert).down.weight)

    def capacity(self, length: int) -> int:
        """Return how many tokens of a text of `length` an expert takes in training."""
        return min(length, math.ceil(self._capacity * length / len(self.experts)))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return what the experts make of x (..., E), and in training the weighted balance loss.

        In training x is (B, T, E), whole texts, or one, (T, E): the loss is a mean over texts, so
        that it is the same however a batch is divided. In evaluation (M, E) may be rows as well.
        """
        shares = torch.softmax(self.router(x), dim=-1)  # (..., X)
        share, choice = shares.max(dim=-1)
        penalty = None
        if self.training:
            penalty = self._penalty(shares, choice)
            texts = x if x.ndim == 3 else x[None]
            said = self._first_come(texts, choice.view(texts.shape[:2])).view(x.shape)
        else:
            said = self._all(x, choice)
        return said * share[..., None].to(said.dtype), penalty

    def _penalty(self, shares: torch.Tensor, choice: torch.Tensor) -> torch.Tensor:
        """Return alpha X sum(f P), equation 4 of the paper; f counts tokens that are dropped too.

        It is least where both are even: alpha.
        """
        count = len(self.experts)
        chosen = F.one_hot(choice, count).to(shares.dtype).mean(dim=-2)  # (B, X)
        even = (chosen * shares.mean(dim=-2)).sum(dim=-1).mean()
        return self._balance * count * even

    def _first_come(self, x: torch.Tensor, choice: torch.Tensor) -> torch.Tensor:
        """Return what experts make of x (B, T, E) as far as they have room, 0 elsewhere.

        Each expert has as many slots for each text; no shape depends on what was chosen.
        """
        texts, length, width = x.shape
        count, room = len(self.experts), self.capacity(length)
        taken = F.one_hot(choice, count).cumsum(dim=1)  # (B, T, X), by this and earlier tokens
        turn = taken.gather(2, choice[..., None])[..., 0] - 1  # (B, T)
        slot = torch.where(turn < room, choice * room + turn, count * room)  # the last: dropped
        # Which token is in a slot; in those that stay free is one more, of zeros.
        tokens = torch.arange(length, device=x.device).expand_as(slot)
        inside = torch.full((texts, count * room + 1), length, device=x.device)
        inside = inside.scatter(1, slot, tokens)[:, :-1]  # (B, X * C)
        waiting = _rows(F.pad(x, (0, 0, 0, 1)), inside).view(texts, count, room, width)
        said = [expert(waiting[:, number]) for number, expert in enumerate(self.experts)]
        return _rows(F.pad(torch.cat(said, dim=1), (0, 0, 0, 1)), slot)

    def _all(self, x: torch.Tensor, choice: torch.Tensor) -> torch.Tensor:
        """Return what experts make of all of x (..., E), by choice (...).

        A product may add up in another order for another number of rows, and for another place
        among them. So an expert takes blocks of one size, and a token stands in them where its own
        text up to it has put it: what comes after, or in other rows, must not show in any bit.
        """
        flat, chosen = x.flatten(0, -2), choice.flatten()
        result = torch.zeros_like(flat)
        if len(flat) <= _BLOCK:  # rows one of each text, as a rule, or a text's few next tokens
            for number in torch.unique(chosen).tolist():
                said = self.experts[number](flat).to(result.dtype)
                result = torch.where((chosen == number)[:, None], said, result)
            return result.view(x.shape)
        length = x.shape[-2]
        size = min(length, _BLOCK)
        for start in range(0, len(flat), length):
            for number, expert in enumerate(self.experts):
                places = torch.where(chosen[start : start + length] == number)[0] + start
                for part in torch.split(places, size) if len(places) else ():
                    block = F.pad(flat[part], (0, 0, 0, size - len(part)))
                    result[part] = expert(block)[: len(part)].to(result.dtype)
        return result.view(x.shape)


def _rows(x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return the rows (B, N, E) of x (B, M, E) whose numbers are index (B, N)."""
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))
