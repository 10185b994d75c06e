"""What is asked about models in dialogs of their own: where one lies, and whether one may go."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from writer.shelf.shelf import Entry
from writer.ui.training_folder import TrainingFolder

_tr = partial(QCoreApplication.translate, "Models")


def asked_folder(parent: QWidget, start: Path) -> Path | None:
    """Let the writer choose the folder of a model, beginning in `start`."""
    name = QFileDialog.getExistingDirectory(parent, _tr("The folder of a model"), str(start))
    return Path(name) if name else None


def asked_file(parent: QWidget, start: Path) -> Path | None:
    """Let the writer choose the file of a model, beginning in `start`."""
    kinds = _tr("GGUF (*.gguf);;All files (*)")
    name, _ = QFileDialog.getOpenFileName(parent, _tr("The file of a model"), str(start), kinds)
    return Path(name) if name else None


def may_delete(parent: QWidget, entry: Entry) -> bool:
    """Ask before a model's files go."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(_tr("Models"))
    box.setText(_tr("Delete “{name}”?").format(name=entry.name))
    box.setInformativeText(_what_goes(entry))
    box.setStandardButtons(buttons.Yes | buttons.Cancel)
    box.button(buttons.Yes).setText(_tr("Delete"))
    box.setDefaultButton(buttons.Cancel)
    return box.exec() == buttons.Yes


def _what_goes(entry: Entry) -> str:
    if TrainingFolder(entry.path).log.exists():
        return _tr(
            "It is deleted from Writer's folder, with all that it has learned. This cannot be "
            "taken back."
        )
    return _tr("The copy in Writer's folder is deleted. This cannot be taken back.")
