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
from writer.commands.argument_types import above_zero, whole
from writer.commands.shape import add_shape, new_config, refuse_other_shape
from writer.commands.training_recipe import add_ways, recipe_of
from writer.commands.training_report import Reporter
from writer.errors import ErrorKind, WriterError
from writer.hardware import lower_priority
from writer.shelf.shelf import Shelf
from writer.training.corpus import corpus_files
from writer.training.extending import POSITIONS, as_plain, extended, learn_together
from writer.training.memory import fitted_here
from writer.training.preparation import (
    Texts,
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
_KINDS = ("bpe", "characters")
"""Of tokenizers that can be learned."""


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
    budget("--tokens", type=whole, default=0, help="tokens to read")
    budget("--minutes", type=above_zero, default=0.0, help="time to take")
    extension = parser.add_argument_group("longer context (of a plain GPT-2)").add_argument
    extension("--extend-context", type=whole, metavar="TOKENS",
              help="let the model of --from read so many tokens at once")  # fmt: skip
    extension("--positions", choices=POSITIONS, default=POSITIONS[0],
              help="what the new ones begin as (%(default)s)")  # fmt: skip
    add_shape(parser)
    add_ways(parser)
    parser.set_defaults(run=run)


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
    model, before = _model(arguments, texts, work, saved, reporter.say)
    # Before the shards, which tell how they were encoded by it.
    if processes.leads and saved is None and not _learns_tokenizer(arguments):
        keep_tokenizer(work, model.tokenizer)
    corpus, held_out = shards(work, texts, model.tokenizer, reporter.say)
    if processes.leads:
        processes.wait()
    recipe = recipe_of(arguments, saved, processes, model.network.config, before)
    assert recipe.window is not None
    longest = recipe.window
    recipe, told = fitted_here(model.network, recipe, longest, processes.device)
    trainer = Trainer(
        recipe, model.network, Windows(corpus, model.tokenizer, longest, recipe.seed),
        held_out_windows(held_out, longest, _HELD_OUT_WINDOWS), work, processes,
    )  # fmt: skip
    if recipe.extended_from is not None:
        learn_together(trainer.network, recipe.extended_from)
    trainer.resume(saved)
    if saved is not None:
        reporter.say(f"going on at step {trainer.step}")
        saved = None  # as large as the training itself
    reporter.begin(trainer, model.tokenizer, held_out, told)
    with _stopping(arguments.background) as is_wanted:
        if not trainer.run(reporter, is_wanted):
            reporter.say(f"stopped at step {trainer.step}; --resume goes on from there")
            return 130
    reporter.end(trainer.finish())
    if processes.leads:
        extends = recipe.extended_from is not None
        network = as_plain(trainer.network) if extends else trainer.network
        write_model(arguments.out, network, model.tokenizer)
        reporter.plot(work, arguments.out)
        reporter.say(f"wrote {arguments.out} after {trainer.tokens:,} tokens")
    processes.wait()  # where one ends badly torchrun ends the others, and one still writes
    return 0


def _model(
    arguments: argparse.Namespace,
    texts: Texts,
    work: Path,
    saved: dict[str, Any] | None,
    say: Callable[[str], None],
) -> tuple[Model, int | None]:
    """Return the model to go on with, to begin with, or one of chance.

    And of one whose context is extended now what it read at once before.
    """
    if saved is not None:
        config = GPTConfig(**saved["config"])
        refuse_other_shape(arguments, config, arguments.out)
        _refuse_other_extension(arguments, config)
        return Model(arguments.out.name, GPT(config), kept_tokenizer(work)), None
    if arguments.extend_context and arguments.start is None:
        raise WriterError(ErrorKind.EXTENSION_BASELESS)
    own = _own_tokenizer(arguments.tokenizer)
    if arguments.start is not None:
        model = read_model(Shelf().find(arguments.start))
        refuse_other_shape(arguments, model.network.config, arguments.start)
        if own is not None:
            _refuse_other_vocabulary(arguments.tokenizer, own, model.tokenizer)
        return _extended(arguments, model) if arguments.extend_context else (model, None)
    shape = new_config(arguments)
    tokenizer = own or learned_tokenizer(
        work, texts.training, arguments.tokenizer or "bpe", arguments.vocab, say
    )
    # Padded, so that the head is quick.
    config = replace(shape, vocab_size=-(-tokenizer.vocab_size // 64) * 64)
    torch.manual_seed(arguments.seed or Recipe().seed)
    return Model(arguments.out.name, GPT(config), tokenizer), None


def _extended(arguments: argparse.Namespace, model: Model) -> tuple[Model, int]:
    before = model.network.config.n_ctx
    torch.manual_seed(arguments.seed or Recipe().seed)
    try:
        network = extended(model.network, arguments.extend_context, arguments.positions)
    except ValueError as error:
        raise WriterError(
            ErrorKind.EXTENSION_IMPOSSIBLE,
            path=arguments.start, value=arguments.extend_context, reason=error,
        ) from error  # fmt: skip
    return Model(model.name, network, model.tokenizer), before


def _refuse_other_extension(arguments: argparse.Namespace, config: GPTConfig) -> None:
    if arguments.extend_context not in (None, config.n_ctx):
        raise WriterError(
            ErrorKind.SHAPE_GIVEN,
            path=arguments.out, name="n_ctx", found=config.n_ctx, value=arguments.extend_context,
        )  # fmt: skip


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
