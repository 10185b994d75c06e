"""What all trainings and readings share, made once: tokenizer, token shard, validation stretches.

The held-out text that trainings look at is the end of each training book, so that nothing is chosen
by the validation novels.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.long_context.kept import kept
from writer.checkpoints.tokenizer import Tokenizer
from writer.errors import ErrorKind, WriterError
from writer.training.corpus import corpus_files, documents
from writer.training.preparation import (
    Texts,
    bf16_is_faster,
    learned_tokenizer,
    shards,
    work_folder,
)
from writer.training.shard import TokenShard

Say = Callable[[str], None]
_HELD_OUT_SHARE = 0.002
_WORD = re.compile(r"[A-Za-z]+")
_CHARACTERS_A_TOKEN = 8
"""More than English has, so that enough is encoded."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What trainings need."""

    tokenizer: Tokenizer
    corpus: TokenShard
    held_out: TokenShard
    bf16: bool
    """Whether matrix products are faster in bf16 on this machine; measured once for all."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a validation novel, read from its beginning as if nothing stood before it."""

    novel: int
    text: bytes
    """What its tokens say, one after another."""
    tokens: torch.Tensor  # (N + 1,): the opening mark, then the text


def prepare(corpus: Path, work: Path, vocabulary: int, say: Say) -> Prepared:
    """Return what trainings on `corpus` need, made in `work` unless it is there.

    Raises:
        WriterError: The corpus is missing or empty, or `work` cannot be written.
    """
    training, _ = _files(corpus)
    with _alone(work, say) as folder:
        tokenizer = learned_tokenizer(folder, training, "bpe", vocabulary, say)
        texts = Texts(training, [], _HELD_OUT_SHARE)
        shard, held_out = shards(folder, texts, tokenizer, say)
        bf16 = kept(folder / "bf16.json", {}, lambda: bf16_is_faster(torch.device("cpu")))
    return Prepared(tokenizer, shard, held_out, bf16)


def stretches(corpus: Path, tokenizer: Tokenizer, each: int, length: int) -> list[Stretch]:
    """Return `each` stretches of every validation novel, spread evenly, of `length` tokens.

    The first of all novels come first, then the second of all, and so on.

    Raises:
        WriterError: CORPUS_EMPTY, where no validation text is long enough.
    """
    _, validation = _files(corpus)
    novels = [text.replace("\n\n", "\n") for text in documents(validation)]
    found = []
    for number in range(each):
        for novel, text in enumerate(novels):
            start = text.rfind("\n", 0, len(text) * number // each + 1) + 1
            stretch = _stretch(novel, text[start:], tokenizer, length)
            found += [stretch] if stretch else []
    if not found:
        raise WriterError(ErrorKind.CORPUS_EMPTY, paths=", ".join(map(str, validation)) or corpus)
    return found


def word_counts(corpus: Path, work: Path, say: Say) -> Counter[str]:
    """Return how often the words of the validation novels stand in the training texts.

    Each as it is written there, and in small letters.

    Raises:
        WriterError: The corpus is missing or empty, or `work` cannot be written.
    """
    training, validation = _files(corpus)

    def count() -> dict[str, int]:
        say("counting words")
        wanted = {word for text in documents(validation) for word in _WORD.findall(text)}
        wanted |= {word.lower() for word in wanted}
        found: Counter[str] = Counter()
        for text in documents(training):
            found.update(filter(wanted.__contains__, _WORD.findall(text)))
        return dict(found)

    files = [[each.name, each.stat().st_size] for each in (*training, *validation)]
    return Counter(kept(work / "texts" / "words.json", {"files": files}, count))


def _files(corpus: Path) -> tuple[list[Path], list[Path]]:
    if not corpus.exists():
        raise WriterError(ErrorKind.FILE_MISSING, path=corpus)
    return corpus_files([corpus])


def _stretch(novel: int, text: str, tokenizer: Tokenizer, length: int) -> Stretch | None:
    ids = tokenizer.encode(text[: length * _CHARACTERS_A_TOKEN])[:length]
    if len(ids) < length:
        return None
    said = b"".join(tokenizer.token_bytes(token) for token in ids)
    return Stretch(novel, said, torch.tensor([*tokenizer.opening[-1:], *ids]))


@contextmanager
def _alone(work: Path, say: Say) -> Iterator[Path]:
    """Hold the folder of texts, waiting while another training prepares them."""
    said = False
    while True:
        try:
            with work_folder(work / "texts", resume=True, replace=False) as folder:
                yield folder
                return
        except WriterError as error:
            if error.kind is not ErrorKind.TRAINING_RUNNING:
                raise
        if not said:
            say("another training prepares the texts: waiting")
        said = True
        time.sleep(1)
