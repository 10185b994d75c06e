"""The colours of differences, made of the theme's: a tint for what was added, nothing loud.

What was added is underlined too, and what was removed struck through, so that nobody needs colours
to tell them apart.
"""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette

_GREEN = QColor("#4E8A4A")
_TINT, _CURRENT_TINT = 0.15, 0.30
"""The share of green in the ground of what was added."""
_LINE_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class DifferenceColours:
    """What differences are drawn in."""

    paper: QColor
    ink: QColor
    faint: QColor
    added: QColor
    """The ground of what was added."""
    added_line: QColor
    """Beneath what was added."""
    current_added: QColor
    current_removed: QColor
    """The grounds of the change that one is at."""
    bar: QColor
    """Beside the change that one is at."""
    focus: QColor

    @classmethod
    def of(cls, palette: QPalette) -> "DifferenceColours":
        """Return the colours that suit a theme's palette."""
        group, roles = QPalette.ColorGroup.Active, QPalette.ColorRole
        paper, ink = palette.color(group, roles.Base), palette.color(group, roles.WindowText)
        return cls(
            paper=paper,
            ink=ink,
            faint=palette.color(group, roles.PlaceholderText),
            added=_mixed(paper, _GREEN, _TINT),
            added_line=_mixed(ink, _GREEN, _LINE_SHARE),
            current_added=_mixed(paper, _GREEN, _CURRENT_TINT),
            current_removed=palette.color(group, roles.AlternateBase),
            bar=palette.color(group, roles.Accent),
            focus=palette.color(group, roles.Dark),
        )


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    """Return `one` with a `share` of `other` in it."""
    mixed = (
        mine + (theirs - mine) * share
        for mine, theirs in (
            (one.redF(), other.redF()),
            (one.greenF(), other.greenF()),
            (one.blueF(), other.blueF()),
        )
    )
    return QColor.fromRgbF(*mixed)
