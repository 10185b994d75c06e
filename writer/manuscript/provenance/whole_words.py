"""Where the words of a text lie: words as `manuscript.counts` has them."""

from writer.manuscript.counts import words

AROUND = 100
"""Characters on either side of a place that are read to find the word there."""
_FIRST_CHARACTER = "\u3005"
"""From here on a word of one character is an ideograph or kana."""


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return where each word begins and ends.

    >>> word_spans("“Don't,” 他说")
    [(1, 6), (9, 10), (10, 11)]
    """
    spans, at = [], 0
    for word in words(text):
        # No letter lies between two words, so the next place that reads like the word is it.
        start = text.index(word, at)
        at = start + len(word)
        spans.append((start, at))
    return spans


def word_across(before: str, after: str) -> tuple[int, int]:
    """Return how far the word that lies on both sides of a place reaches; zeros if none does.

    >>> word_across("the ra", "in fell"), word_across("the rain", " fell"), word_across("雨", "停")
    ((2, 2), (0, 0), (0, 0))
    """
    before, after = before[-AROUND:], after[:AROUND]
    place = len(before)
    for start, end in word_spans(before + after):
        if start < place < end:
            return place - start, end - place
        if start >= place:
            break
    return 0, 0


def count_whole(before: str, text: str, after: str) -> int:
    """Return how many words of `text` are whole, that stands between `before` and `after`.

    >>> count_whole("She wo", "rked and sa", "t down")
    1
    """
    first = word_across(before, text)[1]
    last = word_across(text, after)[0]
    return len(words(text[first : len(text) - last])) if first + last < len(text) else 0


def is_long_enough(text: str) -> bool:
    """Return whether a text that is found elsewhere is the same one, and no chance.

    Two words, or four Chinese or Japanese characters.

    >>> is_long_enough(" the rain"), is_long_enough(" rain"), is_long_enough("雨停了。")
    (True, False, False)
    """
    return sum(1 if _is_character(word) else 2 for word in words(text)) >= 4


def _is_character(word: str) -> bool:
    return len(word) == 1 and word >= _FIRST_CHARACTER
