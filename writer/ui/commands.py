"""The window's menus: each command with its words and its key."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from writer.manuscript.recent import RecentFiles
from writer.settings import Mode, Theme
from writer.ui.book.book_menu import BookMenu
from writer.ui.book.books import Books
from writer.ui.book.exchange import Exchange
from writer.ui.chronicle import Chronicle
from writer.ui.filing import Filing
from writer.ui.help import Help
from writer.ui.main_window import MainWindow
from writer.ui.menus import Command, add_menu
from writer.ui.model_menu import ModelMenu
from writer.ui.models import Models
from writer.ui.session import Session

_KEYS = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class Menus:
    """Menus to which other parts add lines of their own."""

    view: QMenu
    view_looks: QAction
    """Before it, what is shown of the text."""
    book: QMenu


@dataclass(frozen=True, slots=True)
class Parts:
    """What the menus' lines are done by."""

    window: MainWindow
    session: Session
    models: Models
    books: Books
    exchange: Exchange
    chronicle: Chronicle
    recent: RecentFiles


def add_menus(parts: Parts) -> Menus:
    """Give the window its menus."""
    window, session = parts.window, parts.session
    _add_file_menu(parts)
    _add_edit_menu(window)
    view, looks = _add_view_menu(window, session)
    _add_suggest_menu(window, session, parts.models)
    book = BookMenu(window, parts.books, parts.exchange)
    tr = window.tr
    helps = Help(window)
    add_menu(
        window,
        tr("&Help"),
        [Command(tr("&Keys"), helps.show_keys, (_KEYS.HelpContents,)),
         Command(tr("&About Writer"), helps.show_about)],
    )  # fmt: skip
    return Menus(view, looks, book.menu)


def _add_file_menu(parts: Parts) -> None:
    window, session, exchange = parts.window, parts.session, parts.exchange
    chronicle, tr = parts.chronicle, window.tr
    menu = add_menu(
        window,
        tr("&File"),
        [
            Command(tr("&New"), session.filing.new, (_KEYS.New,)),
            Command(tr("&Open…"), session.filing.open_dialog, (_KEYS.Open,)),
            None,
            Command(tr("&Save"), session.filing.save, (_KEYS.Save,)),
            Command(tr("Save &as…"), session.filing.save_as_dialog, ("Ctrl+Shift+S",)),
            None,
            Command(tr("&History…"), chronicle.show_history, ("Ctrl+Alt+H",)),
            Command(tr("Name this &version…"), chronicle.name_version, ("Ctrl+Alt+S",)),
            None,
            Command(tr("&Import a document…"), exchange.imports.file_dialog),
            Command(tr("Import a &folder…"), exchange.imports.folder_dialog),
            Command(tr("&Export…"), exchange.exports.show_dialog, ("Ctrl+Shift+E",)),
            None,
            Command(tr("&Train on my writing…"), session.training.open_dialog),
            None,
            Command(tr("&Quit"), window.close, (_KEYS.Quit,)),
        ],
    )
    submenu = QMenu(tr("Open &recent"), menu)
    menu.insertMenu(menu.actions()[2], submenu)
    RecentMenu(submenu, parts.recent, session.filing)


class RecentMenu(QObject):
    """Fills a menu with the recent files each time it opens."""

    def __init__(self, menu: QMenu, recent: RecentFiles, filing: Filing) -> None:
        super().__init__(menu)
        self._menu = menu
        self._recent = recent
        self._filing = filing
        menu.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        self._menu.clear()
        for entry in self._recent.entries():
            is_book = entry.path.name == "book.toml"
            action = self._menu.addAction(entry.path.parent.name if is_book else entry.path.name)
            action.setToolTip(str(entry.path))
            action.setEnabled(entry.exists)
            action.triggered.connect(partial(self._open, entry.path))
        if self._menu.isEmpty():
            self._menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _open(self, path: Path) -> None:
        self._filing.open(path)


def _add_edit_menu(window: MainWindow) -> None:
    tr, page, find = window.tr, window.page, window.find_bar
    add_menu(
        window,
        tr("&Edit"),
        [
            Command(tr("&Undo"), page.undo, (_KEYS.Undo,)),
            Command(tr("&Redo"), page.redo, ("Ctrl+Shift+Z", "Ctrl+Y")),
            None,
            Command(tr("Cu&t"), page.cut, (_KEYS.Cut,)),
            Command(tr("&Copy"), page.copy, (_KEYS.Copy,)),
            Command(tr("&Paste"), page.paste, (_KEYS.Paste,)),
            Command(tr("Select &all"), page.selectAll, (_KEYS.SelectAll,)),
            None,
            Command(tr("&Find…"), find.open_find, (_KEYS.Find,)),
            Command(tr("Find &next"), find.find_next, (_KEYS.FindNext,)),
            Command(tr("Find &previous"), find.find_previous, (_KEYS.FindPrevious,)),
            Command(tr("R&eplace…"), find.open_replace, ("Ctrl+H",)),
        ],
    )


def _add_view_menu(window: MainWindow, session: Session) -> tuple[QMenu, QAction]:
    tr = window.tr
    menu = add_menu(
        window,
        tr("&View"),
        [
            Command(tr("&Larger text"), partial(session.zoom, 1), ("Ctrl++", "Ctrl+=")),
            Command(tr("S&maller text"), partial(session.zoom, -1), ("Ctrl+-",)),
            Command(tr("&Full screen"), window.toggle_full_screen, ("F11",)),
            None,
        ],
    )
    emphasis = menu.addAction(tr("Show &emphasis as emphasis"))
    emphasis.setCheckable(True)
    emphasis.setChecked(True)
    emphasis.toggled.connect(window.show_emphasis)
    looks = menu.addSeparator()
    PaneToggles(menu, window)
    words = {
        Theme.SYSTEM: tr("Colours as the s&ystem"),
        Theme.LIGHT: tr("L&ight paper"),
        Theme.DARK: tr("&Dark paper"),
    }
    group = QActionGroup(window)
    for theme, text in words.items():
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(session.theme == theme)
        action.triggered.connect(partial(session.set_theme, theme))
        group.addAction(action)
    return menu, looks


def _add_suggest_menu(window: MainWindow, session: Session, models: Models) -> None:
    tr, suggester = window.tr, session.suggester
    menu = add_menu(
        window,
        tr("&Suggest"),
        [
            # Input methods take Ctrl+Space, so there is a second key.
            Command(tr("&Ask now, or for others"), session.ask, ("Ctrl+Space", "Alt+\\")),
            Command(tr("Next continuation"), partial(suggester.walk, 1), ("Alt+]",)),
            Command(tr("Previous continuation"), partial(suggester.walk, -1), ("Alt+[",)),
            None,
            Command(tr("&Take it"), suggester.take_all, hint="Tab"),
            Command(tr("Take a &word"), suggester.take_word, hint="Ctrl+Right"),
            Command(tr("Take a &sentence"), suggester.take_sentence, hint="Ctrl+Down"),
            Command(tr("&Dismiss"), suggester.dismiss, hint="Esc"),
            None,
            Command(tr("Switch &mode"), session.switch_mode, ("Ctrl+Shift+Space",)),
        ],
    )
    ModeChoice(menu, session)
    menu.addSeparator()
    ModelMenu(menu.addMenu(tr("Mode&l")), session, models)


class PaneToggles(QObject):
    """The panes beside the page as two checked lines of a menu."""

    def __init__(self, menu: QMenu, window: MainWindow) -> None:
        super().__init__(menu)
        self._panes: list[tuple[QAction, QWidget]] = []
        first = menu.actions()[0]
        for words, key, pane, toggle in (
            (self.tr("&Outline"), "F8", window.outline, window.toggle_outline),
            (self.tr("&Continuations"), "F9", window.candidates, window.toggle_candidates),
            (self.tr("How it &writes"), "Ctrl+,", window.settings_pane, window.toggle_settings),
        ):
            action = QAction(words, menu)
            action.setCheckable(True)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(toggle)
            menu.insertAction(first, action)
            self._panes.append((action, pane))
        menu.insertSeparator(first)
        menu.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        for action, pane in self._panes:
            action.setChecked(not pane.isHidden())


class ModeChoice(QObject):
    """The three modes as lines of a menu, of which one is checked."""

    def __init__(self, menu: QMenu, session: Session) -> None:
        super().__init__(menu)
        self._session = session
        self._actions: dict[Mode, QAction] = {}
        group = QActionGroup(menu)
        menu.addSeparator()
        for mode, words in (
            (Mode.AFTER_PAUSE, self.tr("After a &pause")),
            (Mode.ON_DEMAND, self.tr("When I &ask")),
            (Mode.OFF, self.tr("&Never")),
        ):
            action = menu.addAction(words)
            action.setCheckable(True)
            action.triggered.connect(partial(session.set_mode, mode))
            group.addAction(action)
            self._actions[mode] = action
        menu.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        self._actions[self._session.mode].setChecked(True)
