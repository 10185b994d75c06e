"""The sizes of a printed book's pages."""

from enum import Enum

from PySide6.QtCore import QLocale

from writer.manuscript.formats.options import ExportStyle


class Paper(Enum):
    """The size of the pages."""

    A5 = "A5"
    A4 = "A4"
    LETTER = "Letter"


def usual_paper(style: ExportStyle, locale: QLocale | None = None) -> Paper:
    """Return what pages are usually like where the writer lives."""
    if style is ExportStyle.READING:
        return Paper.A5
    system = (locale or QLocale()).measurementSystem()
    is_american = system == QLocale.MeasurementSystem.ImperialUSSystem
    return Paper.LETTER if is_american else Paper.A4
