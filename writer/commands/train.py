"""`writer train`: from text files to a model folder."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import torch

from writer import places
from writer.checkpoints.folder import Model, read_model, write_model
from writer.checkpoints.tokenizer import Tokenizer, read_tokenizer
from writer.commands.training_report import Reporter
from writer.errors import ErrorKind, WriterError
from writer.hardware import lower_priority
from writer.training.corpus import corpus_files
from writer.training.preparation import (
    Texts,
    bf16_is_faster,
    learned_tokenizer,
    shards,
    work_folder,
)
from writer.training.processes import Group, group
from writer.training.recipe import Recipe
from writer.training.trainer import Trainer
from writer.training.windows import Windows, held_out_windows
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_HELD_OUT_WINDOWS = 16
_FINE_TUNING_RATE = 0.2


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `train` and its flags."""
    recipe = Recipe()
    parser = commands.add_parser(
        "train", help="train a model on text files",
        description="Train a GPT-2 on text and write a model folder; with --from, go on from an "
        "existing one. Ctrl+C stops and keeps a checkpoint; --resume goes on from it. torchrun "
        "-m writer train ... shares the work among several processes or GPUs.",
    )  # fmt: skip
    add = parser.add_argument
    add("corpus", nargs="+", type=Path, help=".txt, .md, .xz, train.json, or folders of them")
    add("--out", type=Path, required=True, help="the model folder to write")
    add("--from", dest="start", metavar="MODEL", help="the bundled model or folder to begin with")
    add("--resume", action="store_true", help="go on from the checkpoint in --out")
    budget = parser.add_argument_group("budget")
    budget.add_argument("--tokens", type=_size, default=0, help="tokens to read")
    budget.add_argument("--minutes", type=_above_zero, default=0.0, help="time to take")
    shape = parser.add_argument_group("shape (of a new model)").add_argument
    shape("--layers", type=_size, default=6, help="(%(default)s)")
    shape("--width", type=_size, default=256, help="(%(default)s)")
    shape("--heads", type=_size, default=4, help="(%(default)s)")
    shape("--n-ctx", type=_size, default=1024, help="longest text at once (%(default)s tokens)")
    shape("--tokenizer", default="bpe", metavar="KIND",
          help="bpe or characters (Chinese), learned from the corpus, or a folder with one "
          "(%(default)s)")  # fmt: skip
    shape("--vocab", type=_size, default=8192, help="size of a learned vocabulary (%(default)s)")
    how = parser.add_argument_group("how").add_argument
    how("--rate", type=_above_zero, default=0.0,
        help=f"factor of the learning rates (1; {_FINE_TUNING_RATE} with --from)")  # fmt: skip
    how("--batch", type=_size, default=recipe.batch_tokens, help="tokens an update (%(default)s)")
    how("--micro-batch", type=_size, default=recipe.micro_tokens, help="at once (%(default)s)")
    how("--short-share", type=_share, metavar="SHARE",
        help=f"read in windows of {recipe.short_length} tokens ({recipe.short_share:g}; "
        "0 with --from)")  # fmt: skip
    how(
        "--cooldown",
        type=_share,
        metavar="SHARE",
        default=recipe.cooldown_share,
        help="its share (%(default)s)",
    )
    how("--dropout", type=_share, help="(0, and 0.1 once a text has been read 4 times)")
    how("--hold-out", type=_share, default=0.01, metavar="SHARE",
        help="of the corpus, where no file is named validation... (%(default)s)")  # fmt: skip
    how("--precision", choices=["auto", "bf16", "fp32"], default="auto", help="(%(default)s)")
    how("--checkpointing", action="store_true", help="less memory, a third more time")
    how("--threads", type=int, default=0, help="0 = as torch chooses")
    how("--background", action="store_true",
        help="at low priority, and only until standard input is closed")  # fmt: skip
    how("--seed", type=int, default=recipe.seed, help="(%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train as told; return the exit status."""
    training, validation = corpus_files(arguments.corpus)
    if not (arguments.tokens or arguments.minutes):
        raise WriterError(ErrorKind.BUDGET_MISSING)
    texts = Texts(training, validation, arguments.hold_out)
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    if arguments.background:
        lower_priority()
    with group() as processes:
        if processes.leads:
            with work_folder(arguments.out, arguments.resume) as work:
                return _train(arguments, texts, work, processes)
        return _train(arguments, texts, arguments.out / "work", processes)


def _train(arguments: argparse.Namespace, texts: Texts, work: Path, processes: Group) -> int:
    reporter = Reporter(processes.leads)
    if not processes.leads:
        processes.wait()  # until the leading one has made tokenizer and shards
    model = _model(arguments, texts, work, reporter.say)
    n_ctx = model.network.config.n_ctx
    corpus, held_out = shards(work, texts, model.tokenizer, n_ctx, reporter.say)
    if processes.leads:
        processes.wait()
    recipe = _recipe(arguments, processes)
    trainer = Trainer(
        recipe, model.network, Windows(corpus, model.tokenizer, recipe.seed),
        held_out_windows(held_out, n_ctx, _HELD_OUT_WINDOWS), work, processes,
    )  # fmt: skip
    if trainer.resume():
        reporter.say(f"going on at step {trainer.step}")
    reporter.begin(trainer, model.tokenizer, held_out)
    with _stopping(arguments.background) as is_wanted:
        if not trainer.run(reporter, is_wanted):
            reporter.say(f"stopped at step {trainer.step}; --resume goes on from there")
            return 130
    reporter.end(trainer.finish())
    if processes.leads:
        write_model(arguments.out, trainer.network, model.tokenizer)
        reporter.plot(work, arguments.out)
        reporter.say(f"wrote {arguments.out} after {trainer.tokens:,} tokens")
    return 0


def _model(
    arguments: argparse.Namespace, texts: Texts, work: Path, say: Callable[[str], None]
) -> Model:
    """Return the model to begin with: an existing one, or one of chance."""
    own = _own_tokenizer(arguments.tokenizer)
    if arguments.start is not None:
        model = read_model(places.model_folder(arguments.start))
        if own is not None and own.vocab_size > model.network.config.vocab_size:
            raise WriterError(
                ErrorKind.TOKENIZER_OTHER, path=arguments.tokenizer,
                reason=f"it has {own.vocab_size:,} tokens, the model "
                f"{model.network.config.vocab_size:,}",
            )  # fmt: skip
        return replace(model, tokenizer=own or model.tokenizer)
    if arguments.width % arguments.heads:
        raise WriterError(
            ErrorKind.SETTING_INVALID, name="heads", value=arguments.heads,
            accepts=f"a divisor of the width, {arguments.width}",
        )  # fmt: skip
    tokenizer = own or learned_tokenizer(
        work, texts.training, arguments.tokenizer, arguments.vocab, say
    )
    torch.manual_seed(arguments.seed)
    config = GPTConfig(
        vocab_size=-(-tokenizer.vocab_size // 64) * 64, n_ctx=arguments.n_ctx,
        n_embd=arguments.width, n_layer=arguments.layers, n_head=arguments.heads,
    )  # fmt: skip
    return Model(arguments.out.name, GPT(config), tokenizer)


def _own_tokenizer(kind: str) -> Tokenizer | None:
    if kind in ("bpe", "characters"):
        return None
    try:
        return read_tokenizer(Path(kind))
    except (ValueError, OSError) as error:
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=kind, reason=error) from error


def _recipe(arguments: argparse.Namespace, processes: Group) -> Recipe:
    recipe = Recipe()
    rate = arguments.rate or (_FINE_TUNING_RATE if arguments.start else 1.0)
    short = arguments.short_share
    if short is None:  # short windows teach the positions of long ones nothing
        short = 0.0 if arguments.start else recipe.short_share
    fast = arguments.precision == "auto" and bf16_is_faster(processes.device)
    bf16 = bool(processes.agreed(float(fast or arguments.precision == "bf16"))[0])
    return replace(
        recipe, tokens=arguments.tokens, minutes=arguments.minutes, batch_tokens=arguments.batch,
        micro_tokens=arguments.micro_batch, short_share=short, cooldown_share=arguments.cooldown,
        muon_lr=recipe.muon_lr * rate, adam_lr=recipe.adam_lr * rate, seed=arguments.seed,
        dropout=arguments.dropout, bf16=bf16, checkpointing=arguments.checkpointing,
    )  # fmt: skip


@contextmanager
def _stopping(with_input: bool) -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl+C or SIGTERM only ask for an end, so that no update is cut in two.

    With `with_input`, the end of standard input asks for it, too: whoever began the training has
    closed it, or is gone.
    """
    asked = False

    def ask(*_: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    if with_input:
        Thread(target=_at_end_of_input, args=(ask,), daemon=True).start()
    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: not asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _at_end_of_input(act: Callable[[], None]) -> None:
    sys.stdin.read()
    act()


def _size(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number above 0")
    return int(text)


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above 0")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a share, 0 to 1")
    return number
