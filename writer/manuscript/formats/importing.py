"""Reading other programs' documents, Markdown and text as a book; a folder of them, too."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats.archives import Archive
from writer.manuscript.formats.flow import (
    Element,
    Heading,
    Paragraph,
    SceneBreak,
    clean,
)
from writer.manuscript.formats.language import UNDETERMINED
from writer.manuscript.formats.pandoc import (
    PandocFailed,
    guessed_rest,
    ignore,
    never,
    read_with_pandoc,
)
from writer.manuscript.formats.reading import Reading
from writer.manuscript.formats.runs import heading_level, is_scene_break, runs_of, tidied
from writer.manuscript.formats.sections import book_title, chapter_lines, sections_of
from writer.manuscript.formats.word import MANUSCRIPT_FIELD
from writer.manuscript.notice import Notice
from writer.manuscript.text_file import read_text_file

_MB = 1_000_000
LIMIT_BYTES = 300 * _MB
"""Of a document's file, pictures and all."""
_BYTES_PER_SECOND = 1_500_000
"""Unpacked, on two cores: only how fast the progress seems to go depends on it."""
_READING = 0.8
"""The share of the work that is pandoc's."""
_ARCHIVES = ("docx", "odt", "epub")
_KINDS = {
    ".docx": "docx", ".docm": "docx", ".odt": "odt", ".epub": "epub", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".rtf": "rtf", ".md": "markdown", ".markdown": "markdown",
    ".txt": "text", ".text": "text",
}  # fmt: skip
SUFFIXES = tuple(_KINDS)
"""How the names of files end that can be imported."""
_REASONS = {".doc": "it is in Word's old format; save it as DOCX first"}
_FIELD = re.compile(r"(title|author|lang|language):\s*(.+?)\s*")
_FRONT_LINES = 50
_PAGE_BREAK = "\f"
_UNTITLED = Heading(1, ())


class ImportNotice(Enum):
    """What a writer is told about something that was imported all the same."""

    PICTURES = "{count} pictures in “{name}” were left out."
    SKIPPED = "Not imported, because Writer cannot read such files: {names}."
    DAMAGED = "“{name}” has {count} unreadable places, now marked with “\ufffd”."
    HIDDEN = "Hidden files were not imported: {names}."
    FAILED = "{reason}"


@dataclass(frozen=True, slots=True)
class Imported:
    """A book that came from elsewhere, and what to tell about it."""

    compiled: CompiledBook
    notices: tuple[Notice, ...] = ()


def import_file(
    path: Path,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> Imported:
    """Read a document as a book: headings are its chapters, scene breaks part its scenes.

    Args:
        path: A document, Markdown or text, by the ending of its name.
        on_progress: Told shares from 0 to 1.
        cancelled: Asked many times a second.

    Raises:
        WriterError: IMPORT_FAILED with the reason, IMPORT_EMPTY, or those of `read_text_file`.
        Cancelled: `cancelled` said so.
    """
    on_progress(0.0)
    kind = _kind(path)
    if kind in ("markdown", "text"):
        imported = _from_text(path)
    else:
        try:
            imported = _from_document(path, kind, on_progress, cancelled)
        except PandocFailed as error:
            raise WriterError(ErrorKind.IMPORT_FAILED, path=path, reason=error) from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WriterError(ErrorKind.IMPORT_FAILED, path=path, reason=reason) from error
    if not imported.compiled.sections:
        raise WriterError(ErrorKind.IMPORT_EMPTY, path=path)
    on_progress(1.0)
    return imported


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _KINDS:
        reason = _REASONS.get(suffix, f"Writer does not know files that end in “{suffix}”")
        raise WriterError(ErrorKind.IMPORT_FAILED, path=path, reason=reason)
    return _KINDS[suffix]


def _from_document(
    path: Path, kind: str, on_progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Imported:
    format_ = kind
    properties: dict[str, str] = {}
    expected = 1.0
    data = read_text_file(path).text.encode() if kind == "html" else _read(path)
    if kind in _ARCHIVES:
        archive = Archive(data, kind, cancelled)
        properties = archive.properties()
        expected += archive.text_bytes / _BYTES_PER_SECOND
        if kind == "docx" and archive.has_property(MANUSCRIPT_FIELD):
            format_ = "docx+styles"  # tells the title page from the text

    def on_time(seconds: float) -> None:
        on_progress(_READING * (1 - guessed_rest(seconds, expected)))

    reading = Reading(read_with_pandoc(format_, data, on_time, cancelled))
    about = _about(reading.meta, properties)
    flow = _without_title(reading.flow, about) if kind == "odt" else reading.flow
    notices: tuple[Notice, ...] = ()
    if reading.pictures:
        fields = {"count": reading.pictures, "name": path.name}
        notices = (Notice(ImportNotice.PICTURES, fields),)
    return Imported(_compiled(flow, about), notices)


def _read(path: Path) -> bytes:
    if not path.exists():
        raise WriterError(ErrorKind.FILE_MISSING, path=path)
    if not path.is_file():
        raise PandocFailed("it is no ordinary file")
    if path.stat().st_size > LIMIT_BYTES:
        raise PandocFailed(f"it has more than {LIMIT_BYTES // _MB} MB")
    return path.read_bytes()


def _about(meta: dict[str, str], properties: dict[str, str]) -> CompiledBook:
    language = meta.get("lang", "") or meta.get("language", "") or properties.get("language", "")
    return CompiledBook(
        title=meta.get("title", "") or properties.get("title", ""),
        author=meta.get("author", "") or properties.get("creator", ""),
        language="" if language == UNDETERMINED else language,
        sections=(),
    )


def _without_title(flow: list[Element], about: CompiledBook) -> list[Element]:
    """Drop the title and author above an ODT's text: they are its properties, too."""
    for known in (about.title, about.author):
        first = flow[0] if flow else None
        shown = "".join(r.text for r in runs_of(first.line)) if isinstance(first, Paragraph) else ""
        if known and shown == known:
            flow = flow[1:]
    return flow


def _compiled(flow: list[Element], about: CompiledBook) -> CompiledBook:
    flow = chapter_lines(flow)
    if not about.title:
        title, flow = book_title(flow)
        about = replace(about, title=title)
    return replace(about, sections=sections_of(flow))


def _from_text(path: Path) -> Imported:
    text, notices = _readable(path)
    about, lines = _front_matter(text.split("\n"))
    flow = chapter_lines(_text_flow(lines, SceneBreak()))
    if _PAGE_BREAK in text and not any(isinstance(element, Heading) for element in flow):
        flow = [_UNTITLED, *_text_flow(lines, _UNTITLED)]
    return Imported(_compiled(flow, about), notices)


def _readable(path: Path) -> tuple[str, tuple[Notice, ...]]:
    """Return a text without the stand-ins of bytes that are no characters."""
    file = read_text_file(path)
    damage = file.encoding.damage(file.text)
    table = {ord(sign): _real(real) for sign, real in file.encoding.stand_ins}
    fields = {"count": damage, "name": path.name}
    notices = (Notice(ImportNotice.DAMAGED, fields),) if damage else ()
    return file.text.translate(table), notices


def _real(character: str) -> str:
    return "\ufffd" if "\ud800" <= character <= "\udfff" else character


def _front_matter(lines: list[str]) -> tuple[CompiledBook, list[str]]:
    """Return what YAML above a Markdown says, and the rest; only YAML that says nothing else."""
    values = {"title": "", "author": "", "language": ""}
    nothing = CompiledBook(**values, sections=())
    if lines[0] != "---":
        return nothing, lines
    for number, line in enumerate(lines[1:_FRONT_LINES], 1):
        if line in ("---", "..."):
            return CompiledBook(**values, sections=()), lines[number + 1 :]
        found = _FIELD.fullmatch(line)
        if found is None:
            break
        name = "language" if found[1] == "lang" else found[1]
        values[name] = _value(found[2])
    return nothing, lines


def _value(yaml: str) -> str:
    if yaml.startswith('"'):
        try:
            return str(json.loads(yaml))
        except ValueError:
            return yaml.strip('"')
    return yaml.strip("'") if yaml.startswith("'") else yaml


def _text_flow(lines: list[str], page_break: Element) -> list[Element]:
    """Return a text's lines as a flow, with this where a form feed is."""
    spaced = _is_spaced(lines)
    flow: list[Element] = []
    for line in lines:
        before, *pages = line.split(_PAGE_BREAK)
        _add_line(flow, before, spaced)
        for page in pages:
            flow.append(page_break)
            _add_line(flow, page, spaced)
    return flow


def _add_line(flow: list[Element], line: str, spaced: bool) -> None:
    if is_scene_break(line):
        flow.append(SceneBreak())
    elif level := heading_level(line):
        flow.append(Heading(level, tidied(runs_of(line))))
    elif line.strip() or not spaced:
        flow.append(Paragraph(clean(line)))


def _is_spaced(lines: list[str]) -> bool:
    """Tell whether blank lines stand between most paragraphs, and so say nothing."""
    filled = [bool(line.strip()) for line in lines]
    pairs = sum(filled) - 1
    touching = sum(a and b for a, b in pairwise(filled))
    return 2 * touching < pairs
