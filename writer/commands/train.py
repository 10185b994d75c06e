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

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.folder import Model, read_model, write_model
from writer.checkpoints.tokenizer import Tokenizer, read_tokenizer
from writer.commands.training_report import Reporter
from writer.errors import ErrorKind, WriterError
from writer.hardware import lower_priority
from writer.shelf.shelf import Shelf
from writer.training.corpus import corpus_files
from writer.training.preparation import (
    Texts,
    bf16_is_faster,
    keep_tokenizer,
    kept_tokenizer,
    learned_tokenizer,
    shards,
    work_folder,
)
from writer.training.processes import Group, group
from writer.training.recipe import Recipe
from writer.training.saving import read_checkpoint
from writer.training.trainer import Trainer
from writer.training.windows import Windows, held_out_windows
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_HELD_OUT_WINDOWS = 16
_FINE_TUNING_RATE = 0.2
_KINDS = ("bpe", "characters")
"""Of tokenizers that can be learned."""
_SHAPE = {"layers": "n_layer", "width": "n_embd", "heads": "n_head", "n_ctx": "n_ctx"}
_NEW_SHAPE = {"layers": 6, "width": 256, "heads": 4, "n_ctx": 1024}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `train` and its flags."""
    parser = commands.add_parser(
        "train", help="train a model on text files",
        description="Train a GPT-2 on text and write a model folder; with --from, go on from an "
        "existing one. Ctrl+C stops and keeps a checkpoint; --resume goes on from it. torchrun "
        "-m writer train ... shares the work among several processes or GPUs.",
    )  # fmt: skip
    add = parser.add_argument
    add("corpus", nargs="+", type=Path, help=".txt, .md, .xz, train.json, or folders of them")
    add("--out", type=Path, required=True, help="the model folder to write")
    add("--from", dest="start", metavar="MODEL", help="the model to begin with: its name or folder")
    add("--resume", action="store_true", help="go on from the checkpoint in --out")
    add("--replace", action="store_true", help="put the model in the place of the one in --out")
    budget = parser.add_argument_group("budget").add_argument
    budget("--tokens", type=_size, default=0, help="tokens to read")
    budget("--minutes", type=_above_zero, default=0.0, help="time to take")
    _add_shape(parser)
    _add_ways(parser)
    parser.set_defaults(run=run)


def _add_shape(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("shape (of a new model)").add_argument
    add("--layers", type=_size, help=f"({_NEW_SHAPE['layers']})")
    add("--width", type=_size, help=f"({_NEW_SHAPE['width']})")
    add("--heads", type=_size, help=f"({_NEW_SHAPE['heads']})")
    add("--n-ctx", type=_size, help=f"longest text at once ({_NEW_SHAPE['n_ctx']} tokens)")
    add("--tokenizer", metavar="KIND",
        help="bpe or characters (Chinese), learned here, or a folder with one (bpe)")  # fmt: skip
    add("--vocab", type=_size, default=8192, help="size of a learned vocabulary (%(default)s)")


def _add_ways(parser: argparse.ArgumentParser) -> None:
    """Add what a training that goes on has from its checkpoint, unless it is said anew."""
    recipe = Recipe()
    add = parser.add_argument_group("how").add_argument
    add("--rate", type=_above_zero,
        help=f"factor of the learning rates (1; {_FINE_TUNING_RATE} with --from)")  # fmt: skip
    add("--batch", type=_size, help=f"tokens an update ({recipe.batch_tokens})")
    add("--micro-batch", type=_size, help=f"tokens at once ({recipe.micro_tokens})")
    add("--short-share", type=_share, metavar="SHARE",
        help=f"read in windows of {recipe.short_length} tokens ({recipe.short_share:g}; "
        "0 with --from)")  # fmt: skip
    add("--cooldown", type=_share, metavar="SHARE", help=f"its share ({recipe.cooldown_share:g})")
    add(
        "--dropout",
        type=_share,
        help="(0, and 0.1 once a text has been read 4 times; 0 with --from)",
    )
    add("--hold-out", type=_share, default=0.01, metavar="SHARE",
        help="of each text, where no file is named validation... (%(default)s)")  # fmt: skip
    add("--precision", choices=["bf16", "fp32"], help="(the faster one, measured)")
    add("--checkpointing", action="store_true", help="less memory, a third more time")
    add("--threads", type=int, default=0, help="0 = as torch chooses")
    add("--background", action="store_true",
        help="at low priority, and only until standard input is closed")  # fmt: skip
    add("--seed", type=int, help=f"({recipe.seed})")


def run(arguments: argparse.Namespace) -> int:
    """Train as told; return the exit status."""
    training, validation = corpus_files(arguments.corpus, arguments.out)
    if not (arguments.tokens or arguments.minutes):
        raise WriterError(ErrorKind.BUDGET_MISSING)
    texts = Texts(training, validation, arguments.hold_out)
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    if arguments.background:
        lower_priority()
    with group() as processes:
        if processes.leads:
            with work_folder(arguments.out, arguments.resume, arguments.replace) as work:
                return _train(arguments, texts, work, processes)
        return _train(arguments, texts, arguments.out / "work", processes)


def _train(arguments: argparse.Namespace, texts: Texts, work: Path, processes: Group) -> int:
    reporter = Reporter(processes.leads)
    if not processes.leads:
        processes.wait()  # until the leading one has made tokenizer and shards
    saved = read_checkpoint(work) if arguments.resume else None
    model = _model(arguments, texts, work, saved, reporter.say)
    # Before the shards, which tell how they were encoded by it.
    if processes.leads and saved is None and not _learns_tokenizer(arguments):
        keep_tokenizer(work, model.tokenizer)
    corpus, held_out = shards(work, texts, model.tokenizer, reporter.say)
    if processes.leads:
        processes.wait()
    recipe = _recipe(arguments, saved, processes)
    n_ctx = model.network.config.n_ctx
    trainer = Trainer(
        recipe, model.network, Windows(corpus, model.tokenizer, n_ctx, recipe.seed),
        held_out_windows(held_out, n_ctx, _HELD_OUT_WINDOWS), work, processes,
    )  # fmt: skip
    trainer.resume(saved)
    if saved is not None:
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
    arguments: argparse.Namespace,
    texts: Texts,
    work: Path,
    saved: dict[str, Any] | None,
    say: Callable[[str], None],
) -> Model:
    """Return the model to go on with, to begin with, or one of chance."""
    if saved is not None:
        config = GPTConfig(**saved["config"])
        _refuse_other_shape(arguments, config, arguments.out)
        return Model(arguments.out.name, GPT(config), kept_tokenizer(work))
    own = _own_tokenizer(arguments.tokenizer)
    if arguments.start is not None:
        model = read_model(Shelf().find(arguments.start))
        _refuse_other_shape(arguments, model.network.config, arguments.start)
        if own is not None:
            _refuse_other_vocabulary(arguments.tokenizer, own, model.tokenizer)
        return model
    shape = {name: getattr(arguments, name) or usual for name, usual in _NEW_SHAPE.items()}
    if shape["width"] % shape["heads"]:
        raise WriterError(
            ErrorKind.SETTING_INVALID, name="heads", value=shape["heads"],
            accepts=f"a divisor of the width, {shape['width']}",
        )  # fmt: skip
    tokenizer = own or learned_tokenizer(
        work, texts.training, arguments.tokenizer or "bpe", arguments.vocab, say
    )
    config = GPTConfig(
        vocab_size=-(-tokenizer.vocab_size // 64) * 64, n_layer=shape["layers"],
        n_embd=shape["width"], n_head=shape["heads"], n_ctx=shape["n_ctx"],
    )  # fmt: skip
    torch.manual_seed(arguments.seed or Recipe().seed)
    return Model(arguments.out.name, GPT(config), tokenizer)


def _refuse_other_shape(arguments: argparse.Namespace, config: GPTConfig, path: object) -> None:
    for name, field in _SHAPE.items():
        value, found = getattr(arguments, name), getattr(config, field)
        if value is not None and value != found:
            raise WriterError(ErrorKind.SHAPE_GIVEN, path=path, name=name, found=found, value=value)


def _refuse_other_vocabulary(path: str, own: Tokenizer, models: Tokenizer) -> None:
    if own.vocab_size != models.vocab_size:
        reason = f"it has {own.vocab_size:,} tokens, the model {models.vocab_size:,}"
        raise WriterError(ErrorKind.TOKENIZER_OTHER, path=path, reason=reason)
    for token in range(own.vocab_size):
        if own.token_bytes(token) != models.token_bytes(token):
            reason = f"token {token} is another one"
            raise WriterError(ErrorKind.TOKENIZER_OTHER, path=path, reason=reason)


def _learns_tokenizer(arguments: argparse.Namespace) -> bool:
    return arguments.start is None and arguments.tokenizer in (None, *_KINDS)


def _own_tokenizer(kind: str | None) -> Tokenizer | None:
    if kind is None or kind in _KINDS:
        return None
    try:
        return read_tokenizer(ModelFiles(Path(kind)))
    except (ValueError, OSError) as error:
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=kind, reason=error) from error


def _recipe(
    arguments: argparse.Namespace, saved: dict[str, Any] | None, processes: Group
) -> Recipe:
    """Return how to train: as before where it goes on, but for what is said anew."""
    usual = Recipe()
    if saved is not None:
        recipe = Recipe(**saved["recipe"])
    else:
        fast = arguments.precision is None and bf16_is_faster(processes.device)
        recipe = replace(usual, bf16=bool(processes.agreed(float(fast))[0]))
        if arguments.start:
            # Short windows teach the positions of long ones nothing new; and a network that has
            # never met dropout loses more by it in minutes than it gains (measured: see
            # docs/training.md), while its best weights are kept in any case.
            recipe = replace(recipe, short_share=0.0, dropout=0.0)
    rate = arguments.rate or (_FINE_TUNING_RATE if arguments.start and not saved else None)
    told: dict[str, Any] = {
        "batch_tokens": arguments.batch,
        "micro_tokens": arguments.micro_batch,
        "short_share": arguments.short_share,
        "cooldown_share": arguments.cooldown,
        "dropout": arguments.dropout,
        "seed": arguments.seed,
        "checkpointing": arguments.checkpointing or None,
        "bf16": arguments.precision and arguments.precision == "bf16",
        "muon_lr": rate and usual.muon_lr * rate,
        "adam_lr": rate and usual.adam_lr * rate,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return replace(recipe, tokens=arguments.tokens, minutes=arguments.minutes, **known)


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
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above 0")
    return number


def _share(text: str) -> float:
    number = _number(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a share, from 0 to below 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
