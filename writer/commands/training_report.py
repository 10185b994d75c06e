"""How a training goes, told to whoever watches the terminal."""

import sys
import time
from pathlib import Path

from writer.checkpoints.folder import Model
from writer.checkpoints.tokenizer import Tokenizer
from writer.engine.engine import Engine
from writer.settings import Sampling
from writer.suggestion.request import Request
from writer.training.saving import read_log
from writer.training.shard import TokenShard
from writer.training.trainer import Progress, Trainer

_EVERY_SECONDS = 10.0
_PROMPT_TOKENS, _SAMPLE_TOKENS = 48, 60


class Reporter:
    """Says how it goes, every few seconds, and what the network writes whenever it is checked."""

    def __init__(self, speaks: bool) -> None:
        self._speaks = speaks
        self._said = 0.0
        self._began: tuple[float, float] | None = None
        self._loss: float | None = None
        self._before: float | None = None

    def say(self, text: str) -> None:
        """Print a line, on the leading process alone."""
        if self._speaks:
            print(text, file=sys.stderr, flush=True)

    def begin(
        self, trainer: Trainer, tokenizer: Tokenizer, held_out: TokenShard, memory: str
    ) -> None:
        """Take note of what is trained, and say what it takes of the memory."""
        self._trainer = trainer
        self._network = trainer.network
        self._tokenizer = tokenizer
        self._prompt = tokenizer.decode(held_out.window(0, _PROMPT_TOKENS).tolist())
        count = sum(each.numel() for each in trainer.network.parameters())
        recipe = trainer.recipe
        precision = "bf16" if recipe.bf16 else "fp32"
        self.say(f"{count:,} parameters, {precision}; {memory}")
        self._micro = recipe.micro_tokens, recipe.checkpointing

    def __call__(self, progress: Progress) -> None:
        """Take note of one update."""
        loss = progress.loss
        if loss is not None:
            self._loss = loss if self._loss is None else 0.95 * self._loss + 0.05 * loss
        self._say_smaller()
        now = time.monotonic()
        if self._began is None:
            self._began = now, progress.share
        if progress.held_out is None and now - self._said < _EVERY_SECONDS and progress.share < 1:
            return
        self._said = now
        self.say(self._line(progress, now))
        if progress.held_out is not None:
            self._before = progress.held_out if self._before is None else self._before
            if self._network.config.objective == "causal":
                self.say(f"    ... {self._sample()}")

    def _say_smaller(self) -> None:
        """Say it where the memory has run out, and less is done at once since."""
        recipe = self._trainer.recipe
        micro = recipe.micro_tokens, recipe.checkpointing
        if micro != self._micro:
            self._micro = micro
            again = ", activations worked out again" if recipe.checkpointing else ""
            self.say(f"memory ran out: going on with {micro[0]:,} tokens at once{again}")

    def end(self, held_out: float | None) -> None:
        """Say what it has come to."""
        if held_out is not None:
            before = "" if self._before is None else f" (when this run began: {self._before:.3f})"
            self.say(f"held-out loss {held_out:.3f}{before}")

    def plot(self, work: Path, out: Path) -> None:
        """Draw the curve of the loss beside the model."""
        from writer.training.curve import draw_curve

        try:
            draw_curve(read_log(work), out / "loss.png")
        except OSError as error:  # the model is there; a picture is no reason to fail
            self.say(f"the curve could not be drawn: {error.strerror or error}")

    def _line(self, progress: Progress, now: float) -> str:
        parts = [f"step {progress.step:,}", f"{progress.tokens:,} tokens"]
        if self._loss is not None:
            parts.append(f"loss {self._loss:.3f}")
        if progress.held_out is not None:
            parts.append(f"held-out {progress.held_out:.3f}")
        if progress.tokens_per_second:
            parts.append(f"{progress.tokens_per_second:,.0f} tokens/s")
        began, share = self._began or (now, 0.0)
        if progress.share > share:
            left = (now - began) / (progress.share - share) * (1 - progress.share)
            parts.append(f"{left / 60:.0f} min left" if left >= 60 else f"{left:.0f} s left")
        return "  ".join(parts)

    def _sample(self) -> str:
        """Return what the network writes at the beginning of the held-out text."""
        sampling = Sampling(candidates=1, length=_SAMPLE_TOKENS)
        request = Request(0, len(self._prompt), self._prompt, "", sampling, seed=1)
        self._network.eval()
        engine = Engine(Model("sample", self._network, self._tokenizer))
        *_, answer = engine.stream(request)
        self._network.train()
        said = answer.candidates[0].text if answer.candidates else ""
        return " ".join((self._prompt[-60:] + "▸" + said).split())
