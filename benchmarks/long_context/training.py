"""One variant's training, by the trainer of `writer train`: resumable, and done once."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.long_context.kept import read, write
from benchmarks.long_context.preparation import Prepared, Say
from benchmarks.long_context.variants import Size, Variant
from writer.checkpoints.folder import write_model
from writer.errors import ErrorKind, WriterError
from writer.training.preparation import work_folder
from writer.training.recipe import Recipe
from writer.training.saving import read_checkpoint
from writer.training.trainer import Progress, Trainer
from writer.training.windows import Windows, held_out_windows
from writer.transformer.gpt import GPT

_SAY_EVERY_S = 15.0
_HELD_OUT_TOKENS = 16_384
_RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is read; the minutes count where they are not 0, otherwise the tokens."""

    tokens: int
    brief_tokens: int
    minutes: float = 0.0

    def of(self, variant: Variant) -> dict[str, Any]:
        """Return the budget as a recipe has it."""
        if self.minutes:
            return {"tokens": 0, "minutes": self.minutes}
        return {"tokens": self.tokens if variant.is_main else self.brief_tokens}


def recipe_of(variant: Variant, budget: Budget, bf16: bool) -> Recipe:
    """Return how a variant is trained: all alike but for the longest windows, and the budget.

    There are few tokens: updates are twice as many as usual for them.
    """
    usual = Recipe(batch_tokens=8192, micro_tokens=4096, short_share=0.5, checks=6, bf16=bf16)
    return replace(usual, window=variant.window, **budget.of(variant))


def result_of(work: Path, name: str) -> dict[str, Any] | None:
    """Return what the finished training of a variant has kept; None where there is none."""
    return read(work / name / _RESULT)


def train(
    variant: Variant, size: Size, budget: Budget, prepared: Prepared, work: Path, say: Say
) -> bool:
    """Train a variant into the model folder work/NAME, unless it stands there; go on if begun.

    Returns:
        Whether it is finished: False once it was asked to stop.

    Raises:
        WriterError: Other settings than those it was begun with, or what training raises.
    """
    config = variant.config(size)
    recipe = recipe_of(variant, budget, prepared.bf16)
    out = work / variant.name
    if (result := read(out / _RESULT)) is not None:
        _refuse_other(out, result, asdict(config), asdict(recipe))
        say(f"{variant.name}: trained already")
        return True
    with work_folder(out, resume=True, replace=False) as folder:
        saved = read_checkpoint(folder)
        if saved is not None:
            _refuse_other(out, saved, asdict(config), asdict(recipe))
        torch.manual_seed(recipe.seed)
        windows = Windows(prepared.corpus, prepared.tokenizer, variant.window, recipe.seed)
        count = max(1, _HELD_OUT_TOKENS // variant.window)
        held_out = held_out_windows(prepared.held_out, variant.window, count)
        trainer = Trainer(recipe, GPT(config), windows, held_out, folder)
        trainer.resume(saved)
        with _stopping() as is_wanted:
            if not trainer.run(_teller(variant.name, say), is_wanted):
                say(f"{variant.name}: stopped at step {trainer.step}; the same command goes on")
                return False
        _keep(out, trainer, prepared)
        say(f"{variant.name}: {trainer.tokens:,} tokens in {trainer.seconds / 60:.1f} min")
        return True


def _keep(out: Path, trainer: Trainer, prepared: Prepared) -> None:
    loss = trainer.finish()
    write_model(out, trainer.network, prepared.tokenizer, torch.float32)
    parameters = sum(each.numel() for each in trainer.network.parameters())
    write(
        out / _RESULT,
        {
            "config": asdict(trainer.network.config),
            "recipe": asdict(trainer.recipe),
            "tokens": trainer.tokens,
            "seconds": trainer.seconds,
            "held_out": loss,
            "parameters": parameters,
            "threads": torch.get_num_threads(),
        },
    )


def _refuse_other(
    out: Path, found: dict[str, Any], config: dict[str, Any], recipe: dict[str, Any]
) -> None:
    """Refuse settings that are not those of the training in `out`."""
    for kind, wanted in (("config", config), ("recipe", recipe)):
        for name, value in wanted.items():
            if found[kind].get(name) != value:
                raise WriterError(
                    ErrorKind.SHAPE_GIVEN,
                    path=out, name=name, found=found[kind].get(name), value=value,
                )  # fmt: skip


def _teller(name: str, say: Say) -> Callable[[Progress], None]:
    said = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal said
        now = time.monotonic()
        if progress.held_out is None and now - said < _SAY_EVERY_S:
            return
        said = now
        parts = [f"{name}: {progress.share:4.0%}", f"{progress.tokens:,} tokens"]
        parts += [f"loss {progress.loss:.3f}"] if progress.loss is not None else []
        parts += [f"held-out {progress.held_out:.3f}"] if progress.held_out is not None else []
        say("  ".join([*parts, f"{progress.tokens_per_second:,.0f} tokens/s"]))

    return tell


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Let Ctrl+C or SIGTERM only ask for an end, so that no update is cut in two."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True

    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: not asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
