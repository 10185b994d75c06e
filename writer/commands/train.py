"""`writer train`: from text files to a model folder."""

import argparse
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from writer.checkpoints.folder import write_model
from writer.checkpoints.tokenizer import BPETokenizer, train_bpe
from writer.errors import ErrorKind, WriterError
from writer.training.corpus import corpus_files, documents
from writer.training.evaluation import bits_per_byte
from writer.training.recipe import Recipe
from writer.training.shard import TokenShard, shard_path, write_shard
from writer.training.trainer import Progress, Trainer

_TOKENIZER_CHARACTERS = 40_000_000


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `train` and its flags."""
    recipe = Recipe()
    parser = commands.add_parser(
        "train", help="train a model on text files",
        description="Train a GPT-2 on text and write a model folder. Ctrl+C stops and keeps a "
        "checkpoint; --resume goes on from it.",
    )  # fmt: skip
    parser.add_argument("corpus", nargs="+", type=Path, help=".txt, .md, .xz files, or folders")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--tokens", type=_size, default=recipe.tokens, help="budget (%(default)s)")
    parser.add_argument("--minutes", type=float, default=0, help="budget; 0 = tokens alone")
    parser.add_argument("--layers", type=_size, default=recipe.n_layer, help="(%(default)s)")
    parser.add_argument("--width", type=_size, default=recipe.n_embd, help="(%(default)s)")
    parser.add_argument("--heads", type=_size, default=recipe.n_head, help="(%(default)s)")
    parser.add_argument("--n-ctx", type=_size, default=recipe.n_ctx, help="(%(default)s)")
    parser.add_argument("--vocab", type=_size, default=recipe.vocab_size, help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="0 = as torch chooses")
    parser.add_argument("--seed", type=int, default=recipe.seed, help="(%(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train as told; return the exit status."""
    out: Path = arguments.out
    if arguments.width % arguments.heads:
        raise WriterError(
            ErrorKind.SETTING_INVALID, name="heads", value=arguments.heads,
            accepts=f"a divisor of the width, {arguments.width}",
        )  # fmt: skip
    training, validation = corpus_files(arguments.corpus)
    work = _work_folder(out, arguments.resume)
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    tokenizer = _tokenizer(work, training, arguments.vocab)
    shard = _shard(work, training, tokenizer)
    recipe = replace(
        Recipe(), tokens=arguments.tokens, minutes=arguments.minutes, n_layer=arguments.layers,
        n_embd=arguments.width, n_head=arguments.heads, n_ctx=arguments.n_ctx,
        vocab_size=-(-tokenizer.vocab_size // 64) * 64, seed=arguments.seed,
    )  # fmt: skip
    trainer = Trainer(recipe, shard, work)
    if trainer.resume():
        _say(f"going on at step {trainer.step}")
    try:
        trainer.run(_Reporter(recipe))
    except KeyboardInterrupt:
        _say(f"\nstopped at step {trainer.step}; --resume goes on from there")
        return 130
    write_model(out, trainer.network, tokenizer)
    _say(f"\nwrote {out} after {trainer.tokens:,} tokens")
    _evaluate(trainer, tokenizer, validation)
    return 0


def _size(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number above 0")
    return int(text)


def _work_folder(out: Path, resume: bool) -> Path:
    """Return the folder of what a training needs on its way, made if need be."""
    work = out / "work"
    try:
        work.mkdir(parents=True, exist_ok=True)
        taken = any(work.iterdir())
    except OSError as error:
        raise WriterError(
            ErrorKind.OUTPUT_UNWRITABLE, path=out, reason=error.strerror or error
        ) from error
    if taken and not resume:
        raise WriterError(ErrorKind.OUTPUT_TAKEN, path=out)
    return work


def _tokenizer(work: Path, files: list[Path], vocab: int) -> BPETokenizer:
    path = work / "tokenizer.json"
    if not path.exists():
        _say(f"learning a vocabulary of {vocab:,} tokens ...")
        train_bpe(_sample(files), vocab).write(path)
    return BPETokenizer.read(path)


def _sample(files: list[Path]) -> "islice[str]":
    """Yield paragraphs from beginnings of books, some 40 million characters in all."""
    per_document = 60_000
    beginnings = (document[:per_document] for document in documents(files))
    return islice(beginnings, _TOKENIZER_CHARACTERS // per_document)


def _shard(work: Path, files: list[Path], tokenizer: BPETokenizer) -> TokenShard:
    path = shard_path(work, tokenizer)
    if path.exists():
        return TokenShard(path)
    _say("encoding the corpus ...")
    return write_shard(path, documents(files), tokenizer, lambda n: _say(f"\r{n:,} tokens", end=""))


def _evaluate(trainer: Trainer, tokenizer: BPETokenizer, files: list[Path]) -> None:
    scores = []
    for document in documents(files):
        score = bits_per_byte(trainer.network, tokenizer, document)
        size = len(document.encode("utf-8"))
        scores.append((score, size))
        _say(f"validation: {score:.3f} bits per byte over {size:,} bytes: {document[:40]!r}")
    total = sum(size for _, size in scores)
    if not total:
        return
    _say(f"validation, all: {sum(bits * size for bits, size in scores) / total:.3f} bits per byte")


class _Reporter:
    """Says how it goes, every few seconds."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._started = self._said = time.monotonic()
        self._first: float | None = None
        self._loss: float | None = None

    def __call__(self, progress: Progress) -> None:
        """Take note of one update."""
        loss = progress.loss
        self._loss = loss if self._loss is None else 0.95 * self._loss + 0.05 * loss
        now = time.monotonic()
        if self._first is None:
            self._first = progress.share
            return
        if now - self._said < 10 and progress.share < 1:
            return
        self._said = now
        done = max(progress.share - self._first, 1e-9)
        left = (now - self._started) / done * (1 - progress.share)
        _say(
            f"step {progress.step:,}  {progress.tokens:,} tokens  loss {self._loss:.3f}  "
            f"{progress.tokens_per_second:,.0f} tokens/s  {left / 60:.0f} min left"
        )


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)
