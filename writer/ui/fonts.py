"""Fonts: the page's serif, the panels' sans, and the heading of a panel."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

_SERIFS = (
    "Charter",
    "Bitstream Charter",
    "XCharter",
    "Georgia",
    "Noto Serif",
    "Source Serif 4",
    "Source Serif Pro",
    "Liberation Serif",
    "DejaVu Serif",
)
_CHINESE_SERIFS = (
    "Source Han Serif SC",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Songti SC",
    "STSong",
    "SimSun",
)
_SANS = ("Inter", "Cantarell", "Source Sans 3", "Noto Sans", "Open Sans", "Liberation Sans")
_CHINESE_SANS = (
    "Source Han Sans SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
)
_NO_CHOICE = {"Sans Serif", "Sans", "DejaVu Sans", ""}
"""What a system without a desktop's font setting reports; any of `_SANS` reads better."""

_LEAST_PX = 13


def page_font(size_px: int) -> QFont:
    """Return the page's font: the best installed serif, then a Chinese one, then the system's."""
    font = QFont()
    font.setFamilies([*_installed(_SERIFS), *_installed(_CHINESE_SERIFS), "Serif"])
    font.setStyleHint(QFont.StyleHint.Serif)
    font.setPixelSize(size_px)
    return font


def ui_font() -> QFont:
    """Return the panels' font: the one set for the desktop, where it sets one."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font = QFont(system)
    if system.family() in _NO_CHOICE:
        font.setFamilies([*_installed(_SANS), *_installed(_CHINESE_SANS), "Sans Serif"])
    font.setPixelSize(max(_LEAST_PX, QFontInfo(system).pixelSize()))
    return font


def small_px() -> int:
    """Return the size of help lines and technical names, in pixels."""
    return ui_font().pixelSize() - 1


def heading_font() -> QFont:
    """Return the font of a panel's heading: small spaced capitals."""
    font = ui_font()
    font.setPixelSize(font.pixelSize() - 2)
    font.setWeight(QFont.Weight.DemiBold)
    font.setCapitalization(QFont.Capitalization.AllUppercase)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 108)
    return font


@cache
def _installed(families: tuple[str, ...]) -> list[str]:
    """Return the first of `families` that is installed, alone in a list, or none.

    Asked once: it takes 0.1 ms, and rows that are painted ask for their font each.
    """
    return [family for family in families if QFontDatabase.hasFamily(family)][:1]
