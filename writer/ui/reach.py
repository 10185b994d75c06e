"""Reach: how far back the model reads, as the settings pane says and bounds it."""

from PySide6.QtCore import QCoreApplication

from writer.manuscript.counts import count_words
from writer.settings import Sampling
from writer.suggestion.segments import is_chinese
from writer.ui.editor import Page
from writer.ui.settings_pane import SettingsPane

_SETTING = "context_length"
_TASTE = 4000
"""Characters before the caret that tell how long words are here."""
_CHARACTERS_PER_TOKEN, _CHINESE_PER_TOKEN = 4.0, 1.0
"""Of prose, before the model has answered."""
_WORDS_PER_CHARACTER = 0.18
"""Of English prose, where there is no text yet."""


class Reach:
    """Keeps the row of the context length to what the model at work reads."""

    def __init__(self, page: Page, pane: SettingsPane) -> None:
        self._page = page
        self._pane = pane
        self._characters_per_token: float | None = None

    def set_model(self, n_ctx: int, sampling: Sampling) -> None:
        """Go by a model that reads `n_ctx` tokens, of which nothing else is known yet."""
        self._characters_per_token = None
        self.show(n_ctx, sampling)

    def set_characters_per_token(self, characters: float) -> None:
        """Take note of how long the model's tokens are in this text."""
        self._characters_per_token = characters

    def show(self, n_ctx: int, sampling: Sampling) -> None:
        """Bound the row, and say beneath it what is read, in tokens and as a writer counts."""
        # As the engine has it: what is said needs room, too.
        limit = max(1, n_ctx - min(sampling.length, n_ctx // 2) - 1)
        self._pane.set_limit(_SETTING, limit)
        tokens = min(sampling.context_length, limit)
        self._pane.set_note(_SETTING, self._words(tokens))

    def _words(self, tokens: int) -> str:
        text = self._taste()
        is_han = is_chinese(text)
        usual = _CHINESE_PER_TOKEN if is_han else _CHARACTERS_PER_TOKEN
        characters = tokens * (self._characters_per_token or usual)
        if is_han:
            about = _tr("about {n} characters").format(n=_rounded(characters))
        else:
            share = count_words(text) / len(text) if text.strip() else _WORDS_PER_CHARACTER
            about = _tr("about {n} words").format(n=_rounded(characters * share))
        return _tr("Reads the last {n} tokens, {about}").format(n=f"{tokens:,}", about=about)

    def _taste(self) -> str:
        page = self._page
        text = page.text_before(page.caret(), _TASTE)
        if len(text) < _TASTE:
            text = page.preceding[-_TASTE:] + text + page.text_after(page.caret(), _TASTE)
        return text


def _rounded(count: float) -> str:
    """Return `count` to two digits: it is only about that.

    >>> _rounded(3071.4), _rounded(80.2)
    ('3,100', '80')
    """
    return f"{int(float(f'{count:.2g}')):,}"


def _tr(words: str) -> str:
    return QCoreApplication.translate("Session", words)
