"""The training loop: resumable, with a budget in tokens or minutes, and a log to watch."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch.nn import functional as F

from writer.errors import ErrorKind, WriterError
from writer.training.muon import Muon
from writer.training.recipe import Recipe
from writer.training.shard import TokenShard
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_CHECKPOINT_SECONDS = 300.0
_SHAPE = ("n_layer", "n_embd", "n_head", "n_ctx", "vocab_size")
"""What a training that goes on must have as it was."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one update has come to."""

    step: int
    tokens: int
    loss: float
    """Natural log, averaged over the tokens of the update."""
    share: float
    """Of the budget, 0 to 1."""
    tokens_per_second: float


class Trainer:
    """Trains one network on one shard. `run` returns when the budget is spent."""

    def __init__(self, recipe: Recipe, shard: TokenShard, folder: Path) -> None:
        if len(shard) <= recipe.n_ctx:
            raise WriterError(
                ErrorKind.CORPUS_TOO_SHORT, tokens=len(shard), needed=recipe.n_ctx + 1
            )
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.network = GPT(
            GPTConfig(
                vocab_size=recipe.vocab_size,
                n_ctx=recipe.n_ctx,
                n_embd=recipe.n_embd,
                n_layer=recipe.n_layer,
                n_head=recipe.n_head,
            )
        )
        self._shard = shard
        self._checkpoint = folder / "checkpoint.pt"
        self._log = folder / "log.jsonl"
        self._optimizers = _optimizers(self.network, recipe)
        self._rates = [[g["lr"] for g in each.param_groups] for each in self._optimizers]
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0

    @property
    def share(self) -> float:
        """Return how much of the budget is spent, 0 to 1."""
        minutes = self.recipe.minutes
        by_time = self.seconds / (60 * minutes) if minutes else 0.0
        return min(1.0, max(by_time, self.tokens / self.recipe.tokens))

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; return whether there was one.

        Raises:
            WriterError: FILE_UNREADABLE, or OUTPUT_TAKEN by a network of another shape.
        """
        if not self._checkpoint.exists():
            return False
        try:
            saved: dict[str, Any] = torch.load(self._checkpoint, weights_only=True)
        except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
            raise WriterError(
                ErrorKind.FILE_UNREADABLE, path=self._checkpoint, reason="it is damaged"
            ) from error
        if any(saved["recipe"][name] != getattr(self.recipe, name) for name in _SHAPE):
            raise WriterError(ErrorKind.OUTPUT_TAKEN, path=self._checkpoint.parent)
        self.network.load_state_dict(saved["network"])
        for optimizer, state in zip(self._optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step, self.tokens, self.seconds = saved["step"], saved["tokens"], saved["seconds"]
        return True

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        unfinished = self._checkpoint.with_suffix(".part")
        torch.save(
            {
                "network": self.network.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
                "step": self.step,
                "tokens": self.tokens,
                "seconds": self.seconds,
                "recipe": asdict(self.recipe),
            },
            unfinished,
        )
        unfinished.replace(self._checkpoint)

    def run(self, on_progress: Callable[[Progress], None]) -> None:
        """Train until the budget is spent; whatever interrupts it leaves a checkpoint.

        Raises:
            WriterError: TRAINING_DIVERGED; the checkpoint before it stands.
        """
        self.network.train()
        saved_at = time.monotonic()
        try:
            while self.share < 1:
                started = time.monotonic()
                loss, tokens = self._update()
                self.step += 1
                self.tokens += tokens
                elapsed = time.monotonic() - started
                self.seconds += elapsed
                progress = Progress(self.step, self.tokens, loss, self.share, tokens / elapsed)
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(asdict(progress)) + "\n")
                on_progress(progress)
                if time.monotonic() - saved_at > _CHECKPOINT_SECONDS:
                    self.save()
                    saved_at = time.monotonic()
        except KeyboardInterrupt:
            self.save()
            raise
        self.save()
        self.network.eval()

    def _update(self) -> tuple[float, int]:
        """Make one update; return its loss and how many tokens it read.

        Raises:
            WriterError: TRAINING_DIVERGED, before any weight has changed.
        """
        share = self.share
        length = self.recipe.length(share)
        micro = max(1, self.recipe.micro_tokens // length)
        rounds = max(1, self.recipe.batch_tokens // (micro * length))
        total = 0.0
        for number in range(rounds):
            windows = self._windows(micro, length, number)  # (B, T + 1)
            logits, _ = self.network(windows[:, :-1])  # (B, T, V)
            loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()) / rounds
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if not math.isfinite(total + norm.item()):
            raise WriterError(ErrorKind.TRAINING_DIVERGED, step=self.step)
        factor = self.recipe.rate(share)
        for optimizer, rates in zip(self._optimizers, self._rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return total, micro * length * rounds

    def _windows(self, rows: int, length: int, number: int) -> torch.Tensor:
        """Return windows (rows, length + 1): a function of seed, step and number alone.

        The corpus is so much longer than the budget that chance hardly ever reads a place twice.
        """
        generator = torch.Generator().manual_seed(
            self.recipe.seed * 1_000_003 + self.step * 1_009 + number
        )
        starts = torch.randint(len(self._shard) - length, (rows,), generator=generator)
        return torch.stack([self._shard.window(int(start), length + 1) for start in starts])


def _optimizers(network: GPT, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices between the layers, AdamW for everything else."""
    named = list(network.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and name.startswith("blocks.")]
    others = [p for name, p in named if p.ndim != 2 or not name.startswith("blocks.")]
    return [
        Muon(matrices, lr=recipe.muon_lr, weight_decay=0.01),
        torch.optim.AdamW(others, lr=recipe.adam_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]
