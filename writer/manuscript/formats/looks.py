"""The style sheets of HTML and EPUB: a book's page with nothing from anywhere else."""

from writer.manuscript.formats.language import is_east_asian

_PAGE = """\
p { margin: 0; text-indent: 1.5em; }
h1 + p, h2 + p, h3 + p, h4 + p, h5 + p, h6 + p, hr + p { text-indent: 0; }
h1, h2, h3, h4, h5, h6 { font-weight: normal; text-align: center; margin: 2em 0 1.5em; \
line-height: 1.25; }
hr { border: 0; height: auto; margin: 1.5em 0; text-align: center; }
hr::before { content: "* * *"; }
.synopsis { font-style: italic; margin: 0 0 1.5em; }
.title, .author { text-align: center; text-indent: 0; }
"""
_EAST_ASIAN = """\
p, h1 + p, h2 + p, h3 + p, h4 + p, h5 + p, h6 + p, hr + p { text-indent: 2em; }
.title, .author { text-indent: 0; }
"""
_BODY = """\
body { font-family: {fonts}; line-height: {height}; }
"""
_SCREEN = """\
html { background: #fdfcf9; color: #222; }
body { max-width: 34em; margin: 3em auto; padding: 0 1.5em; font-size: 1.1em; \
overflow-wrap: break-word; }
#title-block-header { margin-bottom: 5em; }
@media (prefers-color-scheme: dark) { html { background: #1d1d1b; color: #ddd; } }
@media print { html { background: none; color: #000; } h1, h2 { break-before: page; } }
"""
_LATIN_FONTS = 'Georgia, "Times New Roman", serif'
_EAST_ASIAN_FONTS = {
    "zh": '"Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", SimSun, serif',
    "ja": '"Hiragino Mincho ProN", "Noto Serif CJK JP", "Yu Mincho", "MS Mincho", serif',
    "ko": '"Noto Serif CJK KR", "AppleMyungjo", Batang, serif',
}


def book_css(language: str) -> str:
    """Return an EPUB's style sheet."""
    east_asian = is_east_asian(language)
    fonts = _EAST_ASIAN_FONTS.get(language.split("-")[0].lower(), _LATIN_FONTS)
    body = _BODY.replace("{fonts}", fonts).replace("{height}", "1.7" if east_asian else "1.5")
    return body + _PAGE + (_EAST_ASIAN if east_asian else "")


def screen_css(language: str) -> str:
    """Return an HTML file's style sheet."""
    return book_css(language) + _SCREEN
