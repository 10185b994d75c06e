"""What a search looks for, the same on a page and in a whole book. It knows no text."""

import re
from dataclasses import dataclass

_ALIKE = {
    # A space on the keyboard finds the no-break space too, a typewriter's quote the printer's.
    " ": "[ \u00a0\u202f]",
    "'": "['’‘]",
    '"': '["“”]',
    # Any line end: a text on a page has other ones than a file.
    "\n": "[\n\u2028\u2029]",
    "\u2029": "[\n\u2028\u2029]",
}
# Chinese and Japanese put no spaces between words, so their letters never make a word longer.
_LETTER = r"[^\W\u3040-\u30ff\u3400-\u9fff]"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for."""

    words: str
    match_case: bool = False
    whole_word: bool = False

    def pattern(self) -> re.Pattern[str]:
        """Return the search as a regular expression.

        >>> bool(Search("ann", whole_word=True).pattern().search("Ann's"))
        True
        >>> bool(Search("ann", whole_word=True).pattern().search("Annie"))
        False
        """
        source = "".join(_ALIKE.get(letter, re.escape(letter)) for letter in self.words)
        if self.whole_word and re.match(_LETTER, self.words):
            source = f"(?<!{_LETTER}){source}"
        if self.whole_word and re.match(_LETTER, self.words[-1:]):
            source = f"{source}(?!{_LETTER})"
        return re.compile(source, 0 if self.match_case else re.IGNORECASE)
