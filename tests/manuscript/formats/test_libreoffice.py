"""Other programs open what is exported: LibreOffice and epubcheck, where they are installed.

Debian's packages are libreoffice-writer-nogui and epubcheck; they are looked for as `soffice` and
`epubcheck` in PATH, and a test is skipped where its program is missing. Debian's `epubcheck` is a
jar that the shell cannot always run, so java is asked to. LibreOffice writes EPUB but reads none
(“source file could not be loaded”), so its part of the law is DOCX and ODT.
"""

import random
import shutil
import subprocess

import pytest

from tests.manuscript.formats.random_books import random_book
from writer.manuscript.formats.export import export
from writer.manuscript.formats.flow import Heading, Paragraph, clean, flow_of, shown_runs
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format
from writer.manuscript.formats.title_page import title_page

SOFFICE = shutil.which("soffice")
EPUBCHECK = shutil.which("epubcheck")


def texts(book):
    for element in flow_of(book, ExportOptions()):
        if isinstance(element, Heading):
            yield element.text
        elif isinstance(element, Paragraph):
            yield "".join(run.text for run in shown_runs(element.line, by_hand=False))


def words(text):
    return clean(text.replace("\ufeff", "").replace("\u2028", " ").replace("\u00ad", "")).split()


@pytest.mark.skipif(SOFFICE is None, reason="soffice (libreoffice-writer-nogui) is not installed")
def test_libreoffice_opens_documents_and_reads_the_same_words(tmp_path):
    book = random_book(random.Random(5))
    ways = {
        "reading.docx": (Format.DOCX, ExportStyle.READING),
        "manuscript.docx": (Format.DOCX, ExportStyle.MANUSCRIPT),
        "open.odt": (Format.ODT, ExportStyle.READING),
    }
    for name, (format_, style) in ways.items():
        export(book, tmp_path / name, format_, ExportOptions(style=style))
    profile = (tmp_path / "profile").as_uri()
    command = [
        SOFFICE, "--headless", f"-env:UserInstallation={profile}", "--convert-to",
        "txt:Text (encoded):UTF8", "--outdir", str(tmp_path / "out"),
        *(str(tmp_path / name) for name in ways),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    expected = words(" ".join(texts(book)))
    front = title_page(book, ExportOptions())
    for name in ways:
        found = (tmp_path / "out" / name).with_suffix(".txt").read_text(encoding="utf-8-sig")
        breaks = {"*", "#"}
        shown = [word for word in words(found) if word not in breaks]
        around = words(f"{front.author} {front.word_count} {front.title} {front.byline} END")
        start = words(f"{front.title} {front.author}")
        if name == "manuscript.docx":
            assert shown[: len(around) - 1] == [w for w in around[:-1] if w not in breaks]
            assert shown[-1] == "END"
            shown = shown[len(around) - 1 : -1]
        else:
            shown = shown[len(start) :]
        assert shown == [word for word in expected if word not in breaks], name


@pytest.mark.skipif(
    EPUBCHECK is None or shutil.which("java") is None, reason="epubcheck is not installed"
)
def test_epubcheck_finds_nothing(tmp_path):
    export(random_book(random.Random(6)), tmp_path / "book.epub", Format.EPUB)
    command = ["java", "-jar", EPUBCHECK, "--failonwarnings", str(tmp_path / "book.epub")]
    with open(EPUBCHECK, "rb") as program:
        if program.read(2) != b"PK":  # a script that finds its jar itself
            command = [EPUBCHECK, *command[3:]]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
