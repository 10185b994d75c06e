"""Palette: the colours of one theme, read from resources/themes. No Qt: colours are "#RRGGBB"."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours that the whole window is made of; each theme file names all of them."""

    name: str
    is_dark: bool
    paper: str
    """The page, fields and menus."""
    ink: str
    """What the writer wrote, and the words of the panels."""
    ghost: str
    """A continuation that is not yet text."""
    faint: str
    """Secondary words."""
    accent: str
    """Caret, selection and the chosen continuation, nothing else."""
    on_accent: str
    """Selected text."""
    panel: str
    """Everything around the page."""
    line: str
    """Hairlines and empty tracks."""
    hover: str
    """Under the pointer, or switched on."""
    focus: str
    """The ring around what the keyboard is on."""
    error: str
    """Words that say that something failed."""


def load_palette(folder: Path, name: str) -> Palette:
    """Read the theme `name` from `folder`/`name`.toml.

    Theme files travel with the program, so a broken one is a broken installation: nothing is
    caught here.
    """
    values: dict[str, Any] = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    return Palette(**values)


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast of two colours, 1 to 21.

    >>> round(contrast("#000000", "#FFFFFF"))
    21
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
