"""The reference document that gives a DOCX its looks: pandoc's own, its styles made a book's."""

from io import BytesIO

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Inches, Length, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from writer.manuscript.formats.blocks import Block, Dress, plain, styled
from writer.manuscript.formats.language import east_asian_font, is_east_asian, primary
from writer.manuscript.formats.pandoc import default_file
from writer.manuscript.formats.title_page import TitlePage

READING_DRESS = Dress("Scene Break", "* * *", "First Paragraph")
MANUSCRIPT_DRESS = Dress("Scene Break", "#", opening="Opening Text")
MANUSCRIPT_FIELD = "writer-manuscript"
"""A document property by which Writer knows its own manuscripts."""
_FONT = "Times New Roman"
_THEME = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")
_CENTRE = WD_ALIGN_PARAGRAPH.CENTER
_INDENT = Inches(0.5)
_THIRD_DOWN = Inches(2.5)
"""Below a page's margin of one inch."""
_HALFWAY = Inches(3.6)
_TEXT_WIDTH = Inches(6.5)

TEMPLATE = """\
<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" \
xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" \
xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:w10="urn:schemas-microsoft-com:office:word" \
xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" \
xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" \
xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">
<w:body>
$body$
$sectpr$
</w:body>
</w:document>
"""
"""A manuscript's title is on its title page, not above the text as pandoc would put it."""


def reading_reference(language: str) -> bytes:
    """Return the reference document of a book to be read; `language` is a tag."""
    document = _opened()
    east_asian = is_east_asian(language)
    normal = _normal(document, language)
    normal.paragraph_format.line_spacing = 1.3
    _shape(document, "Body Text", indent=Pt(24) if east_asian else Inches(0.3))
    _shape(document, "First Paragraph", indent=Pt(24) if east_asian else Pt(0))
    for level in range(1, 7):
        heading = _heading(document, level, size=max(12, 20 - 3 * level))
        heading.font.bold = True
        if level <= 2:
            heading.paragraph_format.page_break_before = True
            heading.paragraph_format.space_before = Inches(1)
    _shape(document, "Title", align=_CENTRE, before=Inches(2), after=Pt(12)).font.size = Pt(26)
    _shape(document, "Author", align=_CENTRE).font.size = Pt(14)
    _shape(document, "Scene Break", align=_CENTRE, before=Pt(12), after=Pt(12))
    _shape(document, "Synopsis", after=Pt(12)).font.italic = True
    return _stored(document)


def manuscript_reference(language: str, page: TitlePage) -> bytes:
    """Return the reference document of a manuscript for publishers, its header filled."""
    document = _opened()
    normal = _normal(document, language)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.DOUBLE
    normal.paragraph_format.widow_control = False
    for name in ("Body Text", "First Paragraph"):
        _shape(document, name, indent=_INDENT)
    opening = _shape(document, "Opening Text", indent=_INDENT, before=_THIRD_DOWN)
    opening.paragraph_format.page_break_before = True
    for level in range(1, 7):
        heading = _heading(document, level, size=12)
        heading.font.bold = False
        if level <= 2:
            heading.paragraph_format.page_break_before = True
            heading.paragraph_format.space_before = _THIRD_DOWN
    _shape(document, "Scene Break", align=_CENTRE)
    _shape(document, "Synopsis").font.italic = True
    contact = _shape(document, "Manuscript Contact")
    contact.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    contact.paragraph_format.tab_stops.add_tab_stop(_TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    taken = Pt(14) * (1 + len(page.contact))
    _shape(document, "Manuscript Title", align=_CENTRE, before=Length(_HALFWAY - taken))
    _shape(document, "Manuscript Byline", align=_CENTRE)
    end = _shape(document, "Manuscript End", align=_CENTRE, before=Pt(24))
    end.next_paragraph_style = document.styles["Body Text"]
    _page(document, language)
    _header(document, page.header)
    return _stored(document)


def title_blocks(page: TitlePage) -> list[Block]:
    """Return a manuscript's title page as pandoc's blocks."""
    tab = {"t": "RawInline", "c": ["openxml", "<w:r><w:tab/></w:r>"]}
    author, count = ({"t": "Str", "c": text} for text in (page.author, page.word_count))
    first = {"t": "Para", "c": [author, tab, count]}
    blocks = [styled("Manuscript Contact", first, *map(plain, page.contact))]
    for style, text in (("Manuscript Title", page.title), ("Manuscript Byline", page.byline)):
        blocks += [styled(style, plain(text))] if text else []
    return blocks


def _opened() -> Document:
    return docx.Document(BytesIO(default_file("reference.docx")))


def _stored(document: Document) -> bytes:
    stored = BytesIO()
    document.save(stored)
    return stored.getvalue()


def _normal(document: Document, language: str) -> ParagraphStyle:
    normal = _shape(document, "Normal")
    normal.font.size = Pt(12)
    _set_font(normal, language)
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}//{qn('w:rFonts')}")
    if defaults is not None:
        _name_fonts(defaults, language)
    return normal


def _heading(document: Document, level: int, size: int) -> ParagraphStyle:
    heading = _shape(document, f"Heading {level}", align=_CENTRE, before=Pt(24), after=Pt(24))
    heading.font.size = Pt(size)
    heading.font.italic = False
    heading.paragraph_format.keep_with_next = True
    return heading


def _shape(
    document: Document,
    name: str,
    indent: Length | None = None,
    align: WD_ALIGN_PARAGRAPH | None = None,
    before: Length | None = None,
    after: Length | None = None,
) -> ParagraphStyle:
    """Return a paragraph style, made where there is none, with these and no other spaces."""
    styles = document.styles
    if name not in [style.name for style in styles]:
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    style = styles[name]
    assert isinstance(style, ParagraphStyle)
    shape = style.paragraph_format
    shape.first_line_indent = indent or Pt(0)
    shape.alignment = align
    shape.space_before = before or Pt(0)
    shape.space_after = after or Pt(0)
    if name != "Normal":
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
        if fonts is not None:  # a font of its own, by the theme
            fonts.getparent().remove(fonts)
    return style


def _set_font(style: ParagraphStyle, language: str) -> None:
    style.font.name = _FONT
    _name_fonts(style.element.rPr.rFonts, language)


def _name_fonts(fonts: BaseOxmlElement, language: str) -> None:
    for theme in _THEME:
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), _FONT)
    fonts.set(qn("w:eastAsia"), east_asian_font(language))


def _page(document: Document, language: str) -> None:
    section = document.sections[0]
    letter = primary(language) in ("en", "und")
    section.page_width = Inches(8.5) if letter else Inches(8.27)
    section.page_height = Inches(11) if letter else Inches(11.69)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Inches(1))
    section.header_distance = Inches(0.5)


def _header(document: Document, text: str) -> None:
    section = document.sections[0]
    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.add_run(text)
    run = paragraph.add_run()
    for kind, content in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = content or None
        run._r.append(part)
