"""`writer import`: a book of another program's document, a text or a folder of them."""

import argparse
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from writer.commands.export import end_telling, tell
from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import About, Book
from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.book.outline import ItemKind
from writer.manuscript.formats.folders import import_folder
from writer.manuscript.formats.importing import SUFFIXES, import_file


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `import`."""
    endings = " ".join(SUFFIXES)
    parser = commands.add_parser(
        "import",
        help="make a book of a document, a text or a folder of them",
        description="Make a book of a document, a text or a folder of them: headings become parts "
        f"and chapters, scene breaks part the scenes. Known are {endings}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='example:\n  writer import novel.docx --out "My Novel"',
    )
    parser.add_argument("source", type=Path, metavar="FILE|FOLDER", help="what to read")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="BOOK", help="a new or an empty folder"
    )
    parser.add_argument("--title", help="instead of the one that is found")
    parser.add_argument("--author", help="instead of the one that is found")
    parser.add_argument("--language", help="instead of the one that is found: en, zh, fr")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the book; return the exit status."""
    source, out = (Path(os.path.expanduser(each)) for each in (arguments.source, arguments.out))
    if not source.exists():
        raise WriterError(ErrorKind.FILE_MISSING, path=source)
    try:
        imported = (import_folder if source.is_dir() else import_file)(source, tell)
    finally:
        end_telling()
    given = {key: getattr(arguments, key) for key in ("title", "author", "language")}
    found = replace(imported.compiled, **{key: value for key, value in given.items() if value})
    found = replace(found, title=found.title or source.stem)
    Book.create(out, About(found.title, found.author, found.language), found).close()
    for notice in imported.notices:
        print(f"writer: {notice}", file=sys.stderr)
    print(f"“{out}” is a book now: {_counted(found)}.")
    return 0


def _counted(book: CompiledBook) -> str:
    counts = Counter(section.kind for section in book.sections)
    words = ", ".join(
        f"{counts[kind]} {kind.value}{'s' * (counts[kind] != 1)}"
        for kind in ItemKind
        if counts[kind]
    )
    return words
