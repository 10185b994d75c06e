"""How a model is trained: shape, budget and rates, as one value that a checkpoint keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run. Equal recipes on equal shards give equal weights on one machine."""

    n_layer: int = 6
    n_embd: int = 256
    n_head: int = 4
    n_ctx: int = 1024
    vocab_size: int = 8192
    tokens: int = 12_000_000
    """The budget; the rates follow it."""
    minutes: float = 0.0
    """A second budget: whichever is nearer its end drives the rates; 0 means none."""
    batch_tokens: int = 8192
    """Between two updates."""
    micro_tokens: int = 1024
    """At once: small enough for the processor's cache, which is worth a quarter of the time."""
    short_length: int = 256
    short_share: float = 0.6
    """The share of the budget spent on windows of `short_length`, which are quicker; the rest is
    spent on windows of n_ctx, without which the later positions would stay noise."""
    muon_lr: float = 0.02
    adam_lr: float = 0.003
    warmup_share: float = 0.02
    cooldown_share: float = 0.5
    seed: int = 1

    def rate(self, progress: float) -> float:
        """Return the factor of the learning rates at `progress` of the budget, 0 to 1.

        Warm-up, constant, linear cooldown to a twentieth.

        >>> [round(Recipe().rate(p), 2) for p in (0.01, 0.3, 0.75, 1.0)]
        [0.5, 1.0, 0.53, 0.05]
        """
        if progress < self.warmup_share:
            return max(progress / self.warmup_share, 0.01)
        left = max(0.0, 1 - progress) / self.cooldown_share
        return 0.05 + 0.95 * min(1.0, left)

    def length(self, progress: float) -> int:
        """Return how long the windows are at `progress` of the budget, in tokens."""
        return min(self.short_length, self.n_ctx) if progress < self.short_share else self.n_ctx
