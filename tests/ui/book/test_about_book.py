"""What a book is called can be changed, and is on the disk and in the window's title."""

import tomllib

import pytest
from PySide6.QtWidgets import QApplication

from writer.manuscript.book.book import About, Book
from writer.ui.book.about_book import AboutBookDialog, language_words
from writer.ui.book.exchange import Exchange


@pytest.fixture
def desk(open_desk, tmp_path):
    about = About("Novel", "Ann", "en", {"subtitle": "kept"})
    Book.create(tmp_path / "Novel", about).close()
    return open_desk(settings='[suggesting]\nmode = "off"\n', path=tmp_path / "Novel")


def stored(tmp_path) -> dict:
    return tomllib.loads((tmp_path / "Novel" / "book.toml").read_text())


def test_what_is_typed_is_stored_and_the_rest_stays(desk, tmp_path, monkeypatch):
    def change(dialog):
        dialog.title_field.setText(" Low\tWater ")
        dialog.language.setCurrentIndex(dialog.language.findData("zh"))
        return True

    monkeypatch.setattr(AboutBookDialog, "exec", change)
    desk.window.findChild(Exchange).edit_about()
    assert desk.session.filing.document.keeping.wait()
    found = stored(tmp_path)
    values = [found[key] for key in ("title", "author", "language", "subtitle")]
    assert values == ["Low Water", "Ann", "zh", "kept"]
    QApplication.processEvents()
    assert "Low Water" in desk.window.windowTitle()


def test_cancel_changes_nothing(desk, tmp_path, monkeypatch):
    before = (tmp_path / "Novel" / "book.toml").read_bytes()
    monkeypatch.setattr(
        AboutBookDialog, "exec", lambda dialog: dialog.title_field.setText("x") or False
    )
    desk.window.findChild(Exchange).edit_about()
    assert desk.session.filing.document.keeping.wait()
    assert (tmp_path / "Novel" / "book.toml").read_bytes() == before


@pytest.mark.parametrize("language", ["", "en", "zh-Hant", "pt-BR", "tlh", "x-private"])
def test_any_language_is_given_back_as_it_was(qtbot, language):
    about = About("Novel", "Ann", language, {"subtitle": "kept"})
    dialog = AboutBookDialog(about)
    qtbot.addWidget(dialog)
    assert dialog.about() == about
    assert dialog.about().other == about.other
    assert language_words(language) or not language


def test_a_book_that_is_only_read_is_not_changed(qtbot):
    dialog = AboutBookDialog(About("Novel"), is_read_only=True)
    qtbot.addWidget(dialog)
    assert not dialog.step_button.isEnabled()
    assert not dialog.title_field.isEnabled()
