"""The models that can be chosen, as a menu: what suits the text, the bundled ones, one's own."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from writer.model_choice import AUTOMATIC
from writer.shelf.shelf import Entry, Origin
from writer.ui.model_naming import is_named, model_of
from writer.ui.models import Models
from writer.ui.session import Session


class ModelMenu(QObject):
    """Fills a menu with the models each time it opens; the one at work is checked."""

    def __init__(self, menu: QMenu, session: Session, models: Models) -> None:
        super().__init__(menu)
        self._menu = menu
        self._session = session
        self._models = models
        self._group = QActionGroup(menu)
        menu.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        self._menu.clear()
        choice = self._session.choice
        self._add(self.tr("By the &language of the text"), AUTOMATIC, choice == AUTOMATIC)
        entries = self._models.shelf.entries()
        bundled = [entry for entry in entries if entry.origin is Origin.BUNDLED]
        others = [entry for entry in entries if entry.origin is not Origin.BUNDLED]
        for group in (bundled, others):
            if group:
                self._menu.addSeparator()
            for entry in group:
                self._add_entry(entry, choice)
        known = any(is_named(entry, choice) for entry in entries)
        if choice != AUTOMATIC and not known:  # a path, from the settings file
            self._menu.addSeparator()
            self._add(Path(choice).name or choice, choice, True)
        self._menu.addSeparator()
        more = self._menu.addAction(self.tr("&Models…"))
        more.triggered.connect(self._models.open_dialog)

    def _add_entry(self, entry: Entry, choice: str) -> None:
        name = entry.name.replace("&", "&&")  # one alone underlines what follows
        is_loading = is_named(entry, self._session.loading)
        words = self.tr("{name}, loading").format(name=name) if is_loading else name
        action = self._add(words, model_of(entry), is_named(entry, choice))
        action.setToolTip(str(entry.path))
        action.setEnabled(entry.is_there)

    def _add(self, words: str, model: str, is_checked: bool) -> QAction:
        action = self._menu.addAction(words)
        action.setCheckable(True)
        action.setChecked(is_checked)
        action.triggered.connect(partial(self._session.set_model, model))
        self._group.addAction(action)
        return action
