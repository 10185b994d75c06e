"""What kind of tokenizer a model has, and whether it is a Chinese one, told from its vocabulary."""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from writer.checkpoints.files import ModelFiles, read_text
from writer.checkpoints.gguf_file import GGUFFile
from writer.checkpoints.tokenizer import character_file
from writer.checkpoints.words import has_words

BYTE_LEVEL, SENTENCEPIECE = "byte-level BPE", "SentencePiece"
CHARACTERS, WORDS, WORDPIECE = "Chinese characters", "Chinese words", "WordPiece"
_HAN = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff]"
    # The same as a byte-level BPE spells it: a letter for each byte, E4 to E9 in front.
    "|[\u00e4-\u00e9][\u00a1-\u00ac\u00ae-\u00bf\u0122-\u0143]{2}"
)
_KANA = re.compile("[\u3041-\u30ff]|\u00e3[\u0123-\u0125][\u00a1-\u00bf\u0122-\u0143]")
_CHINESE_SHARE, _JAPANESE_SHARE = 0.5, 0.06
"""Of the tokens. Vocabularies of many languages have a fifth of Chinese; Chinese ones some kana."""
_CHARACTERS_SHARE = 0.25
"""From which on word pieces are called after them; of few tokens many are Latin letters."""


class Vocabulary(NamedTuple):
    """What is known of a tokenizer without it."""

    kind: str
    """Empty where nothing tells."""
    size: int
    is_chinese: bool


def folder_vocabulary(files: ModelFiles) -> Vocabulary:
    """Return what the files of a tokenizer say, in the order in which it would be read.

    Raises:
        ValueError: One of them is damaged, or leads out of the folder.
        OSError: One of them cannot be read.
    """
    if path := character_file(files):
        return _word_pieces(line for line in read_text(path).split("\n") if line)
    whole = files.json("tokenizer.json")
    if whole is not None:
        return _whole(whole)
    if vocabulary := files.json("vocab.json"):
        return _of(BYTE_LEVEL, vocabulary)
    is_piece = any(map(files.find, ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model")))
    return Vocabulary(SENTENCEPIECE if is_piece else "", 0, False)


def file_vocabulary(file: GGUFFile) -> Vocabulary:
    """Return what the header of a GGUF file says."""
    tokens: Any = file.fields.get("tokenizer.ggml.tokens")
    tokens = tokens if isinstance(tokens, list) else []
    kind = file.fields.get("tokenizer.ggml.model")
    if kind == "bert":
        return _word_pieces(tokens)
    kinds = {"gpt2": BYTE_LEVEL, "llama": SENTENCEPIECE, "t5": SENTENCEPIECE}
    return _of(kinds.get(str(kind), ""), tokens)


def _whole(found: dict[str, Any]) -> Vocabulary:
    """Return what a `tokenizer.json` says."""
    model: Any = found.get("model")
    model = model if isinstance(model, dict) else {}
    stored = model.get("vocab")
    if isinstance(stored, list):  # of a unigram: pairs of a token and a number
        tokens = [each[0] for each in stored if isinstance(each, list) and each]
    else:
        tokens = list(stored) if isinstance(stored, dict) else []
    tokens = [each for each in tokens if isinstance(each, str)]
    # Tokenizers of before 2021 do not name their model.
    kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece")
    if kind == "WordPiece":
        return _word_pieces(tokens)
    steps = json.dumps([found.get(name) for name in ("pre_tokenizer", "decoder")])
    is_byte_level = kind == "BPE" and "ByteLevel" in steps
    return _of(BYTE_LEVEL if is_byte_level else SENTENCEPIECE, tokens)


def _word_pieces(tokens: Iterable[str]) -> Vocabulary:
    tokens = list(tokens)
    if _share(_HAN, tokens) < _CHARACTERS_SHARE:
        return _of(WORDPIECE, tokens)
    return _of(WORDS if has_words(tokens) else CHARACTERS, tokens)


def _of(kind: str, tokens: Iterable[str]) -> Vocabulary:
    tokens = list(tokens)
    is_han = _share(_HAN, tokens) > _CHINESE_SHARE
    return Vocabulary(kind, len(tokens), is_han and _share(_KANA, tokens) < _JAPANESE_SHARE)


def _share(letters: re.Pattern[str], tokens: list[str]) -> float:
    """Return the share of the tokens that have one of the letters."""
    return sum(letters.search(token) is not None for token in tokens) / max(1, len(tokens))
