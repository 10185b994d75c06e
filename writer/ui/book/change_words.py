"""What differs in plain words: for a screen reader, and for a copy as text only."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from writer.manuscript.history.differences import Passage, Piece, PieceKind, passages
from writer.ui.book.changes import texts_of, words_changed

_LONGEST_SAID = 240
"""Characters of a change that are read aloud."""


def summary_of(pieces: Sequence[Piece]) -> str:
    """Return how much has changed, in a sentence."""
    count = len(passages(pieces))
    if not count:
        return _tr("Nothing differs.")
    removed, added = words_changed(pieces)
    said = _tr("1 change") if count == 1 else _tr("{n} changes").format(n=f"{count:,}")
    return _tr("{changes}: {words}.").format(changes=said, words=words_of_counts(removed, added))


def words_of_counts(removed: int, added: int) -> str:
    """Return the words added and removed, in words."""
    parts = []
    if added:
        said = _tr("1 word added") if added == 1 else _tr("{n} words added")
        parts.append(said.format(n=f"{added:,}"))
    if removed:
        said = _tr("1 word removed") if removed == 1 else _tr("{n} words removed")
        parts.append(said.format(n=f"{removed:,}"))
    return ", ".join(parts) or _tr("only signs and spaces")


def short_counts(removed: int, added: int) -> str:
    """Return the words added and removed, as short as can be.

    >>> short_counts(3, 1200)
    '+1,200 −3 words'
    """
    parts = [f"+{added:,}"] * bool(added) + [f"−{removed:,}"] * bool(removed)
    if not parts:
        return _tr("only signs and spaces")
    return _tr("{counts} words").format(counts=" ".join(parts))


def said_of(passage: Passage) -> str:
    """Return what a change is, to be read aloud."""
    old, new = texts_of(passage)
    if old and new:
        return _tr("“{old}” became “{new}”").format(old=_short(old), new=_short(new))
    if new:
        return _tr("Added: “{text}”").format(text=_short(new))
    if old:
        return _tr("Removed: “{text}”").format(text=_short(old))
    return _tr("Only spaces or line ends changed")


def in_words(parts: Sequence[tuple[PieceKind, str]]) -> str:
    """Return a text that says in brackets what was removed and what added.

    >>> in_words([(PieceKind.SAME, "The "), (PieceKind.REMOVED, "old ")])
    'The [removed: old ]'
    """
    patterns = {
        PieceKind.SAME: "{text}",
        PieceKind.REMOVED: _tr("[removed: {text}]"),
        PieceKind.ADDED: _tr("[added: {text}]"),
    }
    return "".join(patterns[kind].format(text=text) for kind, text in parts)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SAID else text[:_LONGEST_SAID].rstrip() + "…"


def _tr(words: str) -> str:
    return QCoreApplication.translate("Differences", words)
