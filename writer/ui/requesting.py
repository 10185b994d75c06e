"""From a place on the page to a `Request`: what stands around the caret, and its chances."""

import random
import zlib

from writer.context.window import from_word_start, window_length
from writer.settings import Sampling
from writer.suggestion.request import Request
from writer.ui import utf16
from writer.ui.editor import Page

AFTER_CHARACTERS = 200


def text_read(page: Page, position: int, tokens: int, taken: str = "") -> str:
    """Return the text before a place of the page that a model is given to go on with.

    Args:
        page: It knows what comes before its text, too.
        position: The place.
        tokens: How much is read.
        taken: What is thought of as inserted there.
    """
    read = len(page.preceding) + position + utf16.units(taken)
    length = window_length(read, tokens)
    before = page.text_before(position, max(0, length - len(taken))) + taken
    if (missing := length - len(before)) > 0:
        before = page.preceding[-missing:] + before
    return from_word_start(before[-length:], at_start=length >= read)


class Requesting:
    """Makes the requests of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session_seed = random.randrange(1, 2**30)

    def make(
        self, serial: int, sampling: Sampling, n_ctx: int, attempt: int = 0, taken: str = ""
    ) -> Request:
        """Return the request for the caret's place.

        Args:
            serial: The request's.
            sampling: How to draw.
            n_ctx: How much the model reads, in tokens.
            attempt: How many times this place has been asked about before.
            taken: What is thought of as inserted at the caret.
        """
        page, caret = self._page, self._page.caret()
        position = caret + utf16.units(taken)
        before = text_read(page, caret, min(sampling.context_length, n_ctx), taken)
        return Request(
            serial=serial,
            position=position,
            before=before,
            after=page.text_after(caret, AFTER_CHARACTERS),
            sampling=sampling,
            seed=self._seed(before, sampling.seed, attempt),
        )

    def _seed(self, before: str, seed: int, attempt: int) -> int:
        """Return the seed for this text: the same chances at each place would repeat phrases."""
        base = (seed or self._session_seed) + attempt
        return (base + zlib.crc32(before.encode("utf-8", "surrogatepass"))) % 2**31
