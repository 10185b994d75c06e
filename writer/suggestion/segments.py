"""The first word and the first sentence of a text, in English and in Chinese.

Chinese words come from rjieba (jieba's dictionary, in Rust); its dictionary is loaded on first use.
"""

import re
from functools import cache

from writer.preload import preload

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""One Chinese character."""
_HAN_RUN = re.compile(rf"(?:{HAN.pattern})+")
# A word that is not Chinese: everything up to the next space or Chinese character.
_LEADING_SPACE = re.compile(r"\s*")
_OTHER_RUN = re.compile(rf"(?:(?!{HAN.pattern})\S)+")
_FAR_ENOUGH = 24  # characters of a Chinese run; no dictionary word is longer

_CLOSERS = "\"'”’)]」』）》"
_END = re.compile(
    r"[.!?…]+[\"'”’)\]」』）》]*(?=\s|$)"  # a space must follow: 3.14 is no end
    r"|[。！？][。！？…]*[”’」』）》]*|…+[”’」』）》]+"
)
# An “I.” is more often a sentence's end than a name.
_ABBREVIATION = re.compile(
    r"(?:^|[\s\"'“‘(])(?:Mr|Mrs|Ms|Dr|St|Messrs|Mme|Mlle|Prof|Rev|Capt|Col|Gen|Lt|Sgt|Hon|Esq|Jr|Sr"
    r"|vs|etc|viz|i\.e|e\.g|[A-HJ-Z])\.$"
)


def first_word(text: str) -> str:
    r"""Return the first word with the space before it and the punctuation that clings to it.

    >>> first_word(" the rain fell")
    ' the'
    >>> first_word("雨停了，他走进屋子。")
    '雨停'
    """
    space = _LEADING_SPACE.match(text)
    start = space.end() if space else 0
    run = _HAN_RUN.match(text, start)
    if run:
        return text[: start + len(_cut(run.group()[:_FAR_ENOUGH])[0])]
    run = _OTHER_RUN.match(text, start)
    return text[: run.end()] if run else text


def first_sentence(text: str) -> str:
    r"""Return the text up to the end of its first sentence, closing quotes included.

    A line end closes a sentence too, unless nothing stands before it.

    >>> first_sentence(" said Mr. Bell. He rose.")
    ' said Mr. Bell.'
    >>> first_sentence("他走了。“好！”她说。")
    '他走了。'
    """
    start = len(text) - len(text.lstrip("\n"))
    line_end = text.find("\n", start)
    line = text if line_end < 0 else text[:line_end]
    ends = sentence_ends(line)
    return line[: ends[0]] if ends else line


def sentence_ends(text: str) -> list[int]:
    """Return where the sentences of `text` end, each after its closing quotes."""
    return [found.end() for found in _END.finditer(text) if _is_end(text, found)]


def _is_end(text: str, found: re.Match[str]) -> bool:
    follows = text[found.end() :].lstrip(" ")[:1]
    stop = found.group().rstrip(_CLOSERS)
    if stop != ".":
        # “Go!” he said: after these and after dots a sentence may go on.
        return not follows.islower()
    if stop != found.group():
        return True  # “No.” and the like
    start = found.start()
    number = follows.isdigit() and text.endswith("No", 0, start)
    return not number and not _ABBREVIATION.search(text, max(0, start - 8), start + 1)


def is_chinese(text: str) -> bool:
    """Return whether `text` has more Chinese characters than Latin letters."""
    return len(HAN.findall(text)) > sum("a" <= letter.lower() <= "z" for letter in text)


def _cut(run: str) -> list[str]:
    words: list[str] = _segmenter()(run)
    return words


@cache
def _segmenter():  # type: ignore[no-untyped-def]  # noqa: ANN202 - rjieba has no types
    preload("rjieba", "rjieba.abi3.so")
    import rjieba  # its dictionary takes 20 MB, so only where Chinese is written

    return rjieba.cut
