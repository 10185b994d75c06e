"""Training: one window's training on its writer's own text, from the menu entry to the new model.

The process does the work and the dialog shows it; here stands what one means to the other, and
what is said while the dialog is closed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from writer import places
from writer.errors import WriterError
from writer.manuscript.counts import count_words
from writer.manuscript.text_file import read_text_file
from writer.ui.document import Document
from writer.ui.main_window import MainWindow
from writer.ui.training_dialog import TrainingDialog
from writer.ui.training_folder import Plan, TrainingFolder, folder_for
from writer.ui.training_log import TrainingLog
from writer.ui.training_process import End, Outcome, Progress, TrainingProcess
from writer.ui.training_setup import Wish
from writer.ui.wording import words_of

_TOPIC = "training"
_LAST_WAIT_MS = 20_000
"""For the update in hand and the checkpoint, while the window is hidden already."""


class Training(QObject):
    """At most one training at a time; the dialog comes and goes."""

    model_chosen = Signal(str)
    """The folder of a trained model that the writer wants to write with."""
    hint_changed = Signal(str)
    """What is to be said of a training all the while; empty without one."""

    def __init__(
        self, window: MainWindow, document: Document, model_now: Callable[[], str]
    ) -> None:
        """Train on what `window` shows, beginning with the model that `model_now` names."""
        super().__init__(window)
        self._window = window
        self._document = document
        self._model_now = model_now
        self._dialog: TrainingDialog | None = None
        self._folder: TrainingFolder | None = None
        self._text = ""
        self._unseen: Outcome | None = None
        self._outcome: Outcome | None = None
        self.process = TrainingProcess(parent=self)
        self.process.progressed.connect(self._on_progressed)
        self.process.finished.connect(self._on_finished)

    @property
    def dialog(self) -> TrainingDialog:
        """The dialog, made when it is first wanted."""
        if self._dialog is None:
            dialog = self._dialog = TrainingDialog(self._window)
            dialog.start_asked.connect(self._on_start_asked)
            dialog.go_on_asked.connect(self._on_go_on_asked)
            dialog.stop_asked.connect(self.stop)
            dialog.use_asked.connect(self._on_use_asked)
            dialog.back_asked.connect(self._show_setup)
            dialog.setup.add_asked.connect(self._on_add_asked)
        return self._dialog

    def open_dialog(self) -> None:
        """Show how the training is, what it has come to, or what it would be."""
        self._window.messages.drop(_TOPIC)
        progress = self.process.progress
        if progress is not None:
            self.dialog.show_progress(progress, self._text)
        elif self._unseen is not None:
            self.dialog.show_outcome(self._unseen, self._text)
            self._unseen = None
        elif not self.dialog.isVisible():
            self._show_setup()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def stop(self) -> None:
        """Let the training stop and keep its place."""
        self.process.stop()

    def close(self) -> None:
        """Wait for a training that was told to stop; the window is about to go."""
        if self._dialog is not None:
            self._dialog.hide()
        self.process.wait(_LAST_WAIT_MS)

    def add_files(self, paths: Iterable[Path]) -> None:
        """List texts to be read beside the open one; say it of one that cannot be."""
        for path in paths:
            try:
                words = count_words(read_text_file(path).text)
            except WriterError as error:
                self.dialog.show_notice(words_of(error), is_error=True)
            else:
                self.dialog.setup.add_file(path, words)

    # The first page

    def _show_setup(self) -> None:
        page, path = self._window.page, self._document.path
        setup, model = self.dialog.setup, places.model_folder(self._model_now())
        setup.show_open_text(path.name if path else self._title(None), count_words(page.read()))
        setup.show_note(
            self.tr(
                "A copy of {model}, the model you write with now, learns from these texts. The "
                "model itself stays as it is. A tenth of the pages is kept back, to tell whether "
                "the learning helps.\nNothing leaves this machine, and you can go on writing "
                "meanwhile."
            ).format(model=model.name)
        )
        self._folder = folder_for(self._title(path), str(path or ""), model)
        self.dialog.show_setup(self._standing(self._folder), self._folder.is_stopped)

    def _standing(self, folder: TrainingFolder) -> str:
        """Return what is to be known about an earlier training in `folder`."""
        plan = folder.plan()
        if plan is None or not (folder.is_stopped or folder.has_model):
            return ""
        if not folder.is_stopped:
            return self.tr(
                "{name} has learned from this text before; you find it under Suggest > Model."
            ).format(name=folder.path.name)
        log = TrainingLog(folder.log)
        log.read_new()
        when = datetime.fromtimestamp(folder.log.stat().st_mtime) if log.has_begun else None
        return self.tr(
            "A training on this text was stopped{when}, with {n} of {all} minutes done. It can go "
            "on from there."
        ).format(
            when=self.tr(" on {day}").format(day=f"{when:%d %B, %H:%M}") if when else "",
            n=int(log.share * plan.minutes + 1e-6),
            all=f"{plan.minutes:g}",
        )

    def _title(self, path: Path | None) -> str:
        return path.stem if path else self.tr("Untitled")

    def _on_add_asked(self) -> None:
        folder = str(self._document.path.parent) if self._document.path else str(Path.home())
        names, _ = QFileDialog.getOpenFileNames(
            self.dialog, self.tr("Add texts"), folder,
            self.tr("Text (*.txt *.md *.markdown);;All files (*)"),
        )  # fmt: skip
        self.add_files(map(Path, names))

    # From the wish to the process

    def _on_start_asked(self) -> None:
        wish = self.dialog.setup.wish()
        path = self._document.path if wish.with_open_text else wish.files[0]
        title, model = self._title(path), places.model_folder(self._model_now())
        folder = folder_for(title, str(path or ""), model)
        if not self._may_replace(folder):
            return
        plan = Plan(title, str(path or ""), str(model), wish.minutes, wish.words)
        try:
            folder.begin(plan, self._texts(wish))
        except WriterError as error:
            self.dialog.show_notice(words_of(error), is_error=True)
            return
        self._start(folder, resume=False)

    def _on_go_on_asked(self) -> None:
        if self._folder is not None:
            self._start(self._folder, resume=True)

    def _start(self, folder: TrainingFolder, resume: bool) -> None:
        plan = folder.plan()
        if plan is None:  # somebody has cleared the folder meanwhile
            self._show_setup()
            return
        self._folder, self._text = folder, plan.title
        self._unseen = self._outcome = None
        self.process.start(folder, resume)

    def _texts(self, wish: Wish) -> list[str]:
        opened = [self._window.page.read()] if wish.with_open_text else []
        # Decoded here, because the command wants UTF-8 and a novelist's old files may be anything.
        return opened + [read_text_file(path).text for path in wish.files]

    def _may_replace(self, folder: TrainingFolder) -> bool:
        """Ask before an earlier training goes; nothing else ever does."""
        if not (folder.is_stopped or folder.has_model):
            return True
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self.dialog)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Train on my writing"))
        box.setText(self.tr("Start anew?"))
        box.setInformativeText(
            self.tr("What the stopped training has learned is lost. Nothing else is.")
            if folder.is_stopped
            else self.tr(
                "Once it is done, the new model takes the place of {name}. Nothing else is lost."
            ).format(name=folder.path.name)
        )
        box.setStandardButtons(buttons.Yes | buttons.Cancel)
        box.button(buttons.Yes).setText(self.tr("Start anew"))
        box.setDefaultButton(buttons.Cancel)
        return box.exec() == buttons.Yes

    # What the process says

    def _on_progressed(self, progress: Progress) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(progress, self._text)
        self.hint_changed.emit(
            self.tr("a copy is learning, {n} %").format(n=int(100 * progress.share))
        )

    def _on_finished(self, outcome: Outcome) -> None:
        self.hint_changed.emit("")
        self._outcome = outcome
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.show_outcome(outcome, self._text)
            return
        self._unseen = outcome
        said = {
            End.DONE: self.tr("The model has finished learning from “{text}”."),
            End.STOPPED: self.tr("Learning from “{text}” has stopped; it can go on another day.")
            if outcome.folder.is_stopped
            else self.tr("Learning from “{text}” has stopped before it had begun."),
            End.FAILED: self.tr("The model could not learn from “{text}”."),
        }[outcome.end].format(text=self._text)
        self._window.messages.show_message(
            said,
            "error" if outcome.end == End.FAILED else "notice",
            self.tr("Show"),
            self.open_dialog,
            topic=_TOPIC,
        )

    def _on_use_asked(self) -> None:
        if self._outcome is not None:
            self.model_chosen.emit(str(self._outcome.folder.path))
        self.dialog.hide()
