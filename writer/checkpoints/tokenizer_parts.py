"""What a `tokenizer.json` does with a text around its vocabulary: only what cannot get out of hand.

The library believes what it reads, and a text that doubles at each of thirty steps ends the whole
process. So its parts are looked at before it builds them: few may make a text longer, none by much,
and none of them comes twice.
"""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

_MOST_PARTS = 16
_LONGEST_PATTERN = 8192
_LONGEST_ADDED = 8
"""Characters put before a text, or bytes told of a mark."""
_LONGEST_MAPPED = 64
"""Bytes that one letter becomes; in Unicode's own tables, 33."""
_LARGEST_TEMPLATE = 8192
"""Characters that say what is put around a text; a few marks take some hundred."""

_KINDS = {
    "normalizer": {
        "Sequence", "Prepend", "Replace", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled",
        "Strip", "StripAccents", "Lowercase",
    },
    "pre_tokenizer": {
        "Sequence", "ByteLevel", "Metaspace", "Split", "Digits", "Punctuation", "UnicodeScripts",
    },
    "decoder": {
        "Sequence", "ByteLevel", "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip",
        "BPEDecoder", "WordPiece",
    },
}  # fmt: skip
_ONCE = {"Precompiled", "Prepend", "ByteLevel", "Lowercase", "NFKD", "NFKC"}
"""Each of them may make a text longer; together they do so no more than a few times over."""
_PATTERNS = {" {2,}", r"\s+", r"\s{2,}", r"\n", r"\r\n", r"\r", r"\t"}
"""What may be replaced besides words: a pattern of its own may match nothing, or work for ever."""


def parts(stage: object) -> Iterator[dict[str, Any]]:
    """Yield the parts that a normalizer, a pre-tokenizer or a decoder is made of."""
    if isinstance(stage, dict):
        yield stage
        for name in ("normalizers", "pretokenizers", "decoders"):
            inner = stage.get(name)
            for each in inner if isinstance(inner, list) else ():
                yield from parts(each)


def check_parts(data: dict[str, Any]) -> None:
    """Refuse a `tokenizer.json` whose parts may make a text very long, or are not known.

    Raises:
        ValueError: They may, or are not.
    """
    for stage, kinds in _KINDS.items():
        found = list(islice(parts(data.get(stage)), _MOST_PARTS + 1))
        if len(found) > _MOST_PARTS:
            raise ValueError("the tokenizer takes too many steps with a text")
        counts = Counter(str(each.get("type")) for each in found)
        for kind, count in counts.items():
            if kind not in kinds or (count > 1 and kind in _ONCE):
                raise ValueError(
                    f"the tokenizer changes a text in a way not known here: {kind:.40}"
                )
        for each in found:
            _check_part(each, is_normalizer=stage == "normalizer")
    if len(json.dumps(data.get("post_processor"))) > _LARGEST_TEMPLATE:
        raise ValueError("the tokenizer puts too much around a text")


def _check_part(part: dict[str, Any], is_normalizer: bool) -> None:
    kind = part.get("type")
    pattern = part.get("pattern")
    if len(json.dumps(pattern)) > _LONGEST_PATTERN:
        raise ValueError("the tokenizer parts words by too long a pattern")
    for name in ("prepend", "replacement"):
        if len(str(part.get(name, ""))) > _LONGEST_ADDED:
            raise ValueError("the tokenizer puts too much before a text")
    if kind == "Precompiled":
        _check_precompiled(part.get("precompiled_charsmap"))
    if kind == "Replace" and not _is_short(pattern, part.get("content"), is_normalizer):
        raise ValueError("the tokenizer makes other, or longer, text of a text")


def _is_short(pattern: object, content: object, is_normalizer: bool) -> bool:
    """Return whether a text becomes no longer where `content` stands for `pattern`."""
    if not isinstance(pattern, dict) or not isinstance(content, str):
        return False
    word = pattern.get("String")
    if isinstance(word, str):
        return word != "" and len(content) <= len(word)
    return len(content) <= 1 and (not is_normalizer or pattern.get("Regex") in _PATTERNS)


def _check_precompiled(table: object) -> None:
    """Refuse a table of SentencePiece's in which a letter becomes a long text.

    It is a search tree, behind the number of its bytes, and then the texts, each ended by a zero.
    """
    if not isinstance(table, str | None):
        raise ValueError("the tokenizer's table of letters is none")
    try:
        read = base64.b64decode(table or "")
    except ValueError as error:
        raise ValueError("the tokenizer's table of letters is damaged") from error
    texts = read[4 + int.from_bytes(read[:4], "little") :]
    if any(len(each) > _LONGEST_MAPPED for each in texts.split(b"\0")):
        raise ValueError("the tokenizer makes a long text of a letter")
