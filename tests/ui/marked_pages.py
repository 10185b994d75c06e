"""Pages on which words were suggested and taken, and what is marked on them."""

from contextlib import contextmanager
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from writer.manuscript.provenance.origin import Conditions, Origin
from writer.ui.editor import Page
from writer.ui.open_marks import text_of

CONDITIONS = Conditions("A model", "f", "fp32", "cpu", "c", {"temperature": 0.9})
CONTROL = Qt.KeyboardModifier.ControlModifier
WHEN = datetime(2026, 5, 4, 12, tzinfo=UTC)


def origin(text, name="one"):
    return Origin.under(name, CONDITIONS, 1, 0, text, taken=WHEN)


@contextmanager
def open_page(qtbot):
    """An empty page in a window; nothing it copies stays on the clipboard.

    Without a display, Qt would take that away after Python has gone.
    """
    page = Page()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    page.activateWindow()
    page.setFocus()
    QApplication.processEvents()
    yield page
    QApplication.clipboard().clear()


def put_caret(page, position, anchor=None):
    cursor = page.textCursor()
    cursor.setPosition(position if anchor is None else anchor)
    cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
    page.setTextCursor(cursor)


def take(page, marks, text, whole=None, skipped=0, name="one"):
    position = page.caret()
    page.insert(text)
    marks.take(position, text, origin(whole or text, name), skipped)


def said(page, marks):
    """What is marked; each mark must say what its origin says."""
    found = []
    for mark in marks.marks():
        assert page.text_between(mark.start, mark.end) == text_of(mark)
        found.append(text_of(mark))
    return found


def taken(marks):
    return marks.stored().taken


def key(page, which, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(page, which, modifier)


def undo(page):
    key(page, Qt.Key.Key_Z, CONTROL)


def redo(page):
    page.redo()
