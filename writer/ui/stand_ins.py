"""Characters that Qt would change, and what stands for them inside a document. No Qt here.

Found by putting every code point through a QTextDocument: a lone carriage return, U+2029, U+FDD0
and U+FDD1 end the paragraph there, and a lone surrogate is dropped on the way. Each is kept as one
character that nobody wrote, preferably one of those that Unicode leaves to programs.
"""

import re
from collections.abc import Iterator
from itertools import chain

_CHANGED_BY_QT = re.compile("[\r\u2029\ufdd0\ufdd1\ud800-\udfff]")
_POOL = re.compile("[\ufdd2-\ufdef\ue000-\uf8ff\U000f0000-\U000ffffd]")


def _pool() -> Iterator[str]:
    ranges = ((0xFDD2, 0xFDF0), (0xE000, 0xF900), (0xF0000, 0xFFFFE))
    return map(chr, chain.from_iterable(range(first, end) for first, end in ranges))


class StandIns:
    r"""The stand-ins of one document, which may become more as text is inserted.

    >>> stand_ins = StandIns()
    >>> "\r" in stand_ins.encode("a\rb")
    False
    >>> stand_ins.decode(stand_ins.encode("a\rb"))
    'a\rb'
    """

    def __init__(self) -> None:
        self._to_document: dict[int, str] = {}
        self._to_text: dict[int, str] = {}
        self._taken: set[str] = set()

    def encode(self, text: str) -> str:
        """Return `text` as the document holds it."""
        self._taken.update(_POOL.findall(text))
        changed = set(_CHANGED_BY_QT.findall(text))
        changed.update(mark for mark in map(chr, self._to_text) if mark in text)
        for character in sorted(changed):
            self._learn(character)
        return text.translate(self._to_document) if changed else text

    def decode(self, stored: str) -> str:
        """Return the text that the document's `stored` stands for."""
        return stored.translate(self._to_text) if self._to_text else stored

    def _learn(self, character: str) -> None:
        if ord(character) in self._to_document:
            return
        mark = next(mark for mark in _pool() if mark not in self._taken)
        self._taken.add(mark)
        self._to_document[ord(character)] = mark
        self._to_text[ord(mark)] = character
