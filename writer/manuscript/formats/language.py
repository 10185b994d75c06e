"""The language of a book as documents name it, and what follows from it: fonts and a few words."""

import re
from collections import Counter
from dataclasses import dataclass

from writer.manuscript.book.compiled import CompiledBook

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 200_000
UNDETERMINED = "und"
_RIGHT_TO_LEFT = {"ar", "fa", "he", "iw", "ur", "yi", "ps", "sd", "ug", "dv"}


@dataclass(frozen=True, slots=True)
class Words:
    """The few words that a manuscript's pages have besides the text."""

    words: str
    by: str
    end: str
    contents: str


_ENGLISH = Words("about {count} words", "by {author}", "END", "Contents")
_CHINESE = Words("约 {count} 字", "{author}", "（完）", "目录")
_WORDS = {"zh": _CHINESE}
END_WORDS = {_ENGLISH.end, _CHINESE.end}
_FONTS = {"zh": "SimSun", "ja": "MS Mincho", "ko": "Batang"}


def language_of(compiled: CompiledBook) -> str:
    """Return the book's language as a tag; of the text's script where it names none, or “und”.

    >>> language_of(CompiledBook("", "", "zh_CN", ())), language_of(CompiledBook("", "", "", ()))
    ('zh-CN', 'und')
    """
    tag = compiled.language.strip().replace("_", "-")
    if _TAG.fullmatch(tag):
        return tag
    sample = "".join(section.text[:2000] for section in compiled.sections)[:_SAMPLE]
    counts = Counter(
        {
            "ja": len(_KANA.findall(sample)),
            "zh": len(_HAN.findall(sample)),
            "ko": len(_HANGUL.findall(sample)),
        }
    )
    letters = len(_LETTER.findall(sample))
    if not letters or 2 * counts.total() < letters:
        return UNDETERMINED
    # Japanese writes ideographs too, Chinese no kana.
    return "ja" if 10 * counts["ja"] > letters else counts.most_common(1)[0][0]


def primary(language: str) -> str:
    """Return the language without country and script: zh of zh-CN."""
    return language.split("-")[0].lower()


def is_right_to_left(language: str) -> bool:
    """Tell whether it is written from the right."""
    return primary(language) in _RIGHT_TO_LEFT


def words_of(language: str) -> Words:
    """Return a manuscript's own words in the language, in English where they are not known."""
    return _WORDS.get(primary(language), _ENGLISH)


def east_asian_font(language: str) -> str:
    """Return the font for ideographs."""
    return _FONTS.get(primary(language), _FONTS["zh"])


def is_east_asian(language: str) -> bool:
    """Tell whether paragraphs are indented by two letters throughout."""
    return primary(language) in _FONTS
