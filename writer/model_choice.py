"""Which bundled model suits a text, as long as the writer has not chosen one."""

from writer.suggestion.segments import HAN

AUTOMATIC = "auto"
"""The name of no model: the one that suits the text."""
ENGLISH, CHINESE = "fiction-en", "fiction-zh"
_SAMPLE = 2000
_CHINESE_SHARE = 0.15
"""Of the letters. A Chinese character says as much as several letters, and a page of English has
none, whatever it quotes."""


def suiting_model(text: str, otherwise: str = ENGLISH) -> str:
    """Return the bundled model for what follows `text`; `otherwise` where it has no letters.

    >>> suiting_model("The rain stopped. 雨"), suiting_model("雨停了。He said."), suiting_model("…")
    ('fiction-en', 'fiction-zh', 'fiction-en')
    """
    end = text[-_SAMPLE:]
    letters = sum(map(str.isalpha, end))
    if not letters:
        return otherwise
    return CHINESE if len(HAN.findall(end)) > _CHINESE_SHARE * letters else ENGLISH
