"""ModelWork: what is done to a model and takes its time: checking it, and adding it after that.

One thing at a time, each of which can be ended at any moment and leaves nothing half done.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from writer.errors import WriterError
from writer.shelf.shelf import Entry, Shelf
from writer.ui.model_adding import ModelAdding
from writer.ui.model_check import Checked, Checking, ModelCheck, Stage
from writer.ui.wording import words_of

_CHECK = (Stage.READING, Stage.WRITING, Stage.MEASURING)
_MEASUREMENT = (Stage.READING, Stage.LENGTHS)


class ModelWork(QObject):
    """Checks and adds. Whatever is begun ends with one signal other than `progressed`."""

    progressed = Signal(str, float)
    """What is going on, in words, and the share of it that is done."""
    checked = Signal(object)
    """The `Checked` of a model that works, and that was only to be checked."""
    measured = Signal(object)
    """The `Checked` of a model whose lengths of context were to be measured."""
    added = Signal(object, object)
    """The `Entry`, and the `Checked` of the model that it was made of."""
    failed = Signal(object, str)
    """The path, and why it came to no good end."""
    cancelled = Signal(object)
    """The path."""

    def __init__(self, shelf: Shelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._name = ""
        self._copy: bool | None = None
        """Whether what is being checked is to be copied; None if it is not to be added."""
        self.is_measuring = False
        """Whether what goes on, or went on last, was to measure lengths of context."""
        self._checked: Checked | None = None
        self._adding: ModelAdding | None = None
        self.checking = ModelCheck(parent=self)
        self.checking.progressed.connect(self._on_checking)
        self.checking.finished.connect(self._on_checked)

    @property
    def is_busy(self) -> bool:
        """Whether anything is going on."""
        return self.checking.is_running or self._adding is not None

    def check(self, name: str, path: Path) -> None:
        """Find out whether the model at `path` works, and how fast."""
        self._name, self._copy, self.is_measuring = name, None, False
        self.checking.start(path)

    def measure(self, name: str, path: Path) -> None:
        """Find out how long contexts of all lengths take the model at `path`."""
        self._name, self._copy, self.is_measuring = name, None, True
        self.checking.start(path, measures=True)

    def add(self, name: str, path: Path, copy: bool) -> None:
        """Check the model at `path`, and put it on the shelf if it works."""
        self._name, self._copy, self.is_measuring = name, copy, False
        self.checking.start(path)

    def cancel(self) -> None:
        """End what is going on."""
        self.checking.cancel()
        if self._adding is not None:
            self._adding.cancel()

    def close(self) -> None:
        """End what is going on, and wait for it."""
        self._copy = None
        self.checking.close()
        if self._adding is not None:
            self._adding.cancel()
            self._adding.wait()

    def _on_checking(self, checking: Checking) -> None:
        words = {
            Stage.READING: self.tr("Reading “{name}”"),
            Stage.WRITING: self.tr("Letting “{name}” write"),
            Stage.MEASURING: self.tr("Measuring how fast “{name}” is"),
            Stage.LENGTHS: self.tr("Measuring “{name}” by length of context"),
        }[checking.stage].format(name=self._name)
        stages = _MEASUREMENT if self.is_measuring else _CHECK
        if checking.stage in stages:
            done = stages.index(checking.stage) + checking.share
            self.progressed.emit(words, done / len(stages))

    def _on_checked(self, checked: Checked) -> None:
        if checked.was_cancelled:
            self.cancelled.emit(checked.path)
        elif not checked.works:
            self.failed.emit(checked.path, checked.error or self._broke_off())
        elif self.is_measuring:
            self.measured.emit(checked)
        elif self._copy is None:
            self.checked.emit(checked)
        else:
            self._put_on_shelf(checked, self._copy)

    def _broke_off(self) -> str:
        return self.tr(
            "The check of “{name}” broke off: the model is damaged, or larger than the memory that "
            "is free."
        ).format(name=self._name)

    def _put_on_shelf(self, checked: Checked, copy: bool) -> None:
        self._checked = checked
        adding = self._adding = ModelAdding(self._shelf, checked.path, copy, self)
        adding.progressed.connect(self._on_copying)
        adding.added.connect(self._on_added)
        adding.failed.connect(self._on_add_failed)
        adding.cancelled.connect(self._on_add_cancelled)
        self._on_copying(0.0)
        adding.start()

    def _on_copying(self, share: float) -> None:
        words = self.tr("Copying “{name}”") if self._copy else self.tr("Adding “{name}”")
        self.progressed.emit(words.format(name=self._name), share)

    def _on_added(self, entry: Entry) -> None:
        checked = self._end_adding()
        self.added.emit(entry, checked)

    def _on_add_failed(self, error: WriterError) -> None:
        self.failed.emit(self._end_adding().path, words_of(error))

    def _on_add_cancelled(self) -> None:
        self.cancelled.emit(self._end_adding().path)

    def _end_adding(self) -> Checked:
        adding, checked = self._adding, self._checked
        assert adding is not None
        assert checked is not None
        adding.wait()
        adding.deleteLater()
        self._adding = self._checked = None
        return checked
