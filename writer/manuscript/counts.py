"""Counting words in any script, of a whole text or paragraph by paragraph.

No word goes beyond a line end, so the paragraphs' counts add up to the text's.
"""

import re
from collections.abc import Iterable

_SINGLE = (
    r"\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Ideographs and kana: each is a word."""
_MARKS = (
    r"\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06ed\u0900-\u0903\u093a-\u094f\u0962\u0963\u0980-\u0983\u09bc-\u09cd\u0a3c-\u0a4d"
    r"\u0abc-\u0acd\u0b3c-\u0b4d\u0bbe-\u0bcd\u0c3e-\u0c4d\u0cbc-\u0ccd\u0d3b-\u0d4d\u0e31-\u0e4e"
    r"\u1ab0-\u1aff\u200c\u200d\u20d0-\u20ff"
)
"""Signs inside words that are no letters to Python: accents, vowel signs, soft hyphens."""
_LETTER = rf"[^\W_{_SINGLE}]"
_JOINER = r"['’_‐‑-]|(?<=\d)[.,:](?=\d)"
"""Inside a word: apostrophes, hyphens, the dot of 3.14."""

_WORD = re.compile(
    # Plain letters first: most words of most novels end here, at half the time.
    rf"[A-Za-z]++(?![\w'’‐‑{_MARKS}-])"
    rf"|[{_SINGLE}]"
    rf"|{_LETTER}++(?:[{_MARKS}]*+(?:{_JOINER})?+{_LETTER}++)*+"
)


def count_words(text: str) -> int:
    """Return the number of words; each ideograph and kana is one, a Markdown sign is none.

    >>> count_words("# The well-known *don't*"), count_words("他很好。"), count_words("안녕 세상")
    (3, 3, 2)
    """
    return len(_WORD.findall(text))


def words(text: str) -> list[str]:
    """Return the words of a text, each ideograph and kana as one.

    >>> words("“Don't,” he said. 他很好。")
    ["Don't", 'he', 'said', '他', '很', '好']
    """
    return _WORD.findall(text)


class RunningCount:
    """The words of a text whose paragraphs change: only changed ones are counted again."""

    def __init__(self, paragraphs: Iterable[str] = ()) -> None:
        self._counts = list(map(count_words, paragraphs))
        self._total = sum(self._counts)

    @property
    def total(self) -> int:
        """The words of all paragraphs."""
        return self._total

    def __len__(self) -> int:
        """Return the number of paragraphs."""
        return len(self._counts)

    def replace(self, first: int, removed: int, added: Iterable[str]) -> None:
        """Put the paragraphs `added` in place of `removed` ones from index `first` on.

        Raises:
            IndexError: paragraphs that are not there.
        """
        if first < 0 or removed < 0 or first + removed > len(self._counts):
            raise IndexError(f"paragraphs {first} to {first + removed} of {len(self._counts)}")
        counts = list(map(count_words, added))
        self._total += sum(counts) - sum(self._counts[first : first + removed])
        self._counts[first : first + removed] = counts
