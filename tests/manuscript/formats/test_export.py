import os
import re
import zipfile
from dataclasses import replace

import pypandoc
import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats import pandoc
from writer.manuscript.formats.export import export, exported
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format
from writer.manuscript.formats.pandoc import Cancelled
from writer.manuscript.formats.title_page import title_page

MANUSCRIPT = ExportOptions(style=ExportStyle.MANUSCRIPT, contact=("1 High Road", "a@b.org"))
BOOK = CompiledBook(
    "The Long Way",
    "Ann B. Writer",
    "en",
    (
        Section(ItemKind.CHAPTER, "Dawn", 0),
        Section(ItemKind.SCENE, "Waking", 1, "It was *so* cold.\nShe rose.", "She wakes."),
        Section(ItemKind.SCENE, "Going", 1, "She went."),
        Section(ItemKind.CHAPTER, "", 0),
        Section(ItemKind.SCENE, "", 1, ""),
        Section(ItemKind.SCENE, "", 1, "It ended."),
    ),
)


def member(made, name, tmp_path):
    (tmp_path / "made").write_bytes(made)
    with zipfile.ZipFile(tmp_path / "made") as archive:
        return archive.read(name).decode("utf-8")


def paragraphs(document):
    """Return (style, text) of a DOCX's paragraphs."""
    found = re.findall(r"<w:p>.*?</w:p>|<w:p .*?</w:p>", document, re.DOTALL)
    texts = ["".join(re.findall(r"<w:t[^>]*>([^<]*)", each)) for each in found]
    styles = [re.search(r'<w:pStyle w:val="([^"]*)"', each) for each in found]
    return [
        (style[1] if style else "", text) for style, text in zip(styles, texts, strict=True) if text
    ]


def test_a_manuscript_has_what_publishers_ask_for(tmp_path):
    made = exported(BOOK, Format.DOCX, MANUSCRIPT)
    assert paragraphs(member(made, "word/document.xml", tmp_path)) == [
        ("ManuscriptContact", "Ann B. Writerabout 100 words"),
        ("ManuscriptContact", "1 High Road"),
        ("ManuscriptContact", "a@b.org"),
        ("ManuscriptTitle", "The Long Way"),
        ("ManuscriptByline", "by Ann B. Writer"),
        ("Heading1", "Dawn"),
        ("FirstParagraph", "It was so cold."),
        ("BodyText", "She rose."),
        ("SceneBreak", "#"),
        ("BodyText", "She went."),
        ("Heading1", "2"),
        ("FirstParagraph", "It ended."),
        ("ManuscriptEnd", "END"),
    ]
    header = member(made, "word/header1.xml", tmp_path)
    assert "Writer / THE LONG WAY / " in header
    assert "PAGE" in header
    assert '<w:jc w:val="right"' in header
    section = re.search("<w:sectPr.*", member(made, "word/document.xml", tmp_path), re.DOTALL)[0]
    assert "<w:titlePg" in section
    assert section.count('="1440"') == 4
    styles = member(made, "word/styles.xml", tmp_path)
    heading = re.search(r'<w:style [^>]*w:styleId="Heading1".*?</w:style>', styles, re.DOTALL)[0]
    assert "<w:pageBreakBefore" in heading
    normal = re.search(r'<w:style [^>]*w:styleId="Normal".*?</w:style>', styles, re.DOTALL)[0]
    assert 'w:line="480"' in normal
    assert 'w:ascii="Times New Roman"' in normal
    assert '<w:sz w:val="24"' in normal
    assert 'w:firstLine="720"' in styles


def test_a_chinese_manuscript_has_chinese_words_and_fonts(tmp_path):
    scene = Section(ItemKind.SCENE, "", 0, "他说好。" * 100)
    made = exported(CompiledBook("长路", "王小明", "", (scene,)), Format.DOCX, MANUSCRIPT)
    shown = [text for _, text in paragraphs(member(made, "word/document.xml", tmp_path))]
    assert shown[0] == "王小明约 300 字"
    assert shown[-1] == "（完）"
    assert 'w:eastAsia="SimSun"' in member(made, "word/styles.xml", tmp_path)


def test_unknown_contact_lines_stay_away():
    page = title_page(replace(BOOK, author="", title=""), ExportOptions())
    assert (page.author, page.contact, page.byline, page.header) == ("", (), "", "")


def test_the_surname_may_be_said():
    options = ExportOptions(surname="Le Guin")
    assert title_page(BOOK, options).header == "Le Guin / THE LONG WAY / "


def test_synopses_and_scene_titles_come_when_asked():
    plain = exported(BOOK, Format.MARKDOWN, ExportOptions()).decode()
    asked = ExportOptions(include_synopses=True, include_scene_titles=True)
    full = exported(BOOK, Format.MARKDOWN, asked).decode()
    assert "She wakes." not in plain
    assert "Waking" not in plain
    assert "# Dawn\n\n### Waking\n\nShe wakes.\n\nIt was *so* cold." in full


def test_html_asks_for_nothing_from_elsewhere():
    made = exported(BOOK, Format.HTML, ExportOptions()).decode()
    assert "<em>so</em>" in made
    assert not re.search(r"(?:src|href)\s*=|url\(|@import", made)


def test_a_book_keeps_its_epub_identifier(tmp_path):
    def identifier(book, options):
        made = exported(book, Format.EPUB, options)
        return re.search(r"urn:uuid:[0-9a-f-]+", member(made, "EPUB/content.opf", tmp_path))[0]

    by_id = ExportOptions(identifier="abc")
    renamed = replace(BOOK, title="Another")
    assert identifier(BOOK, by_id) == identifier(renamed, by_id)
    assert identifier(BOOK, ExportOptions()) == identifier(BOOK, ExportOptions())
    assert identifier(BOOK, ExportOptions()) != identifier(renamed, ExportOptions())


def test_an_epub_has_a_file_a_chapter_and_our_style_sheet(tmp_path):
    made = exported(BOOK, Format.EPUB, ExportOptions())
    opf = member(made, "EPUB/content.opf", tmp_path)
    assert "<dc:language>en</dc:language>" in opf
    assert 'properties="nav"' in opf
    assert "Dawn" in member(made, "EPUB/text/ch001.xhtml", tmp_path)
    assert "It ended." in member(made, "EPUB/text/ch002.xhtml", tmp_path)
    assert "hr::before" in member(made, "EPUB/styles/stylesheet1.css", tmp_path)


@pytest.mark.parametrize("format_", Format)
def test_an_empty_book_is_exported(tmp_path, format_):
    export(CompiledBook("", "", "", ()), tmp_path / "out", format_)
    assert (tmp_path / "out").exists()


def test_progress_never_goes_back_and_ends_at_one(tmp_path):
    shares = []
    export(BOOK, tmp_path / "a.docx", Format.DOCX, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def refused(path, format_=Format.DOCX):
    """Export over a file that is there, and return the error; the file must not have changed."""
    path.write_bytes(b"what was there")
    with pytest.raises(WriterError) as caught:
        export(BOOK, path, format_)
    assert path.read_bytes() == b"what was there"
    assert os.listdir(path.parent) == [path.name]
    assert caught.value.kind is ErrorKind.EXPORT_FAILED
    return str(caught.value)


def test_without_pandoc_the_file_stays(tmp_path, monkeypatch):
    def missing():
        raise OSError("No pandoc was found")

    monkeypatch.setattr(pypandoc, "get_pandoc_path", missing)
    assert "install Writer anew" in refused(tmp_path / "a.docx")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'Cannot think.' >&2; exit 64", "pandoc says “Cannot think”"),
        ("kill -9 $$", "stopped by the system"),
        ("exit 251", "more than 2 GB of memory"),
        ("exit 3", "status 3"),
    ],
)
def test_when_pandoc_fails_the_file_stays(tmp_path, monkeypatch, script, reason):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pandoc"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
    program.chmod(0o755)
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(program))
    assert reason in refused(tmp_path / "out" / "a.epub", Format.EPUB)


def test_cancelling_ends_pandoc_and_leaves_the_file(tmp_path, monkeypatch):
    program = tmp_path / "pandoc"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(program))
    target = tmp_path / "a.html"
    target.write_bytes(b"old")
    with pytest.raises(Cancelled):
        export(BOOK, target, Format.HTML, cancelled=lambda: _pid(tmp_path) > 0)
    assert target.read_bytes() == b"old"
    with pytest.raises(ProcessLookupError):
        os.kill(_pid(tmp_path), 0)


def _pid(folder):
    written = folder / "pid"
    return int(written.read_text() or 0) if written.exists() else 0


def test_what_takes_too_long_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(pandoc, "TIME_LIMIT_SECONDS", 0.0)
    program = tmp_path / "pandoc"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(program))
    with pytest.raises(WriterError, match="it took more than"):
        export(BOOK, tmp_path / "a.html", Format.HTML)


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(WriterError, match="was not written: the folder is gone"):
        export(BOOK, tmp_path / "none" / "a.md", Format.MARKDOWN)
