"""What stands on a manuscript's title page and in its header, after Shunn's format."""

import math
from dataclasses import dataclass

from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.counts import count_words
from writer.manuscript.formats.flow import clean
from writer.manuscript.formats.language import language_of, words_of
from writer.manuscript.formats.options import ExportOptions

_SHORT_WORDS = 17_500
"""Up to here a text is no novel, and its words are rounded to 100 instead of 500."""
_LONGEST_HEADER = 40


@dataclass(frozen=True, slots=True)
class TitlePage:
    """Its lines, and the header of all other pages."""

    author: str
    contact: tuple[str, ...]
    word_count: str
    title: str
    byline: str
    header: str
    """Ends where the page number follows."""
    end: str


def title_page(compiled: CompiledBook, options: ExportOptions) -> TitlePage:
    """Return the title page of a book."""
    words = words_of(language_of(compiled))
    author, title = (" ".join(clean(text).split()) for text in (compiled.author, compiled.title))
    count = rounded(sum(count_words(section.text) for section in compiled.sections))
    surname = options.surname.strip() or author.split(" ")[-1]
    short = title if len(title) <= _LONGEST_HEADER else title[:_LONGEST_HEADER].rsplit(" ", 1)[0]
    return TitlePage(
        author=author,
        contact=tuple(" ".join(clean(line).split()) for line in options.contact if line.strip()),
        word_count=words.words.format(count=f"{count:,}"),
        title=title,
        byline=words.by.format(author=author) if author else "",
        header="".join(f"{part} / " for part in (surname, short.upper()) if part),
        end=words.end,
    )


def rounded(count: int) -> int:
    """Return a number of words as editors are told it.

    >>> rounded(4_321), rounded(98_765), rounded(12)
    (4300, 99000, 100)
    """
    step = 100 if count <= _SHORT_WORDS else 500
    return max(step, math.floor(count / step + 0.5) * step) if count else 0
