"""How a model is trained: budget, rates and sizes, as one value that a checkpoint keeps."""

from dataclasses import dataclass
from itertools import accumulate

from writer.transformer.config import GPTConfig

_MANY_EPOCHS = 4
_LONGEST_WINDOW = 4_096
_BY_DISTANCE = ("relative", "rotary")
"""Positions that are told by how far apart two tokens are: none of them needs to be trained."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run. Equal recipes on equal shards give equal weights on one machine."""

    tokens: int = 12_000_000
    """The budget; the rates follow it. 0 means that minutes alone count."""
    minutes: float = 0.0
    """A second budget: whichever is nearer its end drives the rates; 0 means none."""
    batch_tokens: int = 16_384
    """Between two updates."""
    micro_tokens: int = 2_048
    """At once, on each process."""
    short_length: int = 256
    short_share: float = 0.6
    """The share of the budget spent on windows of `short_length`, which are quicker; the rest is
    spent on the longest ones, without which the later positions would stay noise."""
    window: int | None = None
    """The longest windows, in tokens; None leaves it to the network, see `usual_window`."""
    extended_from: int | None = None
    """Where a context is extended: what was read at once before. Windows are twice as long, then
    four times and so on up to the longest, longer ones for more of the budget, in place of short
    ones: those of the old length teach nothing of what lies beyond (measured: docs/training.md)."""
    muon_lr: float = 0.02
    adam_lr: float = 0.003
    warmup_share: float = 0.02
    cooldown_share: float = 0.5
    average_share: float = 0.06
    """The weights of the last updates, so large a share of the budget, are averaged."""
    dropout: float | None = None
    """None drops nothing, and a tenth of the activations once a text is read over four times:
    beyond that it is learned by heart rather than understood (Muennighoff et al., 2305.16264)."""
    checks: int = 12
    """How often, over the budget, the loss on the held-out text is taken."""
    bf16: bool = False
    """Matrix products in bf16; the weights stay in fp32."""
    checkpointing: bool = False
    """Activations are computed again on the way back: less memory, a third more time."""
    seed: int = 1

    def rate(self, progress: float) -> float:
        """Return the factor of the learning rates at `progress` of the budget, 0 to 1.

        Warm-up, constant, linear cooldown to a twentieth.

        >>> [round(Recipe().rate(p), 2) for p in (0.01, 0.3, 0.75, 1.0)]
        [0.5, 1.0, 0.53, 0.05]
        """
        if progress < self.warmup_share:
            return max(progress / self.warmup_share, 0.01)
        left = max(0.0, 1 - progress) / self.cooldown_share if self.cooldown_share else 1.0
        return 0.05 + 0.95 * min(1.0, left)

    def length(self, progress: float, longest: int) -> int:
        """Return how long the windows are at `progress` of the budget, up to `longest` tokens.

        >>> extending = Recipe(extended_from=1024)
        >>> [extending.length(p, 8192) for p in (0.1, 0.2, 0.5, 1.0)]
        [2048, 4096, 8192, 8192]
        """
        if self.extended_from is None:
            return min(self.short_length, longest) if progress < self.short_share else longest
        lengths = [min(2 * self.extended_from, longest)]
        while lengths[-1] < longest:
            lengths.append(min(2 * lengths[-1], longest))
        ends = accumulate(lengths)  # each has a share of the budget as large as itself
        within = (each for each, end in zip(lengths, ends, strict=True)
                  if progress * sum(lengths) < end)  # fmt: skip
        return next(within, longest)

    def dropped(self, epochs: float) -> float:
        """Return the share of activations to drop once the corpus has been read `epochs` times.

        >>> Recipe().dropped(3.9), Recipe().dropped(4), Recipe(dropout=0.2).dropped(0)
        (0.0, 0.1, 0.2)
        """
        if self.dropout is not None:
            return self.dropout
        return 0.1 if epochs >= _MANY_EPOCHS else 0.0

    def share(self, tokens: int, seconds: float) -> float:
        """Return how much of the budget is spent, 0 to 1."""
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        by_tokens = tokens / self.tokens if self.tokens else 0.0
        return min(1.0, max(by_time, by_tokens))


def is_trained_to_the_end(config: GPTConfig) -> bool:
    """Return whether positions that a training never reaches would stay noise."""
    return config.position_embedding not in _BY_DISTANCE


def usual_window(config: GPTConfig) -> int:
    """Return how long the longest windows are for a network of this shape, unless it is said.

    >>> usual_window(GPTConfig(n_ctx=16384)), usual_window(
    ...     GPTConfig(n_ctx=16384, position_embedding="rotary", rotary_base=1e4))
    (16384, 4096)
    """
    return config.n_ctx if is_trained_to_the_end(config) else min(config.n_ctx, _LONGEST_WINDOW)
