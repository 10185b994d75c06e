"""Windows in which words were taken from a scripted engine, and what is known of these."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from writer import places
from writer.manuscript.provenance.marks_file import (
    book_marks_path,
    read_marks,
    said_by,
    single_marks_path,
)
from writer.ui.book.books import Books
from writer.ui.provenance import Provenance
from writer.ui.replaying import Replaying

CONTROL = Qt.KeyboardModifier.ControlModifier
ON_DEMAND = '[suggesting]\nmode = "on-demand"\n'


def provenance(desk) -> Provenance:
    return desk.window.findChild(Provenance)


def replaying(desk) -> Replaying:
    return desk.window.findChild(Replaying)


def books(desk) -> Books:
    return desk.window.findChild(Books)


def scenes(desk) -> list[str]:
    return [item.id for item in books(desk).open_book.outline.scenes()]


def take(desk, text: str) -> None:
    """Ask, and take the whole of what comes, which is `text`."""
    desk.session.ask()
    desk.wait_for_ghost(text)
    desk.press(Qt.Key.Key_Tab)


def written(desk) -> None:
    """Let all that was asked be written and told."""
    document = desk.session.filing.document
    document.keep()
    assert document.keeping.wait()
    QApplication.processEvents()
    assert document.keeping.wait()
    QApplication.processEvents()


def marked(desk) -> list[str]:
    """Return what is marked on the page, in order."""
    marks = provenance(desk).marks.marks()
    return [desk.page.text_between(mark.start, mark.end) for mark in marks]


def single_path(path):
    return single_marks_path(places.data_folder(), path)


def stored(path):
    """Return what a file of marks says is marked, and all of it."""
    found, notice = read_marks(path, "a text")
    assert notice is None
    return [said_by(mark) for mark in found.marks], found


def scene_stored(folder, id):
    return stored(book_marks_path(folder, id))[0]
