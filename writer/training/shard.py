"""A corpus as tokens: one memory-mapped file of uint16 or uint32, made once.

Document ends are marked by the tokenizer's end token. Half of the documents have their paragraphs
parted by single line ends, as people type into an editor, half by empty lines, as Markdown has it.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from writer.checkpoints.tokenizer import BPETokenizer

_BATCH_CHARACTERS = 4_000_000
_PIECE_CHARACTERS = 20_000


class TokenShard:
    """The tokens of a corpus, read from disk as they are asked for."""

    def __init__(self, path: Path) -> None:
        dtype = np.uint32 if path.suffix == ".u32" else np.uint16
        empty = path.stat().st_size == 0  # what cannot be mapped
        self._tokens = np.zeros(0, dtype) if empty else np.memmap(path, dtype=dtype, mode="r")

    def __len__(self) -> int:
        return len(self._tokens)

    def window(self, start: int, length: int) -> torch.Tensor:
        """Return tokens (length,) from `start` as int64."""
        return torch.from_numpy(self._tokens[start : start + length].astype(np.int64))


def shard_path(folder: Path, tokenizer: BPETokenizer) -> Path:
    """Return where in `folder` the shard of this tokenizer stands; its ending gives the dtype."""
    return folder / ("tokens.u32" if tokenizer.vocab_size > 1 << 16 else "tokens.u16")


def write_shard(
    path: Path,
    documents: Iterable[str],
    tokenizer: BPETokenizer,
    on_progress: Callable[[int], None],
) -> TokenShard:
    """Encode `documents` into `path` and return the shard; `on_progress` is told tokens so far."""
    dtype = np.uint32 if path.suffix == ".u32" else np.uint16
    unfinished = path.with_name(path.name + ".part")
    written = 0
    with unfinished.open("wb") as out:
        pieces = _pieces(documents)
        while batch := list(_some(pieces)):
            for ids, ends in zip(
                tokenizer.encode_batch([text for text, _ in batch]),
                (ends for _, ends in batch),
                strict=True,
            ):
                if ends and tokenizer.end_id is not None:
                    ids.append(tokenizer.end_id)
                out.write(np.asarray(ids, dtype=dtype).tobytes())
                written += len(ids)
            on_progress(written)
    unfinished.replace(path)
    return TokenShard(path)


def _pieces(documents: Iterable[str]) -> Iterable[tuple[str, bool]]:
    """Yield (text, whether its document ends there), cut between paragraphs."""
    for number, document in enumerate(documents):
        gap = "\n\n" if number % 2 else "\n"
        paragraphs = [paragraph + gap for paragraph in document.split("\n\n")]
        paragraphs[-1] = paragraphs[-1].removesuffix(gap)
        piece: list[str] = []
        size = 0
        for paragraph in paragraphs:
            piece.append(paragraph)
            size += len(paragraph)
            if size > _PIECE_CHARACTERS:
                yield "".join(piece), False
                piece, size = [], 0
        yield "".join(piece), True


def _some(pieces: Iterable[tuple[str, bool]]) -> Iterable[tuple[str, bool]]:
    return islice(pieces, _BATCH_CHARACTERS // _PIECE_CHARACTERS)
