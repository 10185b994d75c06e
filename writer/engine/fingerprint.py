"""The fingerprint of a model: whether two folders hold the same one.

It covers, whole, the files that say what the network is and how text becomes tokens (the JSON and
text files that models have, by name), and of each file of weights its name, size and contents:
whole up to 32 MB together, of more than that the beginning, where the tensors are listed, the end,
and blocks at equal distances. Weights that were changed on purpose in a few places, all of them
between the blocks, are taken for the same; other training, another format or version is not.
"""

import hashlib
from pathlib import Path

from writer.checkpoints.files import ModelFiles, gguf_file
from writer.errors import WriterError

_WHOLE = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt"),
    *("tokenizer.model", "spiece.model"),
)
_WEIGHTS = ("*.safetensors", "*.bin")
_BUDGET = 32 << 20
"""Bytes of weights looked at: 25 ms, 500 MB of weights or more take 30 times as long whole."""
_BLOCK = 64 << 10
_ENDS = 1 << 20
"""Bytes at the beginning and at the end of each file."""


def fingerprint(path: Path) -> str:
    """Return the fingerprint of the model at `path`, a folder or a GGUF file, as 64 hex digits.

    Empty where its files cannot be read.
    """
    try:
        files = ModelFiles(path)
        single = gguf_file(files)
        if single is not None:
            names, weights = [], [single]
        else:
            names = [found for name in _WHOLE if (found := files.find(name))]
            weights = [each for pattern in _WEIGHTS for each in files.matching(pattern)]
        digest = hashlib.sha256()
        for each in names:
            content = each.read_bytes()
            digest.update(f"{each.name} {len(content)}\n".encode())
            digest.update(content)
        for each in weights:
            _add_weights(digest, each, single is None, _BUDGET // len(weights))
    except (OSError, ValueError, WriterError):
        return ""
    return digest.hexdigest()


def _add_weights(digest: "hashlib._Hash", path: Path, with_name: bool, budget: int) -> None:
    size = path.stat().st_size
    # A GGUF file may be called anything; several files are told apart by their names.
    digest.update(f"{path.name if with_name else ''} {size}\n".encode())
    with path.open("rb") as file:
        if size <= budget:
            while block := file.read(_ENDS):
                digest.update(block)
            return
        ends = min(_ENDS, budget // 4)
        digest.update(file.read(ends))
        count = max(1, (budget - 2 * ends) // _BLOCK)
        for number in range(count):
            file.seek(ends + (size - 2 * ends - _BLOCK) * number // count)
            digest.update(file.read(_BLOCK))
        file.seek(size - ends)
        digest.update(file.read(ends))
