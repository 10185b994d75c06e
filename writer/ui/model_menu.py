"""The models that can be chosen, as a menu: what suits the text, the bundled ones, one's own."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from writer import places
from writer.model_choice import AUTOMATIC
from writer.ui.session import Session


class ModelMenu(QObject):
    """Fills a menu with the models each time it opens."""

    def __init__(self, menu: QMenu, session: Session, window: QWidget) -> None:
        super().__init__(menu)
        self._menu = menu
        self._session = session
        self._window = window
        self._group = QActionGroup(menu)
        menu.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        self._menu.clear()
        chosen = self._session.settings.machine.model
        self._add(self.tr("By the &language of the text"), AUTOMATIC, chosen)
        self._menu.addSeparator()
        bundled = [folder.name for folder in _models_in(places.bundled_models())]
        for name in bundled:
            self._add(name, name, chosen)
        own = {str(folder): folder.name for folder in _models_in(places.own_models())}
        if chosen not in {AUTOMATIC, *bundled, *own}:
            own[chosen] = Path(chosen).name or chosen
        if own:
            self._menu.addSeparator()
        for path, name in own.items():
            self._add(name, path, chosen)
        self._menu.addSeparator()
        self._menu.addAction(self.tr("Another &folder…")).triggered.connect(self._choose_folder)

    def _add(self, words: str, model: str, chosen: str) -> None:
        action = self._menu.addAction(words)
        action.setToolTip(model)
        action.setCheckable(True)
        action.setChecked(model == chosen)
        action.triggered.connect(partial(self._session.set_model, model))
        self._group.addAction(action)

    def _choose_folder(self) -> None:
        words = self.tr("The folder of a model")
        folder = QFileDialog.getExistingDirectory(self._window, words)
        if folder:
            self._session.set_model(folder)


def _models_in(folder: Path) -> list[Path]:
    """Return the model folders in `folder`, by name."""
    return sorted(path.parent for path in folder.glob("*/config.json"))
