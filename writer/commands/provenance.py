"""`writer provenance`: which words of a book or a text the machine wrote."""

import argparse
import os
import sys
import unicodedata
from pathlib import Path

from writer import places
from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import is_book
from writer.manuscript.book.reading import BOOK_TOML, check_links, find_book
from writer.manuscript.provenance.gathering import Gathering, Source, book_sources
from writer.manuscript.provenance.marks_file import single_marks_path
from writer.manuscript.provenance.report import Report, Words, as_csv, as_json, as_markdown

_COLUMNS = ("Words", "By hand", "Taken", "As taken", "Changed since")
_NAME_WIDTH = 40
"""Columns of a terminal; a longer name is cut."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `provenance`."""
    parser = commands.add_parser(
        "provenance",
        help="say which words the machine wrote",
        description="Say how many words of each scene were written by hand, how many were taken "
        "from continuations, and how many of these still stand as they were taken.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='example:\n  writer provenance "My Novel" --csv > words.csv',
    )
    parser.add_argument("source", type=Path, metavar="BOOK|FILE", help="a book's folder, or a text")
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="for other programs")
    formats.add_argument("--csv", action="store_true", help="for a spreadsheet, model by model")
    formats.add_argument("--markdown", action="store_true", help="as tables in Markdown")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report; return the exit status."""
    source = Path(os.path.abspath(os.path.expanduser(arguments.source)))
    gathering = Gathering(_sources(source))
    report = gathering.report()
    for failure in gathering.failures:
        print(f"writer: {failure}", file=sys.stderr)
    if report is None:
        return 1
    if arguments.json:
        said = as_json(report)
    elif arguments.csv:
        said = as_csv(report)
    else:
        said = as_markdown(report) if arguments.markdown else as_text(report)
    print(said, end="")
    return 1 if gathering.failures else 0


def as_text(report: Report) -> str:
    """Return the report as columns for a terminal."""
    rows: list[tuple[str, ...]] = [("", *_COLUMNS)]
    # Of a single text, the sum says nothing more.
    each = report.texts if len(report.texts) == 1 else (*report.texts, report.total)
    for text in each:
        rows.append((text.name, *map(_said, (text.words, text.by_hand, *_of(text.suggested)))))
    if report.total.models:
        rows.append(())
    for model, words in report.total.models.items():
        rows.append((f"taken from {model or 'an unknown model'}", "", "", *map(_said, _of(words))))
    names = [_cut(row[0]) if row else "" for row in rows]
    widest = max(map(_width, names))
    lines = []
    for name, row in zip(names, rows, strict=True):
        numbers = zip(row[1:], _COLUMNS, strict=False)
        cells = "".join(f"  {number:>{len(column)}}" for number, column in numbers)
        lines.append(f"{name}{' ' * (widest - _width(name))}{cells}".rstrip())
    return "\n".join(lines) + "\n"


def _sources(source: Path) -> list[Source]:
    folder = source.parent if source.name == BOOK_TOML else source
    if folder.is_dir():
        if not is_book(folder):
            raise WriterError(ErrorKind.BOOK_MISSING, path=folder)
        check_links(folder)
        return book_sources(folder, find_book(folder).file.outline)
    if not source.exists():
        raise WriterError(ErrorKind.FILE_MISSING, path=source)
    marks = single_marks_path(places.data_folder(), source)
    return [Source(source.name, source, marks)]


def _of(words: Words) -> tuple[int, int, int]:
    return words.taken, words.standing, words.gone


def _said(number: int) -> str:
    return f"{number:,}"


def _cut(name: str) -> str:
    name = " ".join(name.split())
    if _width(name) <= _NAME_WIDTH:
        return name
    while _width(name) > _NAME_WIDTH - 1:
        name = name[:-1]
    return f"{name}…"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
