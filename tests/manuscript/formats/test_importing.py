import io
import random
import struct
import zipfile

import docx
import pytest

from tests.manuscript.formats.random_books import random_book
from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats import archives, importing
from writer.manuscript.formats.export import export
from writer.manuscript.formats.importing import ImportNotice, import_file
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format
from writer.manuscript.formats.pandoc import Cancelled

FOREIGN = """
<html><head><title>Foreign</title><meta name="author" content="N. N."></head><body>
<h1>One</h1>
<p>Some <b>bold</b>, <i>slanted</i>, <u>underlined</u>, <s>struck</s>, H<sub>2</sub>O and
<a href="http://a.b">linked</a> text.<br>A second line.</p>
<ul><li>a bullet</li><li><p>another</p></li></ul>
<ol start="3"><li>third</li></ol>
<blockquote><p>quoted # words</p></blockquote>
<table><caption>cap</caption><tr><th>head</th><td>cell *x*</td></tr></table>
<pre>code  line
# not a heading</pre>
<dl><dt>term</dt><dd>meaning</dd></dl>
<figure><img src="a.png" alt="x"><figcaption>below</figcaption></figure>
<p>An <img src="b.png"> image.</p>
<hr>
<p>中文
换行</p>
<p><code>x = *y*</code> &nbsp; done.</p>
<p>* * *</p>
<h2># Two</h2>
<script>alert(1)</script>
<p>Last.</p>
</body></html>
"""


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def outline(compiled):
    return [(each.kind.value, each.depth, each.title or each.text) for each in compiled.sections]


def test_nothing_of_a_foreign_document_is_lost(tmp_path):
    imported = import_file(written(tmp_path, "a.html", FOREIGN))
    assert imported.compiled == CompiledBook(
        "Foreign",
        "N. N.",
        "",
        (
            Section(ItemKind.PART, "One", 0),
            Section(
                ItemKind.SCENE,
                "",
                1,
                "Some **bold**, *slanted*, *underlined*, struck, H2O and linked text.\n"
                "A second line.\na bullet\nanother\n3. third\nquoted # words\ncap\nhead\n"
                "cell \\*x\\*\ncode line\n\\# not a heading\nterm\nmeaning\nbelow\nAn image.",
            ),
            Section(ItemKind.SCENE, "", 1, "中文换行\nx = \\*y\\* \xa0 done."),
            Section(ItemKind.CHAPTER, "# Two", 1),
            Section(ItemKind.SCENE, "", 2, "Last."),
        ),
    )
    assert [(notice.kind, notice.fields["count"]) for notice in imported.notices] == [
        (ImportNotice.PICTURES, 2)
    ]


def test_word_documents_have_styles_notes_and_tables(tmp_path):
    document = docx.Document()
    document.core_properties.title = "In the properties"
    document.add_heading("Chapter", 1)
    paragraph = document.add_paragraph("plain ")
    paragraph.add_run("by style", style="Emphasis")
    paragraph.add_run(" and ")
    paragraph.add_run("by hand").bold = True
    document.add_paragraph("a quotation", style="Quote")
    document.add_table(1, 2).cell(0, 1).text = "in a table"
    document.add_paragraph("1984. It was\tcold")
    document.save(tmp_path / "a.docx")
    imported = import_file(tmp_path / "a.docx").compiled
    assert imported.title == "In the properties"
    assert imported.sections[1].text == (
        "plain *by style* and **by hand**\na quotation\nin a table\n1984. It was cold"
    )


def test_what_was_typed_into_a_manuscript_in_word_is_kept(tmp_path):
    scene = Section(ItemKind.SCENE, "", 0, "One.")
    path = tmp_path / "a.docx"
    options = ExportOptions(style=ExportStyle.MANUSCRIPT)
    export(CompiledBook("T", "A", "", (scene,)), path, Format.DOCX, options)
    document = docx.Document(path)
    document.add_paragraph("After the end.", style="Manuscript End")
    document.save(path)
    assert import_file(path).compiled.sections[0].text == "One.\nAfter the end."


def test_footnotes_stand_where_they_were_called(tmp_path):
    rtf = r"{\rtf1\ansi Word{\super\chftn{\footnote The \i note\i0 .}} on.\par}"
    text = import_file(written(tmp_path, "a.rtf", rtf)).compiled.sections[0].text
    assert text == "Word [The *note*.] on."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chapter One\n\nIt was.\n\nChapter 2: Sun\n\nX.", ["Chapter One", "Chapter 2: Sun"]),
        ("第一章 风起\n他说。\n第二章\n第三章写完了。", ["第一章 风起", "第二章"]),
        ("Prologue\nA.\nChapter one was hard.\nCHAPTER IV. X\nB.", ["Prologue", "CHAPTER IV. X"]),
        ("One page.\fAnother page.", ["", ""]),
        ("# A\ntext\n# B #\nChapter 1\ntext", ["A", "B"]),
    ],
)  # fmt: skip
def test_chapters_of_a_text(tmp_path, text, expected):
    compiled = import_file(written(tmp_path, "a.txt", text)).compiled
    chapters = [each.title for each in compiled.sections if each.kind is ItemKind.CHAPTER]
    assert chapters == expected
    shown = "".join(each.title + each.text for each in compiled.sections)
    for word in text.replace("#", "").split():
        assert word in shown


def test_parts_and_chapters_of_a_text(tmp_path):
    text = "Part One\nChapter 1\nA.\nPart Two\nChapter 2\nB.\n***\nC."
    assert outline(import_file(written(tmp_path, "a.txt", text)).compiled) == [
        ("part", 0, "Part One"),
        ("chapter", 1, "Chapter 1"),
        ("scene", 2, "A."),
        ("part", 0, "Part Two"),
        ("chapter", 1, "Chapter 2"),
        ("scene", 2, "B."),
        ("scene", 2, "C."),
    ]


def test_one_heading_above_all_is_the_title(tmp_path):
    compiled = import_file(written(tmp_path, "a.md", "# Novel\n## One\nA.\n## Two\nB.")).compiled
    assert compiled.title == "Novel"
    assert outline(compiled)[0] == ("chapter", 0, "One")


def test_blank_lines_go_where_they_only_separate(tmp_path):
    spaced = import_file(written(tmp_path, "a.txt", "One.\n\nTwo.\n\n\nThree.\n")).compiled
    assert spaced.sections[0].text == "One.\nTwo.\nThree."
    close = import_file(written(tmp_path, "b.txt", "One.\nTwo.\n\nThree.\nFour.")).compiled
    assert close.sections[0].text == "One.\nTwo.\n\nThree.\nFour."


def test_other_encodings_are_read_and_damage_is_said(tmp_path):
    chinese = "第一章\n他说：“你好，世界。”今天天气很好，我们去公园散步吧。"
    compiled = import_file(written(tmp_path, "a.txt", chinese.encode("gb18030"))).compiled
    assert compiled.sections[1].text == chinese.split("\n")[1]
    damaged = "Wörter über Wörter, schön und größer. ".encode() * 20 + b"\xff\xfe end"
    imported = import_file(written(tmp_path, "b.txt", damaged))
    assert [notice.kind for notice in imported.notices] == [ImportNotice.DAMAGED]
    assert imported.compiled.sections[0].text.endswith("\ufffd\ufffd end")


def test_yaml_above_a_text_is_its_title_only_if_it_says_nothing_else(tmp_path):
    about = import_file(
        written(tmp_path, "a.md", '---\ntitle: "A: b"\nlang: en\n---\n\nX')
    ).compiled
    assert (about.title, about.language, about.sections[0].text) == ("A: b", "en", "X")
    other = import_file(written(tmp_path, "b.md", "---\ntitle: A\nMary: hello\n---\nX")).compiled
    assert "Mary: hello" in "".join(section.text for section in other.sections)


# What is refused


def refusal(path, kind=ErrorKind.IMPORT_FAILED):
    with pytest.raises(WriterError) as caught:
        import_file(path)
    assert caught.value.kind is kind
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["docx", "odt", "epub"])
def test_what_is_no_archive_is_refused(tmp_path, suffix):
    assert "damaged, or no" in refusal(written(tmp_path, f"a.{suffix}", b"PK\x03\x04 nothing"))
    assert "damaged, or no" in refusal(written(tmp_path, f"b.{suffix}", b""))
    old = written(tmp_path, f"c.{suffix}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "old format or protected" in refusal(old)
    with zipfile.ZipFile(tmp_path / f"d.{suffix}", "w") as archive:
        archive.writestr("other", "thing")
    assert f"it is no {suffix.upper()} file" in refusal(tmp_path / f"d.{suffix}")


def test_a_zip_bomb_is_refused_before_anything_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "TEXT_LIMIT_BYTES", 10_000_000)
    monkeypatch.setattr(importing, "read_with_pandoc", None)
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 20_000_000)
    assert path.stat().st_size < 50_000
    assert "its text has more than 10 MB" in refusal(path)


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path):
    path = tmp_path / "liar.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 1_000_000)
    real, claimed = struct.pack("<I", 1_000_000), struct.pack("<I", 10)
    path.write_bytes(path.read_bytes().replace(real, claimed))
    assert "damaged" in refusal(path)


def test_a_locked_archive_is_refused(tmp_path):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("word/document.xml", "x")
    data = bytearray(stored.getvalue())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    assert "protected by a password" in refusal(written(tmp_path, "a.docx", bytes(data)))


def test_a_locked_odt_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as archive:
        archive.writestr("content.xml", "noise")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    assert "protected by a password" in refusal(tmp_path / "a.odt")


def test_a_copy_protected_book_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("META-INF/encryption.xml", '<x URI="OEBPS/ch1.xhtml"/>')
    assert "it is copy-protected" in refusal(tmp_path / "a.epub")


def test_entities_of_a_document_reach_no_file(tmp_path):
    secret = written(tmp_path, "secret", "the secret words")
    html = f'<p>Text.</p><iframe src="{secret}"></iframe><embed src="{secret.as_uri()}">'
    compiled = import_file(written(tmp_path, "a.html", html)).compiled
    assert "secret words" not in compiled.sections[0].text


def test_deep_nesting_is_refused_or_read(tmp_path):
    path = written(tmp_path, "a.html", "<div>" * 20_000 + "<p>deep</p>")
    assert outcome(path) in ("deep", ErrorKind.IMPORT_FAILED)


@pytest.mark.parametrize("name", ["a.doc", "a.pages", "a"])
def test_unknown_files_are_refused_by_their_names(tmp_path, name):
    refusal(written(tmp_path, name, "text"))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_a_file_without_text_is_refused(tmp_path, name):
    refusal(written(tmp_path, name, " \n \n"), ErrorKind.IMPORT_EMPTY)


@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.html"])
def test_a_missing_file_is_said(tmp_path, name):
    refusal(tmp_path / name, ErrorKind.FILE_MISSING)


def test_importing_can_be_cancelled(tmp_path):
    export(random_book(random.Random(1)), tmp_path / "a.docx", Format.DOCX)
    with pytest.raises(Cancelled):
        import_file(tmp_path / "a.docx", cancelled=lambda: True)


@pytest.mark.parametrize("format_", [Format.DOCX, Format.ODT, Format.EPUB, Format.HTML])
def test_damaged_documents_are_read_or_refused_with_a_reason(tmp_path, format_):
    rng = random.Random(format_.value)
    whole = tmp_path / f"whole.{format_.value}"
    export(random_book(rng), whole, format_)
    data = whole.read_bytes()
    for number in range(8):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 30)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if number % 3 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        path = written(tmp_path, f"{number}.{format_.value}", bytes(damaged))
        assert outcome(path)


def outcome(path):
    """Return the first text of what was imported, or what kind of refusal it was."""
    try:
        sections = import_file(path).compiled.sections
    except WriterError as error:
        return error.kind
    return next((section.text for section in sections if section.text), "no scene")
