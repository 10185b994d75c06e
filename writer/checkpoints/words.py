"""Chinese text parted into the words of a vocabulary, as GPT2-Chinese does with `--segment`."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_HAN_WORD = re.compile(f"[{_HAN}]{{2,}}")
_WORDS_SHARE = 0.01


def has_words(tokens: Iterable[str]) -> bool:
    """Return whether a vocabulary has Chinese words, and not characters alone."""
    tokens = list(tokens)
    return sum(map(bool, map(_HAN_WORD.fullmatch, tokens))) > _WORDS_SHARE * len(tokens)


class Words:
    """The Chinese words of a vocabulary."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._known = frozenset(filter(_HAN_WORD.fullmatch, tokens))
        self._longest = max(map(len, self._known), default=1)

    def parted(self, line: str) -> str:
        """Return `line` with spaces around its Chinese words.

        A word that the vocabulary lacks falls into the longest ones that it has.
        """
        return _HAN_RUN.sub(lambda run: f" {' '.join(self._words(run.group()))} ", line)

    def _words(self, run: str) -> list[str]:
        words: list[str] = []
        for word in self._cut(run):
            words += [word] if word in self._known else self._pieces(word)
        return words

    def _pieces(self, word: str) -> list[str]:
        pieces, start = [], 0
        while start < len(word):
            ends = range(min(len(word), start + self._longest), start + 1, -1)
            end = next((end for end in ends if word[start:end] in self._known), start + 1)
            pieces.append(word[start:end])
            start = end
        return pieces

    @cached_property
    def _cut(self) -> Any:  # noqa: ANN401 - rjieba has no types
        import rjieba  # its dictionary takes 20 MB, so only for such a vocabulary

        return rjieba.cut
