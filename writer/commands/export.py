"""`writer export`: a book or a text as another program's document."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import Book, is_book
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats.export import export
from writer.manuscript.formats.importing import import_file
from writer.manuscript.formats.options import ExportOptions, ExportStyle, Format

_ENDINGS = {"htm": "html", "markdown": "md", "text": "txt"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `export`."""
    parser = commands.add_parser(
        "export",
        help="write a book as another program's document",
        description="Write a book, or a text, as another program's document.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='example:\n  writer export "My Novel" --manuscript --out novel.docx',
    )
    parser.add_argument("source", type=Path, metavar="BOOK|FILE", help="a book's folder, or a text")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="what to write")
    parser.add_argument(
        "--to",
        choices=[each.value for each in Format],
        help="the format (by the ending of --out)",
    )
    parser.add_argument(
        "--manuscript", action="store_true", help="as publishers ask for it (DOCX only)"
    )
    parser.add_argument("--synopses", action="store_true", help="with the synopses")
    parser.add_argument("--scene-titles", action="store_true", help="with the scenes' titles")
    parser.add_argument("--title", help="instead of the book's own")
    parser.add_argument("--author", help="instead of the book's own")
    parser.add_argument("--language", help="instead of the book's own: en, zh, fr")
    parser.add_argument(
        "--contact",
        action="append",
        default=[],
        metavar="LINE",
        help="a line below the author's name in a manuscript; may be given several times",
    )
    parser.add_argument("--surname", default="", help="in a manuscript's header (by the author)")
    parser.add_argument("--replace", action="store_true", help="replace a file that is there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the document; return the exit status."""
    out = Path(os.path.expanduser(arguments.out))
    format_ = _format(arguments.to, out)
    if arguments.manuscript and format_ is not Format.DOCX:
        reason = "a manuscript for publishers is a DOCX; add --to docx"
        raise WriterError(ErrorKind.EXPORT_FAILED, path=out, reason=reason)
    if os.path.lexists(out) and not arguments.replace:
        reason = "there is one of that name; say --replace if it may go"
        raise WriterError(ErrorKind.EXPORT_FAILED, path=out, reason=reason)
    compiled, identifier = _compiled(Path(os.path.expanduser(arguments.source)))
    given = {key: getattr(arguments, key) for key in ("title", "author", "language")}
    compiled = replace(compiled, **{key: value for key, value in given.items() if value})
    options = ExportOptions(
        style=ExportStyle.MANUSCRIPT if arguments.manuscript else ExportStyle.READING,
        include_synopses=arguments.synopses,
        include_scene_titles=arguments.scene_titles,
        identifier=identifier,
        contact=tuple(arguments.contact),
        surname=arguments.surname,
    )
    try:
        export(compiled, out, format_, options, tell)
    finally:
        end_telling()
    print(f"“{out}” was written.")
    return 0


def tell(share: float) -> None:
    """Show how far it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="", file=sys.stderr, flush=True)


def end_telling() -> None:
    """Take away what `tell` has shown."""
    if sys.stderr.isatty():
        print("\r    \r", end="", file=sys.stderr, flush=True)


def _format(asked: str | None, out: Path) -> Format:
    ending = asked or out.suffix.lower().removeprefix(".")
    try:
        return Format(_ENDINGS.get(ending, ending))
    except ValueError as error:
        reason = "its ending names no format; say --to docx, epub, odt, html, md or txt"
        raise WriterError(ErrorKind.EXPORT_FAILED, path=out, reason=reason) from error


def _compiled(source: Path) -> tuple[CompiledBook, str]:
    """Return what to write and the book's id; a text has none."""
    if source.is_dir() or is_book(source.parent if source.name == "book.toml" else source):
        book = Book.open(source)
        try:
            for notice in book.notices:
                print(f"writer: {notice}", file=sys.stderr)
            return book.compiled(None, lambda id: book.read_scene(id).text), book.id
        finally:
            book.close()
    if not source.exists():
        raise WriterError(ErrorKind.FILE_MISSING, path=source)
    imported = import_file(source)
    for notice in imported.notices:
        print(f"writer: {notice}", file=sys.stderr)
    compiled = imported.compiled
    return replace(compiled, title=compiled.title or source.stem), ""
