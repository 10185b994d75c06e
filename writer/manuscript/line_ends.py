"""Line ends: a text has one kind inside the program, and gets back its own on disk.

Pure functions of strings; nothing here knows files or encodings.
"""

import re
from dataclasses import dataclass
from itertools import chain

from writer.manuscript.differing import smallest_change

_END = re.compile("\r\n|\n|\r|\u2029")
_CODES = {"\n": "n", "\r\n": "w", "\r": "r", "\u2029": "p"}
_ENDS = {code: end for end, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class LineEnds:
    """How the lines of one text end.

    U+2029, the paragraph separator, counts as a line end, for an editor cannot tell it from one; it
    is kept where it stood and never given to a new line.
    """

    newline: str = "\n"
    r"""What a new line gets, and all lines of a text that is not mixed: \n, \r\n or \r."""
    mixed: str = ""
    """One letter per line end of a text that has several kinds; empty where all are `newline`."""

    def apply(self, text: str) -> str:
        """Return `text`, whose lines these are, with its own line ends."""
        if not self.mixed:
            return text if self.newline == "\n" else text.replace("\n", self.newline)
        lines = text.split("\n")
        ends = chain((_ENDS[code] for code in self.mixed), [""])
        return "".join(chain.from_iterable(zip(lines, ends, strict=True)))

    def after_edit(self, old: str, new: str) -> "LineEnds":
        """Return the line ends of `new`, which was edited out of `old`.

        What stands before and after the changed middle keeps its own; the middle gets `newline`.
        """
        if not self.mixed:
            return self
        before, end, _ = smallest_change(old, new)
        after = len(old) - end
        head = new.count("\n", 0, before)
        tail = new.count("\n", len(new) - after)
        middle = new.count("\n") - head - tail
        kept_tail = self.mixed[len(self.mixed) - tail :]
        return LineEnds(self.newline, self.mixed[:head] + _CODES[self.newline] * middle + kept_tail)


UNIX = LineEnds()
"""Those of a new file."""


def split_line_ends(raw: str) -> tuple[str, LineEnds]:
    r"""Return `raw` with \n only, and the line ends that bring it back.

    >>> text, ends = split_line_ends("a\r\nb\nc\r\n")
    >>> text, ends.newline
    ('a\nb\nc\n', '\r\n')
    >>> ends.apply(text)
    'a\r\nb\nc\r\n'
    """
    if "\r" not in raw and "\u2029" not in raw:
        return raw, UNIX
    ends = _END.findall(raw)
    kinds = ("\n", "\r\n", "\r")
    newline = max(kinds, key=ends.count)  # the first of equals
    uniform = ends.count(newline) == len(ends)
    mixed = "" if uniform else "".join(_CODES[end] for end in ends)
    return _END.sub("\n", raw), LineEnds(newline, mixed)
