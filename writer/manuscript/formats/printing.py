"""A book as the HTML that Qt's rich text understands, for printing and PDF.

It says everything in the paragraphs themselves, in words that Qt knows; it knows no Qt.
"""

from collections.abc import Iterator, Sequence
from html import escape

from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.emphasis import Style
from writer.manuscript.formats.flow import (
    Element,
    Heading,
    Paragraph,
    SceneBreak,
    clean,
    flow_of,
    is_indented_by_hand,
    is_structure,
    shown_runs,
)
from writer.manuscript.formats.language import (
    east_asian_font,
    is_east_asian,
    is_right_to_left,
    language_of,
)
from writer.manuscript.formats.options import ExportOptions, ExportStyle
from writer.manuscript.formats.runs import Run
from writer.manuscript.formats.title_page import TitlePage, title_page

_INCH = 96
"""In Qt's pixels of CSS."""
_BREAK = "page-break-before: always;"


def printable_html(compiled: CompiledBook, options: ExportOptions) -> str:
    """Return a book for a QTextDocument: parts and chapters begin pages.

    In the manuscript style the title page is there, the header is not: who prints draws
    `title_page(...).header` and the number on every page from the second on. Qt takes all sizes
    here for 1/96 inch and scales them to the printer, but not a block's `textIndent`: multiply
    that by the printer's dots per inch / 96.
    """
    flow = flow_of(compiled, options)
    language = language_of(compiled)
    page = title_page(compiled, options)
    if options.style is ExportStyle.MANUSCRIPT:
        look: _Look = _Manuscript()
        title = _manuscript_title(page)
    else:
        look, title = _Reading(is_east_asian(language)), _reading_title(compiled)
    end = _paragraph("center", escape(page.end), "margin-top: 24px;") if look.has_end else ""
    fonts = f"'Times New Roman', '{east_asian_font(language)}', serif"
    direction = ' dir="rtl"' if is_right_to_left(language) else ""
    body = "\n".join([*title, *_elements(flow, look, starts=bool(title)), end])
    return (
        f'<html><head><meta charset="utf-8"></head><body{direction} '
        f'style="font-family: {fonts}; font-size: 12pt;">\n{body}\n</body></html>\n'
    )


class _Reading:
    sign = "* * *"
    has_end = False
    spacing = "line-height: 130%;"
    heading_top = _INCH
    heading_weight = "bold"

    def __init__(self, east_asian: bool) -> None:
        self._east_asian = east_asian

    def indent(self, is_first: bool) -> int:
        return 32 if self._east_asian else 0 if is_first else 28

    def heading_size(self, level: int) -> int:
        return 20 - 2 * level


class _Manuscript:
    sign = "#"
    has_end = True
    spacing = "line-height: 200%;"
    heading_top = 2.5 * _INCH
    heading_weight = "normal"

    def indent(self, is_first: bool) -> int:
        return _INCH // 2

    def heading_size(self, level: int) -> int:
        return 12


_Look = _Reading | _Manuscript


def _elements(flow: Sequence[Element], look: _Look, *, starts: bool) -> Iterator[str]:
    """Yield the flow; a first element begins a page if something `starts` before it."""
    by_hand = is_indented_by_hand(flow)
    before: Element | None = None
    for element in flow:
        new_page = _BREAK if before is None and starts else ""
        if isinstance(element, Heading):
            yield _heading(element, look, new_page or (_BREAK if before is not None else ""))
        elif isinstance(element, SceneBreak):
            yield _paragraph("center", look.sign, f"margin-top: 12px; {look.spacing}")
        else:
            yield _text(element, look, by_hand, not isinstance(before, Paragraph), new_page)
        before = element


def _heading(heading: Heading, look: _Look, new_page: str) -> str:
    # No <h1>: Qt gives it a size of its own, whatever its style says.
    inside = _inside(heading.runs)
    if not is_structure(heading):
        return _paragraph("center", inside, "margin-top: 24px; margin-bottom: 12px;")
    style = f"font-size: {look.heading_size(heading.level)}pt; font-weight: {look.heading_weight};"
    spaces = f"margin-top: {look.heading_top}px; margin-bottom: 32px;"
    return _paragraph("center", f'<span style="{style}">{inside}</span>', spaces + new_page)


def _text(
    paragraph: Paragraph,
    look: _Look,
    by_hand: bool,
    is_first: bool,
    new_page: str,
) -> str:
    inside = _inside(shown_runs(paragraph.line, by_hand))
    if paragraph.is_synopsis:
        inside, indent = f"<i>{inside}</i>", 0
    else:
        indent = look.indent(is_first)
    return (
        f'<p style="margin: 0px; text-indent: {indent}px; {look.spacing} {new_page}">{inside}</p>'
    )


def _inside(runs: Sequence[Run]) -> str:
    return "".join(map(_run, runs))


def _run(run: Run) -> str:
    text = escape(run.text, quote=False)
    if Style.EMPHASIS in run.style:
        text = f"<i>{text}</i>"
    return f"<b>{text}</b>" if Style.STRONG in run.style else text


def _paragraph(align: str, inside: str, style: str = "") -> str:
    return f'<p align="{align}" style="margin: 0px; {style}">{inside}</p>'


def _reading_title(compiled: CompiledBook) -> list[str]:
    title, author = (" ".join(clean(text).split()) for text in (compiled.title, compiled.author))
    looks = ((title, "margin-top: 240px; font-size: 26pt;"), (author, "font-size: 14pt;"))
    return [_paragraph("center", escape(text), look) for text, look in looks if text]


def _manuscript_title(page: TitlePage) -> list[str]:
    contact = "<br/>".join(map(escape, (page.author, *page.contact)))
    count = escape(page.word_count)
    above = 3 * _INCH
    return [
        f'<table width="100%"><tr><td>{contact}</td><td align="right">{count}</td></tr></table>',
        _paragraph("center", escape(page.title), f"margin-top: {above}px; line-height: 200%;"),
        _paragraph("center", escape(page.byline), "line-height: 200%;"),
    ]
