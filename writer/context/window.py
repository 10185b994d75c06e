"""The recent window: how much text before the cursor a model is given.

Where it starts is a function of text and cursor alone. It moves in blocks, so that between two
keystrokes the window nearly always begins at the same place and the model's state is reused.
"""

import re

BLOCK = 2048
"""Characters that the start moves by, in a window of any usual length."""
CHARACTERS_PER_TOKEN = 6
"""More than any tokenizer needs on average, for prose: the engine trims to tokens."""
_MOVES = 8
"""A long window moves by one part in so many: each move has all of it read again."""
_LONGEST_WORD = 80
_BREAK = re.compile(r"\s")


def window_length(cursor: int, budget_tokens: int) -> int:
    """Return how many characters before `cursor` to read for `budget_tokens`.

    >>> [10_000 - window_length(10_000, 512), 10_001 - window_length(10_001, 512)]
    [6144, 6144]
    """
    start = (cursor - budget_tokens * CHARACTERS_PER_TOKEN) // block(budget_tokens)
    return cursor - max(0, start * block(budget_tokens))


def block(budget_tokens: int) -> int:
    """Return how many characters the start of a window for `budget_tokens` moves by.

    >>> block(1024), block(4096), block(16384)
    (2048, 2048, 12288)
    """
    return max(1, budget_tokens * CHARACTERS_PER_TOKEN // _MOVES // BLOCK) * BLOCK


def from_word_start(text: str, at_start: bool) -> str:
    """Return the window `text` without the piece of a word that its start may have cut.

    Args:
        text: The window.
        at_start: Whether it begins where the document does, so that nothing is cut.
    """
    found = None if at_start else _BREAK.search(text, 0, _LONGEST_WORD)
    return text[found.end() :] if found else text
