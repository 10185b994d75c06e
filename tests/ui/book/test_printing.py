"""The PDF of a book: every word of it, in order, on pages that are a book's.

The text is read with pdftotext, pdffonts and pdfinfo (Debian: poppler-utils), found on the PATH.
"""

import random
import re
import shutil
import subprocess
import unicodedata

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.options import ExportOptions, ExportStyle
from writer.manuscript.formats.pandoc import Cancelled
from writer.ui.book.paper import Paper
from writer.ui.book.printing import export_pdf, printed

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="needs poppler-utils (apt install poppler-utils)"
)
READING = ExportOptions()
MANUSCRIPT = ExportOptions(style=ExportStyle.MANUSCRIPT)
PART, CHAPTER, SCENE = ItemKind.PART, ItemKind.CHAPTER, ItemKind.SCENE

pytestmark = pytest.mark.usefixtures("qapp")


def poppler(program: str, data: bytes, tmp_path, *arguments: str) -> str:
    path = tmp_path / "printed.pdf"
    path.write_bytes(data)
    command = [program, *arguments, str(path)] + (["-"] if program == "pdftotext" else [])
    ended = subprocess.run(command, capture_output=True, check=True, text=True)
    # Fonts draw some ideographs as their radicals; they are the same characters.
    return unicodedata.normalize("NFKC", ended.stdout)


def pages(data: bytes, tmp_path) -> list[str]:
    return poppler("pdftotext", data, tmp_path, "-layout").split("\f")[:-1]


def book(*sections: Section, language: str = "en") -> CompiledBook:
    return CompiledBook("The Crossing", "Margaret Ellery", language, sections)


def prose(rng: random.Random, paragraphs: int) -> str:
    words = [f"w{number}" for number in range(300)]
    return "\n".join(
        " ".join(rng.choices(words, k=rng.randint(1, 120))) + "." for _ in range(paragraphs)
    )


@needs_poppler
@pytest.mark.parametrize("options", [READING, MANUSCRIPT])
@pytest.mark.parametrize("paper", list(Paper))
def test_every_word_is_printed_once_and_in_order(options, paper, tmp_path):
    text = prose(random.Random(3), 60)
    made = printed(book(Section(CHAPTER, "One", 0), Section(SCENE, "", 1, text)), paper, options)
    found = re.findall(r"\bw\d+", poppler("pdftotext", made, tmp_path))
    assert found == re.findall(r"w\d+", text)


@needs_poppler
def test_chapters_begin_pages_and_heads_say_where_one_is(tmp_path):
    rng = random.Random(4)
    made = printed(
        book(
            Section(PART, "Autumn", 0),
            Section(CHAPTER, "The Road", 1),
            Section(SCENE, "", 2, prose(rng, 40)),
            Section(CHAPTER, "The River", 1),
            Section(SCENE, "", 2, prose(rng, 40)),
        ),
        Paper.A5,
        READING,
    )
    title, part, first, *rest = (page.split("\n") for page in pages(made, tmp_path))
    assert [line.strip() for line in title if line.strip()] == ["The Crossing", "Margaret Ellery"]
    assert [line.strip() for line in part if line.strip()] == ["Autumn"]
    said = [line.strip() for line in first if line.strip()]
    assert (said[0], said[-1]) == ("The Road", "3")
    heads = [next(line.strip() for line in page if line.strip()) for page in rest]
    river = heads.index("The River")
    for number, head in enumerate(heads, start=4):
        before = "The Road" if number - 4 < river else "The River"
        assert head == (before if number % 2 or number - 4 == river else "The Crossing")


@needs_poppler
def test_a_manuscript_has_its_title_page_header_sign_and_end(tmp_path):
    made = printed(
        book(
            Section(CHAPTER, "One", 0),
            Section(SCENE, "", 1, "The rain fell."),
            Section(SCENE, "", 1, prose(random.Random(5), 20)),
        ),
        Paper.LETTER,
        MANUSCRIPT,
    )
    title, *others = pages(made, tmp_path)
    assert re.search(r"Margaret Ellery +about [\d,]+ words", title)
    assert "by Margaret Ellery" in title
    for number, page in enumerate(others, start=2):
        assert page.strip().startswith(f"Ellery / THE CROSSING / {number}")
    lines = [line.strip() for line in "\n".join(others).split("\n")]
    assert lines.count("#") == 1
    assert [line for line in lines if line][-1] == "END"


@needs_poppler
def test_chinese_is_printed_with_its_fonts_inside(tmp_path):
    text = "雨已经下了三天没有停。她站在*老屋*的窗前。" * 30
    made = printed(
        book(Section(CHAPTER, "第一章", 0), Section(SCENE, "", 1, text), language="zh"),
        Paper.A5,
        READING,
    )
    said = "".join("".join(pages(made, tmp_path)[1:]).split())
    assert text.replace("*", "")[:200] in said
    fonts = poppler("pdffonts", made, tmp_path).splitlines()[2:]
    assert fonts
    assert all(re.search(r" yes +(?:yes|no) +yes ", line) for line in fonts)


@needs_poppler
@pytest.mark.parametrize(("paper", "size"), [(Paper.A5, (420, 595)), (Paper.LETTER, (612, 792))])
def test_pages_have_the_size_that_was_asked_for(paper, size, tmp_path):
    made = printed(book(Section(SCENE, "", 0, "Rain.")), paper, READING)
    found = re.search(r"Page size: +([\d.]+) x ([\d.]+)", poppler("pdfinfo", made, tmp_path))
    assert [round(float(each)) for each in found.groups()] == pytest.approx(size, abs=1)


def test_a_cancelled_export_and_one_that_fails_leave_the_old_file(tmp_path):
    target = tmp_path / "novel.pdf"
    target.write_bytes(b"old")
    sections = [Section(CHAPTER, "One", 0), Section(SCENE, "", 1, prose(random.Random(6), 200))]
    shares = []
    with pytest.raises(Cancelled):
        export_pdf(
            book(*sections), target, Paper.A5, READING, shares.append, lambda: len(shares) > 5
        )
    assert target.read_bytes() == b"old"
    assert 0 < shares[-1] < 1
    with pytest.raises(WriterError) as caught:
        export_pdf(book(*sections), tmp_path / "gone" / "novel.pdf", Paper.A5, READING)
    assert caught.value.kind is ErrorKind.EXPORT_FAILED
    assert list(tmp_path.iterdir()) == [target]


def test_progress_only_grows_and_ends_at_one(tmp_path):
    shares = []
    text = prose(random.Random(7), 100)
    sections = (Section(CHAPTER, "One", 0), Section(SCENE, "", 1, text))
    export_pdf(book(*sections), tmp_path / "a.pdf", Paper.A4, READING, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
