"""From what a model said to what a novelist is offered: where a continuation ends.

Pure functions of text. A continuation closes at a sentence end where it can, is one paragraph at
most, and never repeats what stands right of the cursor.
"""

import re

from writer.suggestion.segments import HAN, first_word, sentence_ends

_MINIMUM_REPEAT = 12  # characters of the text to the right that, said again, are a repetition
_PARAGRAPH_GAP = re.compile(r"[\n\r\u2028\u2029]\s*")
_WORD_CHARACTER = re.compile(r"\w")


def trimmed(said: str, before: str, after: str, done: bool) -> str:
    r"""Return what to offer of what the model `said` between `before` and `after`.

    While it is still growing (`done` false) the last word may be unfinished and stays as it is, and
    what may turn out to be a repetition is held back: so what is offered only ever grows.

    >>> trimmed(" rose. He went to the", "She", "", done=True)
    ' rose.'
    >>> trimmed(" went to the house", "He", " to the house.", done=True)
    ' went'
    """
    text = _one_paragraph(said, before)
    text = text[: _start_of_repetition(text, after, done)]
    if done:
        # What stands to the right goes on with the sentence, so it need not be closed here.
        continues = after.partition("\n")[0].strip() != ""
        text = text if continues else _closed(text)
        text = text.rstrip()
    return text if text.strip() else ""


def is_closed(said: str) -> bool:
    r"""Return whether nothing that follows could be offered: the paragraph has ended."""
    return _PARAGRAPH_GAP.search(said.lstrip()) is not None


def _one_paragraph(said: str, before: str) -> str:
    """Cut at the second line end; a leading one is the size of the text's own paragraph gaps."""
    body = said.lstrip()
    lead = said[: len(said) - len(body)]
    body = _PARAGRAPH_GAP.split(body, maxsplit=1)[0]
    if not before or before.endswith("\n"):
        return body
    if _PARAGRAPH_GAP.search(lead):
        return ("\n\n" if "\n\n" in before else "\n") + body
    return body if before[-1].isspace() else lead + body


def _closed(text: str) -> str:
    """Cut after the last sentence end, unless that leaves less than a quarter."""
    ends = sentence_ends(text)
    if ends and ends[-1] >= len(text) / 4:
        return text[: ends[-1]]
    return text


def _start_of_repetition(text: str, after: str, done: bool) -> int:
    """Return where `text` begins to say what `after` says, or its length."""
    ahead = after.partition("\n")[0].lstrip()
    for start in range(len(text) if ahead else 0):
        shared = text[start : start + _MINIMUM_REPEAT]
        if (
            ahead.startswith(shared)
            and _at_word_start(text, start)
            and (len(shared) == _MINIMUM_REPEAT or not done or _is_repetition(shared, ahead))
        ):
            return start
    return len(text)


def _is_repetition(shared: str, ahead: str) -> bool:
    """Return whether an end that agrees with what is ahead is more than a lone chance letter."""
    return (
        len(shared.strip()) > 1 or not _WORD_CHARACTER.match(shared) or shared == first_word(ahead)
    )


def _at_word_start(text: str, start: int) -> bool:
    around = text[max(0, start - 1) : start + 1]
    return start == 0 or not all(map(_WORD_CHARACTER.match, around)) or bool(HAN.search(around))
