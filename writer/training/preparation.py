"""What a training needs before its first step: a folder, a tokenizer, shards, a network."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from writer.checkpoints.bpe import train_bpe
from writer.checkpoints.characters import learn_characters
from writer.checkpoints.tokenizer import Tokenizer, has_tokenizer, read_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.manuscript.lock import FileLock
from writer.training.corpus import documents
from writer.training.shard import TokenShard, shard_path, write_shard

Say = Callable[[str], None]

_LEARNED_CHARACTERS = 40_000_000
_PER_DOCUMENT = 60_000
_LONGEST_HELD_OUT = 200_000


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a corpus, and how much of it is kept from training where none is for that."""

    training: Sequence[Path]
    validation: Sequence[Path]
    held_out_share: float


@contextmanager
def work_folder(out: Path, resume: bool) -> Iterator[Path]:
    """Hold the folder of what a training needs on its way, made if need be.

    Raises:
        WriterError: OUTPUT_UNWRITABLE, OUTPUT_TAKEN or TRAINING_RUNNING.
    """
    work = out / "work"
    lock = FileLock(work / "lock")
    try:
        work.mkdir(parents=True, exist_ok=True)
        if not lock.acquire():
            raise WriterError(ErrorKind.TRAINING_RUNNING, path=out)
    except OSError as error:
        raise WriterError(
            ErrorKind.OUTPUT_UNWRITABLE, path=out, reason=error.strerror or error
        ) from error
    try:
        if (work / "checkpoint.pt").exists() and not resume:
            raise WriterError(ErrorKind.OUTPUT_TAKEN, path=out)
        yield work
    finally:
        lock.release()


def learned_tokenizer(
    work: Path, files: Sequence[Path], kind: str, vocab_size: int, say: Say
) -> Tokenizer:
    """Return the tokenizer that stands in `work`, learned from `files` if none does."""
    folder = work / "tokenizer"
    if not has_tokenizer(folder):
        say(f"learning a vocabulary of {vocab_size:,} tokens")
        folder.mkdir(exist_ok=True)
        if kind == "characters":
            learn_characters(documents(files), vocab_size).write(folder, 0)
        else:
            train_bpe(_beginnings(files), vocab_size).write(folder, 0)
    return read_tokenizer(folder)


def _beginnings(files: Sequence[Path]) -> "islice[str]":
    """Yield the beginnings of books, some 40 million characters in all."""
    texts = (document[:_PER_DOCUMENT] for document in documents(files))
    return islice(texts, _LEARNED_CHARACTERS // _PER_DOCUMENT)


def shards(
    work: Path, texts: Texts, tokenizer: Tokenizer, n_ctx: int, say: Say
) -> tuple[TokenShard, TokenShard]:
    """Return the corpus in tokens, and what is held out of it; both are made once.

    Raises:
        WriterError: What `documents` raises.
    """
    training = _shard(work, "tokens", texts.training, tokenizer, say)
    if texts.validation:
        return training, _shard(work, "validation", texts.validation, tokenizer, say)
    share = min(int(len(training) * texts.held_out_share), _LONGEST_HELD_OUT)
    # At least one window, but never at the cost of the only one.
    wanted = max(share, n_ctx + 1) if texts.held_out_share else 0
    spare = max(0, len(training) - (n_ctx + 1))
    return training.split(len(training) - min(wanted, spare))


def _shard(
    work: Path, name: str, files: Sequence[Path], tokenizer: Tokenizer, say: Say
) -> TokenShard:
    path = shard_path(work, name, tokenizer)
    mark = work / f"{name}.json"
    print_of_files = json.dumps([_print(each) for each in files])
    if path.exists() and mark.exists() and mark.read_text(encoding="utf-8") == print_of_files:
        return TokenShard.read(path)
    say("reading the texts")
    said = time.monotonic()

    def on_progress(tokens: int) -> None:
        nonlocal said
        if time.monotonic() - said > 1:
            said = time.monotonic()
            say(f"reading the texts: {tokens:,} tokens")

    try:
        shard = write_shard(path, documents(files), tokenizer, on_progress)
        mark.write_text(print_of_files, encoding="utf-8")
    except OSError as error:
        path.with_name(path.name + ".part").unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=work, reason=reason) from error
    return shard


def _print(file: Path) -> list[object]:
    status = file.stat()
    return [str(file.absolute()), status.st_size, status.st_mtime_ns]


def bf16_is_faster(device: torch.device) -> bool:
    """Return whether matrix products are faster in bf16 here; measured, in some milliseconds."""
    if device.type != "cpu":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    times = {dtype: _product_seconds(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return times[torch.bfloat16] < 0.7 * times[torch.float32]


def _product_seconds(dtype: torch.dtype) -> float:
    one, other = torch.ones(512, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        torch.mm(one, other)
        best = min(best, time.perf_counter() - started)
    return best
