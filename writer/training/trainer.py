"""The training loop: resumable, with a budget in tokens or minutes, on one process or several."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel

from writer.errors import ErrorKind, WriterError
from writer.training.averaging import AverageWeights, BestWeights
from writer.training.memory import is_out_of_memory, release, smaller
from writer.training.objective import Objective
from writer.training.optimizers import optimizers
from writer.training.processes import Group
from writer.training.recipe import Recipe
from writer.training.saving import append_to_log, cut_log, write_checkpoint
from writer.training.windows import Windows
from writer.transformer.gpt import GPT
from writer.transformer.variants import is_plain

_CHECKPOINT_SECONDS = 240.0
_REDRAWN_EVERY = 50
"""Updates between two drawings of random features, which are not to be learned by heart."""
_REDRAWN_UNTIL = 0.8
"""Share of the budget; the weights then settle on the last ones, and their mean is of one kind."""
ALONE = Group(0, 1, torch.device("cpu"))


@dataclass(frozen=True, slots=True)
class Progress:
    """What one update has come to."""

    step: int
    tokens: int
    loss: float | None
    """Natural log, averaged over the tokens of the update; None before the first."""
    held_out: float | None
    """The same on the held-out text, where it was taken after this update."""
    share: float
    """Of the budget, 0 to 1."""
    tokens_per_second: float
    seconds: float
    """Spent so far, in all runs together."""
    penalty: float | None = None
    """What the network's kinds had added to the loss; None where they add nothing."""


class Trainer:
    """Trains one network on one corpus. `run` returns when the budget is spent.

    Args:
        recipe: How.
        network: What is trained, in fp32; it moves to the group's device.
        corpus: What it reads; its slots are the longest windows.
        held_out: Windows (N, T + 1) that it does not; N may be 0.
        folder: Where its checkpoint and log stand.
        group: The processes that share the work.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: GPT,
        corpus: Windows,
        held_out: torch.Tensor,
        folder: Path,
        group: Group = ALONE,
    ) -> None:
        needed = corpus.longest + 1
        if len(corpus) < needed:
            raise WriterError(ErrorKind.CORPUS_TOO_SHORT, tokens=len(corpus), needed=needed)
        self.recipe = recipe
        self.network = network.to(group.device).requires_grad_(True)
        self.network.checkpointing = recipe.checkpointing
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self._corpus, self._held_out = corpus, held_out.to(group.device)
        self._folder, self._group = folder, group
        self._objective = Objective(network, torch.bfloat16 if recipe.bf16 else torch.float32)
        self._joined = group.joined(self._objective, is_plain(network.config))
        self._optimizers = optimizers(network, recipe)
        self._rates = [[g["lr"] for g in each.param_groups] for each in self._optimizers]
        self._is_updating = False
        self._average = AverageWeights(network)
        self._best = BestWeights(network)

    @property
    def share(self) -> float:
        """Return how much of the budget is spent, 0 to 1."""
        return self.recipe.share(self.tokens, self.seconds)

    def resume(self, saved: dict[str, Any] | None) -> None:
        """Go on from a checkpoint of this network; None begins anew.

        Raises:
            WriterError: CHECKPOINT_FAILED, if the log cannot be written.
        """
        if saved is not None:
            self.network.load_state_dict(saved["network"])
            for optimizer, state in zip(self._optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.step, self.tokens, self.seconds = saved["step"], saved["tokens"], saved["seconds"]
            self._best.load(saved["best"])
            if self._is_averaging(self.share):  # with a longer budget they are no last ones
                self._average.load(saved["average"])
        if self._group.leads:
            cut_log(self._folder, self.step if saved else -1)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all.

        Raises:
            WriterError: CHECKPOINT_FAILED.
        """
        if not self._group.leads:
            return
        state: dict[str, Any] = {
            "config": asdict(self.network.config),
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "average": self._average.state(),
            "best": self._best.state(),
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
        }
        write_checkpoint(self._folder, state)

    def run(
        self,
        on_progress: Callable[[Progress], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Train until the budget is spent or it is no longer wanted; return whether it is spent.

        Whatever interrupts it, also KeyboardInterrupt in `on_progress`, leaves a checkpoint.

        Raises:
            WriterError: TRAINING_DIVERGED, TRAINING_OUT_OF_MEMORY or CHECKPOINT_FAILED; the
                checkpoint before it stands.
        """
        saved_at = time.monotonic()
        try:
            if self.step == 0:
                self._tell((None, None), 0, 0.0, on_progress)
            while (share := self._agreed_share()) < 1:
                started = time.monotonic()
                self._is_updating = True
                loss, penalty, tokens = self._update(share)
                self.step += 1
                self.tokens += tokens
                self._is_updating = False
                elapsed = time.monotonic() - started
                self.seconds += elapsed
                self._tell((loss, penalty), share, tokens / elapsed, on_progress)
                if self._group.agreed(float(not is_wanted()))[0]:
                    self.save()
                    return False
                if time.monotonic() - saved_at > _CHECKPOINT_SECONDS:
                    self.save()
                    saved_at = time.monotonic()
        except KeyboardInterrupt:
            if not self._is_updating:  # of half an update the checkpoint before it knows nothing
                self.save()
            raise
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise WriterError(ErrorKind.TRAINING_OUT_OF_MEMORY, step=self.step) from error
        self.save()
        self.network.eval()
        return True

    def finish(self) -> float | None:
        """Leave the network with the weights that do best on the held-out text; return the loss.

        These are the last ones, the mean of the last ones, or those of a check on the way.
        Without a held-out text it is the mean.
        """
        losses = {"last": self.held_out_loss()}
        with self._average.applied():
            losses["average"] = self.held_out_loss()
        if self._best:
            losses["best"] = self._best.loss
        known = {name: loss for name, loss in losses.items() if loss is not None}
        chosen = min(reversed(known), key=known.__getitem__, default="average")
        if chosen != "last":
            (self._best if chosen == "best" else self._average).apply()
        if self._group.leads:
            append_to_log(self._folder, {"held_out": known.get(chosen), "chosen": chosen, **losses})
        return known.get(chosen)

    @torch.no_grad()
    def held_out_loss(self) -> float | None:
        """Return the mean loss on the held-out text, natural log; None where there is none."""
        if not len(self._held_out):
            return None
        self.network.eval()
        windows = enumerate(self._held_out)
        losses = [self._objective(window[None], seed).plain.item() for seed, window in windows]
        self.network.train()
        return math.fsum(losses) / len(losses)

    def _is_averaging(self, share: float) -> bool:
        return share >= 1 - self.recipe.average_share

    def _agreed_share(self) -> float:
        # The clocks of several processes differ: what the leading one says is the share.
        return self._group.agreed(self.share)[0]

    def _tell(
        self,
        losses: tuple[float | None, float | None],
        before: float,
        speed: float,
        on_progress: Callable[[Progress], None],
    ) -> None:
        """Log an update, and take the loss on the held-out text where it is due."""
        loss, penalty = losses
        started = time.monotonic()
        checks = self.recipe.checks
        (now,) = self._group.agreed(self.share)
        due = loss is None or int(before * checks) < int(now * checks)
        held_out = self.held_out_loss() if due else None
        if held_out is not None and self.tokens > len(self._corpus):
            self._best.offer(held_out)  # what is read again may be learned by heart
        if loss is not None:  # what the network knows at first is not part of the budget
            self.seconds += time.monotonic() - started
        progress = Progress(
            self.step, self.tokens, loss, held_out, now, speed, round(self.seconds, 2), penalty
        )
        if self._group.leads:
            append_to_log(self._folder, asdict(progress))
            on_progress(progress)

    def _update(self, share: float) -> tuple[float, float | None, int]:
        """Make one update; return its loss, penalty, and how many tokens all processes read.

        Raises:
            WriterError: TRAINING_DIVERGED or TRAINING_OUT_OF_MEMORY, before any weight has
                changed.
        """
        self.network.train()
        number, rest = divmod(self.step, _REDRAWN_EVERY)
        if number and not rest and share < _REDRAWN_UNTIL:
            self.network.redraw(number)
        self.network.set_dropout(self.recipe.dropped(self.tokens / len(self._corpus)))
        length = self.recipe.length(share, self._corpus.longest)
        size, rank = self._group.size, self._group.rank
        rows = max(1, self.recipe.batch_tokens // (length * size))  # of this process
        windows = self._corpus.rows(self.tokens, rows * size, length)
        windows = windows[rank * rows : (rank + 1) * rows].to(self._group.device)
        loss, penalty = self._gradients(windows)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if not math.isfinite(loss + norm.item()):
            raise WriterError(ErrorKind.TRAINING_DIVERGED, step=self.step)
        factor = self.recipe.rate(share)
        for optimizer, rates in zip(self._optimizers, self._rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if self._is_averaging(share):
            self._average.add()
        return loss, penalty, rows * size * length

    def _gradients(self, windows: torch.Tensor) -> tuple[float, float | None]:
        """Leave the gradients of windows (B, T + 1); return the mean loss, and what was added.

        When the memory runs out, fewer windows are taken at once, now and from now on, and this
        update is begun anew: all that was drawn by chance is drawn again.

        Raises:
            WriterError: TRAINING_OUT_OF_MEMORY.
        """
        count, length = len(windows), windows.shape[1] - 1
        while True:
            rows = min(count, max(1, self.recipe.micro_tokens // length))
            try:
                return self._backward(windows, rows)
            except (RuntimeError, MemoryError) as error:
                # Several processes would no longer wait for each other where they must.
                less = smaller(self.recipe, rows, length) if self._group.size == 1 else None
                if not is_out_of_memory(error):
                    raise
                if less is None:
                    raise WriterError(ErrorKind.TRAINING_OUT_OF_MEMORY, step=self.step) from error
            # Only here, outside of the clause, is what the failed attempt had made let go.
            self.recipe = less
            self.network.checkpointing = less.checkpointing
            self.network.zero_grad(set_to_none=True)
            release()

    def _backward(self, windows: torch.Tensor, micro: int) -> tuple[float, float | None]:
        """Leave the gradients of windows (B, T + 1), `micro` rows at once.

        Returns:
            The mean loss, and what was added to it.
        """
        seed = (self.recipe.seed * 1_000_003 + self.step) * 64 + self._group.rank
        torch.manual_seed(seed % (1 << 63))  # for dropout
        parts = torch.split(windows, micro)
        told, added = torch.zeros(2, 1, device=windows.device)
        is_penalized = False
        for number, part in enumerate(parts):
            waits = number < len(parts) - 1 and isinstance(self._joined, DistributedDataParallel)
            with self._joined.no_sync() if waits else nullcontext():  # type: ignore[operator]
                plain, penalty = self._joined(part, (seed * 1_000 + number) % (1 << 63))
                weight = len(part) / len(windows)
                ((plain if penalty is None else plain + penalty) * weight).backward()
            told += plain.detach() * weight
            if penalty is not None:
                added, is_penalized = added + penalty.detach() * weight, True
        loss = self._group.mean(told)
        return loss, self._group.mean(added) if is_penalized else None
