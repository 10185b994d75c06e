"""From what a model said to what a novelist is offered: where a continuation ends.

Pure functions of text. A continuation closes at a sentence end where it can, is one paragraph at
most, and never repeats what stands right of the cursor.
"""

import re

from writer.suggestion.segments import first_word, sentence_ends

_MINIMUM_REPEAT = 12  # characters of the text to the right that, said again, are a repetition
_PARAGRAPH_GAP = re.compile(r"\n\s*")
_WORD_CHARACTER = re.compile(r"\w")


def trimmed(said: str, before: str, after: str, done: bool) -> str:
    r"""Return what to offer of what the model `said` between `before` and `after`.

    While it is still growing (`done` false) the last word may be unfinished and stays as it is.

    >>> trimmed(" rose. He went to the", "She", "", done=True)
    ' rose.'
    >>> trimmed(" went to the house", "He", " to the house.", done=True)
    ' went'
    """
    text = _one_paragraph(said, before)
    repeated = _start_of_repetition(text, after)
    text = text[:repeated] if repeated is not None else text
    if done:
        # What stands to the right goes on with the sentence, so it need not be closed here.
        continues = after.partition("\n")[0].strip() != ""
        text = text if continues else _closed(text)
        text = text.rstrip()
    return text if text.strip() else ""


def is_closed(said: str) -> bool:
    r"""Return whether nothing that follows could be offered: the paragraph has ended."""
    return "\n" in said.lstrip()


def _one_paragraph(said: str, before: str) -> str:
    """Cut at the second line end; a leading one is the size of the text's own paragraph gaps."""
    body = said.lstrip("\n")
    at_line_start = not before or before.endswith("\n")
    if at_line_start:
        said = said.lstrip()
    elif body != said:
        gap = "\n\n" if "\n\n" in before else "\n"
        said = gap + body.lstrip()
    start = len(said) - len(said.lstrip("\n"))
    gap_found = _PARAGRAPH_GAP.search(said, start)
    return said[: gap_found.start()] if gap_found else said


def _closed(text: str) -> str:
    """Cut after the last sentence end, unless that leaves less than a quarter."""
    ends = sentence_ends(text)
    if ends and ends[-1] >= len(text) / 4:
        return text[: ends[-1]]
    return text


def _start_of_repetition(text: str, after: str) -> int | None:
    """Return where `text` begins to say what `after` says, or None."""
    ahead = after.partition("\n")[0]
    if not ahead.strip():
        return None
    anywhere = text.find(ahead[:_MINIMUM_REPEAT]) if len(ahead) >= _MINIMUM_REPEAT else -1
    if anywhere >= 0:
        return anywhere
    for start in range(max(0, len(text) - len(ahead)), len(text)):
        shared = text[start:]
        # A lone letter that happens to agree is no repetition; a word or a stop is.
        whole = len(shared.strip()) > 1 or not _WORD_CHARACTER.search(shared)
        if ahead.startswith(shared) and whole and _at_word_start(text, start):
            return start
    return 0 if first_word(ahead).strip() and text.strip() == first_word(ahead).strip() else None


def _at_word_start(text: str, start: int) -> bool:
    return (
        start == 0
        or not _WORD_CHARACTER.match(text[start])
        or not _WORD_CHARACTER.match(text[start - 1])
    )
