"""Today: the words a writer has added to a book on one calendar day.

What is typed, pasted, taken and deleted on the page counts; moving words between scenes,
archiving and replacing in the whole book do not.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Today:
    """The words of one day; another day begins anew."""

    day: str = ""
    """As 2026-11-24."""
    words: int = 0
    """More than there were; negative if more has gone."""
    is_new: bool = False
    """Whether it has changed since it was last written."""

    @classmethod
    def read(cls, path: Path, day: str) -> "Today":
        """Return what a file says of `day`: nothing yet if it is of another one, or bad."""
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            stored = json.loads(path.read_bytes())
            if stored["day"] == day:
                return cls(day, int(stored["words"]))
        return cls(day)

    def add(self, words: int, day: str) -> None:
        """Count words added on `day`.

        >>> today = Today("2026-11-24", 200)
        >>> today.add(-50, "2026-11-24"); today.words
        150
        >>> today.add(7, "2026-11-25"); today.words
        7
        """
        self.day, self.words = day, self.words_of(day) + words
        self.is_new = True

    def words_of(self, day: str) -> int:
        """Return the words of `day`."""
        return self.words if self.day == day else 0

    def encode(self) -> bytes:
        """Return the file as it should be now; it counts as written."""
        self.is_new = False
        return json.dumps({"day": self.day, "words": self.words}).encode("ascii")
