"""What a training needs before its first step: a folder, a tokenizer, shards. Each is made once."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from writer.checkpoints.bpe import train_bpe
from writer.checkpoints.characters import learn_characters
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.tokenizer import Tokenizer, read_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.manuscript.lock import FileLock
from writer.training.cleaning import VERSION
from writer.training.corpus import documents, parted
from writer.training.shard import TokenShard, shard_path, write_shard

Say = Callable[[str], None]

_LEARNED_CHARACTERS = 40_000_000
_PER_DOCUMENT = 60_000


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a corpus, and how much of each text is kept from training if none is whole."""

    training: Sequence[Path]
    validation: Sequence[Path]
    held_out_share: float


@contextmanager
def work_folder(out: Path, resume: bool, replace: bool) -> Iterator[Path]:
    """Hold the folder of what a training needs on its way, made if need be.

    Raises:
        WriterError: OUTPUT_UNWRITABLE, OUTPUT_TAKEN or TRAINING_RUNNING.
    """
    work = out / "work"
    lock = FileLock(work / "lock")
    with _writing(out):
        work.mkdir(parents=True, exist_ok=True)
        if not lock.acquire():
            raise WriterError(ErrorKind.TRAINING_RUNNING, path=out)
    try:
        taken = (work / "checkpoint.pt").exists() or (out / "config.json").exists()
        if taken and not (resume or replace):
            raise WriterError(ErrorKind.OUTPUT_TAKEN, path=out)
        if replace and not resume:
            (work / "checkpoint.pt").unlink(missing_ok=True)
        yield work
    finally:
        lock.release()


def learned_tokenizer(
    work: Path, files: Sequence[Path], kind: str, vocab_size: int, say: Say
) -> Tokenizer:
    """Return the tokenizer of this kind, learned from `files`, unless that has been done.

    Raises:
        WriterError: What `documents` raises, or OUTPUT_UNWRITABLE.
    """
    folder = work / "tokenizer"
    wanted = {"kind": kind, "vocabulary": vocab_size, **_origin(files)}
    if _is_made(folder / "made.json", wanted):
        return kept_tokenizer(work)
    say(f"learning a vocabulary of {vocab_size:,} tokens")
    if kind == "characters":
        tokenizer: Tokenizer = learn_characters(documents(files), vocab_size)
    else:
        tokenizer = train_bpe(_beginnings(files), vocab_size)
    keep_tokenizer(work, tokenizer)
    with _writing(work):
        (folder / "made.json").write_text(json.dumps(wanted), encoding="utf-8")
    return kept_tokenizer(work)


def keep_tokenizer(work: Path, tokenizer: Tokenizer) -> None:
    """Keep the tokenizer with which a training was begun, for when it goes on."""
    folder, unfinished = work / "tokenizer", work / "tokenizer.part"
    with _writing(work):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        tokenizer.write(unfinished, 0)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)


def kept_tokenizer(work: Path) -> Tokenizer:
    """Return the tokenizer with which the training in `work` was begun.

    Raises:
        WriterError: FILE_UNREADABLE.
    """
    folder = work / "tokenizer"
    try:
        return read_tokenizer(ModelFiles(folder))
    except (ValueError, OSError, WriterError) as error:
        raise WriterError(ErrorKind.FILE_UNREADABLE, path=folder, reason=error) from error


def _beginnings(files: Sequence[Path]) -> "islice[str]":
    """Yield the beginnings of books, some 40 million characters in all."""
    texts = (document[:_PER_DOCUMENT] for document in documents(files))
    return islice(texts, _LEARNED_CHARACTERS // _PER_DOCUMENT)


def shards(
    work: Path, texts: Texts, tokenizer: Tokenizer, say: Say
) -> tuple[TokenShard, TokenShard]:
    """Return the corpus in tokens, and what is held out of it.

    That are the validation files, or else the end of each text.

    Raises:
        WriterError: What `documents` raises, or OUTPUT_UNWRITABLE.
    """
    training, share = texts.training, texts.held_out_share
    if texts.validation:
        return (
            _shard(work, "tokens", training, documents(training), tokenizer, say),
            _shard(
                work, "validation", texts.validation, documents(texts.validation), tokenizer, say
            ),
        )
    once = list(dict.fromkeys(training))  # of a text that is read twice both ends are the same
    heads = (parted(document, share)[0] for document in documents(training))
    tails = (parted(document, share)[1] for document in documents(once))
    return (
        _shard(work, f"tokens-{share:g}", training, heads, tokenizer, say),
        _shard(work, f"held-out-{share:g}", once, filter(None, tails), tokenizer, say),
    )


def _shard(
    work: Path,
    name: str,
    files: Sequence[Path],
    texts: Iterable[str],
    tokenizer: Tokenizer,
    say: Say,
) -> TokenShard:
    path = shard_path(work, name, tokenizer)
    mark = work / f"{name}.json"
    origin = {**_origin(files), "tokenizer": _fingerprint(tokenizer)}
    size = path.stat().st_size if path.exists() else -1
    if _is_made(mark, {**origin, "size": size}):
        return TokenShard.read(path)
    say("reading the texts")
    said = time.monotonic()

    def on_progress(tokens: int) -> None:
        nonlocal said
        if time.monotonic() - said > 2:
            said = time.monotonic()
            say(f"reading the texts: {tokens:,} tokens")

    with _writing(work):
        shard = write_shard(path, texts, tokenizer, on_progress)
        made = json.dumps({**origin, "size": path.stat().st_size})
        mark.write_text(made, encoding="utf-8")
    return shard


def _is_made(mark: Path, wanted: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(mark.read_text(encoding="utf-8")) == wanted)
    except (OSError, ValueError):
        return False


def _origin(files: Sequence[Path]) -> dict[str, Any]:
    """Return what tells one reading of these files from another."""
    states = [(file, file.stat()) for file in files]
    told = [[str(file.absolute()), state.st_size, state.st_mtime_ns] for file, state in states]
    return {"cleaning": VERSION, "files": told}


def _fingerprint(tokenizer: Tokenizer) -> str:
    said = (tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size))
    return hashlib.sha256(b"\0".join(said)).hexdigest()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say as a `WriterError` why nothing can be written into `folder`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=folder, reason=reason) from error


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
