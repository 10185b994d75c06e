"""A corpus as tokens: one memory-mapped file of uint16 or uint32, made once.

Documents stand between the tokenizer's marks. Half of them have their paragraphs parted by single
line ends, as people type into an editor, half by empty lines, as Markdown has it.
"""

import os
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from writer.checkpoints.tokenizer import Tokenizer

_BATCH_CHARACTERS = 4_000_000
_PIECE_CHARACTERS = 20_000


class TokenShard:
    """The tokens of a corpus, read from disk as they are asked for."""

    def __init__(self, tokens: "np.ndarray[Any, Any]") -> None:
        self._tokens = tokens

    @classmethod
    def read(cls, path: Path) -> "TokenShard":
        """Map the shard at `path`; its ending gives the dtype."""
        dtype = np.uint32 if path.suffix == ".u32" else np.uint16
        empty = path.stat().st_size == 0  # what cannot be mapped
        return cls(np.zeros(0, dtype) if empty else np.memmap(path, dtype=dtype, mode="r"))

    def __len__(self) -> int:
        return len(self._tokens)

    def window(self, start: int, length: int) -> torch.Tensor:
        """Return tokens (length,) from `start` as int64, fewer at the end."""
        return torch.from_numpy(self._tokens[start : start + length].astype(np.int64))


def shard_path(folder: Path, name: str, tokenizer: Tokenizer) -> Path:
    """Return where in `folder` the shard `name` of this tokenizer stands."""
    return folder / f"{name}.{'u32' if tokenizer.vocab_size > 1 << 16 else 'u16'}"


def write_shard(
    path: Path,
    documents: Iterable[str],
    tokenizer: Tokenizer,
    on_progress: Callable[[int], None] = lambda tokens: None,
) -> TokenShard:
    """Encode `documents` into `path` and return the shard; `on_progress` is told tokens so far."""
    dtype = np.uint32 if path.suffix == ".u32" else np.uint16
    unfinished = path.with_name(path.name + ".part")
    closing = [] if tokenizer.end_id is None else [tokenizer.end_id]
    # A mark that closes one document and opens the next is needed once.
    opening = [] if list(tokenizer.opening) == closing else list(tokenizer.opening)
    written = 0
    with unfinished.open("wb") as out:
        pieces = _pieces(documents)
        while batch := list(islice(pieces, _BATCH_CHARACTERS // _PIECE_CHARACTERS)):
            encoded = tokenizer.encode_batch([text for text, _, _ in batch])
            for ids, (_, begins, ends) in zip(encoded, batch, strict=True):
                whole = opening * begins + ids + closing * ends
                out.write(np.asarray(whole, dtype=dtype).tobytes())
                written += len(whole)
            on_progress(written)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(path)
    return TokenShard.read(path)


def _pieces(documents: Iterable[str]) -> Iterable[tuple[str, bool, bool]]:
    """Yield (text, whether its document begins there, ... ends there), cut between paragraphs."""
    for number, document in enumerate(documents):
        gap = "\n\n" if number % 2 else "\n"
        paragraphs = [paragraph + gap for paragraph in document.split("\n\n")]
        paragraphs[-1] = paragraphs[-1].removesuffix(gap)
        piece: list[str] = []
        size, begins = 0, True
        for paragraph in paragraphs:
            piece.append(paragraph)
            size += len(paragraph)
            if size > _PIECE_CHARACTERS:
                yield "".join(piece), begins, False
                piece, size, begins = [], 0, False
        yield "".join(piece), begins, True
