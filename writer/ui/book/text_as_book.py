"""A single text as a book: its headings are chapters, its scene breaks part scenes."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.compiled import CompiledBook, Section
from writer.manuscript.book.outline import ItemKind

if TYPE_CHECKING:
    from writer.manuscript.formats.importing import Imported


def text_as_book(said: str, title: str) -> "Imported":
    """Return what a page says as a book, called `title` unless the text says how.

    It is read as the same file would be, so that both make the same book.
    """
    from writer.manuscript.formats.importing import Imported, import_file  # not at the start

    try:
        with TemporaryDirectory(prefix="writer-") as folder:
            path = Path(folder, "text.md")
            path.write_bytes(said.encode("utf-8", "replace"))
            imported = import_file(path)
    except WriterError as error:
        if error.kind is not ErrorKind.IMPORT_EMPTY:
            raise
        imported = Imported(CompiledBook("", "", "", (Section(ItemKind.SCENE, "", 0),)))
    compiled = imported.compiled
    return replace(imported, compiled=replace(compiled, title=compiled.title or title))
