"""The program with a window: the one place that puts the parts together.

The engine is handed in as a callable and loaded on the sampler's thread, so that importing this
imports no torch and the writer can type before the model is there.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from writer import places
from writer.errors import ErrorKind, WriterError
from writer.manuscript.recent import RecentFiles
from writer.settings import Theme
from writer.settings_file import read_settings, write_settings
from writer.shelf.card import Card
from writer.shelf.shelf import Shelf
from writer.ui.book.book_search import BookSearch
from writer.ui.book.books import Books
from writer.ui.book.counting import Counting
from writer.ui.book.exchange import Exchange
from writer.ui.book.reading import Reading
from writer.ui.book.reporting import Reporting
from writer.ui.book.scene_marks import SceneMarks
from writer.ui.chosen import chosen_model, threads_of
from writer.ui.chronicle import Chronicle
from writer.ui.commands import Parts, add_menus
from writer.ui.describing import Describe
from writer.ui.document import Document
from writer.ui.icons import icon
from writer.ui.keeping import Keeping
from writer.ui.main_window import MainWindow
from writer.ui.models import Models
from writer.ui.pauses import Collector, take_short_turns
from writer.ui.provenance import Provenance
from writer.ui.provenance_menu import ProvenanceMenu
from writer.ui.recovering import Recovering
from writer.ui.replaying import Replaying
from writer.ui.sampler import Sampler
from writer.ui.session import Session
from writer.ui.streamer import LoadEngine
from writer.ui.theme import ThemeWatcher, apply_theme
from writer.ui.wording import words_of


def run(path: Path | None, load_engine: LoadEngine, describe: Describe) -> int:
    """Open the window, with the text at `path` or the last one; return the exit status."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Writer")
    app.setDesktopFileName("writer")
    take_short_turns()
    session, window, sampler = build(app, load_engine, describe)
    sys.excepthook = partial(_report, sys.excepthook, session)
    Collector(window.page)
    window.show()
    session.filing.begin(path)
    session.suit_model()
    window.page.setFocus()
    sampler.start()
    return app.exec()


def undescribed(path: Path) -> Card:
    """Describe no model, where nobody can."""
    raise WriterError(ErrorKind.MODEL_MISSING, path=path, reason="nothing can be said of it")


def build(
    app: QApplication, load_engine: LoadEngine, describe: Describe = undescribed
) -> tuple[Session, MainWindow, Sampler]:
    """Return the parts of one window, connected, nothing shown or started yet."""
    settings_path = places.config_folder() / "settings.toml"
    settings, notices = read_settings(settings_path)
    theme = ThemeWatcher(app, Theme(settings.appearance.theme))
    apply_theme(app, theme.palette)
    app.setWindowIcon(icon("writer", theme.palette.accent))
    state = QSettings(str(places.config_folder() / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(settings, state)
    recent = RecentFiles(places.data_folder() / "recent.json")
    journal = places.data_folder() / "journal"
    keeping = Keeping(journal, window)
    document = Document(window.page, keeping, recent)
    machine = replace(settings.machine, model=chosen_model(settings, ""))
    sampler = Sampler(load_engine, machine, threads_of(settings))
    sampler.setParent(window)
    session = Session(
        window, document, sampler, theme, settings, partial(write_settings, settings_path)
    )
    models = Models(window, session, Shelf(), describe)
    books = Books(window, session.filing, recent)
    counting = Counting(window, session.filing, books, session.words)
    Reading(window, books, counting)
    BookSearch(window, books, counting)
    chronicle = Chronicle(window, session.filing, books)
    Recovering(window, session.filing, books, chronicle, journal)
    exchange = Exchange(window, session, books)
    menus = add_menus(Parts(window, session, models, books, exchange, chronicle, recent))
    provenance = Provenance(window, session.filing, session.suggester, places.data_folder())
    SceneMarks(books, provenance)
    replaying = Replaying(window, session, sampler, provenance.marks)
    reporting = Reporting(window, document, books, provenance)
    ProvenanceMenu(window, menus, provenance.marks, replaying, reporting)
    for notice in notices:
        window.messages.show_message(words_of(notice), "error")
    return session, window, sampler


def _report(
    before: Callable[[type[BaseException], BaseException, TracebackType | None], object],
    session: Session,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Say what nobody foresaw, keep the text, and leave the trace for whoever mends it."""
    before(kind, error, trace)
    if isinstance(error, Exception):
        session.report(WriterError(ErrorKind.INTERNAL, reason=f"{kind.__name__}: {error}"))
