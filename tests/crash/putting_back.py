"""Putting everything back after a kill with the program's own library, as the next window would."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from tests.crash.window_story import View, plain
from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.book.book import Book
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.keeping.recovery import JournalNotice, LeftBehind, Lost, left_behind, settle
from writer.manuscript.text_file import new_text_file, read_text_file

_HARMLESS = (BookNotice.FOUND, BookNotice.LEFT_OPEN, JournalNotice.TORN)


def put_back(
    journal: Path, folder: Path, singles: Iterable[Path], wrong: list[str]
) -> tuple[View, LeftBehind]:
    """Write what was left in the journals into the files; return what there is then."""
    found = left_behind(journal)
    wrong += [f"notice: {each}" for each in found.notices if each.kind not in _HARMLESS]
    offered = (*found.texts, *found.papers)
    wrong += [f"{each} is said to be changed since" for each in offered if each.changed_since]
    for paper in found.papers:
        with contextlib.suppress(WriterError):
            write_atomically(paper.path, paper.data)
            settle(paper, keep=True)
    book = opened(folder, wrong)
    untitled = [lost.text for lost in found.texts if lost.path is None]
    for lost in found.texts:
        if lost.path is None:
            continue
        if lost.about.item and lost.about.item not in book.outline:
            wrong.append(f"“{lost.about.name}” belongs nowhere")
            continue
        _restore(lost, book)
        settle(lost, keep=True)
    view = view_of(book, singles)
    view.untitled += untitled
    found.give_back()
    return view, found


def _restore(lost: Lost, book: Book) -> None:
    assert lost.path is not None
    file = lost.file or new_text_file(lost.path)
    if lost.about.item:
        file = book.read_scene(lost.about.item)
    file.save(lost.text)


def opened(folder: Path, wrong: list[str]) -> Book:
    """Open a book that is to be open for writing, with nothing to be said of it."""
    book = Book.open(folder)
    wrong += [f"notice: {each}" for each in book.notices if each.kind not in _HARMLESS]
    if book.read_only:
        wrong.append("the book does not open to be written")
    return book


def view_of(book: Book, singles: Iterable[Path]) -> View:
    """Return what the files of a book and these others say; the book is closed then."""
    scenes = [item for item in book.outline if item.file]
    texts = {item.id: book.read_scene(item.id).text for item in scenes}
    missing = [item.id for item in scenes if not book.scene_path(item.id).is_file()]
    texts |= {str(path): read_text_file(path).text for path in singles}
    book.close()
    return View([plain(item) for item in book.outline], texts, missing, [])
