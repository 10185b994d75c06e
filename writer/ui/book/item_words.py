"""The words for what an item of a book is, how far it has come and how long it is."""

from PySide6.QtCore import QCoreApplication

from writer.manuscript.book.outline import ItemKind


def kind_words(kind: ItemKind) -> str:
    """Return what an item is called."""
    return {
        ItemKind.PART: _tr("Part"),
        ItemKind.CHAPTER: _tr("Chapter"),
        ItemKind.SCENE: _tr("Scene"),
    }[kind]


def status_words(status: str) -> str:
    """Return a status as it is shown: an offered one translated, any other as the writer put it."""
    return _offered().get(status, status)


def status_of(words: str) -> str:
    """Return the status that is shown as `words`.

    >>> status_of(status_words("draft")), status_of(" with Anna ")
    ('draft', 'with Anna')
    """
    words = plain_title(words)
    known = {shown.casefold(): status for status, shown in _offered().items()}
    return known.get(words.casefold(), words)


def words_words(count: int) -> str:
    """Return a number of words, in words.

    >>> words_words(1), words_words(1204)
    ('1 word', '1,204 words')
    """
    return _tr("1 word") if count == 1 else _tr("{n} words").format(n=f"{count:,}")


def plain_title(text: str) -> str:
    r"""Return `text` as one line, without space at its ends.

    >>> plain_title(" Dusk\n at  sea ")
    'Dusk at sea'
    """
    return " ".join(text.split())


def _offered() -> dict[str, str]:
    return {
        "idea": _tr("Idea"),
        "draft": _tr("Draft"),
        "revised": _tr("Revised"),
        "final": _tr("Final"),
    }


def _tr(words: str) -> str:
    return QCoreApplication.translate("Outline", words)
