"""Writing a book as a document of another program's.

What was at the target stays until the new file is whole on the disk.
"""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats import looks, opendocument, plain, word
from writer.manuscript.formats.blocks import Dress, blocks_of, document, styled
from writer.manuscript.formats.blocks import plain as paragraph
from writer.manuscript.formats.flow import Element, clean, flow_of
from writer.manuscript.formats.language import (
    UNDETERMINED,
    is_right_to_left,
    language_of,
    words_of,
)
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format
from writer.manuscript.formats.pandoc import (
    PandocFailed,
    guessed_rest,
    ignore,
    in_folder,
    never,
    write_with_pandoc,
)
from writer.manuscript.formats.title_page import title_page

_NAMESPACE = uuid.UUID("5b0d9a4e-3d0e-5a6c-9a53-8d5f0b6f7f11")
"""Under which a book's identifier is made from its id."""
_UNTITLED = "Untitled"
_BYTES_PER_SECOND = {
    Format.DOCX: 3_000_000,
    Format.EPUB: 1_700_000,
    Format.ODT: 600_000,
    Format.HTML: 700_000,
}
"""Of pandoc's JSON, on two cores: only how fast the progress seems to go depends on it."""
_BEFORE = 0.1
"""The share of the work that is done when pandoc begins."""


def export(
    compiled: CompiledBook,
    target: Path,
    format_: Format,
    options: ExportOptions | None = None,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> None:
    """Write a book to `target` in another format, all of it or nothing.

    Args:
        compiled: What to write.
        target: The file; one that is there is replaced when all has succeeded.
        format_: Of the file, whatever it is called.
        options: How; the plain reading style where none are given.
        on_progress: Told shares from 0 to 1; while pandoc works they are guessed from the time.
        cancelled: Asked many times a second.

    Raises:
        WriterError: EXPORT_FAILED, with the reason; what was at `target` is as it was.
        Cancelled: `cancelled` said so; the same.
    """
    try:
        made = exported(compiled, format_, options or ExportOptions(), on_progress, cancelled)
        write_atomically(target, made)
    except PandocFailed as error:
        raise WriterError(ErrorKind.EXPORT_FAILED, path=target, reason=error) from error
    except WriterError as error:
        reason = error.fields.get("reason", error)
        raise WriterError(ErrorKind.EXPORT_FAILED, path=target, reason=reason) from error
    except OSError as error:  # no room for the temporary files
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.EXPORT_FAILED, path=target, reason=reason) from error
    on_progress(1.0)


def exported(
    compiled: CompiledBook,
    format_: Format,
    options: ExportOptions,
    on_progress: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> bytes:
    """Return the bytes of a book in another format.

    Raises:
        PandocFailed: with the reason.
        Cancelled: `cancelled` said so.
    """
    on_progress(0.0)
    flow = flow_of(compiled, options)
    on_progress(_BEFORE / 2)
    if format_ is Format.MARKDOWN:
        return plain.markdown(compiled, flow).encode("utf-8")
    if format_ is Format.TEXT:
        return plain.text(compiled, flow).encode("utf-8")
    arguments, given, files = _WAYS[format_](compiled, flow, options)

    def on_time(seconds: float) -> None:
        expected = 0.2 + len(given) / _BYTES_PER_SECOND[format_]
        on_progress(1 - (1 - _BEFORE) * guessed_rest(seconds, expected))

    with in_folder(files) as folder:
        named = [argument.replace("{folder}", folder) for argument in arguments]
        return write_with_pandoc(["-t", *named], given, on_time, cancelled)


_Way = tuple[list[str], bytes, dict[str, bytes]]
"""pandoc's arguments, the document, and the files that the arguments name in {folder}."""


def _docx(compiled: CompiledBook, flow: Sequence[Element], options: ExportOptions) -> _Way:
    language = language_of(compiled)
    arguments = ["docx", "--reference-doc={folder}/reference.docx"]
    if options.style is ExportStyle.READING:
        blocks = blocks_of(flow, word.READING_DRESS)
        reference = word.reading_reference(language)
        return arguments, document(blocks, _meta(compiled)), {"reference.docx": reference}
    page = title_page(compiled, options)
    end = styled("Manuscript End", paragraph(page.end))
    blocks = [*word.title_blocks(page), *blocks_of(flow, word.MANUSCRIPT_DRESS), end]
    meta = {**_meta(compiled), word.MANUSCRIPT_FIELD: "1"}
    files = {
        "reference.docx": word.manuscript_reference(language, page),
        "template.openxml": word.TEMPLATE.encode(),
    }
    return [*arguments, "--template={folder}/template.openxml"], document(blocks, meta), files


def _odt(compiled: CompiledBook, flow: Sequence[Element], options: ExportOptions) -> _Way:
    reference = opendocument.reading_reference(language_of(compiled))
    given = document(blocks_of(flow, opendocument.DRESS), _meta(compiled))
    arguments = ["odt", "--reference-doc={folder}/reference.odt"]
    return arguments, given, {"reference.odt": reference}


def _html(compiled: CompiledBook, flow: Sequence[Element], options: ExportOptions) -> _Way:
    css = looks.screen_css(language_of(compiled))
    meta = {**_meta(compiled), "pagetitle": clean(compiled.title) or _UNTITLED}
    return ["html5"], document(blocks_of(flow, Dress()), meta, f"<style>\n{css}</style>"), {}


def _epub(compiled: CompiledBook, flow: Sequence[Element], options: ExportOptions) -> _Way:
    language = language_of(compiled)
    meta = {
        **_meta(compiled),
        "title": " ".join(clean(compiled.title).split()) or _UNTITLED,
        "lang": language,
        "identifier": f"urn:uuid:{identifier(compiled, options)}",
        "toc-title": words_of(language).contents,
    }
    if is_right_to_left(language):
        meta["page-progression-direction"] = "rtl"
    arguments = ["epub3", "--css={folder}/book.css", "--split-level=2", "--toc-depth=2"]
    given = document(blocks_of(flow, Dress()), meta)
    return arguments, given, {"book.css": looks.book_css(language).encode("utf-8")}


_WAYS: dict[Format, Callable[[CompiledBook, Sequence[Element], ExportOptions], _Way]] = {
    Format.DOCX: _docx,
    Format.ODT: _odt,
    Format.HTML: _html,
    Format.EPUB: _epub,
}


def _meta(compiled: CompiledBook) -> dict[str, str]:
    language = language_of(compiled)
    return {
        "title": " ".join(clean(compiled.title).split()),
        "author": " ".join(clean(compiled.author).split()),
        "lang": "" if language == UNDETERMINED else language,
        "dir": "rtl" if is_right_to_left(language) else "",
    }


def identifier(compiled: CompiledBook, options: ExportOptions) -> uuid.UUID:
    """Return the same identifier for the same book, so that readers know a newer edition."""
    name = options.identifier or f"{compiled.title}\n{compiled.author}"
    return uuid.uuid5(_NAMESPACE, clean(name))
