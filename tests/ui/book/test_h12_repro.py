import pytest
from tests.ui.book.test_books import QUIET, SECTIONS, books_of, folder, open_book, scenes, texts_on_disk, written
from writer.manuscript.book.outline import ItemKind
from PySide6.QtWidgets import QApplication, QMessageBox

def test_redo_at_once(open_book, folder):
    desk = open_book()
    desk.page.go_to(len("The rain fell.\n"))
    r = books_of(desk).rearranging
    new = r.split()
    books_of(desk).open_book.step(-1)
    r.undo(); r.redo()
    written(desk)
    assert books_of(desk).open_book.book.scene_path(new).read_text() == "She waited."

def test_reopen_at_once(open_book, folder, monkeypatch):
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.Cancel)
    desk = open_book()
    for _ in range(20):
        desk.type("So ")
        desk.session.filing.new()
        books_of(desk).open(folder)
    assert asked == []

def test_open_the_open_one(open_book, folder, monkeypatch):
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.Open)
    desk = open_book()
    books_of(desk).open(folder)
    assert asked == []
    assert not books_of(desk).open_book.book.read_only
