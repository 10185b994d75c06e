"""`python -m benchmarks.long_context`: the long-context family, trained and measured side by side.

In order: prepare (tokenizer, token shard), train (each variant, on equal tokens), evaluate
(validation novels, long stretches), costs (time and memory by length), laws, report (a table in
Markdown, a plot). Without a step, all of them. What has been done stands in --work and is not done
again, so that the same command goes on after an interruption. Several trainings may run at once,
each with variants of its own. With --model, evaluate compares models by name or folder instead.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.long_context.costs import costs_of
from benchmarks.long_context.evaluation import evaluate, gaps, is_trained
from benchmarks.long_context.extended import compare
from benchmarks.long_context.kept import kept, write
from benchmarks.long_context.laws import laws_of
from benchmarks.long_context.preparation import Stretch, prepare, stretches, word_counts
from benchmarks.long_context.report import report
from benchmarks.long_context.training import Budget, train
from benchmarks.long_context.variants import BRIEF_BASELINE, VARIANTS, Size, Variant
from writer.errors import ErrorKind, WriterError
from writer.training.preparation import kept_tokenizer

STEPS = ("all", "prepare", "train", "evaluate", "costs", "laws", "report")
_GAP_VARIANTS = (BRIEF_BASELINE, "relative", "permutation", "masked")
"""Those that read both sides, and what goes on with texts by the same positions."""


def main() -> int:
    """Do the steps asked for; return the exit status."""
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        return Run(arguments).go()
    except WriterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.long_context", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    size = Size()
    add("step", nargs="?", choices=STEPS, default="all")
    add("--corpus", type=Path, default=Path("../shared/corpus/en"),
        help="train-*.txt.xz and validation.txt.xz (%(default)s)")  # fmt: skip
    add("--work", type=Path, default=Path("work/long-context"), help="(%(default)s)")
    add("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME",
        help=f"(all: {', '.join(VARIANTS)})")  # fmt: skip
    add("--threads", type=int, default=1, help="(%(default)s)")
    add("--tokens", type=int, default=5_000_000, help="of the main variants (%(default)s)")
    add("--brief-tokens", type=int, default=700_000, help="of the others (%(default)s)")
    add("--minutes", type=float, default=0.0, help="time for each in place of tokens")
    add("--layers", type=int, default=size.layers, help="(%(default)s)")
    add("--width", type=int, default=size.width, help="(%(default)s)")
    add("--heads", type=int, default=size.heads, help="(%(default)s)")
    add("--vocab", type=int, default=size.vocabulary, help="(%(default)s)")
    add("--stretches", type=int, default=4, help="of each novel; 1 for brief ones (%(default)s)")
    add("--length", type=int, default=16_384, help="of a stretch, in tokens (%(default)s)")
    add("--stride", type=int, default=128,
        help="of what reads its last n_ctx tokens again (%(default)s)")  # fmt: skip
    add("--rare", type=int, default=100,
        help="times in the training texts, below which a name is rare (%(default)s)")  # fmt: skip
    add("--lengths", type=int, nargs="+", default=[2048, 4096, 8192, 16_384], help="of costs")
    add("--repeats", type=int, default=3, help="whose median counts (%(default)s)")
    add("--model", help="evaluate: a model's name or folder, to be compared")
    add("--against", metavar="MODEL", help="with which")
    add("--out", type=Path, help="the report; a plot stands beside it (WORK/report.md)")
    return parser


@dataclass(frozen=True)
class Run:
    """The steps, with what they were told."""

    arguments: argparse.Namespace

    @property
    def size(self) -> Size:
        """Return the shape of all networks."""
        told = self.arguments
        return Size(told.layers, told.width, told.heads, told.vocab)

    @property
    def variants(self) -> list[Variant]:
        """Return the variants asked for, the baseline first: the others are compared with it."""
        return [VARIANTS[name] for name in VARIANTS if name in self.arguments.variants]

    def go(self) -> int:
        """Do what was asked; return the exit status."""
        step = self.arguments.step
        if step in ("all", "prepare"):
            self._prepare()
        if step in ("all", "train") and not self._train():
            return 130
        if step in ("all", "evaluate"):
            self._evaluate()
        if step in ("all", "laws"):
            self._laws()
        if step in ("all", "costs"):
            self._costs()
        if step in ("all", "report"):
            self._report()
        return 0

    def _prepare(self) -> None:
        told = self.arguments
        prepared = prepare(told.corpus, told.work, told.vocab, say)
        word_counts(told.corpus, told.work, say)
        say(f"{len(prepared.corpus):,} tokens to read, bf16 {'on' if prepared.bf16 else 'off'}")

    def _train(self) -> bool:
        told = self.arguments
        prepared = prepare(told.corpus, told.work, told.vocab, say)
        budget = Budget(told.tokens, told.brief_tokens, told.minutes)
        return all(
            train(each, self.size, budget, prepared, told.work, say) for each in self.variants
        )

    def _evaluate(self) -> None:
        told = self.arguments
        if told.model or told.against:
            self._compare()
            return
        wanted = [each for each in self.variants if is_trained(told.work, each)]
        for each in self.variants:
            if each not in wanted:
                say(f"{each.name}: not trained yet")
        if not wanted:
            return
        found = self._stretches(told.stretches)
        firsts = found[: len({each.novel for each in found})]
        for each in wanted:
            if each.is_left_to_right:
                texts = found if each.is_main else firsts
                evaluate(each, texts, told.stride, told.work, say)
            if each.name in _GAP_VARIANTS:
                gaps(each, found, told.work, say)

    def _compare(self) -> None:
        told = self.arguments
        if not (told.model and told.against):
            name = "against" if told.model else "model"
            raise WriterError(
                ErrorKind.SETTING_INVALID, name=name, value="nothing",
                accepts="a model's name or folder, as the other does",
            )  # fmt: skip
        compare((told.model, told.against), told.corpus, told.stride, told.work, say)

    def _stretches(self, each: int) -> list[Stretch]:
        told = self.arguments
        tokenizer = kept_tokenizer(told.work / "texts" / "work")
        return stretches(told.corpus, tokenizer, each, told.length)

    def _laws(self) -> None:
        for each in self.variants:
            if each.has_costs:
                found = laws_of(each)
                path = self.arguments.work / "laws" / f"{each.name}.json"
                write(path, {"origin": {}, "value": found})
                say(f"{each.name}: " + ", ".join(f"{what} {v:.1e}" for what, v in found.items()))

    def _costs(self) -> None:
        told = self.arguments
        for each in self.variants:
            if not each.has_costs:
                continue
            origin = {
                "config": repr(each.config(self.size)),
                "lengths": told.lengths, "repeats": told.repeats, "threads": told.threads,
            }  # fmt: skip

            def measure(each: Variant = each) -> dict[str, object]:
                return costs_of(each, self.size, told.lengths, told.repeats, say)

            kept(told.work / "costs" / f"{each.name}.json", origin, measure)

    def _report(self) -> None:
        told = self.arguments
        out = told.out or told.work / "report.md"
        found = self._stretches(told.stretches)
        report(self.variants, found, told.corpus, told.work, told.rare, out)
        say(f"wrote {out}")


_started = time.monotonic()


def say(words: str) -> None:
    """Print a line of progress."""
    print(f"{time.monotonic() - _started:7.0f} s  {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
