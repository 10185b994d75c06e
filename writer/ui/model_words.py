"""What is said of a model: a card's figures as a novelist reads them. No widget."""

from functools import partial

from PySide6.QtCore import QCoreApplication, QLocale

from writer.shelf.card import Card
from writer.shelf.shelf import Entry, Origin
from writer.shelf.sizes import in_words

_tr = partial(QCoreApplication.translate, "Models")
_WORDS_PER_TOKEN = 0.75
"""Of English prose; of Chinese a token is a character or a word."""
_CHINESE = "zh"


def summary_of(card: Card) -> str:
    """Return what a model is, in one small line, as “English, 7 million parameters”."""
    parameters = _tr("{count} parameters").format(count=parameters_of(card))
    language = language_of(card)
    return f"{language}, {parameters}" if language else parameters


def language_of(card: Card) -> str:
    """Return the languages that a model writes; empty where nothing tells.

    “en, zh” is “English and Chinese”.
    """
    codes = [code.strip() for code in card.language.split(",") if code.strip()]
    *names, last = [_language(code) for code in codes] or [""]
    return _tr("{names} and {last}").format(names=", ".join(names), last=last) if names else last


def parameters_of(card: Card) -> str:
    """Return how many parameters a model has, as “7 million”."""
    count = card.parameters
    for unit, words in ((10**9, _tr("{n} billion")), (10**6, _tr("{n} million"))):
        if count >= 0.9995 * unit:
            units = count / unit
            return words.format(n=f"{units:.1f}" if units < 2 else f"{units:,.0f}")
    return f"{count:,}"


def reading_of(card: Card) -> str:
    """Return how much a model reads at once, in tokens and as a writer counts."""
    tokens = _tr("{n} tokens").format(n=f"{card.n_ctx:,}")
    if card.language.startswith(_CHINESE):
        about = _tr("about {n} characters").format(n=f"{_rounded(card.n_ctx):,}")
    else:
        words = _rounded(card.n_ctx * _WORDS_PER_TOKEN)
        about = _tr("about {n} words").format(n=f"{words:,}")
    return f"{tokens}, {about}"


def vocabulary_of(card: Card) -> str:
    """Return how many tokens a model has, and of which kind."""
    tokens = _tr("{n} tokens").format(n=f"{card.vocabulary:,}")
    return f"{tokens}, {card.tokenizer}" if card.tokenizer else tokens


def size_of(card: Card) -> str:
    """Return what a model takes on the disk, and in which format."""
    size = in_words(card.size_bytes)
    return f"{size}, {card.format}" if card.format else size


def facts_of(card: Card) -> dict[str, str]:
    """Return what a model's files tell, by the rows of a `ModelCard`."""
    return {
        "language": language_of(card) or _tr("not stated"),
        "parameters": parameters_of(card),
        "reading": reading_of(card),
        "vocabulary": vocabulary_of(card),
        "licence": card.licence or _tr("not stated"),
        "size": size_of(card),
    }


def speed_of(tokens_per_second: float | None, precision: str = "") -> str:
    """Return how fast a model writes here, and in which precision that was measured."""
    if tokens_per_second is None:
        return _tr("not measured yet")
    digits = 1 if tokens_per_second < 10 else 0
    speed = _tr("{n} tokens a second").format(n=f"{tokens_per_second:,.{digits}f}")
    return (
        _tr("{speed} in {precision}").format(speed=speed, precision=precision)
        if precision
        else speed
    )


def memory_of(card: Card, precision: str) -> int:
    """Return the bytes that a model takes at work; at most, where the precision is not known."""
    known = card.memory_bytes
    return known.get(precision, max(known.values(), default=0))


def memory_words(needed: int, free: int) -> str:
    """Return what a model takes at work, and what there is."""
    return _tr("{needed}; {free} are free now").format(needed=in_words(needed), free=in_words(free))


def warning_of(needed: int, free: int) -> str:
    """Return why a model will be refused; empty where it will not."""
    if needed <= free:
        return ""
    return _tr(
        "It needs {needed} of memory, and {free} are free. Close other programs, or choose a "
        "smaller model."
    ).format(needed=in_words(needed), free=in_words(free))


def origin_of(entry: Entry) -> str:
    """Return how a model came to be on the shelf."""
    return {
        Origin.BUNDLED: _tr("comes with Writer"),
        Origin.OWN: _tr("in Writer's folder"),
        Origin.LINKED: _tr("where it was, by reference"),
    }[entry.origin]


def _language(code: str) -> str:
    language = QLocale(code.replace("-", "_")).language()
    # Qt takes what it does not know for C.
    return code if language == QLocale.Language.C else _tr(QLocale.languageToString(language))


def _rounded(count: float) -> int:
    """Return `count` to two digits: it is only about that.

    >>> _rounded(768.0), _rounded(1024), _rounded(98304)
    (770, 1000, 98000)
    """
    return int(float(f"{count:.2g}"))
