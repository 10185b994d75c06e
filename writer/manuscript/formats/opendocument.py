"""The reference document that gives an ODT its looks: pandoc's own, with the styles of a book."""

import zipfile
from io import BytesIO

from writer.manuscript.formats.blocks import Dress
from writer.manuscript.formats.language import is_east_asian
from writer.manuscript.formats.pandoc import PandocFailed, default_file

DRESS = Dress("SceneBreak", "* * *", "First_20_paragraph")
_END = "</office:styles>"
_STYLES = """\
<style:style style:name="SceneBreak" style:display-name="Scene Break" style:family="paragraph" \
style:parent-style-name="Standard">
<style:paragraph-properties fo:text-align="center" fo:margin-top="12pt" fo:margin-bottom="12pt"/>
</style:style>
<style:style style:name="Synopsis" style:family="paragraph" style:parent-style-name="Standard">
<style:paragraph-properties fo:margin-bottom="12pt"/>
<style:text-properties fo:font-style="italic"/>
</style:style>
"""
_PARAGRAPH = '<style:paragraph-properties fo:text-indent="{indent}" {rest}/>'
_SPACES = 'fo:margin-top="0pt" fo:margin-bottom="0pt" fo:line-height="130%"'
_BREAK = (
    '<style:paragraph-properties fo:break-before="page" fo:text-align="center" '
    'fo:margin-top="72pt" fo:margin-bottom="24pt" fo:keep-with-next="always"/>'
)


def reading_reference(language: str) -> bytes:
    """Return the reference document of a book to be read.

    Raises:
        PandocFailed: pandoc's own is not what it was.
    """
    indent = "24pt" if is_east_asian(language) else "0.3in"
    first = indent if is_east_asian(language) else "0in"
    given = zipfile.ZipFile(BytesIO(default_file("reference.odt")))
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for entry in given.infolist():
            data = given.read(entry)
            if entry.filename == "styles.xml":
                data = _with_styles(data.decode("utf-8"), indent, first).encode("utf-8")
            archive.writestr(entry, data)
    return made.getvalue()


def _with_styles(styles: str, indent: str, first: str) -> str:
    if _END not in styles:
        raise PandocFailed("pandoc's own styles are not where they should be")
    styles = styles.replace(_END, _STYLES + _END)
    body = _PARAGRAPH.format(indent=indent, rest=_SPACES)
    styles = _put_into(styles, "Text_20_body", body)
    styles = _put_into(styles, "First_20_paragraph", _PARAGRAPH.format(indent=first, rest=""))
    for heading in ("Heading_20_1", "Heading_20_2"):
        styles = _put_into(styles, heading, _BREAK)
    return styles


def _put_into(styles: str, name: str, properties: str) -> str:
    """Give a style these paragraph properties in place of its own."""
    start = styles.find(f'<style:style style:name="{name}"')
    opened = styles.find(">", start) + 1
    if start < 0:
        raise PandocFailed("pandoc's own styles are not where they should be")
    if styles[opened - 2] == "/":  # it has nothing inside
        return f"{styles[: opened - 2]}>{properties}</style:style>{styles[opened:]}"
    end = styles.find("</style:style>", opened)
    inside = styles[opened:end]
    own = inside.find("<style:paragraph-properties")
    if own >= 0:
        inside = inside[:own] + inside[inside.find("/>", own) + 2 :]
    return styles[:opened] + properties + inside + styles[end:]
